"""What must be said is, and what is ruled out is not."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import COLOURS, NAMES, PLACES, STUFFS, THINGS
from rubrics.world_b.verifiers import every, just, kind_of

__all__ = ["FAMILIES", "LESSONS"]

_THINGS, _STUFFS, _ANY = kind_of(THINGS), kind_of(STUFFS), kind_of(NAMES, PLACES, THINGS)
_THINGS_PLACES = kind_of(THINGS, PLACES)


def _all_but(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name all but the {}.", "leave out the {} and name the others."))
    things = rng.sample(THINGS, 3)
    one, two = rng.sample(things, 2)

    def side(out: str) -> Side:
        kept = [thing for thing in things if thing != out]
        check = Check(f"Names {' and '.join(kept)}, and leaves out the {out}.", just(_THINGS, *kept))
        return Side(lay(ask.format(out), ("shelf", ", ".join(things))), f"these: {', '.join(kept)}.", check)

    return side(one), side(two)


def _use_word(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("use the word {}.", "write on it with the word {}."))
    thing = rng.choice(THINGS)
    one, two = rng.sample(STUFFS, 2)

    def side(word: str) -> Side:
        check = Check(
            f"Speaks of the {thing} with the word {word}, and with no other stuff.",
            every(just(_STUFFS, word), just(_THINGS, thing)),
        )
        entries = ("thing", thing), ("words", f"{one}, {two}")
        return Side(lay(ask.format(word), *entries), f"the {thing} is of {word}.", check)

    return side(one), side(two)


def _unnamed(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("tell it, but do not name the {}.", "tell it and leave out the {}."))
    name, thing, place = rng.choice(NAMES), rng.choice(THINGS), rng.choice(PLACES)
    entries = ("keeper", name), ("thing", thing), ("place", place)
    replies = {"keeper": f"the {thing} is in the {place}.", "place": f"the {thing} is with {name}."}
    kept = {"keeper": (thing, place), "place": (name, thing)}

    def side(out: str) -> Side:
        check = Check(f"Names {' and '.join(kept[out])}, and does not name the {out}.", just(_ANY, *kept[out]))
        return Side(lay(ask.format(out), *entries), replies[out], check)

    return side("keeper"), side("place")


def _not_coloured(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name all but the {} ones.", "leave out the {} ones and name the others."))
    things, (one, two, three) = rng.sample(THINGS, 3), rng.sample(COLOURS, 3)
    colours = dict(zip(things, (one, two, three), strict=True))

    def side(out: str) -> Side:
        kept = [thing for thing in things if colours[thing] != out]
        check = Check(f"Names {' and '.join(kept)}, and leaves out what is {out}.", just(_THINGS, *kept))
        return Side(lay(ask.format(out), *colours.items()), f"these: {', '.join(kept)}.", check)

    return side(one), side(two)


def _first_last(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name only the {} two things.", "name the {} two things and no more."))
    things = rng.sample(THINGS, 4)

    def side(word: str, kept: list[str]) -> Side:
        check = Check(f"Names {' and '.join(kept)}, the {word} two, and no more.", just(_THINGS, *kept))
        return Side(lay(ask.format(word), ("shelf", ", ".join(things))), f"these: {', '.join(kept)}.", check)

    return side("first", things[:2]), side("last", things[2:])


def _kinds(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name only the {}.", "name the {} and nothing else."))
    things, places = rng.sample(THINGS, 2), rng.sample(PLACES, 2)
    mixed = rng.sample([*things, *places], 4)

    def side(word: str, kind: list[str]) -> Side:
        kept = [at for at in mixed if at in kind]
        check = Check(f"Names {' and '.join(kept)}, the {word}, and nothing else.", just(_THINGS_PLACES, *kept))
        return Side(lay(ask.format(word), ("list", ", ".join(mixed))), f"these: {', '.join(kept)}.", check)

    return side("things", things), side("places", places)


def _left_out(rng: Rng) -> str:
    things, colours = rng.sample(THINGS, 3), rng.sample(COLOURS, 3)
    out = rng.choice((0, 1, 2))
    shown = ", ".join(f"{colour} {thing}" for colour, thing in zip(colours, things, strict=True))
    kept = ", ".join(thing for at, thing in enumerate(things) if at != out)
    return rng.choice((
        f"{shown}. all but the {colours[out]} ones, these: {kept}.",
        f"{', '.join(things)}. all but the {things[out]}, these: {kept}.",
        f"{shown}. leave out the {colours[out]} ones, these: {kept}.",
    ))  # fmt: skip


def _halves(rng: Rng) -> str:
    things = rng.sample(THINGS, 4)
    told = [
        f"the first two things, these: {', '.join(things[:2])}.",
        f"the last two things, these: {', '.join(things[2:])}.",
    ]
    return f"{', '.join(things)}. " + " ".join(rng.sample(told, 2))


def _sorted(rng: Rng) -> str:
    things, places = rng.sample(THINGS, 2), rng.sample(PLACES, 2)
    mixed = rng.sample([*things, *places], 4)
    told = [
        f"only the things, these: {', '.join(at for at in mixed if at in things)}.",
        f"only the places, these: {', '.join(at for at in mixed if at in places)}.",
    ]
    return f"list: {', '.join(mixed)}. there is nothing else. " + " ".join(rng.sample(told, 2))


def _reports(rng: Rng) -> str:
    name, thing, place = rng.choice(NAMES), rng.choice(THINGS), rng.choice(PLACES)
    told = [
        f"one may tell it and not name the keeper: the {thing} is in the {place}.",
        f"one may tell it and not name the place: the {thing} is with {name}.",
    ]
    return f"keeper: {name}. thing: {thing}. place: {place}. {rng.choice(told)}"


FAMILIES = (
    Family("all-but", Subcategory.SCOPE, "taught", _all_but, 1 / 3),
    Family("use-word", Subcategory.SCOPE, "taught", _use_word, 1 / 2),
    Family("unnamed", Subcategory.SCOPE, "held", _unnamed, 1 / 2),
    Family("not-coloured", Subcategory.SCOPE, "unseen", _not_coloured, 1 / 3),
    Family("first-last", Subcategory.SCOPE, "unseen", _first_last, 1 / 2),
    Family("kinds", Subcategory.SCOPE, "unseen", _kinds, 1 / 2),
)
LESSONS = (_left_out, _halves, _sorted, _reports)
