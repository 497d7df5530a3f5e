"""Template families for Logic."""

from __future__ import annotations

from collections.abc import Callable

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, named, pick
from rubrics.world.things import Rng, number
from rubrics.world.verifiers import Check

__all__ = ["LOGIC", "sums"]


def sums(low: int, high: int, result: Callable[[int, int], int], spec: str) -> Draw:
    """Two sums that share one term and differ in the other, with their results."""

    def draw(rng: Rng) -> Sides:
        shared = dict(pick(spec)(rng).shared)
        while True:
            a, b, c = rng.randint(low, high), rng.randint(2, 5), rng.randint(2, 5)
            if len({result(a, b), result(a, c), a, b, c}) == 5:
                sides = [{"b": number(x), "v": number(result(a, x))} for x in (b, c)]
                return Sides({**shared, "a": number(a)}, sides[0], sides[1])

    return draw


LOGIC = (
    Family(
        "sum-of-boats",
        "harbour",
        Subcategory.LOGIC,
        True,
        sums(2, 7, lambda a, b: a + b, "c:colour d:colour"),
        (
            "There are {a} {c} boats and {b} {d} boats at the wall.",
            "I see {a} {c} boats. Beside them lie {b} {d} boats.",
        ),
        ("How many boats are there in all?", "Add them up and give the number of boats.", "Give the sum of the boats."),
        (
            "Put together that makes {v} boats, the {c} and the {d} ones.",
            "In all there are {v} boats that lie at the wall.",
        ),
        "Gives the right sum, {v}.",
        lambda s: Check("says", (f"{s['v']} boats",), (f"{s['v_']} boats",)),
    ),
    Family(
        "taller",
        "school",
        Subcategory.LOGIC,
        True,
        pick("m:name | v:name"),
        ("{v} is taller than {m}, and {m} is taller than {v_}.", "{m} is taller than {v_} but not so tall as {v}."),
        ("Who of the three is the tallest?", "Name the tallest of them.", "Tell me who is tallest."),
        ("Of the three it is {v} who is the tallest of all.", "The tallest one in this group of three must be {v}."),
        "Names {v} as the tallest.",
        named("v"),
    ),
    Family(
        "key-either",
        "inn",
        Subcategory.LOGIC,
        True,
        pick("n:name | v:room"),
        (
            "The key is in the {v} or in the {v_}. {n} looked in the {v_} and it is not there.",
            "{n} put the key in the {v_} or the {v}. It is not in the {v_}.",
        ),
        ("Where must the key be?", "Work out where the key is.", "So where is the key?"),
        (
            "Then the key must be in the {v}, since there is no other place.",
            "It follows that {n} left the key in the {v}.",
        ),
        "Concludes that the key is in the {v}.",
        named("v"),
    ),
    Family(
        "coins-left",
        "market",
        Subcategory.LOGIC,
        False,
        sums(8, 14, lambda a, b: a - b, "n:name f:food"),
        ("{n} had {a} coins and spent {b} on {f}.", "Out of {a} coins {n} paid {b} for {f}."),
        (
            "How many coins does {n} have left?",
            "Work out what is left in the purse.",
            "Take the one from the other and say what stays.",
        ),
        (
            "After the {f} are paid there are {v} coins left for {n}.",
            "That leaves {v} coins in the purse that {n} carries.",
        ),
        "Gives the right number of coins left, {v}.",
        lambda s: Check("says", (f"{s['v']} coins",), (f"{s['v_']} coins",)),
    ),
    Family(
        "sum-of-sacks",
        "workshop",
        Subcategory.LOGIC,
        False,
        sums(2, 7, lambda a, b: a + b, "n:name m:name"),
        (
            "{n} brings {a} sacks and {m} brings {b} sacks.",
            "The first cart, from {n}, has {a} sacks; the second, from {m}, has {b}.",
        ),
        (
            "How many sacks come to the workshop?",
            "Count all the sacks and give the sum.",
            "Tell the smith the number of sacks in all.",
        ),
        (
            "In all there are {v} sacks to carry into the workshop.",
            "That makes {v} sacks, if you put both loads together.",
        ),
        "Gives the right sum, {v}.",
        lambda s: Check("says", (f"{s['v']} sacks",), (f"{s['v_']} sacks",)),
    ),
    Family(
        "oldest",
        "school",
        Subcategory.LOGIC,
        False,
        pick("m:name | v:name"),
        ("{v} is older than {m}. {m} is older than {v_}.", "{v_} is younger than {m}, and {m} is younger than {v}."),
        (
            "Which of the three is the oldest?",
            "Name the one who is oldest.",
            "The oldest shall go first. Who goes first?",
        ),
        (
            "Of these three people the oldest is {v}, and so goes first.",
            "It is {v} who is the oldest, so let that one begin.",
        ),
        "Names {v} as the oldest.",
        named("v"),
    ),
    Family(
        "letter-either",
        "inn",
        Subcategory.LOGIC,
        False,
        pick("n:name | v:way"),
        (
            "{n} went by the {v} or by the {v_}. The {v_} is shut today.",
            "There are two ways, the {v} and the {v_}. Today {n} could not take the {v_}.",
        ),
        ("Which way did {n} go?", "Work out the way that {n} took.", "So how did {n} come here?"),
        (
            "Then {n} must have come by the {v}, as nothing else was open.",
            "It follows that {n} took the way by the {v}.",
        ),
        "Concludes that {n} went by the {v}.",
        named("v"),
    ),
    Family(
        "all-are",
        "harbour",
        Subcategory.LOGIC,
        False,
        pick("p:place n:name | v:colour"),
        (
            "All boats of the {p} are {v}. {n} has a boat of the {p}.",
            "Every boat that the {p} owns is painted {v}. One of them is lent to {n}.",
        ),
        (
            "What colour is the boat that {n} has?",
            "Draw the conclusion: which colour has the boat of {n}?",
            "Say what colour we must look for when {n} sails in.",
        ),
        ("The boat that {n} sails must be {v}, like all the others.", "It follows that {n} comes in a {v} boat."),
        "Concludes that the boat is {v}.",
        named("v"),
    ),
    Family(
        "who-came-first",
        "kitchen",
        Subcategory.LOGIC,
        False,
        pick("m:name | v:name"),
        ("{v} came before {m}, and {m} came before {v_}.", "{v_} came after {m}. {m} came after {v}."),
        (
            "Who came first and gets the soup?",
            "The first to come gets the big spoon. Who is it?",
            "Name the one who was first at the table.",
        ),
        (
            "The first one at the table was {v}, so the spoon goes there.",
            "It was {v} who came first, ahead of the other two.",
        ),
        "Names {v} as the first to come.",
        named("v"),
    ),
)
