"""What predictors cost, and how often they decide rightly between two candidates. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from screens.shell.fields import Field, Prepared, Typed, at
from screens.tasks.common import question_of
from screens.tasks.task import Task
from screens.tasks.words import columns, number, within

if TYPE_CHECKING:
    from screens.shell.session import Session

__all__ = ["COSTS"]


def _fields(session: Session) -> Sequence[Field]:
    return (Field("outcome", "Outcome", "what is to be foretold, by name", needed=True),)


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.costs import HELP, costs_of

    outcome = typed.text("outcome", "name an outcome; Correlation (4) lists them")
    with at("outcome"):
        found = costs_of(session.store, question_of(session), outcome)
    rows = [
        [
            cost.predictor, f"{100 * cost.accuracy.value:.0f} %" if cost.candidates > 1 else "–",
            within(cost.accuracy.ci_low, cost.accuracy.ci_high), number(cost.price.flops / 1e12),
            number(cost.price.seconds), number(cost.price.peak_bytes / 1e6),
        ]
        for cost in found
    ]  # fmt: skip
    headings = ["predictor", "right", "95 %", "TFLOPs", "s", "MB"]
    return Prepared(said="\n".join([columns(headings, rows), "", f"right: {HELP}"]))


COSTS = Task(
    "costs",
    "See what predictors cost, and how often they decide rightly",
    "FLOPs, seconds and memory that each took, beside the share of pairs of candidates that it orders as an outcome "
    "does.",
    _fields,
    _prepare,
)
