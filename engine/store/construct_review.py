"""Rows about what people say of constructed examples: decisions, and blind readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.store.connection import Store

__all__ = [
    "BlindReading",
    "ReviewDecision",
    "add_readings",
    "decide",
    "decisions_of",
    "readings_of",
    "undecide",
    "withdraw_reading",
]


@dataclass(frozen=True)
class ReviewDecision:
    """What a person decided about an example."""

    example_id: str
    decision: Literal["accept", "edit", "drop"]
    response: str | None
    """The edited text."""
    note: str


@dataclass(frozen=True)
class BlindReading:
    """What a person read in a response, without knowing its label."""

    example_id: str
    criterion: str
    reader: str
    met: bool
    corrects: bool
    """Whether it overrules the pipeline's label when the suite is written."""


def decide(store: Store, run_id: str, decision: ReviewDecision) -> None:
    """Keep what a person decided about an example; a later decision replaces an earlier one."""
    with store.writing() as connection:
        connection.execute(
            "insert or replace into construct_decisions (run_id, example_id, decision, response, note) "
            "values (?, ?, ?, ?, ?)",
            [run_id, decision.example_id, decision.decision, decision.response, decision.note],
        )


def undecide(store: Store, run_id: str, example_id: str) -> None:
    """Take a decision back; where there is none, nothing happens."""
    with store.writing() as connection:
        connection.execute("delete from construct_decisions where run_id = ? and example_id = ?", [run_id, example_id])


def decisions_of(store: Store, run_id: str) -> dict[str, ReviewDecision]:
    """Decisions by example."""
    with store.reading() as connection:
        rows = connection.execute(
            "select example_id, decision, response, note from construct_decisions where run_id = ?", [run_id]
        ).fetchall()
    return {row[0]: ReviewDecision(*row) for row in rows}


def add_readings(store: Store, run_id: str, readings: Sequence[BlindReading]) -> None:
    """Keep what a person read; a second reading by the same reader replaces the first."""
    with store.writing() as connection:
        for r in readings:
            connection.execute(
                "insert or replace into construct_readings (run_id, example_id, criterion, reader, met, corrects) "
                "values (?, ?, ?, ?, ?, ?)",
                [run_id, r.example_id, r.criterion, r.reader, r.met, r.corrects],
            )


def withdraw_reading(store: Store, run_id: str, example_id: str, criterion: str, reader: str) -> None:
    """Forget what a reader said of one criterion of a response; where there is nothing, nothing happens."""
    with store.writing() as connection:
        connection.execute(
            "delete from construct_readings where run_id = ? and example_id = ? and criterion = ? and reader = ?",
            [run_id, example_id, criterion, reader],
        )


def readings_of(store: Store, run_id: str) -> list[BlindReading]:
    """All readings of a construction, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select example_id, criterion, reader, met, corrects from construct_readings where run_id = ? "
            "order by read_at, example_id, criterion, reader",
            [run_id],
        ).fetchall()
    return [BlindReading(*row) for row in rows]
