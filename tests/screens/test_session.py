"""What all screens share, without an event loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screens.shell.pair_walk import PairWalk
from screens.shell.session import Session


@dataclass
class _Choices:
    colour: str = "green"


def test_a_place_finds_its_own_choices_again() -> None:
    session = Session()
    session.choices(_Choices).colour = "red"
    assert session.choices(_Choices).colour == "red"
    assert Session().choices(_Choices).colour == "green"


def test_a_suite_is_offered_once_and_remembered() -> None:
    kept: list[tuple[str, Any]] = []
    session = Session(remember=lambda name, value: kept.append((name, list(value))))
    session.offer_suite("/a.jsonl")
    session.offer_suite("/a.jsonl")
    assert session.suite_files == ["/a.jsonl"]
    assert kept == [("suites", ["/a.jsonl"])]


def test_an_answer_is_kept_until_the_key_or_the_file_changes(tmp_path: Path) -> None:
    session = Session(store_path=tmp_path / "db")
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert session.stamp() == ()
    assert [session.cached("a", 1, make), session.cached("a", 1, make)] == [1, 1]
    assert session.cached("b", 1, make) == 2
    assert session.cached("a", 2, make) == 3
    (tmp_path / "db").write_bytes(b"stored")
    assert session.cached("a", 2, make) == 4


def test_a_walk_stops_at_both_ends() -> None:
    walk = PairWalk(["a", "b", "c", "d"], 1)
    assert (walk.pair_id, walk.place, walk.near()) == ("b", "2 of 4", ["c", "a", "d"])
    assert walk.step(1) == ""
    assert walk.step(2) == "That was the last pair"
    assert walk.step(-2) == ""
    assert walk.step(-1) == "This is the first pair"
    assert walk.pair_id == "a"
