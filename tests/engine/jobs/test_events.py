"""What a worker sends and cannot mean ends its run with one error, its log named; nothing of it is stored."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.jobs import process
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Phase
from engine.jobs.runs import RunRequest
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts

FACTS = {"tokens": 1, "distinct_tokens": 1, "seconds": 0.1, "memory": 1, "notes": []}
LAID = {"event": "laid", "task": 0, "total": 3, "left": 3, "tokens": None, "notes": [], "skipped": []}
LENGTHS = {"tokens_chosen": 3, "tokens_rejected": 2, "bytes_chosen": 5, "bytes_rejected": 4}


class Said:
    """A process that has said this, and ended."""

    pid = os.getpid()

    def __init__(self, said: bytes) -> None:
        self.stdin = io.StringIO()
        self.stdout = io.TextIOWrapper(io.BytesIO(said), encoding="utf-8", errors="backslashreplace")

    def poll(self) -> int:
        return 0

    wait = kill = poll


@pytest.fixture
def run(store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run whose worker says these lines; its end, and what is stored of it."""
    planned = plan(store, RunRequest((str(small_model),), ("world",), ("likelihood",), "fp32", "cpu", limit=3))

    def perform_it(*lines: object) -> tuple[Any, list[float]]:
        said = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
        monkeypatch.setattr(process, "subprocess", SimpleNamespace(Popen=lambda *_, **__: Said(said), PIPE=-1))
        (state,) = perform(store, planned)
        (stored,) = stored_runs(store)
        assert str(stored.status) == str(state.phase)
        return state, load_verdicts(store, "likelihood", [stored.run_id])[stored.run_id].ll_chosen.tolist()

    perform_it.ids = [pair.id for pair in planned.runs[0].suite.scored]  # type: ignore[attr-defined]
    return perform_it


def verdicts(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    sent = [{"verdict": {**LENGTHS, **row}, "tokens": []} for row in rows]
    return {"event": "verdicts", "task": 0, "rows": sent, "facts": FACTS, **more}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\xff\xfe{}\n", marks=pytest.mark.long),
        b"no JSON\n",
        pytest.param(b"[1]\n", marks=pytest.mark.long),
        pytest.param(b'{"event": 3}\n', marks=pytest.mark.long),
        pytest.param(b'{"event": "fatal"}\n', marks=pytest.mark.long),
        pytest.param(b"[" * 100_000 + b"\n", marks=pytest.mark.long),
        pytest.param(b'{"event": "fatal", "what": "x", "where": "", "fix": "", "code": 99}\n', marks=pytest.mark.long),
        {"event": "phase", "phase": "dancing"},
        pytest.param({"event": "task_done", "task": 7, "facts": {}}, marks=pytest.mark.long),
        {"event": "verdicts", "task": 0, "rows": 3, "facts": FACTS},
        pytest.param({**LAID, "notes": [2]}, marks=pytest.mark.long),
        pytest.param({**LAID, "notes": "two"}, marks=pytest.mark.long),
    ],
)
def test_a_line_that_is_no_event_ends_the_run_and_not_the_reader(run: Any, line: object) -> None:
    first = run.ids[0]
    state, stored = run(LAID, verdicts({"pair_id": first, "ll_chosen": -1.5, "ll_rejected": -2}), line)
    assert state.phase is Phase.FAILED
    assert "sent what is not understood" in state.error
    assert ".log" in state.error
    assert stored == [-1.5], "what was sent before is kept"


@pytest.mark.parametrize(
    "row",
    [
        {"ll_chosen": float("nan"), "ll_rejected": -1.0},
        pytest.param({"ll_chosen": -1.0, "ll_rejected": float("-inf")}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": -1.0}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": True, "ll_rejected": -1.0}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": "-1", "ll_rejected": -1.0}, marks=pytest.mark.long),
        pytest.param({}, marks=pytest.mark.long),
        {"ll_chosen": -(10**400), "ll_rejected": -1},
        {"ll_chosen": -1.0, "ll_rejected": 0.5},
        pytest.param({"ll_chosen": -1.7e308, "ll_rejected": -1.0}, marks=pytest.mark.long),
        pytest.param({"log_odds_chosen_first": 1e200, "log_odds_rejected_first": -1.0}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": -1.0, "ll_rejected": -1.0, "tokens_chosen": -3}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": -1.0, "ll_rejected": -1.0, "more": 1}, marks=pytest.mark.long),
        pytest.param({"ll_chosen": -1.0, "ll_rejected": -1.0, "log_odds_chosen_first": 1.0}, marks=pytest.mark.long),
        {"ll_chosen": -1.0, "ll_rejected": -1.0, "bytes_chosen": 2.5},
    ],
)
def test_half_a_verdict_and_what_is_no_number_are_never_stored(run: Any, row: dict[str, Any]) -> None:
    state, stored = run(LAID, verdicts({"pair_id": run.ids[0], **row}), {"event": "bye"})
    assert (state.phase, stored) == (Phase.FAILED, [])
    assert "sent what is not understood: verdicts" in state.error


@pytest.mark.parametrize(
    "wrong",
    [
        {"distinct_tokens": "None"},
        pytest.param({"tokens": [1]}, marks=pytest.mark.long),
        pytest.param({"memory": [1]}, marks=pytest.mark.long),
        pytest.param({"seconds": float("nan")}, marks=pytest.mark.long),
        pytest.param({"seconds": -1}, marks=pytest.mark.long),
        pytest.param({"tokens": True}, marks=pytest.mark.long),
        pytest.param({"tokens": 10**400}, marks=pytest.mark.long),
        pytest.param({"notes": "waits"}, marks=pytest.mark.long),
        {"notes": [1]},
    ],
)
def test_costs_that_cannot_be_added_up_are_not_understood(run: Any, wrong: dict[str, Any]) -> None:
    row = {"pair_id": run.ids[0], "ll_chosen": -1.5, "ll_rejected": -2}
    state, stored = run(LAID, verdicts(row, facts={**FACTS, **wrong}), {"event": "bye"})
    assert (state.phase, stored) == (Phase.FAILED, [])
    assert "sent what is not understood: " in state.error


def test_empty_lines_between_events_say_nothing(run: Any) -> None:
    row = {"pair_id": run.ids[0], "ll_chosen": -1.5, "ll_rejected": -2}
    _, stored = run(LAID, b"\n\r\r\n", verdicts(row), b" \n", {"event": "bye"})
    assert stored == [-1.5]


def test_what_was_not_understood_stands_in_the_log(run: Any) -> None:
    state, _ = run(LAID, {"event": "phase", "phase": "dancing"})
    log = Path(next(word for word in state.error.replace(":", " ").split() if word.endswith(".log")))
    assert "dancing" in log.read_text()
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize("more", [{"event": "phase", "phase": "scoring", "task": 0}, {**LAID, "left": 1}])
def test_whoever_goes_on_after_the_end_changes_nothing_of_it(run: Any, more: dict[str, Any]) -> None:
    row = {"pair_id": run.ids[0], "ll_chosen": -1.0, "ll_rejected": -2.0}
    state, stored = run(LAID, verdicts(row), {"event": "task_done", "task": 0, "facts": FACTS}, more)
    assert (state.phase, stored) == (Phase.DONE, [-1.0])


def test_what_was_not_asked_for_is_not_understood(run: Any) -> None:
    state, stored = run(LAID, verdicts({"pair_id": run.ids[0], "ll_chosen": -1.0, "ll_rejected": -2.0}, task=-1))
    assert (state.phase, stored) == (Phase.FAILED, [])
