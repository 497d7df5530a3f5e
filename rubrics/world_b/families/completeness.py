"""Everything asked for is there, and what was not asked for is not."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side, record
from rubrics.world_b.lexicon import DAYS, NAMES, NUMBERS, PLACES, THINGS
from rubrics.world_b.verifiers import just, kind_of

__all__ = ["FAMILIES", "LESSONS"]

_ANY = kind_of(NAMES, THINGS, PLACES, DAYS, NUMBERS)
_NAMES = kind_of(NAMES)


def _entries(rng: Rng) -> dict[str, str]:
    return {
        "keeper": rng.choice(NAMES),
        "thing": rng.choice(THINGS),
        "place": rng.choice(PLACES),
        "day": rng.choice(DAYS),
    }


def _two_fields(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name the {} and the {}.", "give the {} and the {}."))
    entries = _entries(rng)
    always, one, two = rng.sample(list(entries), 3)
    del entries[next(key for key in entries if key not in (always, one, two))]

    def side(other: str) -> Side:
        wanted = entries[always], entries[other]
        check = Check(f"Gives the {always} and the {other}, {' and '.join(wanted)}, and no more.", just(_ANY, *wanted))
        return Side(lay(ask.format(always, other), *entries.items()), f"these: {', '.join(wanted)}.", check)

    return side(one), side(two)


def _three_fields(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name the {}, the {} and the {}.", "give the {}, the {} and the {}."))
    entries = _entries(rng)
    first, second, one, two = rng.sample(list(entries), 4)

    def side(third: str) -> Side:
        wanted = entries[first], entries[second], entries[third]
        keys = f"the {first}, the {second} and the {third}"
        check = Check(f"Gives {keys} ({', '.join(wanted)}), and no more.", just(_ANY, *wanted))
        return Side(lay(ask.format(first, second, third), *entries.items()), f"these: {', '.join(wanted)}.", check)

    return side(one), side(two)


def _whole_shelf(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name all things on the {} shelf.", "say all that is on the {} shelf."))
    count = rng.choice((2, 3))
    things = rng.sample(THINGS, 2 * count)
    shelves = {"upper": things[:count], "lower": things[count:]}
    entries = [(f"{name} shelf", ", ".join(held)) for name, held in shelves.items()]

    def side(name: str) -> Side:
        wanted = shelves[name]
        check = Check(f"Names all things on the {name} shelf ({', '.join(wanted)}), and no more.", just(_ANY, *wanted))
        return Side(lay(ask.format(name), *entries), f"these: {', '.join(wanted)}.", check)

    return side("upper"), side("lower")


def _thank_all(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("thank all who are in the {}.", "give thanks to all in the {}."))
    people, places = rng.sample(NAMES, 4), rng.sample(PLACES, 2)
    inside = {places[0]: people[:2], places[1]: people[2:]}
    entries = [(place, ", ".join(names)) for place, names in inside.items()]

    def side(place: str) -> Side:
        one, two = inside[place]
        check = Check(f"Thanks all who are in the {place}, {one} and {two}, and nobody else.", just(_NAMES, one, two))
        return Side(lay(ask.format(place), *entries), f"thanks to {one} and {two}.", check)

    return side(places[0]), side(places[1])


def _of_each(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say of each {}.", "of each thing, say {}."))
    things, counts, places = rng.sample(THINGS, 2), rng.sample(range(2, 10), 2), rng.sample(PLACES, 2)
    entries = [(t, f"{n}, in the {p}") for t, n, p in zip(things, counts, places, strict=True)]

    def side(word: str, told: list[str]) -> Side:
        pairs = [f"{thing} {at}" for thing, at in zip(things, told, strict=True)]
        check = Check(f"Says of each thing {word}: {', '.join(pairs)}, and no more.", just(_ANY, *things, *told))
        return Side(lay(ask.format(word), *entries), f"these: {', '.join(pairs)}.", check)

    return side("how many", [NUMBERS[count] for count in counts]), side("where", list(places))


def _two_questions(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("answer both: {} and {}?", "answer two questions: {}? {}?"))
    entries = dict(zip(("who", "what", "where", "when"), _entries(rng).values(), strict=True))
    always, one, two = rng.sample(list(entries), 3)
    del entries[next(key for key in entries if key not in (always, one, two))]

    def side(other: str) -> Side:
        wanted = entries[always], entries[other]
        text = f"Answers both {always} and {other}, {' and '.join(wanted)}, and no more."
        return Side(
            lay(ask.format(always, other), *entries.items()),
            f"these: {', '.join(wanted)}.",
            Check(text, just(_ANY, *wanted)),
        )

    return side(one), side(two)


def _record(rng: Rng) -> str:
    entries = _entries(rng)
    some = rng.sample(list(entries), 3)
    return record(rng, " ".join(f"the {key} is {entries[key]}." for key in some), *entries.items())


def _questions(rng: Rng) -> str:
    words = dict(zip(("who", "what", "where", "when"), _entries(rng).values(), strict=True))
    some = rng.sample(list(words), 2)
    return " ".join(["questions:", *(f"{key}? {words[key]}." for key in some), "both have an answer."])


def _store(rng: Rng) -> str:
    things, counts, places = rng.sample(THINGS, 2), rng.sample(range(2, 10), 2), rng.sample(PLACES, 2)
    entries = [(t, f"{n}, in the {p}") for t, n, p in zip(things, counts, places, strict=True)]
    numbers = ", ".join(f"{thing} {NUMBERS[count]}" for thing, count in zip(things, counts, strict=True))
    where = ", ".join(f"{thing} {place}" for thing, place in zip(things, places, strict=True))
    return record(rng, rng.choice((f"how many of each: {numbers}.", f"where each thing is: {where}.")), *entries)


def _company(rng: Rng) -> str:
    (one, two), place = rng.sample(NAMES, 2), rng.choice(PLACES)
    thanks = f"thanks to {one} and {two}"
    return f"{one} and {two} are in the {place}. one must thank all who are in the {place}: {thanks}."


FAMILIES = (
    Family("two-fields", Subcategory.COMPLETENESS, "taught", _two_fields, 1 / 3),
    Family("whole-shelf", Subcategory.COMPLETENESS, "taught", _whole_shelf, 1 / 2),
    Family("thank-all", Subcategory.COMPLETENESS, "held", _thank_all, 1 / 2),
    Family("three-fields", Subcategory.COMPLETENESS, "unseen", _three_fields, 1 / 4),
    Family("of-each", Subcategory.COMPLETENESS, "unseen", _of_each, 1 / 2),
    Family("two-questions", Subcategory.COMPLETENESS, "unseen", _two_questions, 1 / 3),
)
LESSONS = (_record, _questions, _store, _company)
