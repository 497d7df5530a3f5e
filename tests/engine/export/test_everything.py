"""Everything at once: the same rows as each table by itself, and a dictionary of every column; a model's card."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml
from formats_page import cells
from huggingface_hub.repocard_data import model_index_to_eval_results

from engine.export.everything import Everything, everything, write_everything
from engine.export.files import ENDINGS, write_table
from engine.export.methods import METHODS
from engine.export.model_index import model_index
from engine.export.tables import COLUMNS, Table, table
from engine.results.board import Question
from engine.store.connection import Store
from rubrics.errors import BadInput, RudeError

QUESTION = Question(protocol="likelihood")


@pytest.fixture(scope="module")
def found(study: Callable[..., Store]) -> tuple[Store, Everything]:
    store = study(3)
    return store, everything(store, QUESTION)


@pytest.mark.long
def test_a_folder_holds_each_table_as_it_is(found: tuple[Store, Everything], tmp_path: Path) -> None:
    store, all_of_it = found
    write_everything(all_of_it, tmp_path / "out")
    for what in ("rankings", "verdicts", "failures"):
        held = duckdb.sql(f"select * from '{tmp_path}/out/{what}.parquet'")
        assert held.columns == list(COLUMNS[what])
        assert held.fetchall() == [tuple(row) for row in table(store, what, QUESTION).rows]


@pytest.mark.long
def test_a_database_says_what_each_column_means(found: tuple[Store, Everything], tmp_path: Path) -> None:
    _, all_of_it = found
    write_everything(all_of_it, tmp_path / "out.duckdb")
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as connection:
        told = connection.sql("select table_name, column_name, comment from duckdb_columns() where not internal")
        comments = {(what, name): comment for what, name, comment in told.fetchall()}
        rows = connection.sql("select * from verdicts").fetchall()
    tables = [what for what in all_of_it.tables if what != "dictionary"]
    assert {key: text for key, text in comments.items() if key[0] != "dictionary"} == {
        (what, name): METHODS[what][name] for what in tables for name in COLUMNS[what]
    }
    assert len(rows) == len(all_of_it.tables["verdicts"].rows)


@pytest.mark.long
def test_the_dictionary_names_every_column(found: tuple[Store, Everything], tmp_path: Path) -> None:
    _, all_of_it = found
    write_everything(all_of_it, tmp_path / "out")
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for what in all_of_it.tables:
        if what != "dictionary":
            section = page.split(f"## {what}\n")[1].split("\n## ")[0]
            assert section.count("\n| ") == len(COLUMNS[what]) + 2
    assert set(all_of_it.tables) | set(all_of_it.left_out) == {*COLUMNS, "dictionary"}


@pytest.mark.long
def test_where_no_folder_can_be_is_one_clear_error(found: tuple[Store, Everything], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RudeError, match="no folder can be made here"):
        write_everything(found[1], tmp_path / "file")


def test_the_hub_reads_a_model_index_as_it_is_meant(found: tuple[Store, Everything]) -> None:
    store, all_of_it = found
    rankings = table(store, "rankings", QUESTION)
    block = model_index(rankings, all_of_it.suite, all_of_it.suite_hash, "model-0")
    name, results = model_index_to_eval_results(yaml.safe_load(block)["model-index"])
    assert name == "model-0"
    rows = [row for row in rankings.records() if row["candidate"] == "model-0"]
    assert [result.metric_value for result in results] == [row["value"] for row in rows]
    overall = results[0]
    assert (overall.dataset_type, overall.dataset_revision) == (all_of_it.suite, all_of_it.suite_hash)
    assert overall.metric_args["ci_low"] == rows[0]["ci_low"]


def test_a_hostile_name_is_only_text_in_a_model_index(found: tuple[Store, Everything]) -> None:
    store, all_of_it = found
    block = model_index(table(store, "rankings", QUESTION), "a: [b\n---", all_of_it.suite_hash)
    read = yaml.safe_load(block)["model-index"]
    assert {entry["name"] for entry in read} == {"model-0", "model-1", "<b>$x_1$</b>"}
    assert read[0]["results"][0]["dataset"]["type"] == "a: [b\n---"


def test_a_candidate_that_is_not_ranked_is_refused(found: tuple[Store, Everything]) -> None:
    store, all_of_it = found
    with pytest.raises(BadInput, match="'nobody' is not ranked"):
        model_index(table(store, "rankings", QUESTION), all_of_it.suite, all_of_it.suite_hash, "nobody")


CELLS = cells("Out: results")


def test_the_page_has_every_table() -> None:
    assert {what for what, _ in CELLS} == set(COLUMNS)
    assert {ending for _, ending in CELLS} == set(ENDINGS.split(", "))


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_a_cell(cell: tuple[str, str], found: tuple[Store, Everything], tmp_path: Path) -> None:
    """Of the page of formats: every table in every ending, with as many rows as it has."""
    what, ending = cell
    held = found[1].tables.get(what) or Table(COLUMNS[what], [])
    path = tmp_path / f"out{ending}"
    write_table(held, path)
    # For reading, a ranking has one row for a candidate, whatever the scopes.
    by_candidate = what == "rankings" and ending in (".md", ".tex")
    assert _rows_of(path) == (len({row[1] for row in held.rows}) if by_candidate else len(held.rows))


def _rows_of(path: Path) -> int:
    if path.suffix == ".json":
        return len(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".parquet":
        return len(duckdb.sql(f"select * from '{path}'").fetchall())
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return len(list(csv.reader(text.splitlines(keepends=True)))) - 1
    return text.count(" \\\\\n") - 1 if path.suffix == ".tex" else text.count("\n") - 2
