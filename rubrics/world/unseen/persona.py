"""Unseen tasks for Persona: whose voice, to whom, and how it ends."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.families.persona import polite, title
from rubrics.world.forms import Draw, Sides, pick
from rubrics.world.things import PERSONAS, Rng
from rubrics.world.unseen.building import answers, builder, settled

__all__ = ["PERSONA"]

_build = builder(Subcategory.PERSONA)


def _voices(spec: str) -> Draw:
    """Two callings, with how each begins and ends."""

    def draw(rng: Rng) -> Sides:
        sides = [
            {"v": who, "hello": PERSONAS[who][0], "bye": PERSONAS[who][1]} for who in rng.sample(sorted(PERSONAS), 2)
        ]
        return Sides(pick(spec)(rng).shared, sides[0], sides[1])

    return draw


def _with(draw: Draw, spec: str) -> Draw:
    """What a draw gives and, shared by both settings, slots of a spec; no value twice."""

    def both(rng: Rng) -> Sides:
        sides = draw(rng)
        while True:
            more = pick(spec)(rng).shared
            if not set(more.values()) & set(sides.shared.values()):
                return Sides({**sides.shared, **more}, sides.first, sides.second)

    return both


_ALONE = settled(
    "n:name m:name t:tool w:way",
    {"who": "you alone", "v": "I", "other": "we"},
    {"who": "all of you", "v": "we", "other": "I"},
)

PERSONA = (
    _build(
        "last-words-of",
        "inn",
        _voices("n:name p:place d:day"),
        facts=("{n} goes home on {d}.", "On {d} {n} leaves for the {p}."),
        asks=(
            "Send {n} off as a {v} would.",
            "You are a {v}, and {n} goes away. Say the last words.",
            "With what words does a {v} end? Say them to {n}.",
        ),
        says=("{n}, the {p} is waiting. {bye}.", "Now it is time to go, {n}. {bye}."),
        criterion="Ends as a {v} does.",
        check=answers("bye"),
    ),
    _build(
        "role-of-two",
        "school",
        _voices("n:name m:name p:place"),
        facts=(
            "In the story {n} is the {v} and {m} is the {v_}.",
            "{m} plays the {v_}, and the {v} of the story is {n}.",
        ),
        asks=(
            "Say what {n} says at the {p}.",
            "You are {n} in this story. Begin.",
            "{n} has to speak now. Write the words.",
        ),
        says=("{hello}. Come to the {p}, all of you.", "{hello}. This is {n}, and you are at the {p}."),
        criterion="Speaks as the {v} does, whom {n} plays.",
        check=answers("hello"),
    ),
    _build(
        "not-as-that-one",
        "harbour",
        _voices("n:name t:tool d:day"),
        facts=(
            "{n} does not like to hear a {v_}, but likes to hear a {v}.",
            "{n} likes the way of a {v} and not that of a {v_}.",
        ),
        asks=(
            "Ask {n} for the {t} in the voice that {n} likes.",
            "Speak to {n} so, and ask for the {t}.",
            "Bring {n} the {t} and speak so.",
        ),
        says=("{hello}. The {t} must be here on {d}, {n}.", "{hello}. {n}, where is the {t}?"),
        criterion="Speaks as a {v} and not as a {v_}.",
        check=answers("hello"),
    ),
    _build(
        "answer-in-kind",
        "market",
        _voices("n:name m:name p:place"),
        facts=("{n} said: “{hello}.” {m} said: “{hello_}.”", "“{hello_},” said {m}. “{hello},” said {n}."),
        asks=("Begin as {n} did.", "Use the words that {n} used and tell of the {p}.", "Speak in the way of {n}."),
        says=("{hello}. There is news from the {p}.", "{hello}. I have come from the {p}."),
        criterion="Begins with the words of {n}.",
        check=answers("hello"),
    ),
    _build(
        "who-says-so",
        "school",
        _voices("n:name m:name"),
        facts=("{n} is a {v} or a {v_} and says: “{hello}.”", "“{hello},” says {n}, who is a {v_} or a {v}."),
        asks=("Which of the two is {n}?", "What is {n}, then?", "{m} asks what {n} is."),
        says=("{n} must be a {v}.", "Those are the words of a {v}."),
        criterion="Takes {n} for a {v}.",
    ),
    _build(
        "title-of-two",
        "market",
        _with(title, "m:name"),
        facts=("{n} is called {v} and {m} is called {v_}.", "People say {v_} to {m} and {v} to {n}."),
        asks=(
            "Write to {n} by that title and ask for the {t}.",
            "Say good day to {n} by that title.",
            "Say good day to {n} on {d}, as people do.",
        ),
        says=("Good day, {v}, is it you who has the {t}?", "We greet you, {v}, this {d}."),
        criterion="Calls {n} “{v}”.",
    ),
    _build(
        "tone-for-one-of-two",
        "inn",
        _with(polite, "m:name"),
        facts=("{n} is {to} and {m} is {to_}.", "{m} is {to_}, but {n} is {to}."),
        asks=(
            "Ask {n} for the {t} in the right voice.",
            "Write to {n} about the {t}.",
            "Have {n} bring the {t} on {d}.",
        ),
        says=("{hello}, {ask} the {t} along on {d}.", "{hello}, here is the {p}, and {ask} the {t}."),
        criterion="Is {how} with {n}, who is {to}.",
        check=answers("hello"),
    ),
    _build(
        "for-one-or-all",
        "workshop",
        _ALONE,
        facts=("The {t} was lost by the {w}.", "By the {w} the {t} was lost, and {m} knows it."),
        asks=(
            "Tell {n} that {who} lost it.",
            "It was lost by {who}. Say so to {n}.",
            "Write to {n} and speak for {who}.",
        ),
        says=("{n}, {v} lost the {t} by the {w}.", "Dear {n}, {v} do not have the {t}."),
        criterion="Speaks for {who}, with “{v}”.",
        check=answers("v", "t"),
    ),
    _build(
        "who-you-are",
        "harbour",
        "n:name t:tool | v:name",
        facts=("{v_} and {v} sail on this boat. You are {v}.", "You are {v}. {v_} is a mate on the same boat."),
        asks=(
            "Say your name to {n}.",
            "Tell {n} who has the {t}. It is you, so say your name.",
            "{n} does not know who you are. Speak.",
        ),
        says=("{n}, I am called {v}.", "{v} is my name, and I have the {t}."),
        criterion="Speaks as {v}, and names nobody else as itself.",
    ),
    _build(
        "voice-of-place",
        "harbour",
        _voices("n:name p:place q:place"),
        facts=(
            "At the {p} you speak as a {v}, at the {q} as a {v_}.",
            "You are a {v_} at the {q} and a {v} at the {p}.",
        ),
        asks=(
            "You are at the {p}. Ask {n} to come.",
            "Ask {n} to come to the {p}.",
            "What would you say to {n} at the {p}?",
        ),
        says=("{hello}. {n}, come to the {p}.", "{hello}. This is the {p}, {n}."),
        criterion="Speaks as a {v}, as is done at the {p}.",
        check=answers("hello"),
    ),
)
