"""What a person writes about pairs is there for every reader of results."""

from __future__ import annotations

from pathlib import Path

from engine.annotations.pairs import KINDS, annotate, stored_annotations, withdraw
from engine.results.database import Store, stamp


def test_an_annotation_is_written_read_by_suite_and_taken_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "db")
    assert stamp(store) == ()
    for kind in KINDS:
        annotate(store, "suite", ["a", "b"], kind, f"why {kind}")
    before = stamp(store)
    assert {note.kind for note in stored_annotations(store, "suite")["a"]} == set(KINDS)
    assert stored_annotations(store, "another") == {}
    assert withdraw(store, "suite", ["a", "c"], "exclude") == 1
    assert [note.note for note in stored_annotations(store, "suite")["a"]] == ["why flag"]
    assert stamp(store) != before
