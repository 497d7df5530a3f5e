"""Template families for Length."""

from __future__ import annotations

from collections.abc import Callable

from rubrics.taxonomy import Subcategory
from rubrics.world.families.format import dots, plain
from rubrics.world.forms import Draw, Family, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng, join, number
from rubrics.world.verifiers import Check

__all__ = ["LENGTH"]


def _items(kind: str, spec: str, lay: Callable[[list[str]], str], unit: str) -> Draw:
    """Lists of two different lengths drawn from the same things; `v` is the asked length, `body` the list."""

    def draw(rng: Rng) -> Sides:
        things = rng.sample(list(KINDS[kind]), 6)
        low = rng.randint(2, 4)
        sides = [
            {"v": number(n), "c": str(n), "unit": unit, "body": lay(things[:n]), "things": "|".join(things)}
            for n in (low, low + rng.randint(1, 5 - low if low < 4 else 1))
        ]
        rng.shuffle(sides)
        return Sides({**pick(spec)(rng).shared, "all": join(rng.sample(things, 6))}, sides[0], sides[1])

    return draw


def _many(slots: Slots) -> Check:
    things = tuple(slots["things"].split("|"))
    return Check("count", things if slots["unit"] == "things" else (slots["unit"],), number=int(slots["c"]))


_STORY = (
    "{n} went to the {p} early.",
    "The {a} came along.",
    "It was cold there.",
    "They saw a {t}.",
    "Nobody else was awake.",
    "Then they went home.",
)


def _sentence_count(rng: Rng) -> Sides:
    shared = dict(pick("n:name p:place a:animal t:tool")(rng).shared)
    lines = [line.format(**shared) for line in _STORY]
    two = sorted(rng.sample((2, 3, 4, 5), 2))
    rng.shuffle(two)
    sides = [{"v": number(n), "c": str(n), "unit": "sentences", "body": " ".join(lines[:n]), "things": ""} for n in two]
    return Sides(shared, sides[0], sides[1])


def _short_or_long(rng: Rng) -> Sides:
    shared = dict(pick("n:name f:food p:place d:day")(rng).shared)
    short = f"{shared['n']} sells {shared['f']} at the {shared['p']} on {shared['d']}."
    long = f"{short} Come early, bring a basket, and ask for the price before you fill it."
    return Sides(
        shared,
        {"how": "at most twelve words", "as": "short", "limit": "-12", "body": short},
        {"how": "at least fourteen words", "as": "long", "limit": "14", "body": long},
    )


def _limit(slots: Slots) -> Check:
    limit = int(slots["limit"])
    return Check("at most", number=-limit) if limit < 0 else Check("at least", number=limit)


def _ring(rng: Rng) -> Sides:
    word = rng.choice(("ding", "knock", "hoot", "bark", "tap"))
    two = rng.sample(range(2, 7), 2)
    sides = [{"v": number(n), "c": str(n), "body": " ".join([word] * n)} for n in two]
    return Sides({**pick("n:name p:place")(rng).shared, "w": word}, sides[0], sides[1])


_NUMBER = "Names exactly {v}."

