"""Predictors that a person brings as columns of a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from engine.outcomes.outcomes import near_misses
from engine.predictors.column import read_columns
from engine.store.connection import Store
from engine.store.predictors import add_predictors
from engine.store.runs import candidate_names

__all__ = ["KeptColumns", "keep_columns"]


class KeptColumns(NamedTuple):
    """What became of a file."""

    names: list[str]
    """Of the predictors."""
    values: int
    replaced: int
    """How many took the place of an earlier value."""
    strangers: dict[str, tuple[str, ...]]
    """Names that are no candidate's here, each with those that it resembles, likest first."""


def keep_columns(store: Store, file: Path, *, lower_is_better: Collection[str] = ()) -> KeptColumns:
    """Store the predictors of a CSV with a column `candidate`, all of them or none.

    Args:
        lower_is_better: columns for which it is, such as losses.

    Raises:
        BadInput: the file cannot be used, or holds no such column.
    """
    values = read_columns(file, lower_is_better=lower_is_better)
    replaced = add_predictors(store, values)
    strangers = near_misses([value.candidate for value in values], candidate_names(store))
    return KeptColumns(list(dict.fromkeys(value.predictor for value in values)), len(values), replaced, strangers)
