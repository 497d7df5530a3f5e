"""Predictors that a person brought along, in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.store.connection import Store

__all__ = ["FITTED_ON", "StoredPredictor", "add_predictors", "remove_predictors", "stored_predictors"]

FITTED_ON: Final = ", fitted on it and on "
"""Stands in the note of a candidate's value where what gave it was fitted on the candidate; outcomes follow."""


@dataclass(frozen=True)
class StoredPredictor:
    """One candidate's value in one column of the person's own."""

    candidate: str
    predictor: str
    value: float
    ci_low: float | None = None
    ci_high: float | None = None
    note: str | None = None
    """Where it came from."""
    lower_is_better: bool = False


def add_predictors(store: Store, values: Sequence[StoredPredictor]) -> int:
    """Store values; a newer one for the same candidate and predictor replaces the old one.

    Returns:
        How many replaced an earlier value.
    """
    with store.writing() as connection:
        rows = connection.execute("select candidate, predictor from predictors").fetchall()
        for value in values:
            connection.execute(
                "insert or replace into predictors "
                "(candidate, predictor, value, ci_low, ci_high, note, lower_is_better) values (?, ?, ?, ?, ?, ?, ?)",
                [
                    value.candidate, value.predictor, value.value, value.ci_low, value.ci_high, value.note,
                    value.lower_is_better,
                ],
            )  # fmt: skip
    return len({(value.candidate, value.predictor) for value in values} & set(rows))


def remove_predictors(store: Store, names: Sequence[str]) -> int:
    """Forget every value of these predictors; how many there were."""
    with store.writing() as connection:
        gone = connection.execute(
            "delete from predictors where predictor = any(?::varchar[]) returning candidate", [list(names)]
        ).fetchall()
    return len(gone)


def stored_predictors(store: Store) -> list[StoredPredictor]:
    """Every value, by predictor and candidate."""
    with store.reading() as connection:
        rows = connection.execute(
            "select candidate, predictor, value, ci_low, ci_high, note, coalesce(lower_is_better, false) "
            "from predictors order by predictor, candidate"
        ).fetchall()
    return [StoredPredictor(*row) for row in rows]
