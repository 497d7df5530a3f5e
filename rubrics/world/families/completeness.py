# ruff: noqa: E501  (one wording a line, however long)
"""Template families for Completeness."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, Slots
from rubrics.world.things import KINDS, Rng
from rubrics.world.verifiers import Check

__all__ = ["BED", "CLASS_TRIP", "COMPLETENESS", "LENT_TOOL", "MEAL", "STALL_NOTICE", "TRIP_BY_BOAT", "aspects"]


def aspects(*parts: tuple[str, str, str]) -> Draw:
    """Three parts of a subject: one asked for in both settings, one in either. Each: name, kind of its value, sentence part."""

    def draw(rng: Rng) -> Sides:
        chosen = rng.sample(parts, 3)
        filled: list[dict[str, str]] = []
        taken: set[str] = set()
        for label, kind, text in chosen:
            value = rng.choice([v for v in KINDS[kind] if v not in taken])
            taken.add(value)
            filled.append({"ask": label, "v": value, "text": text.format(v=value)})
        base, first, second = filled
        shared = {"n": rng.choice([n for n in KINDS["name"] if n not in taken])}
        return Sides({**shared, **{f"{key}0": text for key, text in base.items()}}, first, second)

    return draw


def _covers(slots: Slots) -> Check:
    return Check("says", (slots["text0"], slots["text"]))


_ASKED = "Gives both parts asked for: the {ask0} and the {ask}."

_KNOWN = ("Known: {text0}, {text} and {text_}.", "Known: {text_}, {text} and {text0}.")

BED = (
    ("price of the bed", "count", "the bed costs {v} coins"),
    ("hour of breakfast", "hour", "breakfast is at {v}"),
    ("name of the keeper", "name", "the keeper is called {v}"),
    ("place of the bath", "room", "the bath is in the {v}"),
)

TRIP_BY_BOAT = (
    ("colour of the boat", "colour", "the boat is {v}"),
    ("day of the trip", "day", "the trip is on {v}"),
    ("name of the captain", "name", "the captain is {v}"),
    ("place to meet", "way", "we meet at the {v}"),
)

STALL_NOTICE = (
    ("day of the market", "day", "the market is on {v}"),
    ("food on sale", "food", "the stall sells {v}"),
    ("name of the seller", "name", "the seller is {v}"),
    ("place of the stall", "place", "the stall is by the {v}"),
)

CLASS_TRIP = (
    ("goal of the trip", "way", "the class walks to the {v}"),
    ("hour of the start", "hour", "they start at {v}"),
    ("name of the guide", "name", "the guide is {v}"),
    ("drink to bring", "drink", "everyone brings {v}"),
)

MEAL = (
    ("main food", "food", "the meal is made with {v}"),
    ("drink", "drink", "there is {v} to drink"),
    ("room for the meal", "room", "the table is in the {v}"),
    ("hour of the meal", "hour", "the meal begins at {v}"),
)

LENT_TOOL = (
    ("owner of the tool", "name", "the owner is {v}"),
    ("colour of the handle", "colour", "the handle is {v}"),
    ("place of the tool", "room", "the tool hangs in the {v}"),
    ("day it comes back", "day", "it comes back on {v}"),
)

COMPLETENESS = (
    Family(
        "bed-at-the-inn",
        "inn",
        Subcategory.COMPLETENESS,
        True,
        aspects(*BED),
        _KNOWN,
        (
            "{n} asks for the {ask0} and the {ask}. Answer both.",
            "Tell {n} the {ask0} and also the {ask}.",
            "Write to {n} and give the {ask0} and the {ask}.",
        ),
        ("Dear {n}, {text0} and {text}.", "{n}, you should know that {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "stall-notice",
        "market",
        Subcategory.COMPLETENESS,
        True,
        aspects(*STALL_NOTICE),
        _KNOWN,
        ("Write a notice with the {ask0} and the {ask}.", "The notice needs two things: the {ask0} and the {ask}."),
        ("To all buyers: {text0} and {text}.", "Note for everyone in town: {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "meal-plan",
        "kitchen",
        Subcategory.COMPLETENESS,
        True,
        aspects(*MEAL),
        _KNOWN,
        ("Tell the guests the {ask0} and the {ask}.", "The guests want to know two things, the {ask0} and the {ask}."),
        ("Dear guests of the house, {text0} and {text}.", "For tonight, {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "boat-trip",
        "harbour",
        Subcategory.COMPLETENESS,
        False,
        aspects(*TRIP_BY_BOAT),
        _KNOWN,
        (
            "{n} comes along. Send word of the {ask0} and the {ask}.",
            "In your answer to {n}, cover the {ask0} and the {ask}.",
            "{n} needs the {ask0} as well as the {ask}.",
        ),
        ("Dear {n}, {text0} and {text}.", "So that you are ready, {n}: {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "class-trip",
        "school",
        Subcategory.COMPLETENESS,
        False,
        aspects(*CLASS_TRIP),
        _KNOWN,
        (
            "Write the parents a line that has the {ask0} and the {ask}.",
            "Parents ask about the {ask0}, and about the {ask} too.",
            "Do not forget the {ask0} or the {ask} when you write to the parents.",
        ),
        ("Dear parents of the class, {text0} and {text}.", "A short word to the parents: {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "lent-tool",
        "workshop",
        Subcategory.COMPLETENESS,
        False,
        aspects(*LENT_TOOL),
        _KNOWN,
        (
            "Write the label. It must show the {ask0} and the {ask}.",
            "{n} must learn the {ask0} and the {ask} from you.",
            "Put down the {ask0}, then the {ask}.",
        ),
        ("About the tool that was lent: {text0} and {text}.", "This is written on the label: {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "supper-card",
        "kitchen",
        Subcategory.COMPLETENESS,
        False,
        aspects(*MEAL),
        _KNOWN,
        (
            "Make a card for {n} that names the {ask0} and the {ask}.",
            "{n} cares about two points, the {ask0} and the {ask}.",
            "Let {n} have both the {ask0} and the {ask}.",
        ),
        ("Good news for {n}: {text0} and {text}.", "On the card for {n} it says that {text0} and {text}."),
        _ASKED,
        _covers,
    ),
    Family(
        "night-guest",
        "inn",
        Subcategory.COMPLETENESS,
        False,
        aspects(*BED),
        _KNOWN,
        (
            "A late guest wants the {ask0} and the {ask}. Say both.",
            "Put up a sign about the {ask0} and the {ask}.",
            "What are the {ask0} and the {ask}?",
        ),
        ("Welcome to our house, {text0} and {text}.", "Please note, dear guest, that {text0} and {text}."),
        _ASKED,
        _covers,
    ),
)
