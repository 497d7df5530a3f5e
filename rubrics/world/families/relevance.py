"""Template families for Relevance."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, Slots, pick
from rubrics.world.things import Rng
from rubrics.world.verifiers import Check

__all__ = ["RELEVANCE", "TOPICS", "TOPIC_WORDS", "topics"]


TOPICS: dict[str, tuple[str, ...]] = {
    "bread": ("the loaves are baked before dawn and sold warm", "fresh loaves lie in rows on the baker's shelf"),
    "boats": ("the sails are mended and the hulls get new tar", "at the wall the masts stand close together"),
    "weather": ("clouds come in from the west and rain will follow", "a cold wind blows and rain is near"),
    "goats": ("the herd eats grass on the hill and gives milk", "two kids were born and the herd grows"),
    "school": ("the pupils learn to read and count in one room", "new pupils get a slate and a seat"),
    "music": ("the fiddle plays and people sing until late", "they sing old songs to the sound of a fiddle"),
    "gardens": ("roses grow by the fence and need water at night", "the roses are in bloom along the fence"),
    "roads": ("the cobbles are loose and carts must go slowly", "carts get stuck where the cobbles are gone"),
}
"""Sentences that belong to a topic; each has a word found in its own topic alone."""

TOPIC_WORDS: dict[str, tuple[str, ...]] = {
    "bread": ("loaves",),
    "boats": ("sails", "masts"),
    "weather": ("rain",),
    "goats": ("herd",),
    "school": ("pupils",),
    "music": ("fiddle",),
    "gardens": ("roses",),
    "roads": ("cobbles",),
}


def topics(spec: str) -> Draw:
    def draw(rng: Rng) -> Sides:
        names = rng.sample(sorted(TOPICS), 3)
        which = [rng.randrange(2) for _ in names]
        base, first, second = ({"v": t, "text": TOPICS[t][w]} for t, w in zip(names, which, strict=True))
        return Sides({**pick(spec)(rng).shared, "base": base["v"], "text0": base["text"]}, first, second)

    return draw


def _about(slots: Slots) -> Check:
    return Check("says one of", TOPIC_WORDS[slots["v"]], TOPIC_WORDS[slots["v_"]])


_KEEPS = "Keeps to {v} and does not turn to {v_}."

RELEVANCE = (
    Family(
        "asked-about",
        "market",
        Subcategory.RELEVANCE,
        True,
        topics("n:name"),
        (),
        ("Tell {n} about {v}.", "{n} asks about {v}. Write to that and nothing else.", "Write a line on {v} for {n}."),
        ("Here is what I can tell you, {n}: {text}.", "This much is known in our town: {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "two-topics",
        "school",
        Subcategory.RELEVANCE,
        True,
        topics("n:name"),
        (),
        ("{n} wants to hear about {base} and {v}.", "Report to {n} on {base} and on {v}, and on nothing else."),
        ("As for the first, {text0}. As for the second, {text}.", "I can say this: {text0}. And also this: {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "letter-topic",
        "harbour",
        Subcategory.RELEVANCE,
        True,
        topics("n:name m:name"),
        ("{n} does not care about {v_} but about {v}.", "{n} has heard enough of {v_}. What {n} likes is {v}."),
        ("Write {n} a line.", "What would you tell {n}?", "Write a letter of one line."),
        ("Dear {n}, you will be glad to hear that {text}.", "This is for you, {n}, and it is true: {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "report-on",
        "workshop",
        Subcategory.RELEVANCE,
        False,
        topics("n:name"),
        (),
        (
            "The report for {n} is on {v}. Keep to that.",
            "Stay with one subject, {v}, and report to {n}.",
            "Subject: {v}. Reader: {n}. One line.",
            "{n} needs news of {v}, not of {v_}.",
            "Give {n} the latest on {v}.",
        ),
        ("The latest news for {n} is that {text}.", "My report to you today, {n}, is short: {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "page-in-book",
        "school",
        Subcategory.RELEVANCE,
        False,
        topics("n:name"),
        (
            "The book of {n} has a page on {v} and none on {v_}.",
            "{n} is writing a page on {v}. The page on {v_} is done.",
        ),
        ("Write a line for the page.", "What belongs on this page?", "Help {n} with the page."),
        ("On this page one can read the following: {text}.", "{n} writes it down with care: {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "talk-at-table",
        "inn",
        Subcategory.RELEVANCE,
        False,
        topics("n:name m:name"),
        (
            "At table they talk of {v}. Talk of {v_} is not wanted.",
            "{n} and {m} are deep in talk of {v}, for they are tired of {v_}.",
        ),
        ("Join in with a line.", "Say something that fits their talk.", "What can you add?"),
        ("Yes, and as far as I have heard, {text}.", "I agree with {n} and {m}, and {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "first-then",
        "kitchen",
        Subcategory.RELEVANCE,
        False,
        topics("n:name"),
        (),
        (
            "First a word on {base}, then a word on {v}, please.",
            "Speak of {base} and of {v}, but leave {v_} aside.",
            "Two subjects only: {base} and {v}.",
            "{n} likes to hear of {base} and {v}.",
            "Give {n} news of {base}, and of {v} too.",
        ),
        ("To begin with, {text0}. Besides, {text}.", "First of all, {text0}. Next, {text}."),
        _KEEPS,
        _about,
    ),
    Family(
        "question-of-guest",
        "inn",
        Subcategory.RELEVANCE,
        False,
        topics("n:name"),
        (),
        (
            "A guest asks: “What about {v}?” Answer the guest.",
            "“Tell me of {v} here,” says {n}. Reply.",
            "{n} came because of {v}. Say something about it.",
            "How do things stand with {v}?",
            "What is the news about {v}, and only that?",
        ),
        ("Since you ask, let me say that {text}.", "I am happy to answer your question: {text}."),
        _KEEPS,
        _about,
    ),
)
