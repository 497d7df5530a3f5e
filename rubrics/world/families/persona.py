"""Template families for Persona."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Family, Sides, Slots, named, pick
from rubrics.world.things import PERSONAS, Rng
from rubrics.world.verifiers import Check

__all__ = ["PERSONA", "personas", "polite", "title", "voice"]


def personas(rng: Rng) -> Sides:
    first, second = rng.sample(sorted(PERSONAS), 2)
    sides = [{"v": p, "hello": PERSONAS[p][0], "bye": PERSONAS[p][1]} for p in (first, second)]
    return Sides(pick("n:name p:place d:day")(rng).shared, sides[0], sides[1])


def polite(rng: Rng) -> Sides:
    return Sides(
        pick("n:name t:tool p:place d:day")(rng).shared,
        {"how": "formal", "to": "a stranger of high rank", "hello": "honoured guest", "ask": "may I ask you to bring"},
        {"how": "familiar", "to": "an old friend", "hello": "hey pal", "ask": "just bring"},
    )


def voice(rng: Rng) -> Sides:
    return Sides(
        pick("n:name t:tool p:place w:way")(rng).shared,
        {"how": "for yourself alone", "as": "as one person", "word": "I", "v": "I", "my": "my"},
        {"how": "for the whole group", "as": "for the whole group", "word": "we", "v": "we", "my": "our"},
    )


def title(rng: Rng) -> Sides:
    first, second = rng.sample(("doctor", "chief", "captain", "master", "neighbour", "cousin"), 2)
    return Sides(pick("n:name t:tool p:place d:day")(rng).shared, {"v": first}, {"v": second})


def _speaks(slots: Slots) -> Check:
    return Check("says", (slots["hello"],), (slots["hello_"],))


PERSONA = (
    Family(
        "speak-as",
        "harbour",
        Subcategory.PERSONA,
        True,
        personas,
        (),
        (
            "Speak as a {v} and ask {n} to come to the {p} on {d}.",
            "You are a {v}. Ask {n} to the {p} on {d}.",
            "What would a {v} say to bring {n} to the {p} on {d}?",
        ),
        ("{hello}. {n} shall come to the {p} on {d}. {bye}.", "{hello}. On {d} we meet {n} at the {p}. {bye}."),
        "Speaks as a {v}.",
        _speaks,
    ),
    Family(
        "address",
        "market",
        Subcategory.PERSONA,
        True,
        title,
        (),
        (
            "Call {n} “{v}” and ask for the {t} at the {p}.",
            "{n} likes to be called {v}. Ask {n} to bring the {t} to the {p}.",
            "Write to {n}, whom you call {v}, that the {t} is at the {p}.",
        ),
        ("Good day to you, {v}, the {t} is needed at the {p}.", "Dear {v}, please come to the {p} and bring the {t}."),
        "Addresses {n} as “{v}”.",
        named("v"),
    ),
    Family(
        "tone",
        "inn",
        Subcategory.PERSONA,
        True,
        polite,
        (),
        ("Ask {n} for the {t} in a {how} voice, for you write to {to}.", "{n} is {to}. Ask for the {t} and be {how}."),
        ("{hello}, {ask} the {t} to the {p} on {d}.", "{hello}, when you come on {d}, {ask} the {t}."),
        "Is {how} in tone.",
        _speaks,
    ),
    Family(
        "play-role",
        "school",
        Subcategory.PERSONA,
        False,
        personas,
        (),
        (
            "In the school play you are the {v}. Your line tells {n} to go to the {p} on {d}.",
            "Write the line of the {v}, who sends {n} to the {p} on {d}.",
            "The {v} sends for {n}: {p}, {d}. Say it in that role.",
            "Put on the hat of a {v} and call {n} to the {p} on {d}.",
            "How does the {v} tell {n} about the {p} on {d}?",
        ),
        (
            "{hello}. On {d} {n} must go to the {p} without fail. {bye}.",
            "{hello}. The {p} is open to {n} on {d}. {bye}.",
        ),
        "Speaks as the {v}.",
        _speaks,
    ),
    Family(
        "voice-of",
        "workshop",
        Subcategory.PERSONA,
        False,
        voice,
        (),
        (
            "Speak {how}, with “{word}”: the {t} was lost at the {p}, by the {w}.",
            "Say {word} all through and tell {n} of the {t} lost near the {w}.",
            "Tell {n} that the {t} was lost by the {w}; write {how}.",
            "Use the word {word} and write to {n} on the loss of the {t} at the {p}.",
            "Write {how} about the {t} lost by the {w}.",
        ),
        (
            "Dear {n}, {v} lost {my} {t} by the {w} and {v} need help.",
            "By the {w} {v} lost {my} {t}, and {v} hope that {n} finds it.",
        ),
        "Says “{word}”, speaking {how}.",
        named("v", "my"),
    ),
    Family(
        "write-to",
        "market",
        Subcategory.PERSONA,
        False,
        polite,
        (),
        (
            "The letter goes to {n}, {to}. It asks for the {t} by {d}.",
            "Be {how} and have {n} bring the {t} to the {p} on {d}.",
            "How do you ask {to} for a {t} on {d}? It is {n}.",
            "Keep the tone {how}: {n}, the {t}, the {p}, {d}.",
            "{n} should bring the {t} on {d}. You are speaking to {to}.",
        ),
        (
            "{hello}, {ask} the {t} when the {p} opens on {d}.",
            "{hello}, {n} is the name I have, so {ask} the {t} on {d}.",
        ),
        "Is {how} in tone.",
        _speaks,
    ),
    Family(
        "greet-by-title",
        "inn",
        Subcategory.PERSONA,
        False,
        title,
        (),
        (
            "At this inn {n} goes by the title {v}. Tell {n} that the {t} lies at the {p}.",
            "The word to use for {n} is “{v}”. Say that the {t} is at the {p} till {d}.",
            "Write to {n} on the {t} at the {p}. Say {v}, not {v_}.",
            "“{v}” is how {n} is greeted. The news: {t}, {p}, {d}.",
            "Remember to say {v} when you tell {n} about the {t}.",
        ),
        (
            "A word with you, {v}: the {t} lies at the {p} until {d}.",
            "I must tell you, {v}, that the {t} is still at the {p}.",
        ),
        "Addresses {n} as “{v}”.",
        named("v"),
    ),
    Family(
        "toast",
        "harbour",
        Subcategory.PERSONA,
        False,
        personas,
        (),
        (
            "Give a toast to {n} in the manner of a {v}. It is {d}.",
            "A {v} stands up and speaks of {n} and the {p}. Write the words.",
            "Let us hear how a {v} would thank {n} at the {p}.",
            "Thank {n} on {d} as though you were a {v}.",
            "If you were a {v}, how would you thank {n}?",
        ),
        (
            "{hello}. All of us at the {p} thank {n} this {d}. {bye}.",
            "{hello}. We thank {n} for the help at the {p}. {bye}.",
        ),
        "Speaks as a {v}.",
        _speaks,
    ),
)
