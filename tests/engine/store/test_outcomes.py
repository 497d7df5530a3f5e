"""Which end of an outcome is the better one: kept with it, unknown in databases that are older."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import engine.store.migrations as migrations
from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes, stored_outcomes, tie_outcome


def test_a_direction_comes_back_as_it_was_given(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    given = [Outcome("a", "o", 1.0, None, None, direction) for direction in (True, False, None)]
    given.append(Outcome("a", "o", 45.0, 1.5, "x.csv", None, "law", 100.0, 1319, "2026-05-31"))
    for outcome in given:
        add_outcomes(store, [outcome])
        assert stored_outcomes(store) == [outcome]


def test_outcomes_of_an_older_database_are_kept_without_a_direction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection, monkeypatch.context() as patch:
        patch.setattr(migrations, "LATEST", 7)
        migrations.migrate(connection)
        connection.execute("insert into outcomes (candidate, outcome, score) values ('a', 'o', 0.5)")
    assert stored_outcomes(Store(path)) == [Outcome("a", "o", 0.5)]


def test_what_an_outcome_is_tied_to_stays_where_newer_scores_say_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    add_outcomes(store, [Outcome("a", "o", 1.0, domain="Format"), Outcome("a", "p", 1.0)])
    assert add_outcomes(store, [Outcome("a", "o", 2.0), Outcome("b", "o", 3.0)]) == 1
    assert [(one.candidate, one.outcome, one.domain) for one in stored_outcomes(store)] == [
        ("a", "o", "Format"), ("b", "o", "Format"), ("a", "p", None),
    ]  # fmt: skip
    assert tie_outcome(store, "o", None) == 2
    assert {one.domain for one in stored_outcomes(store)} == {None}
