"""What follows: more and less, rules, counting, what is left over."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side, record
from rubrics.world_b.lexicon import COLOURS, NAMES, NUMBERS, PLACES, THINGS
from rubrics.world_b.verifiers import just, kind_of

__all__ = ["FAMILIES", "LESSONS"]

_THINGS, _NAMES, _PLACES, _NUMBERS = map(kind_of, (THINGS, NAMES, PLACES, NUMBERS))


def _more_less(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("which is {}?", "name the thing that is {}."))
    things = rng.sample(THINGS, 2)
    counts = rng.sample(range(1, 10), 2)
    entries = [(thing, str(count)) for thing, count in zip(things, counts, strict=True)]

    def side(more: bool) -> Side:
        word = "more" if more else "less"
        thing = things[counts.index(max(counts) if more else min(counts))]
        check = Check(f"Names the thing of which there is {word}, the {thing}, and no other.", just(_THINGS, thing))
        return Side(lay(ask.format(word), *entries), f"the {thing} is {word}.", check)

    return side(True), side(False)


def _rule(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("where does the {} go?", "say where the {} goes."))
    thing = rng.choice(THINGS)
    colours = rng.sample(COLOURS, 2)
    places = dict(zip(colours, rng.sample(PLACES, 2), strict=True))

    def side(colour: str) -> Side:
        entries = [*((key, f"goes to the {place}") for key, place in places.items()), (thing, colour)]
        check = Check(f"Sends the {thing} to the {places[colour]} and nowhere else.", just(_PLACES, places[colour]))
        return Side(lay(ask.format(thing), *entries), f"it goes to the {places[colour]}.", check)

    return side(colours[0]), side(colours[1])


def _count(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("how many things are there?", "count the things."))
    fewer = rng.choice((1, 2, 3))
    things = rng.sample(THINGS, fewer + 1)

    def side(count: int) -> Side:
        number = NUMBERS[count]
        check = Check(f"Says that there are {number}, and gives no other number.", just(_NUMBERS, number))
        return Side(lay(ask, ("shelf", ", ".join(things[:count]))), f"there are {number}.", check)

    return side(fewer), side(fewer + 1)


def _older(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("who is {}?", "name the one who is {}."))
    people = rng.sample(NAMES, 2)
    years = rng.sample(range(1, 10), 2)
    entries = [(name, f"{age} years") for name, age in zip(people, years, strict=True)]

    def side(older: bool) -> Side:
        word = "older" if older else "younger"
        name = people[years.index(max(years) if older else min(years))]
        check = Check(f"Names the one who is {word}, {name}, and nobody else.", just(_NAMES, name))
        return Side(lay(ask.format(word), *entries), f"the {word} one is {name}.", check)

    return side(True), side(False)


def _left_over(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("what is it?", "name the thing."))
    things = rng.sample(THINGS, 2)

    def side(wrong: str) -> Side:
        right = things[things[0] == wrong]
        check = Check(f"Names what is left, the {right}, and nothing else.", just(_THINGS, right))
        entries = (("it is", f"the {things[0]} or the {things[1]}"), ("it is not", f"the {wrong}"))
        return Side(lay(ask, *entries), f"it is the {right}.", check)

    return side(things[0]), side(things[1])


def _who_has(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("who has the {}?", "name the one who has the {}."))
    people = rng.sample(NAMES, 2)
    owner = dict(zip(rng.sample(THINGS, 2), people, strict=True))

    def side(thing: str) -> Side:
        check = Check(
            f"Names the one who has the {thing}, {owner[thing]}, and nobody else.", just(_NAMES, owner[thing])
        )
        entries = [(name, f"has the {held}") for held, name in owner.items()]
        return Side(lay(ask.format(thing), *entries), f"the one who has it is {owner[thing]}.", check)

    one, two = owner
    return side(one), side(two)


def _amounts(rng: Rng) -> str:
    (one, two), (few, many) = rng.sample(THINGS, 2), sorted(rng.sample(range(1, 10), 2))
    word = rng.choice(("more", "less"))
    return record(rng, f"the {two if word == 'more' else one} is {word}.", (one, str(few)), (two, str(many)))


def _ages(rng: Rng) -> str:
    (one, two), (few, many) = rng.sample(NAMES, 2), sorted(rng.sample(range(1, 10), 2))
    told = [f"the older one is {two}.", f"the younger one is {one}."]
    return record(rng, rng.choice(told), (one, f"{few} years"), (two, f"{many} years"))


def _counts(rng: Rng) -> str:
    things = rng.sample(THINGS, rng.choice((1, 2, 3, 4)))
    counted = ", ".join(f"{NUMBERS[at]} {thing}" for at, thing in enumerate(things, 1))
    return f"shelf: {', '.join(things)}. how many things are there? count: {counted}. there are {NUMBERS[len(things)]}."


def _rest(rng: Rng) -> str:
    things = rng.sample(THINGS, 2)
    wrong = rng.choice(things)
    right = things[things[0] == wrong]
    return f"it is the {things[0]} or the {things[1]}. it is not the {wrong}. what is left is this: it is the {right}."


def _owners(rng: Rng) -> str:
    owner = dict(zip(rng.sample(NAMES, 2), rng.sample(THINGS, 2), strict=True))
    told = [f"{name} has the {thing}." for name, thing in owner.items()]
    name = rng.choice(list(owner))
    return " ".join([*told, f"who has the {owner[name]}? the one who has it is {name}."])


FAMILIES = (
    Family("more-less", Subcategory.LOGIC, "taught", _more_less, 1 / 2),
    Family("rule", Subcategory.LOGIC, "taught", _rule, 1 / 2),
    Family("count", Subcategory.LOGIC, "held", _count, 1 / 4),
    Family("older", Subcategory.LOGIC, "unseen", _older, 1 / 2),
    Family("left-over", Subcategory.LOGIC, "unseen", _left_over, 1 / 2),
    Family("who-has", Subcategory.LOGIC, "unseen", _who_has, 1 / 2),
)
LESSONS = (_amounts, _ages, _counts, _rest, _owners)
