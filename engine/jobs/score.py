"""Scoring, a kind of job: each candidate's runs in a process of its own, verdicts stored batch by batch."""

from __future__ import annotations

import base64
import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar, Final

from engine.jobs.cluster.parcel import needs_of
from engine.jobs.job import COMMIT_SECONDS, Turn, WorkerTurn
from engine.jobs.keys import file_hashes
from engine.jobs.progress import Phase
from engine.jobs.room import Room
from engine.jobs.runs import Plan, PlannedRun, RunRequest, by_candidate
from engine.jobs.states import States
from engine.stats.metrics import headline_win
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import PackedTokens, Skip, Verdict, add_skips, add_verdicts, done_pairs
from rubrics.counted import count
from rubrics.errors import Exit, RudeError
from rubrics.scratch import scratch_folder

__all__ = ["ScorePlan", "ScoreTurn", "scoring_message"]

_NUMBERS: Final = frozenset({"tokens", "distinct_tokens", "seconds", "memory"})
"""Of what a worker says of its work: what is added up over stretches, or of which the most is kept."""
_LARGEST: Final = 1e30
_ABOVE_ONE: Final = 0.1
"""Nats by which rounding may lift the likelihood of a whole response above one."""


class ScorePlan(Plan):
    """Everything that is planned, candidate by candidate."""

    def stages(self, store: Store, states: States) -> Iterator[Iterable[Turn]]:
        """See `Job`."""
        queue = by_candidate(run for run in self.runs if run.left)
        yield (ScoreTurn(store, self.shared, runs, states, room=self.room) for runs in queue)


