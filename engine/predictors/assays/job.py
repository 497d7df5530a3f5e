"""Assays of candidates, a kind of job: one process a candidate, stored as it comes, never done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engine.jobs.job import COMMIT_SECONDS, Job, Refused, Turn, WorkerTurn
from engine.jobs.keys import file_hashes, key_hash, model_causes
from engine.jobs.progress import Phase, Progress, RunState
from engine.jobs.states import States
from engine.predictors.assays.assay import Assay, AssayOptions, Material
from engine.predictors.planning import ReadingRequest, plan_each, usable_precision
from engine.store.assays import AssayItem, AssayRun, add_assay_items, close_assay_run, done_items, open_assay_run
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status
from rubrics.counted import count
from rubrics.errors import CandidateError, RudeError
from rubrics.scratch import scratch_folder

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device

__all__ = ["AssayJob", "AssayRequest", "PlannedAssay", "plan_assay"]


@dataclass(frozen=True)
class AssayRequest(ReadingRequest):
    """What a person asks for."""

    options: AssayOptions = field(default_factory=AssayOptions)


@dataclass(frozen=True)
class PlannedAssay:
    """One candidate."""

    run: AssayRun
    assay: Assay
    material: Material
    candidate: Candidate
    device: str
    key: Mapping[str, Any]
    """Everything that produces the numbers; the run's id is its hash."""
    done: Collection[int]
    """Positions from earlier."""
    finished: bool
    """Whether what can be measured is."""

    @property
    def left(self) -> list[int]:
        """Positions still to do."""
        return [] if self.finished else [at for at in range(len(self.material.items)) if at not in self.done]

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.run.run_id, run_id=self.run.run_id, candidate=self.candidate.name, suite="",
            protocol=self.assay.name, precision=self.run.precision, device=self.device,
            total=len(self.material.items), phase=Phase.QUEUED if self.left else Phase.UP_TO_DATE, done=len(self.done),
            notes=self.material.notes,
        )  # fmt: skip


@dataclass(frozen=True)
class AssayJob(Job):
    """Every candidate, one at a time."""

    request: AssayRequest
    planned: tuple[PlannedAssay, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(planned.state for planned in self.planned)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for planned in self.planned:
            if planned.left:
                yield _AssayTurn(store, self.request, planned, states)


def plan_assay(
    store: Store,
    assay: Assay,
    request: AssayRequest,
    progress: Progress | None = None,
    *,
    fetch: Callable[[str], Path] | None = None,
) -> AssayJob:
    """What would be done. What is stored for the same weights, material and options is not done again.

    Args:
        progress: told which candidate's weights are hashed.
        fetch: gets a hub id that is not in the cache; None: such a model is an error.

    Raises:
        BadInput: a path or device that does not exist, no candidate that can be measured, or options that the assay
            cannot use.
    """
    material = assay.material(request.options)
    asked_hash = assay.asked_hash(material)

    def plan_one(candidate: Candidate, device: Device) -> tuple[str, PlannedAssay]:
        one = _planned(store, assay, request, material, asked_hash, candidate, device)
        return one.run.run_id, one

    return AssayJob(request, *plan_each(store, request, progress, fetch, plan_one))


def _planned(
    store: Store, assay: Assay, request: AssayRequest, material: Material, asked_hash: str, candidate: Candidate,
    device: Device,
) -> PlannedAssay:  # fmt: skip
    if candidate.served is not None and assay.needs_weights:
        raise CandidateError(
            "its weights are at its server", where=candidate.name, fix="give the folder that is served"
        )
    precision = usable_precision(candidate, device, request.precision)
    key = {"assay": assay.name, "asked": asked_hash, **model_causes(candidate, precision, device, request.attention)}
    run = AssayRun(
        key_hash(key), assay.name, asked_hash, material.suite_hash, key["weights_hash"], candidate.name, precision,
        key["tokenizer_hash"], key["config_hash"], {},
    )  # fmt: skip
    done, finished = done_items(store, run.run_id)
    return PlannedAssay(run, assay, material, candidate, device.spec, key, done, finished)


class _AssayTurn(WorkerTurn):
    """One candidate, in a process of its own; what it had sent is stored however it ends."""

    KEPT: ClassVar[Collection[str]] = ("items", "cost")

    def __init__(self, store: Store, request: AssayRequest, planned: PlannedAssay, states: States) -> None:
        super().__init__([planned.run.run_id], states)
        self._store, self._request, self._planned = store, request, planned
        self._run_id = planned.run.run_id
        self._notes: tuple[str, ...] = planned.material.notes
        self._pending: list[AssayItem] = []
        self._committed = time.monotonic()
        self._done = len(planned.done)
        self._cost: Mapping[str, float] = {}

    def claim(self) -> bool:
        """See `Turn`."""
        owner = open_assay_run(self._store, self._planned.run, self._planned.key, take_over=self.take_over)
        if owner is not None:
            self.states.update(self._run_id, phase=Phase.BUSY, error=str(owner.busy("measuring this")))
            return False
        save_candidate(self._store, self._planned.candidate, self._planned.run.weights_hash)
        # What was stored when it was planned may have been forgotten since; from now on it cannot be.
        self._planned = replace(self._planned, done=done_items(self._store, self._run_id)[0])
        return True

    @contextmanager
    def message(self) -> Iterator[dict[str, Any]]:
        """See `WorkerTurn`."""
        planned, request = self._planned, self._request
        candidate, items = planned.candidate, planned.material.items
        with scratch_folder() as folder:
            file = folder / "items.jsonl"
            lines = (json.dumps([at, items[at].name, items[at].cluster, items[at].payload]) for at in planned.left)
            file.write_text("\n".join(lines), encoding="utf-8")
            yield {
                "kind": f"assay {planned.assay.name}", "model": str(candidate.path), "precision": planned.run.precision,
                "device": planned.device, "attention": request.attention, "threads": request.threads,
                "context": candidate.context, "vocabulary": candidate.vocab_size or None, "items_file": str(file),
                "settings": dict(planned.material.settings), "parameters": candidate.parameters,
                "trust_remote_code": candidate.runs_own_code, "hashes": file_hashes(planned.key),
                "concurrency": request.concurrency,
                "served": asdict(candidate.served) if candidate.served is not None else None,
            }  # fmt: skip

    def handle(self, event: Mapping[str, Any]) -> None:
        """See `WorkerTurn`."""
        match event["event"]:
            case "notes":
                self._notes += tuple(event["notes"])
            case "cost":
                self._cost = {name: float(value) for name, value in event["cost"].items()}
            case "items":
                self._take([AssayItem(*row) for row in event["rows"]])
            case _:
                super().handle(event)

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Store what has come, and say how much there is now."""
        self._commit()
        notes = (*self._notes, *self.warnings)
        self.states.update(self._run_id, done=len(done_items(self._store, self._run_id)[0]), notes=notes)
        close_assay_run(self._store, self._run_id, Status(str(phase)), self._cost, error=str(failure or ""))
        super().close(phase, failure)

    def _take(self, items: list[AssayItem]) -> None:
        self._pending += items
        self._done += len(items)
        stage = f"{self._done:,} of {count(len(self._planned.material.items), self._planned.assay.described.noun)}"
        self.states.update(self._run_id, done=self._done, stage=stage)
        if time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def _commit(self) -> None:
        add_assay_items(self._store, self._run_id, self._pending)
        self._pending, self._committed = [], time.monotonic()
