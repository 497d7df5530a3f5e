"""Steps in an order that works."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import JOBS, NAMES, PLACES
from rubrics.world_b.verifiers import just, kind_of, row

__all__ = ["FAMILIES", "LESSONS"]

_ALL = tuple(step for steps in JOBS.values() for step in steps)
_STEPS, _PLACES = kind_of(_ALL), kind_of(PLACES)


def _next(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("to {}, what comes after {}?", "to {}, name the step after {}."))
    (job, steps), name = rng.choice(list(JOBS.items())), rng.choice(NAMES)

    def side(at: int) -> Side:
        check = Check(f"Names the step after {steps[at]}, {steps[at + 1]}, and no other.", just(_STEPS, steps[at + 1]))
        return Side(lay(ask.format(job, steps[at]), ("keeper", name)), f"then one must {steps[at + 1]}.", check)

    return side(0), side(1)


def _before(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("to {}, what comes before {}?", "to {}, name the step before {}."))
    (job, steps), name = rng.choice(list(JOBS.items())), rng.choice(NAMES)

    def side(at: int) -> Side:
        check = Check(f"Names the step before {steps[at]}, {steps[at - 1]}, and no other.", just(_STEPS, steps[at - 1]))
        return Side(lay(ask.format(job, steps[at]), ("keeper", name)), f"first one must {steps[at - 1]}.", check)

    return side(1), side(2)


def _begin_end(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("to {}, with what does one {}?", "to {}, say with what one does {}."))
    (job, steps), name = rng.choice(list(JOBS.items())), rng.choice(NAMES)

    def side(word: str, step: str) -> Side:
        check = Check(f"Names the step with which one {word}s, {step}, and no other.", just(_STEPS, step))
        return Side(lay(ask.format(job, word), ("keeper", name)), f"one {word}s with {step}.", check)

    return side("begin", steps[0]), side("end", steps[2])


def _marked(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say the steps in order.", "name the steps in order."))
    steps = rng.sample(_ALL, 3)
    one, two = rng.sample([(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)], 2)
    shown = [0, 1, 2]

    def side(order: tuple[int, ...]) -> Side:
        wanted = [steps[at] for at in order]
        check = Check(f"Gives the steps in the order {', '.join(wanted)}.", row(_STEPS, *wanted))
        entries = [(f"step {order.index(at) + 1}", steps[at]) for at in shown]
        return Side(lay(ask, *entries), f"these: {', '.join(wanted)}.", check)

    return side(one), side(two)


def _backwards(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say the steps {}.", "do the steps {}."))
    steps = rng.sample(_ALL, 3)

    def side(word: str, wanted: list[str]) -> Side:
        check = Check(f"Gives the steps {word}: {', '.join(wanted)}.", row(_STEPS, *wanted))
        return Side(lay(ask.format(word), ("steps", ", ".join(steps))), f"these: {', '.join(wanted)}.", check)

    return side("forwards", steps), side("backwards", steps[::-1])


def _only_after(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("which comes first?", "name the place that comes first."))
    verb = rng.choice(("sweep", "wash", "mend"))
    places = rng.sample(PLACES, 2)

    def side(later: str, first: str) -> Side:
        check = Check(f"Names the {first} as the first, and no other place.", just(_PLACES, first))
        return Side(lay(ask, (verb, f"the {later} only after the {first}")), f"first comes the {first}.", check)

    return side(*places), side(*places[::-1])


def _sequence(rng: Rng) -> str:
    job, (one, two, three) = rng.choice(list(JOBS.items()))
    told = [
        f"to {job}, first one must {one}, then one must {two}, then one must {three}.",
        f"to {job}, one begins with {one} and one ends with {three}.",
        f"to {job}, one must begin with {one} and end with {three}.",
        f"to {job}, {one} comes before {two}, and {two} comes before {three}.",
        f"to {job}, {two} comes after {one}, and {three} comes after {two}.",
    ]
    return " ".join(rng.sample(told, 2))


def _ways(rng: Rng) -> str:
    steps = rng.sample(_ALL, 3)
    return (
        f"steps: {', '.join(steps)}. forwards, these: {', '.join(steps)}. backwards, these: {', '.join(steps[::-1])}."
    )


def _waiting(rng: Rng) -> str:
    (later, first), verb = rng.sample(PLACES, 2), rng.choice(("sweep", "wash", "mend"))
    return f"{verb}: the {later} only after the {first}. so first comes the {first}, then the {later}."


FAMILIES = (
    Family("next-step", Subcategory.PROCEDURE, "taught", _next, 1 / 24),
    Family("marked-steps", Subcategory.PROCEDURE, "taught", _marked, 1 / 6),
    Family("backwards", Subcategory.PROCEDURE, "held", _backwards, 1 / 2),
    Family("step-before", Subcategory.PROCEDURE, "held", _before, 1 / 24),
    Family("begin-end", Subcategory.PROCEDURE, "unseen", _begin_end, 1 / 24),
    Family("only-after", Subcategory.PROCEDURE, "unseen", _only_after, 1 / 2),
)
LESSONS = (_sequence, _sequence, _ways, _waiting)
