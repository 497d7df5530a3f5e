"""Unseen tasks for Coherence: what a word refers to, and what a tale has laid down."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Sides, pick
from rubrics.world.things import Rng
from rubrics.world.unseen.building import builder, shuffled

__all__ = ["COHERENCE"]

_build = builder(Subcategory.COHERENCE)


def _she_or_he(rng: Rng) -> Sides:
    shared = pick("w:woman h:man t:tool p:place r:room")(rng).shared
    woman, man = shared["w"], shared["h"]
    rest = {key: shared[key] for key in "tpr"}
    return shuffled(rng, rest, {"v": woman, "pro": "she"}, {"v": man, "pro": "he"})


COHERENCE = (
    _build(
        "she-or-he",
        "school",
        _she_or_he,
        facts=(
            "{v} and {v_} came to the {p}. There {pro} put the {t} down.",
            "{v_} and {v} sat in the {r}. Then {pro} took the {t}.",
        ),
        asks=(
            "Who had the {t}?",
            "Of whom is it said what {pro} did?",
            "Say the name: in the hand of whom was the {t}?",
        ),
        says=("The {t} was in the hand of {v}.", "That was said of {v}, who had the {t}."),
        criterion="Takes “{pro}” to be {v}.",
    ),
    _build(
        "tale-that-is-liked",
        "inn",
        "n:name m:name | v:way",
        facts=(
            "{m} told a tale of the {v} and then one of the {v_}. {n} likes the first.",
            "{m} told a tale of the {v_} and then one of the {v}. {n} likes the second.",
        ),
        asks=(
            "Go on with the tale that {n} likes.",
            "Add a line to that tale.",
            "{n} wants to hear more of it. Tell it.",
        ),
        says=("So they all came back to the {v} and sat down.", "One day {n} went to the {v} and met {m}."),
        criterion="Goes on with the tale of the {v}.",
    ),
    _build(
        "home-again",
        "harbour",
        "n:name m:name | v:place",
        facts=(
            "The home of {n} is at the {v}, the work at the {v_}. After work {n} went home.",
            "{n} works at the {v_} and has a home at the {v}. After work {n} went home.",
        ),
        asks=("Where did {n} come to?", "Where does the tale go on?", "{m} wants to find {n}. Where should {m} look?"),
        says=("{n} came to the {v} and sat down by the fire.", "It goes on at the {v}, where {n} lives."),
        criterion="Goes on at the {v}, where {n} lives.",
    ),
    _build(
        "ends-where-it-began",
        "workshop",
        "n:name | v:way",
        facts=(
            "The tale of {n} begins by the {v} and goes on by the {v_}. It ends where it begins.",
            "By the {v_} the tale of {n} goes on. By the {v} it begins, and there it ends.",
        ),
        asks=("Write how it ends.", "Give the tale its last line.", "Where do we see {n} at the end?"),
        says=("So at last {n} sat by the {v} once more.", "In the end {n} came back to the {v}."),
        criterion="Ends by the {v}, where the tale began.",
    ),
    _build(
        "gone-from-tale",
        "kitchen",
        "n:name m:name | v:room",
        facts=(
            "In this tale the {v_} is gone and the {v} is there.",
            "In this tale there is a {v}, but the {v_} is gone.",
        ),
        asks=(
            "Where can {n} sit down in the tale?",
            "In which room do {n} and {m} meet?",
            "Have {n} and {m} meet in a room.",
        ),
        says=("{n} and {m} met in the {v} and had supper.", "Then {n} sat down in the {v} and waited."),
        criterion="Lets nobody into the {v_}, which is gone.",
    ),
    _build(
        "coat-of-the-day",
        "market",
        "n:name m:name | v:cloth",
        facts=(
            "In the tale {n} took the {v} and left the {v_} at home.",
            "The {v_} was left at home that day, for {n} took the {v}.",
        ),
        asks=(
            "On the way {n} lost it. What was lost?",
            "Later {m} finds what {n} had on. What is it?",
            "Go on: {n} lost it in the water. What was it?",
        ),
        says=("That day {n} lost the {v}.", "{m} found the {v} in the water and gave it back."),
        criterion="Keeps to the {v}, which {n} took along.",
    ),
    _build(
        "what-it-is",
        "workshop",
        "n:name m:name | v:tool",
        facts=(
            "The {v} is broken and the {v_} is not. {n} wants it mended.",
            "The {v_} is not broken, but the {v} is. {n} wants it mended.",
        ),
        asks=(
            "What should be mended?",
            "Ask {m} for help and say what is to be mended.",
            "What is it that {n} wants mended?",
        ),
        says=("{m} should mend the {v} for {n}.", "Please mend the {v}, {m}, it is broken."),
        criterion="Takes “it” to be the {v}.",
    ),
    _build(
        "whose-tale",
        "inn",
        "p:place a:animal | v:name",
        facts=(
            "The tale is all about {v}; a friend, {v_}, is named and then gone.",
            "A friend, {v_}, is named and then gone, for the tale is all about {v}.",
        ),
        asks=(
            "Now a friend comes to the {p}. Who is it?",
            "Write a line on who comes to the {p}.",
            "Who had a {a} in the end?",
        ),
        says=("It was {v} who came to the {p} at last.", "In the end a {a} ran to {v} at the {p}."),
        criterion="Goes on about {v}, of whom the tale is.",
    ),
    _build(
        "waits-elsewhere-now",
        "harbour",
        "n:name m:name | v:way",
        facts=(
            "First {m} was waiting by the {v_}. Now {m} is waiting by the {v}.",
            "Now {m} is waiting by the {v}, but before that it was by the {v_}.",
        ),
        asks=("Ask {n} to meet {m}.", "Write to {n} about {m}, who is waiting.", "A note to {n}: where is {m}?"),
        says=("{n}, please go to the {v}, for {m} is there.", "Go and see {m}, {n}, by the {v}."),
        criterion="Keeps to the {v}, where {m} is now.",
    ),
    _build(
        "nobody-went-out",
        "inn",
        "n:name m:name | v:room",
        facts=(
            "The tale begins in the {v}. {n} wants to go to the {v_}, but the door is shut.",
            "{n} wants to go to the {v_}, but the door is shut, and so the tale stays in the {v}.",
        ),
        asks=(
            "Where is {n} when it ends?",
            "Tell the guest where to look for {n}.",
            "{m} comes in at last. Where is {n}?",
        ),
        says=("{n} is in the {v}, just as before.", "You will find {n} in the {v} at the end."),
        criterion="Leaves {n} in the {v}, as nobody went out.",
    ),
)
