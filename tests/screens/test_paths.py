"""Tab completes paths as a shell does."""

from __future__ import annotations

from pathlib import Path

import pytest

from screens.shell.paths import complete, several
from screens.shell.suite_files import told_apart


@pytest.fixture
def shelf(tmp_path: Path) -> str:
    """Two folders that begin alike, a file, a hidden one."""
    for name in ("qwen-small", "qwen-large", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "qwen-notes.txt").write_text("")
    (tmp_path / "scores.csv").write_text("")
    return f"{tmp_path}/"


def test_as_much_is_added_as_is_certain_and_the_rest_is_named(shelf: str) -> None:
    assert complete(shelf + "q") == (shelf + "qwen-", ("qwen-large/", "qwen-notes.txt", "qwen-small/"))
    assert complete(shelf + "qwen-s") == (shelf + "qwen-small/", ("qwen-small/",))
    assert complete(shelf + "qwen-small/") == (shelf + "qwen-small/", ())
    assert complete(shelf + "nothing") == (shelf + "nothing", ())
    assert complete(shelf + "no/such/folder") == (shelf + "no/such/folder", ())


def test_only_wanted_files_and_hidden_ones_only_where_a_dot_was_typed(shelf: str) -> None:
    assert complete(shelf, [".csv"]).names == ("qwen-large/", "qwen-small/", "scores.csv")
    assert complete(shelf + ".").text == shelf + ".cache/"


def test_the_last_of_several_paths_is_the_one_that_is_completed(shelf: str) -> None:
    assert complete(f"{shelf}scores.csv; {shelf}qwen-l").text == f"{shelf}scores.csv; {shelf}qwen-large/"
    assert several(f"{shelf}a b.csv; ~/c ;") == [f"{shelf}a b.csv", "~/c"]


def test_the_home_folder_is_found_and_stays_as_it_was_typed(shelf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", shelf)
    assert complete("~").text == "~/"
    assert complete("~/sc").text == "~/scores.csv"
    assert complete("a\0b") == ("a\0b", ())


def test_suites_are_listed_by_name_where_that_tells_them_apart() -> None:
    named = ["/a/own.jsonl", "/a/b/other.jsonl", "/c/other.jsonl", "world"]
    assert told_apart(named) == ["own", "/a/b/other.jsonl", "/c/other.jsonl", "world"]
    assert told_apart(["/a/world.jsonl", "world"]) == ["/a/world.jsonl", "world"]
