"""Layout and surface form are as asked."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import NAMES, PLACES, THINGS
from rubrics.world_b.verifiers import kind_of, row, shaped

__all__ = ["FAMILIES", "LESSONS"]

_NAMES_PLACES = kind_of(NAMES, PLACES)


def _dashes(things: list[str]) -> str:
    return "\n".join(f"- {thing}" for thing in things)


def _numbers(things: list[str]) -> str:
    return "\n".join(f"{at}) {thing}" for at, thing in enumerate(things, 1))


def _dashes_commas(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("list the things with {}.", "set the things down with {}."))
    things = rng.sample(THINGS, rng.choice((2, 3)))
    entry = ("shelf", " and ".join(things))

    dashes = Check("Is a list of the things, a dash before each, one on a line.", shaped(*(f"- ?{t}" for t in things)))
    commas = Check(
        "Is one line of the things with commas between.",
        shaped(", ?".join(f"(the )?{thing}" for thing in things) + r"\.?"),
    )
    return (
        Side(lay(ask.format("dashes"), entry), _dashes(things), dashes),
        Side(lay(ask.format("commas"), entry), ", ".join(f"the {thing}" for thing in things), commas),
    )


def _numbers_dashes(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("list the things with {}.", "set the things down with {}."))
    things = rng.sample(THINGS, rng.choice((2, 3)))
    entry = ("box", " and ".join(things))

    numbered = shaped(*(rf"{at}[.)] ?{thing}" for at, thing in enumerate(things, 1)))
    return (
        Side(
            lay(ask.format("numbers"), entry),
            _numbers(things),
            Check("Is a list of the things, numbered from 1, one on a line.", numbered),
        ),
        Side(
            lay(ask.format("dashes"), entry),
            _dashes(things),
            Check("Is a list of the things, a dash before each, one on a line.", shaped(*(f"- ?{t}" for t in things))),
        ),
    )


def _mould(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("answer as: {}.", "put it as: {}."))
    thing, place = rng.choice(THINGS), rng.choice(PLACES)
    entries = ("thing", thing), ("place", place)

    def side(mould: str, reply: str) -> Side:
        check = Check(f"Has the form “{mould}” and nothing beside it.", shaped(rf"{reply}\.?"))
        return Side(lay(ask.format(mould), *entries), reply, check)

    return (
        side("the thing in the place", f"the {thing} in the {place}"),
        side("the place has the thing", f"the {place} has the {thing}"),
    )


def _wrapped(rng: Rng) -> Case:
    lay, ask, word = Layout(rng), rng.choice(("put the word in {}.", "write the word in {}.")), rng.choice(THINGS)

    def side(name: str, before: str, after: str) -> Side:
        check = Check(f"Is the word in {name} and nothing else.", shaped(rf"\{before} ?{word} ?\{after}"))
        return Side(lay(ask.format(name), ("word", word)), f"{before} {word} {after}", check)

    marks = (("brackets", "(", ")"), ("stars", "*", "*"), ("bars", "|", "|"))
    one, two = rng.sample(marks, 2)
    return side(*one), side(*two)


def _joined(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("join the things with a {}.", "set the things down with a {} between."))
    things = rng.sample(THINGS, 2)
    entry = ("box", " and ".join(things))

    def side(name: str, sign: str) -> Side:
        check = Check(
            f"Is the things with a {name} between.", shaped(rf"(the )?{things[0]} ?\{sign} ?(the )?{things[1]}\.?")
        )
        return Side(lay(ask.format(name), entry), f"the {things[0]} {sign} the {things[1]}", check)

    marks = (("plus", "+"), ("slash", "/"), ("dash", "-"))
    one, two = rng.sample(marks, 2)
    return side(*one), side(*two)


def _turn(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("write the {}, then the {}.", "first the {}, then the {}."))
    values = {"keeper": rng.choice(NAMES), "place": rng.choice(PLACES)}

    def side(one: str, two: str) -> Side:
        wanted = values[one], values[two]
        check = Check(f"Has the {one} first and the {two} after it, once each.", row(_NAMES_PLACES, *wanted))
        return Side(lay(ask.format(one, two), *values.items()), f"these: {wanted[0]}, {wanted[1]}.", check)

    return side("keeper", "place"), side("place", "keeper")


def _lists(rng: Rng) -> str:
    things = rng.sample(THINGS, rng.choice((2, 3)))
    told = [
        f"with dashes:\n{_dashes(things)}",
        f"with numbers:\n{_numbers(things)}",
        f"with commas: {', '.join(f'the {thing}' for thing in things)}",
    ]
    return f"{' and '.join(things)}\n" + "\n".join(rng.sample(told, 2))


def _signs(rng: Rng) -> str:
    one, two = rng.sample(THINGS, 2)
    told = [
        f"a plus between: the {one} + the {two}",
        f"a slash between: the {one} / the {two}",
        f"a dash between: the {one} - the {two}",
        f"in brackets: ( {one} )",
        f"in stars: * {one} *",
        f"in bars: | {one} |",
    ]
    return f"box: {one} and {two}. to join them:\n" + "\n".join(rng.sample(told, 3))


def _turns(rng: Rng) -> str:
    keeper, place = rng.choice(NAMES), rng.choice(PLACES)
    told = [
        f"first the keeper, then the place, these: {keeper}, {place}.",
        f"first the place, then the keeper, these: {place}, {keeper}.",
    ]
    return f"keeper: {keeper}. place: {place}. " + " ".join(rng.sample(told, 2))


FAMILIES = (
    Family("dashes-commas", Subcategory.FORMAT, "taught", _dashes_commas, 1 / 2),
    Family("mould", Subcategory.FORMAT, "taught", _mould, 1 / 2),
    Family("wrapped", Subcategory.FORMAT, "held", _wrapped, 1 / 3),
    Family("numbers-dashes", Subcategory.FORMAT, "unseen", _numbers_dashes, 1 / 2),
    Family("joined", Subcategory.FORMAT, "unseen", _joined, 1 / 3),
    Family("turn", Subcategory.FORMAT, "unseen", _turn, 1 / 2),
)
LESSONS = (_lists, _lists, _signs, _turns)