LENGTH = (
    Family(
        "name-tools",
        "workshop",
        Subcategory.LENGTH,
        True,
        _items("tool", "n:name", plain, "things"),
        ("In the chest are {all}.", "{n} has {all}."),
        ("Name {v} of them.", "Choose {v} of these for {n}.", "List {v} of them, no more and no fewer."),
        ("From the chest I would give {n} these: {body}.", "My choice for {n} out of all of them: {body}."),
        _NUMBER,
        _many,
        part="block",
    ),
    Family(
        "list-of-food",
        "kitchen",
        Subcategory.LENGTH,
        True,
        _items("food", "n:name", dots, "items"),
        ("We have {all}.", "{n} likes {all}."),
        (
            "Make a list of {v} of them.",
            "Write a list with {v} items.",
            "Give {n} a list of {v} things, one on each line.",
        ),
        ("For the table of {n} I take:\n{body}",),
        "Lists exactly {v} items.",
        _many,
        part="block",
    ),
    Family(
        "story-sentences",
        "school",
        Subcategory.LENGTH,
        True,
        _sentence_count,
        (),
        (
            "Write a story of {v} sentences about {n}, the {p} and a {a}.",
            "Tell how {n} went to the {p}, in {v} sentences, with a {a} and a {t}.",
            "{n} and the {a} go to the {p}: {v} sentences.",
        ),
        ("{body}",),
        "Is exactly {v} sentences long.",
        _many,
        part="block",
    ),
    Family(
        "short-or-long",
        "market",
        Subcategory.LENGTH,
        True,
        _short_or_long,
        (),
        (
            "Write {how} about {n}, who sells {f} at the {p} on {d}.",
            "A {as} notice, {how}: {n} sells {f} at the {p} on {d}.",
        ),
        ("{body}",),
        "Has {how}.",
        _limit,
        part="block",
    ),
    Family(
        "ring-times",
        "inn",
        Subcategory.LENGTH,
        True,
        _ring,
        (),
        ("Say {w} {v} times for {n}.", "{n} wants to hear {w} {v} times at the {p}.", "Write {w} {v} times."),
        ("At the {p} we hear this sound: {body}.",),
        "Has the word “{w}” exactly {v} times.",
        lambda s: Check("repeats", (s["w"],), number=int(s["c"])),
        part="block",
    ),
    Family(
        "pick-animals",
        "market",
        Subcategory.LENGTH,
        False,
        _items("animal", "n:name d:day", plain, "things"),
        ("For sale are a {all}.", "{n} could buy a {all}."),
        ("Pick {v} for {n}.", "{n} can feed {v}, so name as many.", "Which {v} should {n} have?"),
        ("On {d} at the market {n} should buy a {body}.", "If I were {n}, I would take a {body}."),
        _NUMBER,
        _many,
        part="block",
    ),
    Family(
        "lines-for-sign",
        "harbour",
        Subcategory.LENGTH,
        False,
        _items("colour", "n:name p:place", dots, "items"),
        ("{n} has paint that is {all}.", "At the {p} they have {all} paint."),
        ("Set out {v} colours, each on a line.", "A list of {v}, please.", "Only {v} lines with a colour on each."),
        ("{n} should paint the boat in these:\n{body}", "For the boat near the {p} take these:\n{body}"),
        "Lists exactly {v} items.",
        _many,
        part="block",
    ),
    Family(
        "tale-sentences",
        "inn",
        Subcategory.LENGTH,
        False,
        _sentence_count,
        (),
        (
            "Guests like a tale of {v} sentences. This one has {n}, a {a} and the {p}.",
            "Use {v} sentences for the tale of {n}, the {p}, a {a} and a {t}.",
            "Tell the tale of {n} and the {a} at the {p}; it should have {v} sentences.",
            "{v} sentences on {n}, the {a} and the {p}, please.",
            "In just {v} sentences: how did {n} and the {a} fare at the {p}?",
        ),
        ("{body}",),
        "Is exactly {v} sentences long.",
        _many,
        part="block",
    ),
    Family(
        "knock-code",
        "workshop",
        Subcategory.LENGTH,
        False,
        _ring,
        (),
        (
            "The sign for {n} is {w}, {v} times over.",
            "{n} opens if you {w} {v} times at the {p}. Write the sound.",
            "How does {w} sound {v} times?",
            "{v} times {w}: write it out for {n}.",
            "Repeat {w} until there are {v}.",
        ),
        ("This is what {n} hears at the door: {body}.", "The sound at the {p} goes like this: {body}."),
        "Has the word “{w}” exactly {v} times.",
        lambda s: Check("repeats", (s["w"],), number=int(s["c"])),
        part="block",
    ),
    Family(
        "brief-note",
        "school",
        Subcategory.LENGTH,
        False,
        _short_or_long,
        (),
        (
            "Tell the class in {how} that {n} sells {f} at the {p} on {d}.",
            "{n} sells {f} at the {p} on {d}. Put that in {how}.",
            "Keep to {how}: {n}, {f}, the {p}, {d}.",
            "For the board I need {how} on {n}, the {f}, the {p} and {d}.",
            "Make it {as}, {how}, and say that {n} has {f} at the {p} on {d}.",
        ),
        ("{body}",),
        "Has {how}.",
        _limit,
        part="block",
    ),
    Family(
        "drinks-count",
        "kitchen",
        Subcategory.LENGTH,
        False,
        _items("drink", "n:name r:room", plain, "things"),
        ("In the {r} stand {all}.", "{n} may choose from {all}."),
        ("Bring {v} of these to {n}. Which?", "{n} wants {v} drinks. Name them.", "Decide on {v} and say which."),
        ("I carry these from the {r} to {n}: {body}.", "{n} gets the following to drink today: {body}."),
        _NUMBER,
        _many,
        part="block",
    ),
)
