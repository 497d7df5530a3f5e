"""A database whose making was cut short at any byte of its headers is made anew; whatever else lies there stays."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes, stored_outcomes
from engine.store.runs import stored_runs
from engine.store.unfinished import clear_unfinished
from rubrics.errors import RudeError


@pytest.mark.parametrize("size", [0, 12, 4096, 8192, 12287])
def test_a_beginning_is_made_anew(tmp_path: Path, size: int) -> None:
    whole, path = tmp_path / "whole.duckdb", tmp_path / "rude.duckdb"
    duckdb.connect(str(whole)).close()
    begun = whole.read_bytes()[:size]
    path.write_bytes(begun)
    store = Store(path)
    # Whoever only reads finds nothing stored, and leaves it as it is.
    assert stored_runs(store) == []
    assert path.read_bytes() == begun
    add_outcomes(store, [Outcome("a", "o", 1.0)])
    assert [outcome.candidate for outcome in stored_outcomes(Store(path))] == ["a"]


@pytest.mark.parametrize("content", [b"\0", b"my notes", b"x" * 100, b"SQLite format 3\0" + b"\0" * 84])
def test_what_is_no_beginning_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(RudeError):
        stored_runs(Store(path))
    assert path.read_bytes() == content


def test_whole_ones_links_and_folders_stay(tmp_path: Path) -> None:
    whole, empty, link = tmp_path / "whole.duckdb", tmp_path / "empty", tmp_path / "link"
    duckdb.connect(str(whole)).close()
    assert not clear_unfinished(whole)
    assert not clear_unfinished(tmp_path)
    assert not clear_unfinished(tmp_path / "none")
    empty.touch()
    link.symlink_to(empty)
    assert clear_unfinished(link)
    assert link.is_symlink()
