"""One candidate's turn: a worker is started, its events become stored verdicts and shown states, it ends."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.jobs.planning import Plan, PlannedRun, RunRequest
from engine.jobs.process import WorkerProcess, reported
from engine.jobs.progress import Phase, Progress, RunState, Throttle
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import PackedTokens, Skip, Verdict, add_skips, add_verdicts, done_pairs
from rubrics.counted import count
from rubrics.errors import Exit, RudeError

__all__ = ["Board", "Signals", "score_candidate", "worker_job"]

_COMMIT_SECONDS: Final = 0.5
_POLL_SECONDS: Final = 0.05


class Board:
    """The states of all runs, kept current and shown through the throttle."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self._states = {run.run_id: run.state for run in plan.runs}
        self._progress = progress
        self._throttle = Throttle()

    @property
    def states(self) -> tuple[RunState, ...]:
        """All of them, in the order of the plan."""
        return tuple(self._states.values())

    def __getitem__(self, run_id: str) -> RunState:
        return self._states[run_id]

    def start(self) -> None:
        """Show the whole queue."""
        self._progress.started(self.states)

    def update(self, run_id: str, **changes: Any) -> None:
        """Change a state, and show it if it is time to."""
        before = self._states[run_id]
        state = self._states[run_id] = replace(before, **changes)
        if self._throttle.ready() or state.phase is not before.phase:
            self._progress.advanced(state)

    def finish(self, phase: Phase = Phase.CANCELLED, error: str = "") -> None:
        """End whatever has not ended, and show all."""
        for run_id, state in self._states.items():
            if not state.phase.ended:
                self.update(run_id, phase=phase, error=error)
        self._progress.finished(self.states)


class Signals(NamedTuple):
    """What whoever started the work may set at any time."""

    cancel: threading.Event
    pause: threading.Event

    def wait(self, runs: Iterable[PlannedRun], board: Board) -> bool:
        """While paused, show what would be next as paused; False once cancelled."""
        waiting = [run.run_id for run in runs if not board[run.run_id].phase.ended]
        if self.pause.is_set():
            for run_id in waiting:
                board.update(run_id, phase=Phase.PAUSED)
            while self.pause.is_set() and not self.cancel.wait(_POLL_SECONDS):
                pass
            for run_id in waiting:
                board.update(run_id, phase=Phase.QUEUED)
        return not self.cancel.is_set()


def score_candidate(
    store: Store,
    request: RunRequest,
    runs: Sequence[PlannedRun],
    board: Board,
    signals: Signals,
    *,
    pairs: Mapping[str, Sequence[str]] | None = None,
    stays: Collection[str] = (),
) -> None:
    """Score what is left of one candidate's runs, in a process of its own.

    Args:
        pairs: by run id, the pairs of the run to score now and no others; they must be known to be scorable.
        stays: ids of runs that are shown as queued once this is done, because more is to come.

    Raises:
        StoreError: nothing can be stored.
    """
    pairs = pairs or {}
    save_candidate(store, runs[0].candidate, runs[0].key["weights_hash"])
    claimed, done = [], []
    for run in runs:
        add_suite(store, run.suite, run.suite_path)
        finished = done_pairs(store, run.run_id, with_tokens=run.token_scores)
        wanted = len(finished.union(pairs[run.run_id])) if run.run_id in pairs else run.wanted
        owner = open_run(store, run.run_id, _row(run, request), n_wanted=wanted)
        if owner is not None:
            board.update(run.run_id, phase=Phase.BUSY, error=f"process {owner.pid} is scoring this already")
        else:
            claimed.append(run)
            done.append(finished)
    if not claimed:
        return
    with worker_job(request, claimed, done, pairs=pairs) as job:
        _Stretch(store, claimed, done, board, signals, restricted=frozenset(pairs), stays=frozenset(stays)).run(job)


