"""What post-training did to the rest: the bill of a suite, for models at every stage. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.stats.p_value import p_text
from rubrics.errors import CandidateError
from screens.shell.fields import AtField, Field, Prepared, Typed, at
from screens.shell.formats import percent
from screens.tasks.common import device_field, models_field
from screens.tasks.task import Task
from screens.tasks.training import planned_training, recipe_fields
from screens.tasks.words import columns, left_over, points, to_do, within

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.posttrain.bill import BillRow
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["BILL", "bill_table", "bill_words"]


def bill_table(rows: Sequence[BillRow]) -> tuple[list[str], list[list[str]]]:
    """Headings and cells."""
    headings = ["candidate", "after", "RuDE %", "95 %", "change", "95 %", "p", "bits per byte", "change"]
    cells = [
        [
            f"{row.candidate} #{row.seed}", row.stage, percent(row.rude), within(row.ci_low, row.ci_high),
            points(row.change), f"{points(row.change_low)}…{points(row.change_high)}" if row.p == row.p else "–",
            p_text(row.p), _bits(row.bits_per_byte), _bits(row.bits_change, "+"),
        ]
        for row in rows
    ]  # fmt: skip
    return headings, cells


def _bits(value: float, sign: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:{sign}.3f}".replace("-", "−")


def bill_words(rows: Sequence[BillRow]) -> list[str]:
    """The same for a dialog: a table below each candidate's name, since there is no room for both side by side."""
    headings, cells = bill_table(rows)
    named: dict[str, list[list[str]]] = {}
    for name, *row in cells:
        named.setdefault(name, []).append(row)
    short = ["bits/byte" if heading == "bits per byte" else heading for heading in headings[1:]]
    return [line for name, own in named.items() for line in (name, *columns(short, own).splitlines())]


def _fields(session: Session) -> Sequence[Field]:
    return (
        models_field(session), *recipe_fields(),
        Field("judged", "Bill on", "a suite: core, world, or a .jsonl file of pairs", "path", value="core"),
        device_field(),
    )  # fmt: skip


def _bill(session: Session, typed: Typed) -> Prepared:
    from engine.posttrain.bill import BILL_HELP, bill, bill_notes, plan_bill

    trained = planned_training(session, typed)
    suite = str(typed.text("judged", "name a suite"))
    try:
        with at("judged"):
            job = plan_bill(session.store, trained.planned, suite, device=typed.text("device"))
    except CandidateError as error:
        raise AtField("models", error) from None

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        table = bill_words(bill(store, trained.planned, suite))
        notes = [f"! {note}" for note in bill_notes(trained.planned, suite)]
        return "\n".join([*table, "", BILL_HELP, *notes, *left_over(states)])

    return Prepared(to_do(job.states, "pair", job.refused), job=job, came=came)


BILL = Task(
    "bill",
    "What post-training did to the rest (the bill)",
    "RuDE and bits per byte of each model before, between and after the stages that it has been trained by.",
    _fields,
    _bill,
)
