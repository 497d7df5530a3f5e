"""Doing what is planned: worker → verdicts → store, candidate after candidate."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.planning import PROTOCOLS, Plan, PlannedRun, RunRequest, plan, protocols_of
from engine.process import WorkerProcess, reported
from engine.progress import NoProgress, Phase, Progress, RunState, Throttle
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run, save_candidate
from engine.store.suites import add_suite
from engine.store.verdicts import PackedTokens, Skip, Verdict, add_skips, add_verdicts, done_pairs
from rubrics.errors import Exit, RudeError

__all__ = [
    "PROTOCOLS",
    "Plan",
    "PlannedRun",
    "RunRequest",
    "execute",
    "exit_code",
    "plan",
    "protocols_of",
    "worker_job",
]

_COMMIT_SECONDS: Final = 0.5


def execute(
    store: Store, plan: Plan, progress: Progress | None = None, cancel: threading.Event | None = None
) -> tuple[RunState, ...]:
    """Do what is planned; blocks. One candidate at a time, each in a process of its own.

    A candidate that fails is reported in its states and the rest go on. Verdicts are stored batch by batch, so
    whatever ends this call early loses at most half a second of work.

    Raises:
        StoreError: nothing can be stored.
    """
    board = _Board(plan, progress or NoProgress())
    cancel = cancel or threading.Event()
    board.start()
    try:
        for runs in _by_candidate(plan.runs):
            if cancel.is_set():
                break
            _execute_candidate(store, plan.request, runs, board, cancel)
    except RudeError as error:
        board.finish(Phase.FAILED, str(error))
        raise
    except BaseException:
        board.finish(Phase.FAILED)
        raise
    board.finish()
    return board.states


def exit_code(states: Sequence[RunState], plan: Plan) -> Exit:
    """What a command line should return for these ends."""
    phases = {state.phase for state in states}
    if Phase.CANCELLED in phases:
        return Exit.INTERRUPTED
    if Phase.FAILED in phases:
        bad = all(state.phase is not Phase.FAILED or state.bad_input for state in states)
        return Exit.BAD_INPUT if bad and phases == {Phase.FAILED} else Exit.FAILED
    if plan.refused or any(state.skipped for state in states) or Phase.BUSY in phases:
        return Exit.SOME_SKIPPED
    return Exit.DONE


def _by_candidate(runs: Sequence[PlannedRun]) -> list[list[PlannedRun]]:
    found: dict[Path, list[PlannedRun]] = {}
    for run in runs:
        found.setdefault(run.candidate.path, []).append(run)
    return list(found.values())


class _Board:
    """The states of all runs, kept current and shown through the throttle."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self._states = {run.run_id: run.state for run in plan.runs}
        self._progress = progress
        self._throttle = Throttle()

    @property
    def states(self) -> tuple[RunState, ...]:
        return tuple(self._states.values())

    def __getitem__(self, run_id: str) -> RunState:
        return self._states[run_id]

    def start(self) -> None:
        self._progress.started(self.states)

    def update(self, run_id: str, **changes: Any) -> None:
        before = self._states[run_id]
        state = self._states[run_id] = replace(before, **changes)
        if self._throttle.ready() or state.phase is not before.phase:
            self._progress.advanced(state)

    def finish(self, phase: Phase = Phase.CANCELLED, error: str = "") -> None:
        for run_id, state in self._states.items():
            if not state.phase.ended:
                self.update(run_id, phase=phase, error=error)
        self._progress.finished(self.states)


def _execute_candidate(
    store: Store, request: RunRequest, runs: list[PlannedRun], board: _Board, cancel: threading.Event
) -> None:
    save_candidate(store, runs[0].candidate, runs[0].key["weights_hash"])
    claimed = []
    for run in runs:
        if not run.left:
            continue
        add_suite(store, run.suite, run.suite_path)
        owner = open_run(store, run.run_id, _row(run, request), n_wanted=run.wanted)
        if owner is not None:
            board.update(run.run_id, phase=Phase.BUSY, error=f"process {owner.pid} is scoring this already")
        else:
            claimed.append(run)
    if not claimed:
        return
    done = [done_pairs(store, run.run_id, with_tokens=request.keeps_tokens(run.protocol)) for run in claimed]
    with worker_job(request, claimed, done) as job:
        _Stretch(store, claimed, board, cancel).run(job)


def _row(run: PlannedRun, request: RunRequest) -> dict[str, Any]:
    labels = {"candidate": run.candidate.name, "suite": run.suite.name}
    shown = {"shots": request.shots, "show_criteria": request.show_criteria, "prompt": request.prompt}
    return {**run.key, **labels, **shown}


