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
    withdraw(store, "s", "p1", "exclude")
    withdraw(store, "s", "nobody", "exclude")
    assert [one.kind for one in stored_annotations(store, "s")["p1"]] == ["flag"]
    assert stored_annotations(store, "nothing") == {}