class ScoreTurn(WorkerTurn):
    """One candidate's runs, as far as they are left.

    Args:
        pairs: by run id, the pairs of the run to score now and no others; they must be known to be scorable.
        stays: ids of runs that are shown as queued once this is done, because more is to come.
        complete: ids of runs that are done already, and stay so however this ends.
        room: what it shares with others that are carried out at the same time.
    """

    KEPT: ClassVar[Collection[str]] = ("verdicts",)

    def __init__(
        self,
        store: Store,
        request: RunRequest,
        runs: Sequence[PlannedRun],
        states: States,
        *,
        pairs: Mapping[str, Sequence[str]] | None = None,
        stays: Collection[str] = (),
        complete: Collection[str] = (),
        room: Room | None = None,
    ) -> None:
        super().__init__([run.run_id for run in runs], states)
        self._store = store
        self._request = request
        self._planned = runs
        self._pairs = pairs or {}
        self._stays = frozenset(stays)
        self._complete = frozenset(complete)
        self._room = room
        self._runs: list[PlannedRun] = []
        """Those that are this process's; events call them by number."""
        self._done: list[Collection[str]] = []
        """For each, the pairs that have a verdict already."""
        self._earlier: list[float] = []
        """For each, seconds of earlier turns."""
        self._pending: dict[int, list[tuple[Verdict, list[PackedTokens]]]] = {}
        self._scored: Counter[int] = Counter()
        self._committed = time.monotonic()
        self._began: dict[int, float] = {}
        self._stopped: float | None = None
        """When the pause that goes on began."""
        self._facts: dict[str, Any] = {}
        self._costs: dict[int, dict[str, Any]] = {}
        """Of this turn, also where it does not come to its end."""
        self._open: set[int] = set()

    def claim(self) -> bool:
        """Open every run that nobody else works on."""
        for run in self._planned:
            add_suite(self._store, run.suite, run.suite_path)
            requested = run.requested
            if run.run_id in self._pairs:
                requested = len(self._done_of(run).union(self._pairs[run.run_id]))
            owner = open_run(
                self._store, run.run_id, run.row(self._request), n_wanted=requested, take_over=self.take_over
            )
            if owner is not None:
                self.states.update(run.run_id, phase=Phase.BUSY, error=str(owner.busy("scoring this")))
                continue
            # Nobody can forget it any more; somebody may have just before.
            add_suite(self._store, run.suite, run.suite_path)
            self._runs.append(run)
            self._done.append(self._done_of(run))
            self._earlier.append(self.states[run.run_id].seconds)
        self._open = set(range(len(self._runs)))
        if self._runs:
            save_candidate(self._store, self._planned[0].candidate, self._planned[0].key["weights_hash"])
        return bool(self._runs)

    def _done_of(self, run: PlannedRun) -> set[str]:
        return done_pairs(self._store, run.run_id, with_tokens=run.token_scores)

    @contextmanager
    def message(self) -> Iterator[dict[str, Any]]:
        """See `scoring_message`. Waits until there is room."""
        first = self._runs[0]
        room = self._room or Room((), movable=False)
        with (
            room.taken(first.device, first.needed_bytes) as device,
            scoring_message("score", self._request, self._runs, self._done, pairs=self._pairs) as message,
        ):
            for run in self._runs:
                self.states.update(run.run_id, device=device)
            yield {**message, "device": device}

    def handle(self, event: Mapping[str, Any]) -> None:
        """See `WorkerTurn`."""
        if event.get("task") is not None and event["task"] not in self._open:
            raise ValueError("it goes on with what has ended, or was not asked for")
        match event["event"]:
            case "verdicts":
                self._take(event)
            case "phase":
                self._phase(Phase(event["phase"]), [event["task"]] if "task" in event else sorted(self._open))
            case "laid":
                self._laid(event)
            case "placed":
                self._placed(event["nodes"])
            case "loaded":
                self._facts.update(_facts(event["facts"]))
            case "task_failed":
                self._end(event["task"], Phase.FAILED, failure=RudeError.of_json(event))
            case "task_done":
                self._commit()
                facts = _facts(event["facts"])
                notes = self._noted(event["task"], facts)
                self.states.update(self._runs[event["task"]].run_id, notes=notes)
                self._end(event["task"], Phase.DONE, facts={**facts, "notes": notes})

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Store what has come, and end what has not ended."""
        self._commit()
        for number in sorted(self._open):
            self._end(number, phase, failure=failure)

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
            self.states.update(self._runs[number].run_id, phase=phase)

    def _placed(self, nodes: Sequence[str]) -> None:
        where = nodes[0] if len(nodes) == 1 else count(len(nodes), "node")
        for number in sorted(self._open):
            run = self._runs[number]
            self.states.update(run.run_id, device=f"{run.device.partition(':')[0]} on {where}")

    def _laid(self, event: Mapping[str, Any]) -> None:
        number = event["task"]
        run_id, remaining = self._runs[number].run_id, event["left"]
        done = len(self._done[number])
        self.states.update(run_id, done=done, total=done + remaining)
        if run_id not in self._pairs:
            skips = [Skip(*skip) for skip in event["skipped"]]
            add_skips(self._store, run_id, skips)
            reasons = Counter(skip.reason for skip in skips)
            skipped = (f"{count(pairs, 'pair')} skipped: {reason}" for reason, pairs in reasons.items())
            notes = (*self._runs[number].notes, *event["notes"], *skipped, *self.warnings)
            self.states.update(run_id, skipped=len(skips), notes=notes)
        if not remaining:
            self._end(number, Phase.DONE, facts={"notes": event["notes"]})

    def _take(self, event: Mapping[str, Any]) -> None:
        number, rows, facts = event["task"], event["rows"], _facts(event["facts"])
        run_id = self._runs[number].run_id
        came = [(_verdict(row["verdict"]), [_packed(row, *tokens) for tokens in row["tokens"]]) for row in rows]
        self._pending.setdefault(number, []).extend(came)
        state = self.states[run_id]
        seconds = max(1e-6, time.monotonic() - self._began.get(number, time.monotonic()))
        self._scored[number] += len(rows)
        self._costs[number] = {name: value for name, value in facts.items() if name != "notes"}
        speed = self._scored[number] / seconds
        self.states.update(
            run_id,
            done=state.done + len(rows),
            judged=state.judged + len(rows),
            right=state.right + sum(headline_win(row["verdict"]) for row in rows),
            pairs_per_second=speed,
            tokens_per_second=facts["tokens"] / seconds,
            eta_seconds=max(0, state.total - state.done - len(rows)) / speed,
            memory_bytes=facts["memory"],
            notes=self._noted(number, facts),
            seconds=self._earlier[number] + seconds,
        )
        if time.monotonic() - self._committed >= COMMIT_SECONDS:
            self._commit()

    def _noted(self, number: int, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """A run's notes with those of the scoring process: budgets halved, prefixes not shared."""
        return tuple(dict.fromkeys((*self.states[self._runs[number].run_id].notes, *facts["notes"])))

    def _commit(self) -> None:
        pending, self._pending = self._pending, {}
        for number, rows in pending.items():
            verdicts = [verdict for verdict, _ in rows]
            tokens = [packed for _, packs in rows for packed in packs]
            add_verdicts(self._store, self._runs[number].run_id, verdicts, tokens)
        self._committed = time.monotonic()

    def _end(
        self, number: int, phase: Phase, *, failure: RudeError | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        self._open.discard(number)
        run_id = self._runs[number].run_id
        if phase is Phase.FAILED and failure is not None and failure.exit_code is Exit.BAD_INPUT:
            phase = Phase.REFUSED
        warned = {"notes": list(self.states[run_id].notes)} if self.warnings else {}
        all_facts = {"log": self.log, **self._facts, **self._costs.get(number, {}), **warned, **(facts or {})}
        if "seconds" in all_facts:
            all_facts["pairs"] = self._scored[number]
        if run_id in self._complete:
            close_run(self._store, run_id, Status.DONE)
        else:
            close_run(self._store, run_id, Status(str(phase)), error=str(failure or ""), facts=all_facts)
        self.end(run_id, Phase.QUEUED if phase is Phase.DONE and run_id in self._stays else phase, failure)


def _facts(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a worker says of its work; what is added up later has to be numbers now."""
    for name in _NUMBERS & said.keys():
        number = said[name]
        if type(number) not in (int, float) or not (math.isfinite(number) and number >= 0):
            raise ValueError(f"{name} is no number that a cost can have")
    return said


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    """A verdict that was sent.

    Raises:
        TypeError, ValueError: it says half of what its protocol says, or holds what is no number.
    """
    verdict = Verdict(**fields)
    both = (verdict.log_odds_chosen_first, verdict.log_odds_rejected_first), (verdict.ll_chosen, verdict.ll_rejected)
    numbers = [number for pair in both for number in pair if number is not None]
    if len(numbers) != 2 or any((one is None) is not (other is None) for one, other in both):
        raise ValueError("a verdict on both responses has two numbers")
    # Of any that is larger the square, or the sum of some, is no number any more.
    if not all(type(number) in (int, float) and abs(number) < _LARGEST for number in numbers):
        raise ValueError("a verdict holds what is no finite number")
    if any(number > _ABOVE_ONE for number in both[1] if number is not None):
        raise ValueError("a verdict holds a likelihood above one")
    counts = (verdict.tokens_chosen, verdict.tokens_rejected, verdict.bytes_chosen, verdict.bytes_rejected)
    if not all(number is None or (type(number) is int and 0 <= number < 2**31) for number in counts):
        raise ValueError("a verdict holds what is no count")
    if not isinstance(verdict.pair_id, str) or type(verdict.single_chosen_first) not in (bool, type(None)):
        raise TypeError("a verdict names no pair, or no order")
    return verdict


def _packed(row: Mapping[str, Any], view: str, packed: str, lengths: Sequence[int]) -> PackedTokens:
    return PackedTokens(row["verdict"]["pair_id"], view, base64.b64decode(packed, validate=True), lengths)


@contextmanager
def scoring_message(
    kind: str,
    request: RunRequest,
    runs: Sequence[PlannedRun],
    done: Sequence[Collection[str]],
    *,
    pair_ids: Sequence[str] = (),
    pairs: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[dict[str, Any]]:
    """What a worker is told about one candidate's runs. The suites it names exist as files inside the context.

    Args:
        kind: `score`; `plan` to report sizes only; `layout` to send every request instead.
        done: for each run, the pairs to leave out.
        pair_ids: for `layout`, the pairs wanted; none means all.
        pairs: by run id, the only pairs that the worker gets to see, beside the exemplars.
    """
    from rubrics.reading import write_suite

    pairs = pairs or {}
    candidate = runs[0].candidate
    with scratch_folder() as folder:
        tasks = []
        for run, finished in zip(runs, done, strict=True):
            # The worker reads what was hashed, whatever has happened to the file since.
            only = set(pairs[run.run_id]) if run.run_id in pairs else None
            file = folder / f"{run.suite.hash if only is None else run.run_id}.jsonl"
            if not file.exists():
                visible = (pair for pair in run.suite.pairs if only is None or pair.split == "shot" or pair.id in only)
                write_suite(file, tuple(visible))
            tasks.append({
                "suite_file": str(file), "protocol": run.protocol, "shots": request.shots,
                "show_criteria": request.show_criteria, "prompt": run.prompt, "seed": request.seed,
                "wording": run.wording.to_json(),
                "limit": run.limit if only is None else None,
                "token_scores": run.token_scores, "done": sorted(finished), "pairs": list(pair_ids),
            })  # fmt: skip
        yield {
            "kind": kind, "model": str(candidate.path), "precision": runs[0].precision, "device": runs[0].device,
            "attention": request.attention, "threads": request.threads, "memory": request.memory,
            "context": candidate.context,
            "vocabulary": candidate.vocab_size or None, "tasks": tasks, "trust_remote_code": candidate.runs_own_code,
            "hashes": file_hashes(runs[0].key), "backend": request.backend, "concurrency": request.concurrency,
            "served": asdict(candidate.served) if candidate.served is not None else None, "needs": needs_of(runs[0]),
        }  # fmt: skip
