"""Unseen tasks for Length: one or two things, sentences or mentions; an answer in few words or in many."""

from __future__ import annotations

from collections.abc import Callable

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng, join, number
from rubrics.world.unseen.building import builder, in_form, settled, shuffled
from rubrics.world.verifiers import Check

__all__ = ["LENGTH"]

_build = builder(Subcategory.LENGTH)


def _some(kind: str, spec: str, first: tuple[int, str], second: tuple[int, str]) -> Draw:
    """As many of three things, or of two if no more are ever asked for, as either number says."""

    def draw(rng: Rng) -> Sides:
        shared = dict(pick(spec)(rng).shared)
        options = [value for value in KINDS[kind] if value not in shared.values()]
        things = rng.sample(options, max(first[0], second[0]))
        sides = []
        for many, how in (first, second):
            body = join(rng.sample(things, many))
            sides.append({"form": str(many), "how": how, "body": body})
        shared |= {"all": join(things), "things": "|".join(things)}
        return shuffled(rng, shared, sides[0], sides[1])

    return draw


def _picked(*words: str) -> Callable[[Slots], Check]:
    def check(slots: Slots) -> Check:
        return Check("picks", tuple(slots["things"].split("|")), words, int(slots["form"]))

    return check


_TWICE = settled(
    "n:name m:name w:way",
    {"how": "one time", "form": "1", "body": "the {w}, and that is all"},
    {"how": "two times", "form": "2", "body": "the {w} and once more the {w}"},
)

_TWO_SENTENCES = settled(
    "n:name t:tool r:room",
    {"how": "one sentence", "form": "1", "body": "The {t} of {n} is in the {r}."},
    {"how": "two sentences", "form": "2", "body": "The {t} is in the {r}. There {n} left it."},
)

_THREE_SENTENCES = settled(
    "n:name a:animal p:place",
    {"how": "one sentence", "form": "1", "body": "At the {p} {n} met a {a}."},
    {"how": "three sentences", "form": "3", "body": "{n} went out. At the {p} there was a {a}. They were glad."},
)


def _few_or_many(few: int, many: int, spec: str, body: str, more: str) -> Draw:
    """An answer in few words, or the same with more."""
    return settled(
        spec,
        {"how": f"no more than {number(few)} words", "as": "short", "form": str(-few), "body": f"{body}."},
        {"how": f"{number(many)} words or more", "as": "long", "form": str(many), "body": f"{body}, {more}."},
    )


def _long_enough(key: str, *words: str) -> Callable[[Slots], Check]:
    def check(slots: Slots) -> Check:
        limit = int(slots["form"])
        return Check("answers at most" if limit < 0 else "answers at least", (slots[key],), words, abs(limit))

    return check