@contextmanager
def worker_job(
    request: RunRequest,
    runs: Sequence[PlannedRun],
    done: Sequence[Collection[str]],
    *,
    mode: str = "score",
    pair_ids: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """The job for a worker: one candidate's runs. The suites it names exist as files inside the context.

    Args:
        done: for each run, the pairs to leave out.
        mode: `score`; `plan` to report sizes only; `layout` to send every request instead.
        pair_ids: for `layout`, the pairs wanted; none means all.
    """
    from rubrics.reading import write_suite

    candidate = runs[0].candidate
    with tempfile.TemporaryDirectory(prefix="rude-tui-") as folder:
        tasks = []
        for run, finished in zip(runs, done, strict=True):
            # The worker reads what was hashed, whatever has happened to the file since.
            file = Path(folder) / f"{run.suite.hash}.jsonl"
            if not file.exists():
                write_suite(file, run.suite.pairs)
            tasks.append({
                "suite_file": str(file), "protocol": run.protocol, "shots": request.shots,
                "show_criteria": request.show_criteria, "prompt": request.prompt, "seed": request.seed,
                "limit": request.limit,
                "token_scores": request.token_scores, "done": sorted(finished), "pairs": list(pair_ids),
            })  # fmt: skip
        yield {
            "mode": mode, "model": str(candidate.path), "precision": runs[0].precision, "device": runs[0].device,
            "attention": request.attention, "threads": request.threads, "context": candidate.context, "tasks": tasks,
            "trust_remote_code": any(problem.code == "remote_code" for problem in candidate.problems),
        }  # fmt: skip


class _Stretch:
    """One worker's life: its events become stored verdicts and shown states."""

    def __init__(self, store: Store, runs: list[PlannedRun], board: _Board, cancel: threading.Event) -> None:
        self._store = store
        self._runs = runs
        self._board = board
        self._cancel = cancel
        self._pending: dict[int, list[dict[str, Any]]] = {}
        self._committed = time.monotonic()
        self._began: dict[int, float] = {}
        self._facts: dict[str, Any] = {}
        self._open = set(range(len(runs)))

    def run(self, job: Mapping[str, Any]) -> None:
        """Follow the worker to its end; never raises for what the worker did."""
        status, failure = Status.CANCELLED, None
        with WorkerProcess(job) as worker:
            self._facts["log"] = str(worker.log)
            try:
                for event in worker.events(self._cancel):
                    self._handle(event)
                if not self._cancel.is_set():
                    status = Status.DONE
            except RudeError as error:
                failure = error
            finally:
                # Also on Ctrl-C: what the worker had sent is work done, and is kept.
                self._commit([event for event in worker.drain() if event["event"] == "verdicts"])
                for number in sorted(self._open):
                    if failure is None:
                        self._finish(number, status)
                    else:
                        self._fail(number, failure)

    def _handle(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "verdicts":
            self._take(event)
        elif kind == "phase":
            numbers = [event["task"]] if "task" in event else sorted(self._open)
            if event["phase"] == "scoring":
                self._began[event["task"]] = time.monotonic()
            for number in numbers:
                self._board.update(self._runs[number].run_id, phase=Phase(event["phase"]))
        elif kind == "laid":
            self._laid(event)
        elif kind == "loaded":
            self._facts.update(event["facts"])
            notes = tuple(event["facts"].get("notes", ()))
            for number in self._open:
                run_id = self._runs[number].run_id
                self._board.update(run_id, notes=self._board[run_id].notes + notes)
        elif kind == "task_failed":
            self._fail(event["task"], reported(event))
        elif kind == "task_done":
            self._commit()
            self._finish(event["task"], Status.DONE, facts=event["facts"])

    def _laid(self, event: Mapping[str, Any]) -> None:
        number = event["task"]
        run = self._runs[number]
        skips = [Skip(*skip) for skip in event["skipped"]]
        add_skips(self._store, run.run_id, skips)
        reasons = Counter(skip.reason for skip in skips)
        notes = [*event["notes"], *(f"{count} pair(s) skipped: {reason}" for reason, count in reasons.items())]
        self._board.update(run.run_id, total=event["total"], skipped=len(skips), notes=tuple(notes))
        if event["total"] <= run.done:
            self._finish(number, Status.DONE, facts={"notes": event["notes"]})

    def _take(self, event: Mapping[str, Any]) -> None:
        number = event["task"]
        run_id = self._runs[number].run_id
        self._pending.setdefault(number, []).extend(event["rows"])
        state = self._board[run_id]
        count = len(event["rows"])
        seconds = max(1e-6, time.monotonic() - self._began.get(number, time.monotonic()))
        judged = state.judged + count
        speed = judged / seconds
        self._board.update(
            run_id,
            done=state.done + count,
            judged=judged,
            right=state.right + sum(_headline(row["verdict"]) for row in event["rows"]),
            pairs_per_second=speed,
            tokens_per_second=event["facts"]["tokens"] / seconds,
            eta_seconds=max(0, state.total - state.done - count) / speed,
            memory_bytes=event["facts"]["memory"],
            seconds=seconds,
        )
        if time.monotonic() - self._committed >= _COMMIT_SECONDS:
            self._commit()

    def _commit(self, more: Sequence[Mapping[str, Any]] = ()) -> None:
        import base64

        for event in more:
            self._pending.setdefault(event["task"], []).extend(event["rows"])
        for number, rows in self._pending.items():
            verdicts = [Verdict(**row["verdict"]) for row in rows]
            tokens = [
                PackedTokens(row["verdict"]["pair_id"], view, base64.b64decode(packed), lengths)
                for row in rows
                for view, packed, lengths in row["tokens"]
            ]
            add_verdicts(self._store, self._runs[number].run_id, verdicts, tokens)
        self._pending = {}
        self._committed = time.monotonic()

    def _finish(self, number: int, status: Status, *, error: str = "", facts: Mapping[str, Any] = {}) -> None:
        self._open.discard(number)
        run_id = self._runs[number].run_id
        close_run(self._store, run_id, status, error=error, facts={**self._facts, **facts})
        self._board.update(run_id, phase=Phase(str(status)), error=error)

    def _fail(self, number: int, failure: RudeError) -> None:
        self._board.update(self._runs[number].run_id, bad_input=failure.exit_code is Exit.BAD_INPUT)
        self._finish(number, Status.FAILED, error=str(failure))


def _headline(verdict: Mapping[str, Any]) -> float:
    if "ll_chosen" in verdict:
        margin = verdict["ll_chosen"] / verdict["bytes_chosen"] - verdict["ll_rejected"] / verdict["bytes_rejected"]
    else:
        margin = verdict["log_odds_chosen_first"] + verdict["log_odds_rejected_first"]
    return 0.5 if margin == 0 else float(margin > 0)
