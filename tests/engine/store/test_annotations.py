"""What a person notes about pairs is kept by suite, replaced, and taken back."""

from __future__ import annotations

from pathlib import Path

from engine.store.annotations import annotate, stored_annotations, withdraw
from engine.store.connection import Store


def test_notes_are_kept_replaced_and_taken_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    annotate(store, "s", "p1", "flag", "odd")
    annotate(store, "s", "p1", "exclude", "the label is wrong")
    annotate(store, "s", "p1", "flag", "very odd, [bold]")
    annotate(store, "other", "p1", "flag", "")
    found = stored_annotations(store, "s")
    assert {one.kind: one.note for one in found["p1"]} == {"flag": "very odd, [bold]", "exclude": "the label is wrong"}
    assert withdraw(store, "s", "p1", "exclude") == 1
    assert withdraw(store, "s", "nobody", "exclude") == 0
    assert [one.kind for one in stored_annotations(store, "s")["p1"]] == ["flag"]
    assert stored_annotations(store, "nothing") == {}


def test_several_pairs_are_noted_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    annotate(store, "s", ["p1", "p2", "p1"], "exclude", "twice the same prompt; '); drop table annotations --")
    assert sorted(stored_annotations(store, "s")) == ["p1", "p2"]
    assert withdraw(store, "s", ["p2", "p3"], "exclude") == 1
    assert sorted(stored_annotations(store, "s")) == ["p1"]
