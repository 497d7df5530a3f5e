"""Suites and their pairs: what is stored and what is read from a file answer alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.results.suites import SIZES, PairFilter, SuiteEntry, check_report, coverage, pairs_of, suites
from engine.store.connection import Store
from engine.store.suites import add_suite
from rubrics.reading import find_suite, write_suite
from rubrics.taxonomy import Subcategory


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, SuiteEntry, SuiteEntry]:
    """The built-in procedural suite, as a file and as something only the store holds."""
    store = Store(tmp_path_factory.mktemp("suites") / "s.duckdb")
    add_suite(store, find_suite("world"))
    named = next(entry for entry in suites(store) if entry.name == "world")
    return store, named, replace(named, origin="stored", path="")


def test_each_suite_is_listed_once_and_a_faulty_file_with_its_fault(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    world = find_suite("world")
    own, broken = tmp_path / "own.jsonl", tmp_path / "broken.jsonl"
    write_suite(own, world.pairs[:40])
    own.with_suffix(".md").write_text("# Own\nMade here.", encoding="utf-8")
    broken.write_text('{"id": 1}\n', encoding="utf-8")
    add_suite(store, world)
    add_suite(store, replace(world, name="older", pairs=world.pairs[:30]))
    found = {entry.name: entry for entry in suites(store, [str(own), str(broken), str(tmp_path / "gone.jsonl")])}
    assert set(found) == {"core", "core-spans", "world", "own", "broken", "gone", "older"}
    assert (found["world"].origin, found["world"].n_scored, found["world"].n_groups) == ("built-in", 480, 445)
    assert found["world"].n_groups == len({pair.group for pair in world.scored})
    assert (found["older"].origin, found["older"].path) == ("stored", "")
    assert found["older"].n_scored + found["older"].n_shots == 30
    assert found["older"].n_groups == len({pair.group for pair in world.pairs[:30] if pair.split is None})
    assert found["own"].card.startswith("# Own")
    assert "line 1" in found["broken"].fault
    assert found["broken"].fix
    assert found["gone"].fault == "no such suite"
    assert check_report(store, found["broken"]).errors


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    store, file = Store(tmp_path / "s.duckdb"), tmp_path / "own.jsonl"
    pairs = find_suite("world").scored
    for number in (10, 20):
        write_suite(file, pairs[:number])
        assert suites(store, [str(file)])[0].n_scored == number


def test_the_store_and_the_file_answer_alike(both: tuple[Store, SuiteEntry, SuiteEntry]) -> None:
    store, named, stored = both
    assert coverage(store, named) == coverage(store, stored)
    one, other = pairs_of(store, named), pairs_of(store, stored)
    for wanted in (
        PairFilter(),
        PairFilter("ORCHARD"),
        PairFilter("", "Logic"),
        PairFilter("", "Logic", 1),
        PairFilter(size=SIZES),
    ):
        places = one.places(wanted)
        assert list(places) == list(other.places(wanted))
        assert one.lines(places[:60]) == other.lines(places[:60])
        for place in places[:2]:
            assert one.pair(int(place)) == other.pair(int(place))


@pytest.mark.long
def test_a_stored_suite_is_checked_as_its_file_is(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    add_suite(store, find_suite("core-spans"))
    named = next(entry for entry in suites(store) if entry.name == "core-spans")
    report = check_report(store, replace(named, origin="stored", path=""))
    assert report.to_json() == check_report(store, named).to_json()


def test_the_matrix_counts_what_its_cells_show(both: tuple[Store, SuiteEntry, SuiteEntry]) -> None:
    store, named, stored = both
    world = find_suite("world")
    matrix = coverage(store, stored)
    assert list(matrix) == [str(name) for name in Subcategory]
    for name, counts in matrix.items():
        for size, number in enumerate(counts, start=1):
            by_hand = [p for p in world.scored if name in p.subcategories and min(len(p.violated), SIZES) == size]
            assert number == len(by_hand) == len(pairs_of(store, named).places(PairFilter("", name, size)))


@pytest.mark.parametrize("text", ["100%", "it's", "_", "\\", "zzzz-nowhere"])
def test_what_is_looked_for_is_text_and_no_pattern(both: tuple[Store, SuiteEntry, SuiteEntry], text: str) -> None:
    store, named, stored = both
    found = pairs_of(store, stored).places(PairFilter(text))
    assert list(found) == list(pairs_of(store, named).places(PairFilter(text)))
    assert len(found) < 492