LENGTH = (
    _build(
        "one-food-or-two",
        "kitchen",
        _some("food", "n:name r:room", (1, "one of the two"), (2, "the two")),
        facts=("In the {r} there are {all}.", "{n} brought {all} from the {r}."),
        asks=("{n} may have {how}. Say what {n} gets.", "Give {n} {how}.", "Take {how} and say it to {n}."),
        says=("On the plate of {n}: {body}.", "{n} gets {body}."),
        criterion="Names {how}.",
        check=_picked("give", "take", "say"),
        part="block",
    ),
    _build(
        "one-guest-or-two",
        "inn",
        _some("name", "p:place d:day", (1, "one of them"), (2, "two of them")),
        facts=("At the {p} wait {all}.", "On {d} there are {all} at the {p}."),
        asks=("Call in {how}, by name.", "Ask {how} to come, and say who.", "Who shall come? Name {how}."),
        says=("Please come in, {body}.", "I call {body}, and nobody else."),
        criterion="Names {how}.",
        check=_picked("call in", "say who", "shall"),
        part="block",
    ),
    _build(
        "two-tools-or-three",
        "workshop",
        _some("tool", "n:name r:room", (2, "two of the tools"), (3, "all three tools")),
        facts=("{n} has {all} in the {r}.", "In the {r} lie {all}."),
        asks=("Write down {how}.", "Hand {n} {how} and name them.", "Put {how} in the bag. Which?"),
        says=("Into the bag go these: {body}.", "{n} needs {body}."),
        criterion="Names {how}.",
        check=_picked("write", "hand", "bag. which"),
        part="block",
    ),
    _build(
        "said-one-time",
        "harbour",
        _TWICE,
        facts=("{n} likes the {w}.", "{m} does not know the {w}."),
        asks=(
            "Speak of it with the word {w}, {how}.",
            "Have the word {w} in your line {how}.",
            "Name the {w} {how}, no more and no fewer.",
        ),
        says=("{n} went to {body}.", "{m} will see {body}."),
        criterion="Has the word “{w}” {how}.",
        check=in_form("answers times", "w", words=("time", "times")),
        part="block",
    ),
    _build(
        "one-sentence-or-two",
        "inn",
        _TWO_SENTENCES,
        facts=("{n} left the {t} in the {r}.", "In the {r} is the {t}, left there by {n}."),
        asks=("Say where it is, in {how}.", "Use {how} to say where the {t} is.", "Where is it? Write {how}."),
        says=("{body}",),
        criterion="Says where the {t} is, in {how}.",
        check=in_form("answers in sentences", "r", words=("sentence", "sentences", "by")),
        part="block",
    ),
    _build(
        "tale-short-or-not",
        "market",
        _THREE_SENTENCES,
        facts=("A tale has {n} and a {a} in it.", "There is a {a} in the tale, and the {p}, and {n}."),
        asks=("Tell it in {how}.", "The tale should have {how}.", "Write {how}, no more and no fewer."),
        says=("{body}",),
        criterion="Is {how} long and has the {a} in it.",
        check=in_form("answers in sentences", "a", words=("tale", "sentence", "sentences")),
        part="block",
    ),
    _build(
        "room-in-few-words",
        "inn",
        _few_or_many(
            8,
            10,
            "n:name m:name t:tool r:room",
            "It is in the {r}",
            "where {n} put it, and there it has been until now",
        ),
        facts=("{n} has put the {t} in the {r}.", "The {t} stands in the {r}, for {n} took it there."),
        asks=(
            "{m} asks where it is. Use {how}.",
            "Say where the {t} is, with {how}.",
            "Give {m} a {as} answer of {how}: where is it?",
        ),
        says=("{body}",),
        criterion="Says where the {t} is, in {how}.",
        check=_long_enough("r", "words", "has put", "stands"),
        part="block",
    ),
    _build(
        "day-in-few-words",
        "school",
        _few_or_many(
            7,
            11,
            "n:name m:name d:day p:place",
            "They meet on {d}",
            "and all who come to the {p} should bring some bread along",
        ),
        facts=("{n} and {m} meet at the {p} on {d}.", "On {d} {n} will be at the {p} with {m}."),
        asks=("When is it? Use {how}.", "Tell the class the day, with {how}.", "Write {how} and name the day."),
        says=("{body}",),
        criterion="Names the day in {how}.",
        check=_long_enough("d", "words", "name the day"),
        part="block",
    ),
    _build(
        "cloth-in-few-words",
        "market",
        _few_or_many(
            8,
            10,
            "n:name m:name c:cloth d:day",
            "{n} should take the {c}",
            "for {m} says that on {d} there will be no other",
        ),
        facts=("The right one to buy for {n} is the {c}.", "{n} has money for the {c} and wants it."),
        asks=("What should {n} take? Use {how}.", "Advise {n} in {how}.", "Help {n} to choose, with {how}."),
        says=("{body}",),
        criterion="Names the {c} in {how}.",
        check=_long_enough("c", "words", "right one to buy for", "has money"),
        part="block",
    ),
    _build(
        "place-in-sentences",
        "harbour",
        settled(
            "n:name p:place h:hour",
            {"how": "one sentence", "form": "1", "body": "The {p} opens at {h}."},
            {"how": "two sentences", "form": "2", "body": "Go to the {p}, {n}. It opens at {h}."},
        ),
        facts=("{n} wants to be at the {p} when it opens, at {h}.", "At {h} the {p} opens, and {n} should be there."),
        asks=("Tell {n} when and where, in {how}.", "Write {how} for {n}.", "Say it to {n} in {how}."),
        says=("{body}",),
        criterion="Names the {p} in {how}.",
        check=in_form("answers in sentences", "p", words=("sentence", "sentences", "should")),
        part="block",
    ),
)
