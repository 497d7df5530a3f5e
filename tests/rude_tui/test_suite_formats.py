"""Suites in and out on the command line: what is recognised, shown and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from shapes import SHAPES, write

from rubrics.errors import BadInput, SuiteError
from rubrics.reading import find_suite, read_suite
from rude_tui.cli import cli


def suite(*words: object) -> Result:
    return CliRunner().invoke(cli, ["suite", *map(str, words)], catch_exceptions=True)


def test_an_import_says_what_it_recognised_and_shows_the_first_pairs(tmp_path: Path) -> None:
    file = write(SHAPES["arena"], tmp_path / "votes.jsonl")
    done = suite("import", file, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0
    first, *shown = done.stderr.splitlines()
    assert first.startswith("recognised as arena by conversation_a, conversation_b, winner: ")
    assert shown[:4] == [
        "1. votes-000001 · Utility: Serves the person who asks better than the other response.",
        "   prompt:   Name a fruit.",
        "   chosen:   A pear.",
        "   rejected: A pebble.",
    ]
    assert "1 pair written, 1 dropped" in done.stderr
    assert "dropped: a tie" in done.stderr


def test_as_overrides_what_would_be_recognised(tmp_path: Path) -> None:
    file = write(SHAPES["ultrafeedback"], tmp_path / "x.jsonl")
    recognised = json.loads(suite("import", file, "-o", tmp_path / "a.jsonl", "--json").stdout)
    overridden = json.loads(suite("import", file, "--as", "jsonl", "-o", tmp_path / "b.jsonl", "--json").stdout)
    assert (recognised["format"], overridden["format"]) == ("ultrafeedback", "jsonl")
    assert overridden["recognised_by"] == []


def test_the_format_may_stand_first(tmp_path: Path) -> None:
    file = write(SHAPES["hh"], tmp_path / "x.jsonl")
    done = suite("import", "hh", file, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0
    assert "recognised" not in done.stderr


def test_a_format_that_is_mistyped_is_one_clear_error(tmp_path: Path) -> None:
    file = write(SHAPES["hh"], tmp_path / "x.jsonl")
    for words in (("import", "hhh", file), ("import", file, "--as", "hhh")):
        error = suite(*words, "-o", tmp_path / "out.jsonl").exception
        assert isinstance(error, SuiteError)
        assert (error.what, error.where) == ("no such format", "hhh")


def test_a_map_makes_any_columns_a_suite(tmp_path: Path) -> None:
    file = write([{"q": "Name a fruit.", "good": "A pear.", "bad": "A pebble."}], tmp_path / "x.jsonl")
    error = suite("import", file, "-o", tmp_path / "out.jsonl").exception
    assert isinstance(error, SuiteError)
    assert "its fields are q, good, bad" in error.what
    done = suite("import", file, "--map", "prompt=q,chosen=good,rejected=bad", "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0
    assert read_suite(tmp_path / "out.jsonl").pairs[0].chosen == "A pear."


def test_a_suite_goes_out_and_comes_back(tmp_path: Path) -> None:
    assert suite("export", "core-spans", "--as", "trl", "-o", tmp_path / "x.jsonl").exit_code == 0
    done = suite("import", tmp_path / "x.jsonl", "-o", tmp_path / "back.jsonl")
    assert done.stderr.startswith("recognised as rude by rude: ")
    assert "warning" not in done.stderr
    assert read_suite(tmp_path / "back.jsonl").hash == find_suite("core-spans").hash


@pytest.mark.parametrize("format", ["lm-evil", ""])
def test_an_unknown_shape_is_one_clear_error(format: str, tmp_path: Path) -> None:
    error = suite("export", "core-spans", "--as", format, "-o", tmp_path / "x").exception
    assert isinstance(error, BadInput)
    assert error.what == "no such format"
