"""Template families for Utility."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Family, Sides, named, pick, two_of
from rubrics.world.things import NUMBERS, Rng, number

__all__ = ["GEAR", "HAVE", "MEANS", "UTILITY", "budget", "hours"]


def budget(rng: Rng) -> Sides:
    """Two goods, one dear and one cheap, and a purse that is enough for the cheap one, or the wish for the dear one."""
    sides = pick("n:name | v:cloth")(rng)
    cheap, dear = sorted(rng.sample(range(3, 15), 2))
    if dear - cheap < 2:
        dear = cheap + 3
    prices = {"cheap": number(cheap), "dear": number(dear)}
    low, high = sides.first["v"], sides.second["v"]
    thrifty = {"v": low, "need": f"has only {number(cheap + 1)} coins"}
    wealthy = {"v": high, "need": "has money and wants the dear one"}
    two_sides = [thrifty, wealthy]
    rng.shuffle(two_sides)
    return Sides({**sides.shared, **prices, "low": low, "high": high}, two_sides[0], two_sides[1])


MEANS = (
    {"v": "a boat", "go": "row along the river"},
    {"v": "a horse", "go": "ride across the field"},
    {"v": "good shoes", "go": "walk over the hill"},
    {"v": "a sledge", "go": "slide down the snow"},
    {"v": "a cart", "go": "drive along the road"},
)

HAVE = (
    {"v": "eggs", "dish": "fry an omelette"},
    {"v": "flour", "dish": "bake a flat cake"},
    {"v": "leeks", "dish": "boil a thin soup"},
    {"v": "milk", "dish": "stir a white pudding"},
    {"v": "apples", "dish": "make a sweet sauce"},
)

GEAR = (
    {"v": "a saw", "do": "cut the plank in two"},
    {"v": "glue", "do": "stick the parts together"},
    {"v": "nails", "do": "nail the parts to the wall"},
    {"v": "paint", "do": "paint over the crack"},
    {"v": "a needle", "do": "sew a patch on it"},
)


def _fits(key: str, what: str) -> str:
    return f"Suggests what {what}: {{{key}}}."


def _late(rng: Rng) -> Sides:
    """A fair on two days, and a person who is free on one of them."""
    return pick("n:name p:place | v:day")(rng)


def hours(rng: Rng) -> Sides:
    early, late = sorted(rng.sample(range(5, 12), 2))
    early_side = {"v": NUMBERS[early], "when": "early", "why": "must be home soon"}
    late_side = {"v": NUMBERS[late], "when": "late", "why": "sleeps long"}
    sides = [early_side, late_side]
    rng.shuffle(sides)
    return Sides({**pick("n:name p:place")(rng).shared, "e": NUMBERS[early], "l": NUMBERS[late]}, sides[0], sides[1])


UTILITY = (
    Family(
        "budget",
        "market",
        Subcategory.UTILITY,
        True,
        budget,
        (
            "The {low} costs {cheap} coins, the {high} {dear}. {n} {need}.",
            "{n} {need}. A {high} is {dear} coins and a {low} is {cheap}.",
        ),
        ("What should {n} buy?", "Advise {n} what to buy.", "Help {n} to choose."),
        ("{n} should take the {v}, which is the right one to buy.", "The best choice for {n} today would be the {v}."),
        _fits("v", "suits the purse"),
        named("v"),
    ),
    Family(
        "means-of-travel",
        "harbour",
        Subcategory.UTILITY,
        True,
        two_of(MEANS, "n:name p:place"),
        ("{n} wants to go to the {p} and has {v} but not {v_}.", "{n} has no more than {v} and must get to the {p}."),
        ("How can {n} get there?", "Tell {n} how to go.", "Give {n} advice for the way."),
        ("To get to the {p}, {n} can {go} and be there soon.", "{n} should {go} until the {p} comes in sight."),
        _fits("go", "can be done with {v}"),
        named("go"),
    ),
    Family(
        "what-to-cook",
        "kitchen",
        Subcategory.UTILITY,
        True,
        two_of(HAVE, "n:name d:day"),
        ("{n} has {v} in the house and nothing else.", "There are no {v_} in the kitchen of {n}, only {v}."),
        ("What can {n} make on {d}?", "Give {n} an idea for supper.", "Suggest something to {n}."),
        ("On {d} {n} could {dish} and share it with us.", "{n} could {dish} and add a little salt to it."),
        _fits("dish", "can be made from {v}"),
        named("dish"),
    ),
    Family(
        "free-day",
        "school",
        Subcategory.UTILITY,
        False,
        _late,
        (
            "The fair at the {p} is on {v} and on {v_}. {n} works on {v_}.",
            "{n} is free on {v}, not on {v_}. The {p} holds a fair on both days.",
        ),
        ("When should {n} go?", "Plan the visit for {n}.", "Suggest a day that {n} can keep."),
        ("{n} had best go to the fair at the {p} on {v}.", "Let us put {v} down as the day for {n} to visit."),
        _fits("v", "the person can keep"),
        named("v"),
    ),
    Family(
        "early-or-late",
        "harbour",
        Subcategory.UTILITY,
        False,
        hours,
        (
            "Boats to the {p} leave at {e} and at {l}. {n} {why}.",
            "{n} {why} and wants the {when} boat. There is one at {e}, one at {l}.",
        ),
        ("Which boat should {n} take?", "Pick a boat for {n}.", "Give {n} a time."),
        (
            "{n} should take the boat to the {p} that leaves at {v}.",
            "The boat at {v} is the one I would take if I were {n}.",
        ),
        _fits("v", "fits the day of {n}"),
        named("v"),
    ),
    Family(
        "mend-with",
        "workshop",
        Subcategory.UTILITY,
        False,
        two_of(GEAR, "n:name t:tool"),
        ("The {t} of {n} is broken. At hand there is {v}, there is no {v_}.", "{n} has {v} and a broken {t}."),
        ("What can {n} do?", "Help {n} with what is there.", "How will {n} mend it?"),
        ("To mend the {t}, {n} can {do} and let it rest.", "{n} should take the {t} to the bench and {do}."),
        _fits("do", "can be done with {v}"),
        named("do"),
    ),
    Family(
        "pantry",
        "kitchen",
        Subcategory.UTILITY,
        False,
        two_of(HAVE, "n:name m:name"),
        (
            "{n} opens the pantry and finds {v}. The {v_} went to {m}.",
            "All the {v_} are with {m}. What {n} still has is {v}.",
        ),
        ("Make a plan for the supper of {n}.", "What will be on the plate of {n}?", "{n} is hungry. What now?"),
        ("{n} can {dish} without a walk to the shop.", "My plan is that {n} will {dish} and then call {m}."),
        _fits("dish", "can be made from {v}"),
        named("dish"),
    ),
    Family(
        "way-home",
        "inn",
        Subcategory.UTILITY,
        False,
        two_of(MEANS, "n:name d:day"),
        (
            "{n} came with {v} and goes home on {d}.",
            "All that {n} has for the way is {v}; {v_} cannot be had before {d}.",
        ),
        ("Plan the way home.", "What way home do you suggest?", "How should {n} get home?"),
        ("On {d} {n} should {go} and reach home before dark.", "The best way home for {n} is to {go} from here."),
        _fits("go", "can be done with {v}"),
        named("go"),
    ),
)
