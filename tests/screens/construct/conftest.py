"""Constructions in a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from constructions import construct_rows, fill_construction

from engine.store.connection import Store


@pytest.fixture
def construct_rows_of() -> Callable[..., tuple[Any, list[Any], list[Any]]]:
    """`construct_rows`, for tests that write them bit by bit."""
    return construct_rows


@pytest.fixture(name="fill_construction")
def _fill_construction() -> Callable[..., None]:
    """`fill_construction`: write a construction into a database."""
    return fill_construction


@pytest.fixture
def beds(tmp_path: Path) -> Path:
    """A database with one construction that is done: eight prompts."""
    path = tmp_path / "rude.duckdb"
    fill_construction(path)
    with Store(path).writing() as connection:
        for table, column in (
            ("construct_runs", "created_at"),
            ("construct_runs", "updated_at"),
            ("construct_calls", "asked_at"),
            ("construct_examples", "updated_at"),
        ):
            connection.execute(f"update {table} set {column} = timestamptz '2026-01-01 12:00:00+00'")
    return path
