"""A job in a process of its own: what it is told, and how it says that it ended."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.jobs.detached import Detached, Ended, start_detached
from engine.jobs.job import Job, Refused, Signals, Turn
from engine.jobs.process import Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.states import States
from engine.store.connection import Store
from rubrics.errors import BadInput, Exit


@dataclass(frozen=True)
class Count(Job):
    to: int
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        return (RunState("count", "ash", "numbers", "count", total=self.to),)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        yield CountTurn(["count"], states)


class CountTurn(Turn):
    def carry_out(self, signals: Signals, runner: Runner) -> None:
        self.states.update("count", done=self.states["count"].total)


def asked_for(store: Store, request: Mapping[str, Any]) -> Job:
    if request["to"] < 0:
        raise BadInput("cannot count to that", where="to", fix="give a number above zero")
    if request["to"] == 0:
        raise ZeroDivisionError("nobody expected that")
    return Count(request["to"])


def end_of(detached: Detached) -> Ended:
    detached.process.wait(60)
    while (end := detached.ended()) is None:
        time.sleep(0.01)
    return end


def started(store: Store, to: int) -> Detached:
    # The process finds this module where the tests lie.
    return start_detached(f"{Path(__file__).stem}:asked_for", store.path, {"to": to})


def test_it_is_done_and_says_so(store: Store, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
    detached = started(store, 3)
    error, (state,) = end_of(detached)
    assert error is None
    assert (state["phase"], state["done"]) == (Phase.DONE, 3)
    assert detached.process.returncode == Exit.DONE


@pytest.mark.long
def test_what_it_cannot_do_comes_back_as_the_error_it_was(store: Store, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
    detached = started(store, -1)
    error, states = end_of(detached)
    assert error is not None
    assert (error.what, error.where, error.fix, states) == (
        "cannot count to that",
        "to",
        "give a number above zero",
        (),
    )
    assert detached.process.returncode == Exit.BAD_INPUT


@pytest.mark.long
def test_what_nobody_expected_is_said_too(store: Store, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
    error, _ = end_of(started(store, 0))
    assert error is not None
    assert error.what == "ZeroDivisionError: nobody expected that"


def test_one_that_is_killed_has_said_nothing(store: Store) -> None:
    detached = started(store, 1)
    detached.process.kill()
    error, _ = end_of(detached)
    assert error is not None
    assert "without a word" in error.what


def test_all_who_ask_at_once_hear_the_same_end() -> None:
    """Two looks at a screen may both find that it is over."""
    said = """print('{"states": [{"phase": "done"}]}')"""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who reads it
    process = subprocess.Popen([sys.executable, "-c", said], stdout=out)
    process.wait()
    detached = Detached(process, out)
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda _: detached.ended(), range(40)))
    assert ends == [Ended(None, ({"phase": "done"},))] * 40
