"""Requirements on the whole response, laid over whatever the other families ask for.

They add no subject of their own: a greeting, a layout, a last line.
"""

from __future__ import annotations

from collections.abc import Mapping

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Family, Sides, pick
from rubrics.world.things import PERSONAS, Rng
from rubrics.world.verifiers import Check

__all__ = ["RIDERS"]

Slots = Mapping[str, str]


def _listed(rng: Rng) -> Sides:
    return Sides({}, {"v": "dots", "each": "a dot"}, {"v": "numbers", "each": "a number"})


def _rows(rng: Rng) -> Sides:
    sides = [{"v": "lines", "how": "lines of their own", "rows": "1"}, {"v": "", "how": "a single line", "rows": "0"}]
    return Sides({}, sides[0], sides[1])


def _loud(rng: Rng) -> Sides:
    return Sides(
        {}, {"v": "capitals", "how": "capital letters", "big": "1"}, {"v": "", "how": "small letters", "big": "0"}
    )


def _in_quotes(rng: Rng) -> Sides:
    return Sides(
        {},
        {"v": "quoted", "how": "in quotation marks", "on": "1"},
        {"v": "", "how": "without quotation marks", "on": "0"},
    )


def _role(rng: Rng) -> Sides:
    first, second = rng.sample(sorted(PERSONAS), 2)
    return Sides({}, {"v": first, "line": PERSONAS[first][0]}, {"v": second, "line": PERSONAS[second][0]})


def _ending(rng: Rng) -> Sides:
    sides = pick("| v:way")(rng)
    return Sides({}, sides.first, sides.second)


def _mark(rng: Rng) -> Sides:
    text = rng.choice(("Come soon", "Write back", "Do not be late", "Tell the others"))
    return Sides({"text": text}, {"v": "an exclamation mark", "mark": "!"}, {"v": "a full stop", "mark": "."})


def _spoken(slots: Slots) -> Check:
    return Check("opens", (slots["line"],))


def _last(slots: Slots) -> Check:
    return Check("says", (f"by the {slots['v']}",), (f"by the {slots['v_']}",))


_FORM, _SCOPE, _PERS = Subcategory.FORMAT, Subcategory.SCOPE, Subcategory.PERSONA

RIDERS = (
    Family(
        "over-list",
        "school",
        _FORM,
        True,
        _listed,
        (),
        ("Write the points as a list with {v}.", "Put {each} before each point.", "Make a list with {v}."),
        ("{v}",),
        "Is a list with {v}.",
        lambda s: Check("list", (s["v"],)),
        part="list",
    ),
    Family(
        "over-list-held",
        "workshop",
        _FORM,
        False,
        _listed,
        (),
        (
            "Set out the points with {v} in front.",
            "I want {each} at the start of every line.",
            "One line per point, {each} on each.",
            "Mark the points with {v}.",
            "Every point gets {each} of its own.",
        ),
        ("{v}",),
        "Is a list with {v}.",
        lambda s: Check("list", (s["v"],)),
        part="list",
    ),
    Family(
        "over-lines",
        "kitchen",
        _FORM,
        True,
        _rows,
        (),
        ("Write the sentences on {how}.", "Use {how} for the sentences.", "Put it on {how}."),
        ("{v}",),
        "Stands on {how}.",
        lambda s: Check("lines", number=int(s["rows"])),
        part="list",
    ),
    Family(
        "over-lines-held",
        "harbour",
        _FORM,
        False,
        _rows,
        (),
        (
            "The sentences stand on {how}.",
            "Have all of it on {how}.",
            "Keep the sentences on {how}.",
            "Layout: {how}.",
            "It should be on {how}, please.",
        ),
        ("{v}",),
        "Stands on {how}.",
        lambda s: Check("lines", number=int(s["rows"])),
        part="list",
    ),
    Family(
        "over-case",
        "market",
        _FORM,
        True,
        _loud,
        (),
        ("Write in {how}.", "Use {how}.", "Use {how} for the whole text."),
        ("{v}",),
        "Is written in {how}.",
        lambda s: Check("capitals", number=int(s["big"])),
        part="case",
    ),
    Family(
        "over-quotes",
        "inn",
        _FORM,
        True,
        _in_quotes,
        (),
        ("Put it {how}.", "Write it {how}.", "Give the text {how}."),
        ("{v}",),
        "Is {how}.",
        lambda s: Check("quoted", number=int(s["on"])),
        part="quotes",
    ),
    Family(
        "over-quotes-held",
        "school",
        _FORM,
        False,
        _in_quotes,
        (),
        (
            "The whole answer stands {how}.",
            "Hand it in {how}.",
            "Answer {how}.",
            "I need this {how}.",
            "Have the text {how}, please.",
        ),
        ("{v}",),
        "Is {how}.",
        lambda s: Check("quoted", number=int(s["on"])),
        part="quotes",
    ),
    Family(
        "over-mark",
        "harbour",
        _FORM,
        True,
        _mark,
        (),
        ("End with {v}.", "The last line is “{text}” with {v}.", "Close with {v}."),
        ("{text}{mark}",),
        "Ends with {v}.",
        lambda s: Check("mark", (s["mark"],)),
        part="closing",
    ),
    Family(
        "over-role",
        "inn",
        _PERS,
        True,
        _role,
        (),
        ("Speak as a {v}.", "You are a {v}.", "Begin as a {v} would."),
        ("{line}.",),
        "Begins as a {v} would.",
        _spoken,
        part="opening",
    ),
    Family(
        "over-role-held",
        "market",
        _PERS,
        False,
        _role,
        (),
        (
            "Say it in the role of a {v}.",
            "Let a {v} say it.",
            "Start in the way of a {v}.",
            "It is a {v} who speaks.",
            "Greet people as a {v} does.",
        ),
        ("{line}.",),
        "Begins as a {v} would.",
        _spoken,
        part="opening",
    ),
    Family(
        "over-place",
        "kitchen",
        _SCOPE,
        True,
        _ending,
        (),
        (
            "Mention the {v} and do not mention the {v_}.",
            "Say that we meet, and speak of the {v}, not of the {v_}.",
            "Bring in the {v}, leave out the {v_}.",
        ),
        ("We meet by the {v}.", "See you by the {v}."),
        "Mentions the {v} and leaves out the {v_}.",
        _last,
        part="closing",
    ),
    Family(
        "over-place-held",
        "workshop",
        _SCOPE,
        False,
        _ending,
        (),
        (
            "Include the {v} and keep the {v_} out.",
            "The {v} comes in, the {v_} stays out.",
            "Yes to the {v}, no to the {v_}.",
            "The word {v} must appear, the word {v_} must not.",
            "With the {v}, without the {v_}, please.",
        ),
        ("I wait by the {v}.", "We rest by the {v}."),
        "Mentions the {v} and leaves out the {v_}.",
        _last,
        part="closing",
    ),
)
