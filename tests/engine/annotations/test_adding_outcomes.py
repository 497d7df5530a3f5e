"""Whose outcomes are: as their names stand, as a person says, and as a person said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.annotations.outcomes import add_given, forget, read_files
from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import kept_names, stored_outcomes
from rubrics.errors import BadInput


def _file(folder: Path, *names: str, score: float = 0.5) -> Path:
    path = folder / "scores.csv"
    path.write_text("candidate,outcome,score\n" + "".join(f"{name},exam,{score}\n" for name in names))
    return path


def test_what_is_said_of_a_name_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    add_given(store, read_files(store, [_file(tmp_path, "acme/base-it", "other-it")], names={"acme/base-it": "base"}))
    assert stored_outcomes(store) == [Outcome("base", "exam", 0.5), Outcome("other-it", "exam", 0.5)]
    given = read_files(store, [_file(tmp_path, "acme/base-it", "third", score=0.25)])
    assert (given.said, given.recalled) == ({}, {"acme/base-it": "base"})
    added = add_given(store, given, confirmed={"third": "base-3"})
    assert added.notes == ["acme/base-it is base, as you said before"]
    assert (len(added.scores), added.replaced, added.strangers) == (2, 1, {"base": ()})
    assert kept_names(store) == {"acme/base-it": "base", "third": "base-3"}
    assert Outcome("base-3", "exam", 0.25) in stored_outcomes(store)
    # What is said now comes first, and takes the place of what was said.
    add_given(store, read_files(store, [_file(tmp_path, "third")], names={"third": "base-4"}))
    assert kept_names(store)["third"] == "base-4"
    assert forget(store, ["third"]) == 1
    assert read_files(store, [_file(tmp_path, "third")]).recalled == {}
    with pytest.raises(BadInput, match="nothing was said of the name 'third'"):
        forget(store, ["third"])


def test_nothing_is_remembered_of_what_is_not_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    add_given(store, read_files(store, [_file(tmp_path, "a", "b", score=0.5)]))
    given = read_files(store, [_file(tmp_path, "c-it", score=45.0)], names={"c-it": "c"})
    with pytest.raises(BadInput, match="two scales"):
        add_given(store, given)
    assert kept_names(store) == {}
    assert {o.candidate for o in stored_outcomes(store)} == {"a", "b"}
