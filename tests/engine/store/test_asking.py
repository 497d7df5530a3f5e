"""Questions in SQL: what they may, what they may not, and that nobody waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.store.asking import VIEWS, ask, columns_by_view
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]


@pytest.fixture
def filled(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> Store:
    add_run("a")
    add_run("b")
    return store


def test_views_answer_with_names_types_and_rows(filled: Store, suite: Suite) -> None:
    answer = ask(filled, "select candidate, count(*) as n from verdicts group by candidate order by candidate")
    assert answer.columns == {"candidate": "VARCHAR", "n": "BIGINT"}
    assert answer.rows == [("a", len(suite.scored)), ("b", len(suite.scored))]
    assert not answer.cut
    cut = ask(filled, "from verdicts", most=5)
    times = ask(filled, "select created_at, run_id from runs order by run_id")
    assert times.columns["created_at"] == "VARCHAR"
    assert [run_id for _, run_id in times.rows] == sorted(run_id for _, run_id in times.rows)
    assert (len(cut.rows), cut.cut) == (5, True)
    assert list(ask(filled, "select 1 as x, 2 as x").columns) == ["x", "x_2"]
    names = columns_by_view(filled)
    assert tuple(names)[: len(VIEWS)] == VIEWS
    assert "log_odds_chosen_first" in names["verdicts"]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from runs", "drop view verdicts", "create table t as select 1", "copy verdicts to '{out}'",
        "attach '{out}' as other", "select * from read_csv('/etc/hostname')", "install httpfs", "load httpfs",
        "set enable_external_access = true", "set lock_configuration = false", "select 1; select 2", "", "selec 1",
        "from nowhere", "export database '{out}'",
    ],
)  # fmt: skip
def test_nothing_is_written_and_nothing_outside_is_read(filled: Store, tmp_path: Path, sql: str) -> None:
    before = filled.path.read_bytes()
    with pytest.raises(BadInput):
        ask(filled, sql.format(out=tmp_path / "out"))
    assert filled.path.read_bytes() == before
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_a_question_without_end_is_broken_off_and_keeps_nobody_waiting(filled: Store) -> None:
    endless = "select count(*) from range(1000000000) a, range(1000000000) b"
    errors: list[BadInput] = []

    def wait() -> None:
        with pytest.raises(BadInput) as raised:
            ask(filled, endless, seconds=1.5)
        errors.append(raised.value)

    asking = threading.Thread(target=wait)
    asking.start()
    # Writing goes on meanwhile: the question is put to a copy.
    with filled.writing() as connection:
        connection.execute("update runs set candidate = 'c' where candidate = 'b'")
    asking.join()
    assert "not answered within 1.5 s" in errors[0].what
    assert ask(filled, "select count(*) from verdicts where candidate = 'c'").rows[0][0] > 0


def test_where_nothing_is_stored_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing is stored"):
        ask(Store(tmp_path / "none.duckdb"), "select 1")
