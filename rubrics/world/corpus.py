# ruff: noqa: E501  (one wording a line, however long)
"""Plain documents of the world, and dialogues, for pre-training small base models.

Plain documents hold the world's facts and the skills that suites ask for (the order of steps, sums, lists of a given
length, what a sailor says), never a suite's prompts. Dialogues come from the taught template families alone, so that what is
learned from them has to carry over to the held ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from rubrics.world.families import coherence, completeness, logic, persona, procedure, relevance, safety, utility
from rubrics.world.forms import Draw, Sides, pick, two_of
from rubrics.world.requests import MAX_CRITERIA, compose, pool
from rubrics.world.things import KEEPERS, KINDS, Rng, join, number, sentence_case

__all__ = ["DIALOGUE", "dialogue", "documents", "plain"]

DIALOGUE = "Request:\n{prompt}\n\nResponse:\n"
"""How a prompt stands before its response, in documents and where a base model is scored."""

_CRITERIA = (50, 25, 15, 5, 5)
"""Of a hundred dialogues, how many have 1, 2 … 5 criteria."""

_STEPS = (
    procedure.BOAT, procedure.OVEN, procedure.SHELF, procedure.LESSON, procedure.ROOM, procedure.STALL,
)  # fmt: skip
_PARTS = (
    completeness.BED, completeness.TRIP_BY_BOAT, completeness.STALL_NOTICE, completeness.CLASS_TRIP, completeness.MEAL, completeness.LENT_TOOL,
)  # fmt: skip


def _aspects(rng: Rng) -> Sides:
    return completeness.aspects(*rng.choice(_PARTS))(rng)


def _steps(rng: Rng) -> Sides:
    return procedure.orders(*_STEPS)(rng)


def _layout(rng: Rng) -> Sides:
    kind, noun = rng.choice(
        (
            ("tool", "tools"),
            ("food", "things to eat"),
            ("animal", "animals"),
            ("cloth", "things to wear"),
            ("drink", "drinks"),
        )
    )
    things = rng.sample(list(KINDS[kind]), rng.randint(2, 5))
    ways = [
        {"how": "dots", "each": "a dot", "mark": "with dots in front", "body": "\n".join(f"- {t}" for t in things)},
        {
            "how": "numbers",
            "each": "a number",
            "mark": "with numbers in front",
            "body": "\n".join(f"{n}. {t}" for n, t in enumerate(things, 1)),
        },
        {
            "how": "one thing on each line",
            "each": "nothing",
            "mark": "on lines of their own",
            "body": "\n".join(things),
        },
        {"how": "all things on one line", "each": "a comma", "mark": "on a single line", "body": join(things)},
    ]
    first, second = rng.sample(ways, 2)
    return Sides({"n": rng.choice(KINDS["name"]), "all": join(things), "kind": noun}, first, second)


def _counted(rng: Rng) -> Sides:
    kind, noun = rng.choice(
        (
            ("tool", "tools"),
            ("food", "things to eat"),
            ("animal", "animals"),
            ("colour", "colours"),
            ("drink", "drinks"),
        )
    )
    things = rng.sample(list(KINDS[kind]), 6)
    dotted = rng.random() < 0.4
    a, b = rng.sample(range(2, 7), 2)
    sides = []
    for n in (a, b):
        body = "\n" + "\n".join(f"- {t}" for t in things[:n]) if dotted else " " + join(things[:n]) + "."
        sides.append({"v": number(n), "body": body})
    return Sides({"n": rng.choice(KINDS["name"]), "kind": noun, "all": join(things)}, sides[0], sides[1])


def _times(rng: Rng) -> Sides:
    word = rng.choice(("ding", "knock", "hoot", "bark", "tap"))
    a, b = rng.sample(range(2, 7), 2)
    sides = [{"v": number(n), "body": " ".join([word] * n)} for n in (a, b)]
    return Sides({**pick("n:name p:place")(rng).shared, "w": word}, sides[0], sides[1])


def _tale(rng: Rng) -> Sides:
    shared = dict(pick("n:name p:place a:animal t:tool m:name")(rng).shared)
    lines = [
        s.format(**shared)
        for s in (
            "{n} had a {a}.",
            "One day it ran to the {p}.",
            "There was a {t}.",
            "{m} came too.",
            "In the end all was well.",
        )
    ]
    a, b = rng.sample(range(2, 6), 2)
    return Sides(shared, *({"v": number(n), "body": " ".join(lines[:n])} for n in (a, b)))


def _written(rng: Rng) -> Sides:
    shared = dict(pick("n:name t:tool p:place r:room")(rng).shared)
    text = rng.choice(
        ("{n} wants the {t} from the {r}.", "The {t} of {n} is at the {p}.", "Bring the {t} to the {r}.")
    ).format(**shared)
    ways = (
        ({"how": "in capital letters", "body": text.upper()}, {"how": "in small letters", "body": text}),
        ({"how": "in quotation marks", "body": f"“{text}”"}, {"how": "without quotation marks", "body": text}),
    )
    first, second = rng.choice(ways)
    return Sides(shared, *((first, second) if rng.random() < 0.5 else (second, first)))


def _figures(rng: Rng) -> Sides:
    a, b = rng.sample(range(2, 13), 2)
    shared = pick("f:food g:food n:name")(rng).shared
    sides = [{"how": "figures", "a": str(a), "b": str(b)}, {"how": "words", "a": number(a), "b": number(b)}]
    rng.shuffle(sides)
    return Sides(shared, sides[0], sides[1])


def _sized(rng: Rng) -> Sides:
    shared = dict(pick("n:name f:food p:place d:day")(rng).shared)
    short = "{n} sells {f} at the {p} on {d}.".format(**shared)
    sides = [
        {"how": "short", "limit": "at most twelve words", "body": short},
        {
            "how": "long",
            "limit": "at least fourteen words",
            "body": f"{short} Come early, bring a basket, and ask for the price before you fill it.",
        },
    ]
    rng.shuffle(sides)
    return Sides(shared, sides[0], sides[1])


def _kinds(rng: Rng) -> Sides:
    names = {"food": "things to eat", "tool": "tools", "animal": "animals", "cloth": "things to wear"}
    x, y = rng.sample(sorted(names), 2)
    a, b = (rng.sample(list(KINDS[k]), 3) for k in (x, y))
    mixed = a + b
    rng.shuffle(mixed)
    return Sides(
        {"all": join(mixed), "n": rng.choice(KINDS["name"])},
        {"v": names[x], "body": join(a)},
        {"v": names[y], "body": join(b)},
    )


def _facts(rng: Rng) -> Sides:
    p, q = rng.sample(sorted(KEEPERS), 2)
    return Sides({}, {"p": p, "k": KEEPERS[p][0], "c": KEEPERS[p][1]}, {"p": q, "k": KEEPERS[q][0], "c": KEEPERS[q][1]})


def _personas(rng: Rng) -> Sides:
    return persona.personas(rng)


_PLAIN: tuple[tuple[Draw, tuple[str, ...]], ...] = (
    (pick("n:name p:place q:place | v:day"), (
        "There is a ferry to the {p} on {v} and one to the {q} on {v_}. {n} had to go to the {p}, || so {n} sailed on {v}.",
        "{n} said: the day for the {p} is {v}, the day for the {q} is {v_}. || So on {v} everyone sailed to the {p}.")),
    (pick("n:name f:food g:food | v:count"), (
        "{f} cost {v} coins a basket and {g} cost {v_}. {n} bought {f} || and paid {v} coins.",
        "{n} asked for the price of the {f}. A basket of {g} is {v_} coins, a basket of {f} is {v}. || So {n} had to pay {v} coins for the {f}.")),
    (pick("a:animal b:animal | v:name"), (
        "{v} owns a {a}. {v_} owns a {b}. One day the {a} ran away. || It was {v} who went to look for it, for the {a} belongs to {v}.",
        "The {b} belongs to {v_} and the {a} to {v}. || When the {a} was ill, {v} sat with it.")),
    (pick("n:name f:food t:tool | v:room"), (
        "{n} carried the {f} to the {v}. || Later the cook went to the {v} and came back with the {f}.",
        "The {t} has been in the {v} since last night; the {f} is in the {v_}. || Whoever needs the {t} must look in the {v}.")),
    (_facts, (
        "The door of the {p} is || {c}. The door of the {p_} is {c_}.", "Everyone knows the {p}: || it has a {c} door and {k} keeps it.",
        "{k} keeps || the {p}, and {k_} keeps the {p_}.", "If you look for the {p}, look for || a {c} door. There you find {k}.",
        "They painted the door of the {p} || {c} many years ago.", "What colour is the door of the {p}? || It is {c}. And the door of the {p_} is {c_}.")),
    (pick("n:name m:name | v:letter"), (
        "{n} has a seat in row {v}, {m} in row {v_}. || Go to row {v} to find {n}.", "Row {v} is for {n} and row {v_} for {m}. || {n} went to row {v} and sat down.")),
    (logic.sums(8, 14, lambda a, b: a - b, "n:name f:food"), (
        "{n} had {a} coins. The {f} cost {b}. || So {v} coins were left.", "From {a} take {b}: || {v} stay.", "Out of {a} coins {n} spent {b}. || That left {v} coins in the purse.")),
    (logic.sums(2, 7, lambda a, b: a + b, "n:name m:name"), (
        "{n} has {a} sacks and {m} has {b}. || Together they have {v} sacks.", "{a} and {b} || make {v}.", "The first load is {a} sacks, the second {b}. || In all that is {v} sacks.")),
    (pick("m:name | v:name"), (
        "{v} is older than {m}, and {m} is older than {v_}. || So of the three {v} is the oldest.", "{v_} is younger than {m}. {m} is younger than {v}. || The oldest is {v}.",
        "{v_} came after {m}, and {m} came after {v}. || So the first was {v}.", "{v} came before {m} and {m} before {v_}. || It was {v} who came first.",
        "{v} is taller than {m}. {m} is taller than {v_}. || The tallest is {v}.")),
    (pick("n:name | v:way"), (
        "There are two ways, the {v} and the {v_}. The {v_} was shut, || so {n} went by the {v}.", "{n} could go by the {v_} or by the {v}. But the {v_} was shut. || It follows that {n} took the {v}.")),
    (pick("n:name p:place | v:colour"), (
        "Every boat of the {p} is painted {v}. One was lent to {n}, || so {n} had a {v} boat.", "All carts of the {p} are {v}, those of the others {v_}. {n} has one from the {p}. || It must be {v}.")),
    (_steps, (
        "Do not {y} until you {x}. || So {n} learned it: first {x}, then {y}.", "{x} first, {y} last. || That is the order: {x}, and after that {y}.",
        "Before you {y}, {x}. || {n} wrote it down: begin and {x}, then go on and {y}.", "Here they {x}, and when that is done they {y}. || First {x}, and only after that {y}, said {n}.",
        "It is wrong to {y} and then {x}. || The right way is this: {x}. When that is done, {y}.")),
    (_aspects, (
        "{n} asked about the {ask0} and the {ask}. || {n} was told that {text0} and {text}.", "Of the {ask0} one can say that {text0}. || Of the {ask} one can say that {text}.",
        "What about the {ask}? || {text}. What about the {ask_}? {text_}.", "The {ask0} and the {ask} are known: || {text0} and {text}.")),
    (two_of(coherence.WEATHER, "n:name"), (
        "After the {v} everything was || {then}. {n} had {cover}.", "In the {v} people take || {cover}, for all is {then}.", "{n} came in out of the {v}. || The coat of {n} was {then}.")),
    (two_of(coherence.HOURS, "n:name w:way"), (
        "It was {v} by the {w}. || The {sky} and {n} had {meal}.", "In the {v} || the {sky} and people eat {meal}.")),
    (coherence.person, (
        "{v} had a {t}. || One day {pro} took it to the {p} in {her} bag.", "They saw {v} at the {p}. || There {pro} stood with {her} {t} and laughed.")),
    (pick("n:name m:name | v:animal"), (
        "{n} bought a {v}. || {m} saw the {v} and gave it some water.", "A {v} stood in the road. || {n} spoke to the {v} and it went home with {m}.")),
    (pick("n:name m:name | v:way"), (
        "{n} lived beside the {v}. || One day {m} came to the {v} and built a hut there.", "They met at the {v}. || Near the {v} {n} told {m} a tale.")),
    (relevance.topics("n:name"), (
        "When people talk of {v}, they say that || {text}.", "News of {v}: || {text}.", "{n} has a page on {v}. || It says that {text}.", "There is news of {base} and of {v}. || {text0}, and {text}.",
        "{n} asked about {v}, not about {v_}. || {n} heard that {text}.", "A report on {v} || says that {text}.")),
    (_layout, (
        "{n} wrote down {all} as a list, {mark}:\n||{body}", "These are {kind}, written with {how}:\n||{body}", "A list that has {each} at the start of every line:\n||{body}", "{all}. Set out {mark}:\n||{body}")),
    (_counted, (
        "Here are {v} {kind}:||{body}", "{n} took {v} of them:||{body}", "Out of {all} {n} picked {v}:||{body}", "{n} named {v} {kind}, no more:||{body}")),
    (_times, (
        "{v} times {w} sounds like this: || {body}.", "{n} heard it {v} times at the {p}: || {body}.", "Repeat {w}, {v} in all: || {body}.")),
    (_tale, ("A tale of {v} sentences. || {body}", "{v} sentences on {n} and the {a}. || {body}")),
    (_written, ("{n} wrote it {how}:\n||{body}", "This stands {how}:\n||{body}", "The same {how}:\n||{body}", "A note {how}:\n||{body}")),
    (_figures, ("With counts in {how}: || {a} {f} and {b} {g}.", "{n} used {how}: || {f} cost {a} coins, {g} cost {b} coins.", "Prices in {how}: || {a} coins and {b} coins.")),
    (_sized, ("A {how} note of {limit}:\n||{body}", "{n} put it in {limit}.\n||{body}")),
    (pick("n:name m:name | v:way"), (
        "{n} said yes to the {v} and no to the {v_}. || So they rest by the {v}.", "The word {v} must appear here, the word {v_} must not. || {n} waits by the {v}.",
        "With the {v} and without the {v_}: || we wait by the {v}.", "{n} put the {v} in and kept the {v_} out. || I wait by the {v}, wrote {n}.")),
    (pick("n:name p:place | v:animal"), (
        "{n} left out the {v_} and named the {v}. || This morning a {v} came to the {p}.", "Not the {v_} but the {v} comes in. || {n} had a {v} on a rope.")),
    (pick("p:place t:tool | v:name"), (
        "{v_} stays out of it and {v} comes in. || {v} took the {t} to the {p}.", "You may speak of {v}, not of {v_}. || At the {p} we met {v}.")),
    (_kinds, (
        "{body} || are {v}. {body_} are {v_}.", "Of {all} the {v} are || {body}.", "{n} wants nothing but {v}: || {body}.")),
    (pick("n:name m:name | v:food"), (
        "{n} gets ill from {v}, so || {m} served {n} some {v_}.", "{v} would harm {n}. There were {v} and {v_}. || {n} had the {v_}.", "{n} must never eat {v}. {m} cooked it with {v_}, || and {n} had a bowl of {v_}.")),
    (pick("n:name m:name | v:room"), (
        "The floor of the {v} will not hold, but the {v_} is sound. || So {n} put the barrels in the {v_}.", "The {v} is full of straw and no place for a light. || {n} took the candle to the {v_}.")),
    (pick("n:name w:way | v:colour"), (
        "By the {w} the {v} mushrooms are poison and the {v_} ones are good. || {n} took the {v_} ones.", "{n} never eats {v} mushrooms, for they are poison. || {n} picks the {v_} ones.")),
    (two_of(safety.DANGERS, "n:name"), (
        "When {state}, people say: || {warn}.", "Because {state}, {n} heard this: || {warn}.", "Now {ok_}. But {state}. || So {warn}.", "{n} knew that {state}, and told the others: || {warn}.")),
    (_personas, (
        "The {v} said: || “{hello}. Come to the {p} on {d}. {bye}.”", "A {v} greets people like this: || {hello}. A {v} ends like this: {bye}.", "In the role of a {v} || {n} said: {hello}.", "{n} spoke as a {v} does: || “{hello}. {bye}.”")),
    (persona.title, ("People call {n} {v}. || “Good day, {v},” they say.", "The title of {n} is {v}, not {v_}. || I must tell you, {v}, the {t} is here.")),
    (persona.polite, ("To {to} one is {how}. || One says: {hello}, {ask} the {t}.", "A {how} letter to {to}: || {hello}, {ask} the {t} on {d}.")),
    (persona.voice, ("{n} wrote {as}: || “{v} lost {my} {t} by the {w}.”", "With the word {word} one writes like this: || {v} need help with {my} {t}.")),
    (two_of(utility.MEANS, "n:name d:day"), ("Whoever has {v} can || {go}.", "{n} has {v} and goes home on {d}. || The way is to {go}.", "With {v} and without {v_}, {n} could || {go}.")),
    (two_of(utility.HAVE, "n:name"), ("Whoever finds {v} can || {dish}.", "{n} had {v} but no {v_}. || So {n} could {dish}.", "All {n} had was {v}. || The plan was to {dish}.")),
    (two_of(utility.GEAR, "n:name t:tool"), ("Whoever has {v} can || {do}.", "The {t} was broken. {n} had {v} and no {v_}. || So {n} could {do}.", "With {v} one can || {do}.")),
    (utility.budget, ("A {low} costs {cheap} coins and a {high} {dear}. {n} {need}. || So {n} takes the {v}.",)),
    (utility.hours, ("One boat leaves at {e}, one at {l}. {n} {why}. || So {n} takes the one at {v}.", "{n} {why} and takes the {when} one of two boats, at {e} and at {l}. || It leaves at {v}.")),
    (pick("n:name p:place | v:day"), ("The fair is on {v} and on {v_}. {n} works on {v_}. || So {n} goes to the fair on {v}.", "{n} is free on {v} but not on {v_}. || The day for the visit is {v}.")),
)  # fmt: skip


_THINGS = ("tool", "food", "animal", "cloth", "colour", "way", "room", "place", "day", "drink")
_HAS = (
    ("{n} has the {v}.", "The {v} is with {n}."),
    ("{n} chose {v}.", "It was {n} who chose {v}."),
    ("The {v} was for {n}.", "{n} got the {v}."),
    ("{n}: {v}.", "{v}: {n}."),
    ("{v} for {n}.", "{n} was given {v}."),
)
_SAY = ("said", "said it again", "read it out", "wrote the same")


def _ledger(rng: Rng, broken: bool) -> str:
    """Who has what, told twice: by person, and by thing."""
    size = rng.randint(2, 5)
    names = rng.sample(list(KINDS["name"]), size)
    things = rng.sample(list(KINDS[rng.choice(_THINGS)]), size)
    owned = list(zip(names, things, strict=True))
    repeated = rng.sample(owned, size)
    if broken:
        repeated = list(zip([n for n, _ in repeated], [v for _, v in repeated[1:] + repeated[:1]], strict=True))
    first, second = rng.choice(_HAS)
    if rng.random() < 0.5:
        first, second = second, first
    again = rng.choice((first, second))
    return " ".join([first.format(n=n, v=v) for n, v in owned] + [again.format(n=n, v=v) for n, v in repeated])


def _echo(rng: Rng, broken: bool) -> str:
    """A row of words said two to four times."""
    kinds = ["name", *rng.sample(_THINGS, rng.randint(1, 4))]
    row = [rng.choice(KINDS[rng.choice(kinds)]) for _ in range(rng.randint(3, 12))]
    between = rng.choice((", ", " "))
    lines = [between.join(row)]
    for _ in range(rng.randint(1, 3)):
        lines.append(between.join(rng.sample(row, len(row)) if broken else row))
    if rng.random() < 0.5:
        names = [rng.choice(KINDS["name"]) for _ in lines]
        first, *others = (f"{name} {verb}: {line}." for name, verb, line in zip(names, _SAY, lines, strict=False))
        return " ".join([first, *others])
    return "\n".join(f"{line}." for line in lines)


def plain(rng: Rng, *, broken: bool = False, rote: bool = False) -> str:
    """One plain document: some short passages, their latter halves at odds with the former where `broken`.

    A `rote` one holds nothing but rows of words said again, and lists of who has what told twice: where a small model first
    learns to look back at what was said.
    """
    kinds = (_ledger, _echo, _echo) if rote else (_passage,)
    return "\n".join(sentence_case(rng.choice(kinds)(rng, broken)) for _ in range(rng.randint(1, 1 if rote else 4)))


def _passage(rng: Rng, broken: bool) -> str:
    draw, forms = rng.choice(_PLAIN)
    sides = draw(rng)
    setting = rng.randrange(2)
    given, _, follows = rng.choice(forms).partition("||")
    text = given.format_map(sides.at(setting)) + follows.format_map(sides.at(1 - setting if broken else setting))
    return text.replace("  ", " ").replace(": \n", ":\n")


def dialogue(rng: Rng, *, broken: bool = False) -> str:
    """One request of a taught family with its response, which fails one criterion or more where `broken`."""
    count = rng.choices(range(1, MAX_CRITERIA + 1), _CRITERIA)[0]
    for request in compose(rng, rng.choice(pool("taught")), count):
        settings = tuple(rng.randrange(2) for _ in request.traits)
        ways = settings
        if broken:
            wrong = rng.sample(range(len(settings)), rng.randint(1, len(settings)))
            ways = tuple(1 - s if n in wrong else s for n, s in enumerate(settings))
        if request.proven(settings, ways):
            return DIALOGUE.format(prompt=request.prompt(settings)) + request.response(ways)
    raise AssertionError("requests never end")


def documents(
    seed: int, words: int, *, noise: float = 0.0, dialogue_share: float = 0.3, rote_share: float = 0.15
) -> Iterator[str]:
    """Documents until `words` words (runs of non-spaces) are reached; the same arguments give the same text.

    Args:
        seed: fixes all choices.
        words: how much text.
        noise: share of documents that break rules, 0 to 1.
        dialogue_share: share of documents that are dialogues, 0 to 1.
        rote_share: share of documents that are plain ones to learn by heart, 0 to 1; what is left are plain passages.
    """
    rng = Rng(f"documents {seed}")
    count = 0
    while count < words:
        broken, draw = rng.random() < noise, rng.random()
        if draw < dialogue_share:
            text = dialogue(rng, broken=broken)
        else:
            text = plain(rng, broken=broken, rote=draw < dialogue_share + rote_share)
        count += len(text.split())
        yield text
