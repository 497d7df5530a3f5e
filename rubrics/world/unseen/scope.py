"""Unseen tasks for Scope: no more than the part of what is known that is asked for."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng
from rubrics.world.unseen.building import builder, settled, shuffled
from rubrics.world.verifiers import Check

__all__ = ["SCOPE"]

_build = builder(Subcategory.SCOPE)


def _placed(spec: str, first: str, second: str) -> Draw:
    """Two things `x` and `y` in a fixed order, of which the prompt asks for the one by a word."""

    def draw(rng: Rng) -> Sides:
        shared = pick(spec)(rng).shared
        return shuffled(rng, shared, {"v": shared["x"], "which": first}, {"v": shared["y"], "which": second})

    return draw


def _initials(rng: Rng) -> Sides:
    """Two tools that begin with unlike letters."""
    while True:
        x, y = rng.sample(list(KINDS["tool"]), 2)
        if x[0] != y[0]:
            sides = [{"v": thing, "letter": thing[0].upper()} for thing in (x, y)]
            return Sides(pick("n:name r:room")(rng).shared, sides[0], sides[1])


def _eaten_or_drunk(rng: Rng) -> Sides:
    shared = pick("n:name r:room f:food s:drink")(rng).shared
    rest = {key: shared[key] for key in "nr"}
    return shuffled(rng, rest, {"v": shared["f"], "do": "eat"}, {"v": shared["s"], "do": "drink"})


_NAMELESS = settled(
    "n:name m:name t:tool r:room",
    {"how": "with the name", "with": "1", "who": "{n}"},
    {"how": "without the name", "with": "0", "who": "someone"},
)


def _named_or_not(slots: Slots) -> Check:
    if slots["with"] == "1":
        return Check("answers", (slots["n"], slots["t"]), ("the name",))
    return Check("answers", (slots["t"],), (slots["n"], "the name"))


SCOPE = (
    _build(
        "first-or-last",
        "workshop",
        _placed("n:name x:tool y:tool", "first", "last"),
        facts=("On the list of {n} stand {x} and {y}.", "{n} has a {x} and a {y} there."),
        asks=(
            "Name only the {which} one.",
            "Only the {which} of them is for you to name.",
            "Say the {which} one and leave out the other.",
        ),
        says=("{n} wants the {v}.", "I name the {v}."),
        criterion="Names the {v} and not the {v_}.",
    ),
    _build(
        "one-person-alone",
        "market",
        "n:name m:name | v:cloth",
        facts=("{n} bought a {v} and {m} bought a {v_}.", "{m} has a {v_} in the basket, {n} has a {v}."),
        asks=("Write about {n} alone.", "Tell only of {n} and what {n} has.", "Leave {m} out of it. What has {n}?"),
        says=("{n} went home with a {v}.", "Now {n} has a {v}."),
        criterion="Tells of the {v} of {n} and leaves out the {v_}.",
    ),
    _build(
        "before-or-after",
        "harbour",
        _placed("n:name b:place x:way y:way", "before", "after"),
        facts=(
            "{n} came to the {x}, then to the {b}, then to the {y}.",
            "The {x}, the {b} and the {y} lay on the way of {n}, one after the other.",
        ),
        asks=(
            "Tell only what was {which} the {b}.",
            "Where was {n} {which} the {b}? No more than that.",
            "Say what came {which} the {b} and leave out the rest.",
        ),
        says=("{n} was by the {v}.", "There {n} saw the {v}."),
        criterion="Tells of the {v} and leaves out the {v_}.",
    ),
    _build(
        "morning-alone",
        "school",
        "n:name m:name | v:place",
        facts=(
            "In the morning {n} was at the {v}, at night at the {v_}.",
            "At night {n} was at the {v_}, in the morning at the {v}.",
        ),
        asks=(
            "Write about the morning and stop there.",
            "{m} asks about the morning alone.",
            "Keep to the morning. Where was {n}?",
        ),
        says=("{n} was at the {v}, {m}.", "At the {v}, and of the rest I say nothing."),
        criterion="Tells of the {v} and leaves out the {v_}.",
    ),
    _build(
        "with-or-without-name",
        "inn",
        _NAMELESS,
        facts=("{n} took the {t} from the {r}.", "From the {r} {n} took the {t}."),
        asks=(
            "Say what was taken, {how} of {n}.",
            "Tell {m} of the {t}, {how} of {n}.",
            "What is gone? Write it {how} of {n}.",
        ),
        says=("From the {r} the {t} was taken by {who}.", "The {t} is gone from the {r}; {who} has it now."),
        criterion="Tells of the {t} {how} of {n}.",
        check=_named_or_not,
    ),
    _build(
        "eat-or-drink",
        "kitchen",
        _eaten_or_drunk,
        facts=("{n} has {v} and {v_} in the {r}.", "In the {r} {n} finds {v_} and {v}."),
        asks=(
            "Name only what one can {do}.",
            "{n} wants something to {do} and no more.",
            "What is there to {do}? Leave out the other.",
        ),
        says=("{n} can have {v} now.", "In the {r} there is {v} for {n}."),
        criterion="Names {v}, which one can {do}, and leaves out {v_}.",
    ),
    _build(
        "own-part",
        "inn",
        "n:name m:name | v:room",
        facts=("{n} must sweep the {v} and {m} must sweep the {v_}.", "The {v_} is for {m} to sweep, the {v} for {n}."),
        asks=(
            "You are {n}. Speak only of your own work.",
            "You are {n}. What do you sweep?",
            "Say what {n} does and leave out what {m} does.",
        ),
        says=("I sweep the {v} today.", "My work is in the {v}, and there I go."),
        criterion="Speaks of the {v} and leaves out the {v_}.",
    ),
    _build(
        "by-first-letter",
        "workshop",
        _initials,
        facts=("{n} has a {v} and a {v_} in the {r}.", "In the {r} {n} has a {v_} and a {v}."),
        asks=(
            "Name only what begins with the letter {letter}.",
            "Only the one with {letter} at the start, please.",
            "Which one starts with {letter}? Leave the other out.",
        ),
        says=("{n} has a {v}.", "In the {r} there is a {v}."),
        criterion="Names the {v}, which begins with {letter}, and leaves out the {v_}.",
    ),
    _build(
        "one-thing-alone",
        "inn",
        "n:name t:tool s:tool | v:room",
        facts=(
            "{n} left the {t} in the {v} and the {s} in the {v_}.",
            "The {s} is in the {v_}, the {t} is in the {v}.",
        ),
        asks=(
            "Speak of the {t} alone. Where is it?",
            "Where is the {t}? Leave the {s} out of it.",
            "Tell the guest about the {t} and nothing else.",
        ),
        says=("The {t} is in the {v}.", "In the {v} you will find the {t}, and I say no more."),
        criterion="Tells of the {v} and leaves out the {v_}.",
    ),
    _build(
        "first-place-or-last",
        "harbour",
        _placed("n:name m:name x:place y:place", "first", "last"),
        facts=("{n} came to the {x} and then to the {y}.", "On the way {n} saw the {x} and the {y}."),
        asks=(
            "Name only the {which} place.",
            "Where was {n} {which}? Leave out the other.",
            "Tell {m} about the {which} one of the two alone.",
        ),
        says=("{n} was at the {v}.", "It is the {v} that I name, {m}."),
        criterion="Names the {v} and leaves out the {v_}.",
    ),
    _build(
        "meet-in-the-morning",
        "school",
        "n:name m:name | v:way",
        facts=(
            "In the morning {m} is waiting by the {v}, at night by the {v_}.",
            "At night {m} waits by the {v_} and in the morning by the {v}.",
        ),
        asks=(
            "Ask {n} to meet {m} in the morning. Leave out the rest.",
            "Write to {n} about {m} and the morning, not the night.",
            "A note to {n} about {m}: only the morning is to be in it.",
        ),
        says=("{n}, in the morning go and see {m} by the {v}.", "Please meet {m} by the {v}, {n}."),
        criterion="Mentions the {v} alone, not the {v_}.",
    ),
)
