"""A machine that swaps is warned about: once, in words, beside the run; nothing where the system does not tell."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.jobs.swapping import SwapWatch
from engine.store.connection import Store
from engine.store.runs import stored_runs

MB = 1024


def tell(proc: Path, kilobytes: int | str) -> None:
    (proc / "7").mkdir(exist_ok=True)
    (proc / "7" / "status").write_text(f"Name:\tx\nVmRSS:\t   99 kB\nVmSwap:\t   {kilobytes} kB\nThreads:\t1\n")


def test_it_says_once_how_much_was_swapped_out_since_it_looked_first(tmp_path: Path) -> None:
    watch = SwapWatch(7, tmp_path, gap=0)
    for kilobytes in (500 * MB, 500 * MB, 531 * MB, 100 * MB):
        tell(tmp_path, kilobytes)
        assert watch.look() == ""
    tell(tmp_path, 632 * MB)
    assert "132 MB" in watch.look()
    tell(tmp_path, 900 * MB)
    assert watch.look() == ""


def test_it_looks_now_and_then(tmp_path: Path) -> None:
    watch = SwapWatch(7, tmp_path, gap=3600)
    tell(tmp_path, 0)
    assert watch.look() == ""
    tell(tmp_path, 900 * MB)
    assert watch.look() == ""


@pytest.mark.parametrize("said", ["", "x", "-5", "٣"])
def test_what_it_cannot_read_it_says_nothing_about(tmp_path: Path, said: str) -> None:
    watch = SwapWatch(7, tmp_path, gap=0)
    assert watch.look() == ""
    tell(tmp_path, said)
    assert watch.look() == ""


def test_this_process_is_not_swapped_out_while_it_looks() -> None:
    watch = SwapWatch(os.getpid(), gap=0)
    assert [watch.look() for _ in range(3)] == [""] * 3


@pytest.mark.long
def test_a_run_notes_it_and_keeps_the_note(tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = iter([0, 10 << 20, 64 << 20])
    monkeypatch.setattr(SwapWatch, "_swapped", lambda _: next(amounts, 128 << 20))
    monkeypatch.setattr("engine.jobs.process.SwapWatch", partial(SwapWatch, gap=0))
    store = Store(tmp_path / "rude.duckdb")
    request = RunRequest((str(small_model),), ("world",), ("likelihood",), "fp32", "cpu", threads=1, limit=8)
    (state,) = perform(store, plan(store, request))
    assert [note for note in state.notes if "64 MB of the working process were swapped out" in note] == [
        note for note in state.notes if "memory is short" in note
    ]
    (run,) = stored_runs(store)
    assert sum("memory is short" in note for note in run.facts["notes"]) == 1
