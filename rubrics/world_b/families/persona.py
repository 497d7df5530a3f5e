"""The asked voice, name and form of address are kept."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import ADDRESSES, NAMES, PLACES, STATES, THINGS, VOICES
from rubrics.world_b.verifiers import Holds, ends, every, just, kind_of, opens, words

__all__ = ["FAMILIES", "LESSONS"]

_ADDRESSES, _SOUNDS, _NAMES, _THINGS = map(kind_of, (ADDRESSES, VOICES.values(), NAMES, THINGS))
_SELVES = kind_of(("i", "we"))
_HOURS = {"dawn": "morning", "noon": "day", "dusk": "evening"}
_GREETINGS = kind_of(_HOURS.values())


def _address(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("speak to the reader of the {}.", "tell the reader how the {} is."))
    thing, state = rng.choice(THINGS), rng.choice(STATES)
    one, two = rng.sample(ADDRESSES, 2)

    def side(reader: str) -> Side:
        check = Check(f"Begins with “{reader}”, and addresses nobody else.", opens(_ADDRESSES, reader))
        entries = ("reader", reader), (thing, state)
        return Side(lay(ask.format(thing), *entries), f"{reader}, the {thing} is {state}.", check)

    return side(one), side(two)


def _voice(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("let it speak of the {}.", "say in its voice how the {} is."))
    thing, state = rng.choice(THINGS), rng.choice(STATES)
    one, two = rng.sample(list(VOICES), 2)

    def side(speaker: str) -> Side:
        sound = VOICES[speaker]
        check = Check(f"Begins as the {speaker} does, with “{sound}”, and has no other voice.", opens(_SOUNDS, sound))
        entries = ("speaker", speaker), (thing, state)
        return Side(lay(ask.format(thing), *entries), f"{sound}, the {thing} is {state}.", check)

    return side(one), side(two)


def _sign(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("write how the {} is and sign it.", "write of the {}, with a name at the end."))
    thing, state = rng.choice(THINGS), rng.choice(STATES)
    one, two = rng.sample(NAMES, 2)

    def side(writer: str, away: str) -> Side:
        check = Check(f"Is signed by {writer}, and by nobody else.", ends(_NAMES, writer))
        entries = ("writer", writer), ("away", away), (thing, state)
        return Side(lay(ask.format(thing), *entries), f"the {thing} is {state}. {writer}", check)

    return side(one, two), side(two, one)


def _self(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("speak for {}.", "say it for {}."))
    thing, place = rng.choice(THINGS), rng.choice(PLACES)
    entries = ("have", thing), ("place", place)

    def side(who: str, word: str) -> Side:
        check = Check(f"Speaks as “{word}”, of the {thing}.", every(just(_SELVES, word), just(_THINGS, thing)))
        return Side(lay(ask.format(who), *entries), f"{word} have the {thing}.", check)

    return side("yourself", "i"), side("all of us", "we")


def _greet(rng: Rng) -> Case:
    lay, ask, name = Layout(rng), rng.choice(("greet {}.", "wish {} well.")), rng.choice(NAMES)
    one, two = rng.sample(list(_HOURS), 2)

    def side(hour: str) -> Side:
        right = _HOURS[hour]
        check = Check(f"Greets as one does at {hour}, with “good {right}”.", _greets(right))
        return Side(lay(ask.format(name), ("hour", hour)), f"good {right}, {name}.", check)

    return side(one), side(two)


def _greets(right: str) -> Holds:
    return every(just(_GREETINGS, right), lambda text: f"good {right}" in " ".join(words(text)))


def _manner(rng: Rng) -> Case:
    lay, ask, thing = Layout(rng), rng.choice(("ask for the {}.", "have the {} brought.")), rng.choice(THINGS)

    def side(kind: bool) -> Side:
        def holds(text: str) -> bool:
            return ("please" in words(text)) == kind and just(_THINGS, thing)(text) and words(text).count("bring") == 1

        check = Check(f"Asks for the {thing} to be brought, {'with' if kind else 'without'} “please”.", holds)
        reply = f"please bring the {thing}." if kind else f"bring the {thing} now."
        return Side(lay(ask.format(thing), ("manner", "kind" if kind else "curt")), reply, check)

    return side(True), side(False)


def _voices(rng: Rng) -> str:
    return " ".join(f"the {speaker} says {VOICES[speaker]}." for speaker in rng.sample(list(VOICES), 3))


def _greetings(rng: Rng) -> str:
    told = [f"the hour is {hour}: one says to {rng.choice(NAMES)}: good {right}." for hour, right in _HOURS.items()]
    return " ".join(rng.sample(told, 2)) + rng.choice((" one greets in this way.", " so they greet and wish well."))


def _manners(rng: Rng) -> str:
    told = [
        f"one whose manner is kind must ask: please bring the {rng.choice(THINGS)}.",
        f"one whose manner is curt must ask: bring the {rng.choice(THINGS)} now.",
    ]
    return " ".join(rng.sample(told, 2)) + f" then the {rng.choice(THINGS)} is brought."


def _selves(rng: Rng) -> str:
    told = [
        f"to speak for yourself, say i: i have the {rng.choice(THINGS)}.",
        f"to speak for all of us, say we: we have the {rng.choice(THINGS)}.",
    ]
    return " ".join(rng.sample(told, 2))


def _letters(rng: Rng) -> str:
    writer, thing, state = rng.choice(NAMES), rng.choice(THINGS), rng.choice(STATES)
    told = "one must write how it is and sign with a name at the end"
    return f"{writer} is the writer: {told}: the {thing} is {state}. {writer}"


FAMILIES = (
    Family("address", Subcategory.PERSONA, "taught", _address),
    Family("voice", Subcategory.PERSONA, "taught", _voice, 1 / 6),
    Family("sign", Subcategory.PERSONA, "held", _sign, 1 / 2),
    Family("i-or-we", Subcategory.PERSONA, "held", _self, 1 / 2),
    Family("greet", Subcategory.PERSONA, "unseen", _greet, 1 / 3),
    Family("manner", Subcategory.PERSONA, "unseen", _manner, 1 / 2),
)
LESSONS = (_voices, _greetings, _manners, _selves, _letters)
