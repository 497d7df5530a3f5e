"""What only the model libraries can tell of candidates: asked of one worker, and remembered until a folder changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.candidates.candidate import Served
from engine.candidates.find import Candidate, find
from engine.jobs.looking import looked_at
from rubrics.errors import CandidateError


@pytest.fixture
def two(small_model: Path, tmp_path: Path) -> list[Candidate]:
    for name in ("a", "b"):
        shutil.copytree(small_model, tmp_path / name)
    return find([str(tmp_path)])


class Worker:
    """Refuses the second model it is told of, and notes something of the first."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.log = Path("log")
        self.seen: dict[str, Any] = {}
        """What it says more of the first."""

    @contextmanager
    def __call__(self, message: Mapping[str, Any]) -> Iterator[Worker]:
        self.told.append(message)
        yield self

    def events(self, *_: object) -> Iterator[dict[str, Any]]:
        error = CandidateError("lacks a tensor", where="b", fix="fetch it again")
        yield {"event": "seen", "model": 0, "tokens": [], "notes": ["left out: a tower"], **self.seen}
        if len(self.told[-1]["models"]) > 1:
            yield {"event": "refused", "model": 1, **error.to_json()}

    def drain(self) -> Iterator[dict[str, Any]]:
        yield from ()


def test_what_is_seen_is_among_the_problems_and_is_asked_once(two: list[Candidate]) -> None:
    worker = Worker()
    first, second = looked_at(two, runner=worker)
    assert first.usable
    assert [problem.what for problem in first.problems] == ["left out: a tower"]
    assert not second.usable
    assert [(problem.what, problem.fix) for problem in second.problems] == [("lacks a tensor", "fetch it again")]
    assert [Path(model["folder"]).name for model in worker.told[0]["models"]] == ["a", "b"]
    assert looked_at(two, runner=worker) == [first, second]
    assert len(worker.told) == 1


def test_a_server_is_looked_at_by_as_many_requests_as_it_may_be_sent(two: list[Candidate]) -> None:
    worker = Worker()
    served = replace(two[0], served=Served("http://127.0.0.1:1/v1#m"))
    worker.seen = {"fingerprint": [-1.0], "spread": 0.0}
    looked_at([served], runner=worker, concurrency=3)
    assert [model["concurrency"] for model in worker.told[0]["models"]] == [3]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_has_changed_is_looked_at_again(name: str, two: list[Candidate]) -> None:
    worker = Worker()
    looked_at(two, runner=worker)
    for candidate in two:
        with (candidate.path / name).open("ab") as file:
            file.write(b" ")
    looked_at(two, runner=worker)
    assert len(worker.told) == 2


def test_a_file_that_is_damaged_costs_its_own_candidate_alone(two: list[Candidate]) -> None:
    blob = two[0].path / "blobs" / ("0" * 40)
    blob.parent.mkdir()
    (two[0].path / "config.json").rename(blob)
    (two[0].path / "config.json").symlink_to(blob)
    worker = Worker()
    damaged, other = looked_at([two[0], two[1]], runner=worker)
    assert "damaged" in damaged.problems[0].what
    assert [problem.what for problem in other.problems] == ["left out: a tower"]
