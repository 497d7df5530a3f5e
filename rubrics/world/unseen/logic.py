"""Unseen tasks for Logic: two steps of thought, a rule and its case, an exception, a comparison."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Sides, Slots, pick
from rubrics.world.things import KINDS, PERSONAS, Rng, join, number
from rubrics.world.unseen.building import builder, shuffled
from rubrics.world.verifiers import Check

__all__ = ["LOGIC", "roles"]

_build = builder(Subcategory.LOGIC)


def _more(rng: Rng) -> Sides:
    """Two people with unlike numbers of coins; `a` is the larger."""
    sides = pick("| v:name")(rng)
    low, high = sorted(rng.sample(range(2, 13), 2))
    return Sides({"a": number(high), "b": number(low)}, sides.first, sides.second)


def roles(spec: str) -> Draw:
    """Slots by `spec`, and two callings, `w` and `u`, in both settings."""

    def draw(rng: Rng) -> Sides:
        sides = pick(spec)(rng)
        w, u = rng.sample(sorted(PERSONAS), 2)
        return Sides({**sides.shared, "w": w, "u": u}, sides.first, sides.second)

    return draw


def _odd(rng: Rng) -> Sides:
    """Three things, of which one is of another kind; another one in either setting."""
    one, other = rng.sample(("food", "tool", "animal", "cloth"), 2)
    things = rng.sample(list(KINDS[one]), 2), rng.sample(list(KINDS[other]), 2)
    sides = []
    for many, few in (things, things[::-1]):
        trio = [*many, few[0]]
        rng.shuffle(trio)
        sides.append({"v": few[0], "all": join(trio), "rest": join(many), "one": many[0], "two": many[1]})
    return shuffled(rng, pick("n:name p:place")(rng).shared, sides[0], sides[1])


def _odd_one(slots: Slots) -> Check:
    return Check("answers", (slots["v"],), (slots["one"], slots["two"]))


LOGIC = (
    _build(
        "each-took-other",
        "market",
        "n:name m:name | v:cloth",
        facts=(
            "{n} had the {v_} and {m} the {v}. Then each took what the other had.",
            "{m} came with the {v} and {n} with the {v_}. Each took the one of the other.",
        ),
        asks=("What does {n} have now?", "With what does {n} go home?", "Say what is with {n} now."),
        says=("Now {n} has the {v} on.", "{n} goes home in the {v}, for {m} gave it away."),
        criterion="Concludes that {n} has the {v} now.",
    ),
    _build(
        "rain-or-sun",
        "school",
        "n:name m:name | v:way",
        facts=(
            "In the rain {n} goes by the {v}, in the sun by the {v_}. Today there is rain.",
            "In the sun {n} goes by the {v_}, in the rain by the {v}. Today there is rain.",
            "In the rain {n} goes by the {v_}, in the sun by the {v}. Today there is sun.",
            "In the sun {n} goes by the {v}, in the rain by the {v_}. Today there is sun.",
        ),
        asks=("Where can {m} meet {n}?", "Which way does {n} go today?", "Say by which way {n} comes today."),
        says=("Today {n} comes by the {v}.", "{m} should wait by the {v}, where {n} will be today."),
        criterion="Concludes that {n} goes by the {v} today.",
    ),
    _build(
        "more-coins",
        "market",
        _more,
        facts=("{v} has {a} coins and {v_} has {b}.", "In the purse of {v_} are {b} coins, in that of {v} {a}."),
        asks=("Who has more coins?", "Which of the two can buy more?", "Name the one with more coins."),
        says=("The one with more coins is {v}.", "It is {v} who can buy more, having {a}."),
        criterion="Names {v}, who has more coins.",
    ),
    _build(
        "costs-less",
        "market",
        "n:name | v:cloth",
        facts=(
            "A {v_} costs more than a {v}.",
            "For a {v} {n} must pay fewer coins than for a {v_}.",
        ),
        asks=(
            "Which of the two is not so dear?",
            "Which one can be had for fewer coins?",
            "{n} does not have many coins. What should it be?",
        ),
        says=("Of the two the {v} costs less.", "{n} should take the {v} and pay less."),
        criterion="Names the {v}, which costs less.",
    ),
    _build(
        "sits-with",
        "inn",
        "n:name m:name k:name | v:room",
        facts=(
            "{m} sits in the {v} and {k} sits in the {v_}. {n} is with {m}.",
            "{n} is with {m}. {k} sits in the {v_}, {m} in the {v}.",
        ),
        asks=("In which room is {n}?", "Where is {n}, then?", "They ask for {n}. Which room is it?"),
        says=("As {m} is there, {n} must be in the {v}, too.", "You find {n} in the {v}, beside {m}."),
        criterion="Concludes that {n} is in the {v}.",
    ),
    _build(
        "only-one-else",
        "harbour",
        "n:name m:name | v:way",
        facts=(
            "All came by the {v}. Only {n} came by the {v_}.",
            "{n} alone came by the {v_}. Everyone else came by the {v}.",
        ),
        asks=("How did {m} come?", "{m} is here, too. By which way?", "Say by which way {m} must have come."),
        says=("{m} must have come by the {v}, like the others.", "By the {v}, for {m} is not {n}."),
        criterion="Concludes that {m} came by the {v}.",
    ),
    _build(
        "rule-of-role",
        "inn",
        roles("n:name | v:room"),
        facts=(
            "Every {w} sleeps in the {v}, every {u} in the {v_}. {n} is a {w}.",
            "{n} is a {w}. In the {v_} sleeps the {u}, in the {v} the {w}.",
        ),
        asks=("Where should we look for {n} at night?", "Show {n} the right room.", "Which room do you give to {n}?"),
        says=("As a {w}, {n} sleeps in the {v}.", "The room for {n} is the {v}."),
        criterion="Concludes that {n} sleeps in the {v}.",
    ),
    _build(
        "odd-one-out",
        "workshop",
        _odd,
        facts=("{n} has three things: {all}.", "At the {p} lie these: {all}."),
        asks=(
            "Two of them go together. Which one does not?",
            "One of them is not like the others. Which?",
            "What does not go with the others?",
        ),
        says=("The {v} does not go with the others.", "The other two go together, and the {v} is left."),
        criterion="Names the {v}, which is of another kind than the others.",
        check=_odd_one,
    ),
)
