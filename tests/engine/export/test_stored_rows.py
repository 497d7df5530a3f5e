"""Verdicts and failures are written by DuckDB itself: the same bytes as row by row, the same rows as Parquet."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import duckdb
import pytest

from engine.export.files import write_csv, write_table
from engine.export.tables import COLUMNS, Table
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from engine.store.views import StoredRows, failure_rows, verdict_rows
from rubrics.errors import RudeError
from rubrics.schema import Criterion, Pair, Suite

TEXTS = (
    "plain", "=1+1", "+1", "-1", "@x", "\uff1dfull", "\ufe66small", "a;=b", "a;\t -b", "\t=c", "; x", '"=q"',
    'in "quotes"', "a,b", "line\nbreak", "#comment", "'already", "\u202eleft", "\x07bell", "\u2028", "é", "😀",
    "\ufeffbom", " lead", "trail ", "NULL", "nan", "\\N", "0", "", "\x85next", "a\u00a0b", "\u0378unassigned",
    "x" * 5000, '",', "''",
)  # fmt: skip
NUMBERS = (
    0.0, -0.0, 1.0, -1.5, 1e-5, 1e16, 123456789012345680.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf,
    math.nan, 0.1 + 0.2,
)  # fmt: skip


def stored(path: Path, extra: tuple[str, ...] = ()) -> tuple[Store, list[str]]:
    """Runs under both protocols of candidates and pairs that are named and worded with care."""
    store = Store(path / "rude.duckdb")
    draw = random.Random(3)
    texts = [*TEXTS, *extra]
    pairs = []
    for number, text in enumerate(texts):
        criteria = [Criterion(id=f"=c{number}", text="Meets it.", subcategory=kind) for kind in ("Logic", "Format")]
        criteria[1] = criteria[1].model_copy(update={"id": f"-d{number}"})
        # A name has no signs that do not print; texts may hold any.
        name = "".join(sign for sign in text if sign.isprintable()).strip()[:99] or "d"
        pairs.append(Pair(
            id=f"{name}{number}" if number % 2 else f"={number}", domain=name, prompt=f"{text}\n{number}",
            chosen=text + "y", rejected=f"n{text}", criteria=criteria, violated=[one.id for one in criteria],
            cluster=name, group=f"{name}g",
        ))  # fmt: skip
    suite = Suite("=suite", tuple(pairs))
    add_suite(store, suite)
    run_ids = []
    for name in ("plain", "=cmd()", '-a,b"c\n'):
        for protocol in ("choice", "likelihood"):
            run_id = f"{len(run_ids)}"
            key = {
                "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"+w{run_id}", "tokenizer_hash": "t",
                "candidate": name, "protocol": protocol, "precision": "fp32", "device": "cpu", "attention": "sdpa",
                "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
            }  # fmt: skip
            open_run(store, run_id, key, n_wanted=len(pairs))
            verdicts = []
            for number, pair in enumerate(suite.pairs):
                first, second = (draw.choice([*NUMBERS, draw.gauss(0, 3)]) for _ in range(2))
                if protocol == "choice":
                    verdicts.append(Verdict(pair.id, first, second, single_chosen_first=bool(number % 2)))
                else:
                    verdicts.append(Verdict(pair.id, None, None, first, second, 3, 4, 5, number + 1))
            add_verdicts(store, run_id, verdicts)
            close_run(store, run_id, Status.DONE, facts={"doubt": '=doubt, "so"'} if name == "plain" else None)
            run_ids.append(run_id)
    return store, run_ids


@pytest.fixture(scope="module", params=[(), pytest.param(("carriage\rreturn", "both\r\n"), marks=pytest.mark.long)])
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Table], bool]:
    """The tables, and whether a text in them has a carriage return."""
    return tables(*stored(tmp_path_factory.mktemp("stored"), request.param)), bool(request.param)


def tables(store: Store, run_ids: list[str]) -> dict[str, Table]:
    failed = failure_rows(store, COLUMNS["failures"], run_ids, with_excluded=True)
    return {
        "verdicts": Table(COLUMNS["verdicts"], verdict_rows(store, COLUMNS["verdicts"], run_ids)),
        "failures": Table(COLUMNS["failures"], failed),
    }


def row_by_row(table: Table, raw: bool) -> bytes:
    out = io.StringIO(newline="")
    write_csv(Table(table.columns, list(table.rows)), out, raw=raw)
    return out.getvalue().encode()


@pytest.mark.parametrize("raw", [False, True])
def test_csv_is_the_same_to_the_byte(raw: bool, study: tuple[dict[str, Table], bool], tmp_path: Path) -> None:
    found_tables, carriage = study
    for name, table in found_tables.items():
        assert isinstance(table.rows, StoredRows)
        by_duckdb = table.rows.write_csv(tmp_path / "tried.csv", str)
        # Where a text has a carriage return, whole rows are quoted: that is left to Python.
        assert by_duckdb == (not carriage or name == "verdicts")
        write_table(table, tmp_path / f"{name}.csv", raw=raw)
        found = (tmp_path / f"{name}.csv").read_bytes()
        assert len(table.rows) > 20
        assert found == row_by_row(table, raw), name
        if not raw:
            assert b"'=cmd()" in found


def test_parquet_has_the_same_rows_and_types(study: tuple[dict[str, Table], bool], tmp_path: Path) -> None:
    for name, table in study[0].items():
        path = tmp_path / f"{name}.parquet"
        write_table(table, path)
        with duckdb.connect() as connection:
            found = connection.execute("select * from read_parquet(?)", [str(path)])
            types = {column[0]: str(column[1]).lower() for column in found.description}
            rows = found.fetchall()
        assert types == table.columns
        assert repr(rows) == repr(list(table.rows))


def test_a_link_stays_one_and_rights_stay(study: tuple[dict[str, Table], bool], tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    table = study[0]["verdicts"]
    write_table(table, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == row_by_row(table, False)
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    with pytest.raises(RudeError, match="cannot be written"):
        write_table(table, tmp_path / "no folder" / "file.csv")


@pytest.mark.long
def test_rows_are_counted_without_being_read(tmp_path: Path) -> None:
    store, run_ids = stored(tmp_path)
    table = tables(store, run_ids)["verdicts"]
    assert len(table.rows) == len(run_ids) * len(TEXTS)
    assert "_rows" not in vars(table.rows)
    assert table.rows[0] == next(iter(table.rows))
    assert table.rows[:2] == list(table.rows)[:2]