def _row(run: PlannedRun, request: RunRequest) -> dict[str, Any]:
    labels = {"candidate": run.candidate.name, "suite": run.suite.name}
    shown = {"shots": request.shots, "show_criteria": request.show_criteria, "prompt": run.prompt}
    return {**run.key, **labels, **shown}


@contextmanager
def worker_job(
    request: RunRequest,
    runs: Sequence[PlannedRun],
    done: Sequence[Collection[str]],
    *,
    mode: str = "score",
    pair_ids: Sequence[str] = (),
    pairs: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[dict[str, Any]]:
    """The job for a worker: one candidate's runs. The suites it names exist as files inside the context.

    Args:
        done: for each run, the pairs to leave out.
        mode: `score`; `plan` to report sizes only; `layout` to send every request instead.
        pair_ids: for `layout`, the pairs wanted; none means all.
        pairs: by run id, the only pairs that the worker gets to see, beside the exemplars.
    """
    from rubrics.reading import write_suite

    pairs = pairs or {}
    candidate = runs[0].candidate
    with tempfile.TemporaryDirectory(prefix="rude-tui-") as folder:
        tasks = []
        for run, finished in zip(runs, done, strict=True):
            # The worker reads what was hashed, whatever has happened to the file since.
            only = set(pairs[run.run_id]) if run.run_id in pairs else None
            file = Path(folder) / f"{run.suite.hash if only is None else run.run_id}.jsonl"
            if not file.exists():
                seen = (pair for pair in run.suite.pairs if only is None or pair.split == "shot" or pair.id in only)
                write_suite(file, tuple(seen))
            tasks.append({
                "suite_file": str(file), "protocol": run.protocol, "shots": request.shots,
                "show_criteria": request.show_criteria, "prompt": run.prompt, "seed": request.seed,
                "limit": run.limit if only is None else None,
                "token_scores": run.token_scores, "done": sorted(finished), "pairs": list(pair_ids),
            })  # fmt: skip
        yield {
            "mode": mode, "model": str(candidate.path), "precision": runs[0].precision, "device": runs[0].device,
            "attention": request.attention, "threads": request.threads, "context": candidate.context, "tasks": tasks,
            "trust_remote_code": any(problem.code == "remote_code" for problem in candidate.problems),
        }  # fmt: skip


class _Stretch:
    """One worker's life: its events become stored verdicts and shown states."""

    def __init__(
        self,
        store: Store,
        runs: Sequence[PlannedRun],
        done: Sequence[Collection[str]],
        board: Board,
        signals: Signals,
        *,
        restricted: Collection[str],
        stays: Collection[str],
    ) -> None:
        self._store = store
        self._runs = runs
        self._done = [len(finished) for finished in done]
        self._earlier = [board[run.run_id].seconds for run in runs]
        self._board = board
        self._signals = signals
        self._restricted = restricted
        self._stays = stays
        self._pending: dict[int, list[dict[str, Any]]] = {}
        self._scored: Counter[int] = Counter()
        self._committed = time.monotonic()
        self._began: dict[int, float] = {}
        self._stopped: float | None = None
        """When the pause that goes on began."""
        self._facts: dict[str, Any] = {}
        self._open = set(range(len(runs)))

    def run(self, job: Mapping[str, Any]) -> None:
        """Follow the worker to its end; never raises for what the worker did."""
        status, failure = Status.CANCELLED, None
        with WorkerProcess(job) as worker:
            self._facts["log"] = str(worker.log)
            try:
                for event in worker.events(*self._signals):
                    self._handle(event)
                if not self._signals.cancel.is_set():
                    status = Status.DONE
            except RudeError as error:
                failure = error
            finally:
                # Also on Ctrl-C: what the worker had sent is work done, and is kept.
                for event in worker.drain():
                    if event["event"] == "verdicts":
                        self._take(event)
                self._commit()
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
            self._phase(Phase(event["phase"]), [event["task"]] if "task" in event else sorted(self._open))
        elif kind == "laid":
            self._laid(event)
        elif kind == "loaded":
            self._facts.update(event["facts"])
        elif kind == "task_failed":
            self._fail(event["task"], reported(event))
        elif kind == "task_done":
            self._commit()
            notes = self._noted(event["task"], event["facts"])
            self._board.update(self._runs[event["task"]].run_id, notes=notes)
            self._finish(event["task"], Status.DONE, facts={**event["facts"], "notes": notes})

    def _phase(self, phase: Phase, numbers: Sequence[int]) -> None:
        now = time.monotonic()
        if phase is Phase.PAUSED:
            self._commit()
            self._stopped = now
        elif self._stopped is not None:
            # A speed is one of work: time that was slept through is not in it.
            self._began = {number: began + now - self._stopped for number, began in self._began.items()}
            self._stopped = None
        for number in numbers:
            if phase is Phase.SCORING:
                self._began.setdefault(number, now)
            self._board.update(self._runs[number].run_id, phase=phase)

    def _laid(self, event: Mapping[str, Any]) -> None:
        number = event["task"]
        run = self._runs[number]
        done, left = self._done[number], event["left"]
        self._board.update(run.run_id, done=done, total=done + left)
        if run.run_id not in self._restricted:
            skips = [Skip(*skip) for skip in event["skipped"]]
            add_skips(self._store, run.run_id, skips)
            reasons = Counter(skip.reason for skip in skips)
            notes = [
                *event["notes"],
                *(f"{count(number, 'pair')} skipped: {reason}" for reason, number in reasons.items()),
            ]
            self._board.update(run.run_id, skipped=len(skips), notes=tuple(notes))
        if not left:
            self._finish(number, Status.DONE, facts={"notes": event["notes"]})

    def _take(self, event: Mapping[str, Any]) -> None:
        number = event["task"]
        run_id = self._runs[number].run_id
        self._pending.setdefault(number, []).extend(event["rows"])
        state = self._board[run_id]
        count = len(event["rows"])
        seconds = max(1e-6, time.monotonic() - self._began.get(number, time.monotonic()))
        judged = state.judged + count
        self._scored[number] += count
        speed = self._scored[number] / seconds
        self._board.update(
            run_id,
            done=state.done + count,
            judged=judged,
            right=state.right + sum(_headline(row["verdict"]) for row in event["rows"]),
            pairs_per_second=speed,
            tokens_per_second=event["facts"]["tokens"] / seconds,
            eta_seconds=max(0, state.total - state.done - count) / speed,
            memory_bytes=event["facts"]["memory"],
            notes=self._noted(number, event["facts"]),
            seconds=self._earlier[number] + seconds,
        )
        if time.monotonic() - self._committed >= _COMMIT_SECONDS:
            self._commit()

    def _noted(self, number: int, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """A run's notes with those of the scoring process: budgets halved, prefixes not shared."""
        return tuple(dict.fromkeys((*self._board[self._runs[number].run_id].notes, *facts["notes"])))

    def _commit(self) -> None:
        import base64

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
        queued = status is Status.DONE and run_id in self._stays
        self._board.update(run_id, phase=Phase.QUEUED if queued else Phase(str(status)), error=error)

    def _fail(self, number: int, failure: RudeError) -> None:
        self._board.update(self._runs[number].run_id, bad_input=failure.exit_code is Exit.BAD_INPUT)
        self._finish(number, Status.FAILED, error=str(failure))


def _headline(verdict: Mapping[str, Any]) -> float:
    if "ll_chosen" in verdict:
        margin = verdict["ll_chosen"] / verdict["bytes_chosen"] - verdict["ll_rejected"] / verdict["bytes_rejected"]
    else:
        margin = verdict["log_odds_chosen_first"] + verdict["log_odds_rejected_first"]
    return 0.5 if margin == 0 else float(margin > 0)
