"""Tables in files: exact where they promise it, safe in a spreadsheet, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.files import safe_cell, write_csv, write_table
from engine.export.parquet import read_columns, write_parquet
from engine.export.tables import Table
from rubrics.errors import BadInput, RudeError

HOSTILE = ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "\x00", "'=1", "ok", "", "naïve, “quoted”\nline", "\u202eabc"]
TABLE = Table(
    {"text": "varchar", "number": "double", "count": "integer"},
    [(text, -0.1 * i, i) for i, text in enumerate(HOSTILE)] + [(None, None, None)],
)

GOLDEN = (
    "text,number,count\n"
    "'=1+1,-0.0,0\n'+1,-0.1,1\n'-1,-0.2,2\n'@a,-0.30000000000000004,3\n"
    "plain,1.5,4\n\"with, comma and \"\"quotes\"\"\",,5\n"
)  # fmt: skip


def test_golden_csv() -> None:
    rows = [(text, -0.1 * i, i) for i, text in enumerate(HOSTILE[:4])]
    rows += [("plain", 1.5, 4), ('with, comma and "quotes"', None, 5)]
    out = io.StringIO()
    write_csv(Table(TABLE.columns, rows), out)
    assert out.getvalue() == GOLDEN


@given(st.text() | st.text(";\t\" '=+-@\uff1d1"))
def test_no_text_cell_can_be_a_formula(text: str) -> None:
    safe = safe_cell(text)
    for separator in ";\t":
        for number, cell in enumerate(safe.split(separator)):
            first = unicodedata.normalize("NFKC", cell.strip('" ' if number else "")[:1])
            assert first not in tuple("=+-@")
    assert not safe or safe[0].isprintable()
    assert safe.replace("'", "") == text.replace("'", "")


def test_a_column_that_data_names_is_no_formula_either() -> None:
    out = io.StringIO()
    write_csv(Table({"=1+1": "varchar"}, []), out)
    assert out.getvalue() == "'=1+1\n"


def test_numbers_stay_numbers() -> None:
    assert [safe_cell(value) for value in (-1.5, 3, None, True)] == [-1.5, 3, None, True]


def test_raw_parquet_and_json_are_exact(tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet", "t.json"):
        write_table(TABLE, tmp_path / name, raw=True)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == [*HOSTILE, ""]
    assert [row["text"] for row in json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))] == [*HOSTILE, None]
    found = duckdb.sql(f"select * from '{tmp_path / 't.parquet'}'")
    assert found.fetchall() == TABLE.rows
    assert [str(kind) for kind in found.types] == ["VARCHAR", "DOUBLE", "INTEGER"]


def test_an_empty_table_still_has_its_columns(tmp_path: Path) -> None:
    empty = Table(TABLE.columns, [])
    for name in ("t.csv", "t.parquet", "t.json"):
        write_table(empty, tmp_path / name)
    assert (tmp_path / "t.csv").read_text() == "text,number,count\n"
    assert duckdb.sql(f"select * from '{tmp_path / 't.parquet'}'").columns == list(TABLE.columns)


def test_an_unknown_ending_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="format"):
        write_table(TABLE, tmp_path / "t.xlsx")
    with pytest.raises(RudeError, match="cannot be written"):
        write_table(TABLE, tmp_path / "nowhere" / "t.csv")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_table(Table({"a": "varchar"}, [(object(),)]), path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["t.json"]


def test_a_pipe_has_no_ending_and_gets_csv(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    write_table(Table({"a": "integer"}, [(1,)]), Path(f"/dev/fd/{writing}"))
    assert os.read(reading, 99) == b"a\n1\n"
    os.close(reading)
    os.close(writing)


def test_columns_come_back_as_they_were_written(tmp_path: Path) -> None:
    table = Table(
        {"name": "varchar", "n": "smallint", "x": "double", "y": "float"}, [("a", 1, 0.1, 0.5), ("b", 2, 2, 3)]
    )
    write_parquet(table, tmp_path / "t.parquet", compression="zstd")
    found = read_columns(tmp_path / "t.parquet")
    assert {name: values.tolist() for name, values in found.items()} == {
        "name": ["a", "b"], "n": [1, 2], "x": [0.1, 2.0], "y": [0.5, 3.0],
    }  # fmt: skip
    with pytest.raises(BadInput, match="no such file"):
        read_columns(tmp_path / "other.parquet")
    (tmp_path / "bad.parquet").write_text("no", encoding="utf-8")
    with pytest.raises(BadInput, match="is not Parquet"):
        read_columns(tmp_path / "bad.parquet")
