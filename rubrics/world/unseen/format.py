"""Unseen tasks for Format: an answer that is right and has the form that is asked for."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.families.format import dots
from rubrics.world.forms import Draw, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng, join, number
from rubrics.world.unseen.building import builder, in_form, settled, shuffled
from rubrics.world.verifiers import Check

__all__ = ["FORMAT"]

_build = builder(Subcategory.FORMAT)


def _laid_out(kind: str, spec: str, first: tuple[int, str], second: tuple[int, str]) -> Draw:
    """The same three things in two layouts; each: its number for the verifier, and what it is called."""

    def lay(form: int, things: list[str]) -> str:
        rows = "\n".join(things), dots(things), "\n".join(f"{n}. {t}" for n, t in enumerate(things, 1))
        return (join(things), *rows)[form]

    def draw(rng: Rng) -> Sides:
        things = rng.sample(list(KINDS[kind]), 3)
        sides = [{"form": str(form), "how": how, "body": lay(form, things)} for form, how in (first, second)]
        named = dict(zip("abc", things, strict=True))
        return shuffled(rng, {**pick(spec)(rng).shared, **named, "all": join(things)}, sides[0], sides[1])

    return draw


def _figure(rng: Rng) -> Sides:
    value = rng.randint(3, 12)
    word, figure = number(value), str(value)
    shared = {**pick("n:name m:name f:food")(rng).shared, "x": word}
    return shuffled(
        rng,
        shared,
        {"how": "in figures", "v": figure, "form": "1"},
        {"how": "in words", "v": word, "form": "0"},
    )


def _hour(rng: Rng) -> Sides:
    value = rng.randint(3, 12)
    shared = {**pick("n:name p:place")(rng).shared, "x": number(value)}
    figures, in_words = {"how": "in figures", "v": str(value)}, {"how": "in words", "v": number(value)}
    return shuffled(rng, shared, {**figures, "form": "1"}, {**in_words, "form": "0"})


def _cased(spec: str, body: str) -> Draw:
    """A sentence in capital or in small letters."""

    def draw(rng: Rng) -> Sides:
        shared = pick(spec)(rng).shared
        text = body.format_map(shared)
        return shuffled(
            rng,
            shared,
            {"how": "capital letters", "form": "1", "body": text.upper()},
            {"how": "small letters", "form": "0", "body": text},
        )

    return draw


def _quoted(spec: str, body: str) -> Draw:
    return settled(
        spec,
        {"how": "in quotation marks", "form": "1", "body": f"“{body}”"},
        {"how": "without quotation marks", "form": "0", "body": body},
    )


_DEAR = settled("n:name m:name t:tool r:room", {"open": "Dear {n}"}, {"open": "{n}"})

_MARK = settled(
    "n:name m:name t:tool",
    {"how": "an exclamation mark", "end": "!", "form": "1"},
    {"how": "a full stop", "end": ".", "form": "0"},
)

_TURNED = settled(
    "n:name t:tool p:place",
    {"x": "{n}", "y": "the {t}", "one": "{n}", "two": "{t}", "body": "{n} has the {t} at the {p}"},
    {"x": "the {t}", "y": "{n}", "one": "{t}", "two": "{n}", "body": "the {t} is with {n} at the {p}"},
)


def _turned(slots: Slots) -> Check:
    return Check("answers in order", (slots["one"], slots["two"]), ("your line", "begin", "before", "first"))


def _opened(slots: Slots) -> Check:
    return Check("answers first", (slots["open"],), ("begin", "start", "first"))


def _ended(slots: Slots) -> Check:
    return Check("answers last", (slots["v"],), ("word", "end"))


_NAMED = ("a", "b", "c")

FORMAT = (
    _build(
        "dotted-or-in-row",
        "market",
        _laid_out("cloth", "n:name m:name", (2, "with a dot before each"), (0, "all on one line")),
        facts=("{n} needs {all}.", "{m} sells {all}."),
        asks=("Write for {n} what to buy, {how}.", "Put the things down {how}.", "{n} wants to have them {how}."),
        says=("{body}",),
        criterion="Stands {how}.",
        check=in_form("sets out", *_NAMED, words=("needs", "sells")),
        part="block",
    ),
    _build(
        "numbered-or-bare",
        "kitchen",
        _laid_out("drink", "n:name m:name", (3, "with numbers"), (1, "without numbers")),
        facts=("There is {all} to drink.", "{n} has {all} to drink."),
        asks=(
            "Make {m} a list of the drinks {how}.",
            "List what there is to drink, {how}, one on each line.",
            "On lines of their own, {how}: the drinks.",
        ),
        says=("{body}",),
        criterion="Is a list {how}.",
        check=in_form("sets out", *_NAMED, words=("there is", "has")),
        part="block",
    ),
    _build(
        "place-in-capitals",
        "harbour",
        _cased("n:name t:tool r:room", "the {t} is in the {r} now"),
        facts=("{n} left the {t} in the {r} last night.", "In the {r} is the {t}, where {n} put it."),
        asks=(
            "Where is it? Answer in {how}.",
            "Tell {n} in {how} where to look.",
            "With {how}: in which room is the {t}?",
        ),
        says=("{body}",),
        criterion="Says where the {t} is, in {how}.",
        check=in_form("answers in capitals", "r", words=("letters", "where", "which")),
        part="block",
    ),
    _build(
        "day-in-capitals",
        "school",
        _cased("n:name d:day p:place", "come to the {p} on {d}"),
        facts=("{n} must come to the {p} on {d}.", "On {d} all go to the {p}, {n} too."),
        asks=(
            "Write the day and the place for {n}, in {how}.",
            "A sign with {how} for {n}, please.",
            "Tell {n} the day with {how}.",
        ),
        says=("{body}",),
        criterion="Names the day, {d}, in {how}.",
        check=in_form("answers in capitals", "d", words=("letters", "must", "all")),
        part="block",
    ),
    _build(
        "told-in-quotes",
        "inn",
        _quoted("n:name r:room t:tool", "{n} is in the {r} with the {t}."),
        facts=("{n} sits in the {r} and has the {t}.", "The {t} is with {n} in the {r}."),
        asks=(
            "Where is {n}? Write the answer {how}.",
            "Say {how} where {n} sits.",
            "Tell the guests where {n} is, {how}.",
        ),
        says=("{body}",),
        criterion="Says where {n} is, {how}.",
        check=in_form("answers in quotes", "r", words=("quotation", "where")),
        part="block",
    ),
    _build(
        "how-many-written",
        "market",
        _figure,
        facts=("{n} has {x} baskets of {f}.", "There are {x} baskets of {f} for {n}."),
        asks=(
            "How many are there? Answer {how}.",
            "Tell {m} {how} how many baskets {n} has.",
            "Write {how} how many baskets there are.",
        ),
        says=("Of {f} there are {v} baskets at the stall.", "{n} brought {v} baskets of it."),
        criterion="Gives the number {how}, {v}.",
        check=lambda s: Check("answers in figures", (s["v"],), (s["v_"], "many"), int(s["form"])),
    ),
    _build(
        "ends-with-mark",
        "school",
        _MARK,
        facts=("{n} needs the {t}.", "{m} should give the {t} to {n}."),
        asks=(
            "Tell {m} so, and put {how} at the end.",
            "Say it to {m} and close with {how}.",
            "Ask {m} for the {t}. At the end stands {how}.",
        ),
        says=("{m}, give {n} the {t}{end}", "{n} is waiting for the {t}{end}"),
        criterion="Asks for the {t} and ends with {how}.",
        check=in_form("answers with mark", "t", words=("end", "close")),
    ),
    _build(
        "dear-or-not",
        "inn",
        _DEAR,
        facts=("The {t} is in the {r}, and {n} needs it.", "{n} wants the {t}, which is in the {r}."),
        asks=(
            "Write to {n} and begin with “{open}”.",
            "A line for {n}, please. Start with “{open}”.",
            "The first word for {n} is “{open}”. Write it.",
        ),
        says=("{open}, look in the {r} for the {t}.", "{open}, the {t} that you need is in the {r}."),
        criterion="Begins with “{open}”.",
        check=_opened,
        part="block",
    ),
    _build(
        "which-named-before",
        "workshop",
        _TURNED,
        facts=("{n} has the {t} at the {p}.", "At the {p} the {t} is with {n}."),
        asks=(
            "In your line name {x} first and {y} after that.",
            "Begin with {x} and end with {y}.",
            "Say it so that {x} comes before {y}.",
        ),
        says=("{body}.", "Hear this: {body}."),
        criterion="Names {x} before {y}.",
        check=_turned,
        part="block",
    ),
    _build(
        "last-word",
        "harbour",
        "n:name m:name | v:way",
        facts=("{n} goes by the {v} and by the {v_}.", "{n} likes the {v_} and the {v}."),
        asks=(
            "The last word should be {v}.",
            "Write a line for {m} with the word {v} at the end.",
            "The line must end with {v}, not with {v_}.",
        ),
        says=("We meet {n} at last, {m}, near the {v}.", "{m} will see {n} beside the {v}."),
        criterion="Ends with the word “{v}”.",
        check=_ended,
    ),
    _build(
        "cloth-in-capitals",
        "market",
        _cased("n:name m:name c:cloth", "{n} should take the {c} home"),
        facts=("{n} wants to buy a {c}.", "For {n} there is a {c}, which is the right one to buy."),
        asks=(
            "What should {n} take? Use {how}.",
            "Tell {m} in {how} what is for {n}.",
            "Advise {n} what to take, with {how} alone.",
        ),
        says=("{body}",),
        criterion="Names the {c}, in {how}.",
        check=in_form("answers in capitals", "c", words=("letters",)),
        part="block",
    ),
    _build(
        "room-with-mark",
        "inn",
        settled(
            "n:name t:tool r:room",
            {"how": "an exclamation mark", "end": "!", "form": "1"},
            {"how": "a full stop", "end": ".", "form": "0"},
        ),
        facts=("{n} left the {t} behind the door of the {r}.", "The {t} of {n} is in the {r}."),
        asks=(
            "Where is the {t}? End with {how}.",
            "Tell the guest where the {t} is, with {how} at the end.",
            "Close with {how}: where is it?",
        ),
        says=("It is in the {r}{end}", "Go to the {r} for it{end}"),
        criterion="Says where the {t} is and ends with {how}.",
        check=in_form("answers with mark", "r", words=("mark", "stop")),
    ),
    _build(
        "hour-in-figures",
        "harbour",
        _hour,
        facts=("The {p} opens at {x}.", "At {x} the {p} opens its doors."),
        asks=("When does it open? Answer {how}.", "Write {how} when the {p} opens.", "Tell {n} the hour {how}."),
        says=("It opens at {v}, {n}.", "Be there at {v}."),
        criterion="Gives the hour {how}, {v}.",
        check=lambda s: Check("answers in figures", (s["v"],), (s["v_"], "hour", "write", "answer"), int(s["form"])),
    ),
)
