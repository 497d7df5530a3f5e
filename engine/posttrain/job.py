"""Post-training asked for by a person: planned, done in a worker, stored, and shown like any other run."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from engine.candidates.find import Candidate, find
from engine.jobs.process import WorkerProcess
from engine.jobs.progress import TRAINING, NoProgress, Phase, Progress, RunState, Throttle
from engine.outcomes.outcomes import Outcome
from engine.posttrain.outcomes import outcomes_of
from engine.posttrain.recipe import PostTraining, read_recipe
from engine.posttrain.tasks import WORLD, split, suite_hash
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.posttrain import (
    PostTrainRun,
    Score,
    add_scores,
    add_step,
    close_posttrain,
    open_posttrain,
    stored_posttrain,
    stored_scores,
)
from engine.store.runs import Status
from rubrics.errors import BadInput, CandidateError, Exit, RudeError

__all__ = [
    "Planned",
    "Recorder",
    "ended",
    "job_of",
    "outcomes_in",
    "outcomes_of_run",
    "plan_post_training",
    "post_train_all",
    "require",
]

_NEEDED: Final = ("trl", "peft", "datasets")


@dataclass(frozen=True)
class Planned:
    """One candidate with one seed."""

    candidate: Candidate
    run: PostTrainRun
    recipe: PostTraining
    device: str


def require() -> None:
    """Whether what trains is installed.

    Raises:
        RudeError: it is not.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise RudeError(
            f"post-training needs {', '.join(missing)}, which is not installed",
            fix="install the extra: pip install 'rude-tui[posttrain]'",
        )


def plan_post_training(
    models: Sequence[str],
    suite: str,
    recipe_file: Path,
    *,
    seeds: Sequence[int] = (),
    device: str = "auto",
    folder: Path,
    fetch: Callable[[str], Path] | None = None,
) -> list[Planned]:
    """What would be done, candidate by candidate and seed by seed. Loads no weights.

    Args:
        suite: `world`, or a JSONL file of prompts with `checks`.
        seeds: instead of the recipe's.
        folder: where checkpoints and trained models go; each run gets a folder of its own.
        fetch: gets a hub id that is not in the cache.

    Raises:
        BadInput: something given cannot be used.
        RudeError: the extra `posttrain` is not installed.
    """
    from engine.candidates.hashing import weights_hash
    from engine.machine.devices import resolve_device
    from engine.machine.paths import digest_dir

    require()
    recipe = read_recipe(recipe_file)
    known = _suite(suite)
    # Whoever takes it up may stand in another folder.
    suite = suite if suite == WORLD else str(Path(suite).absolute())
    split(
        suite, replace(recipe.tasks, demonstrations=1, per_family=1, seen_per_family=1)
    )  # faults of suite and recipe come before work
    spec = resolve_device(device).spec
    planned = []
    for candidate in find(tuple(models), fetch=fetch):
        problem = next((problem for problem in candidate.problems if problem.refused), None)
        if problem is not None:
            raise CandidateError(problem.what, where=candidate.name, fix=problem.fix)
        weights = weights_hash(candidate.path, remembered=digest_dir())
        for seed in seeds or recipe.seeds:
            key = json.dumps([weights, recipe.hash, known, seed])
            run_id = hashlib.sha256(key.encode()).hexdigest()[:24]
            place = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', candidate.name)}-{run_id[:8]}"
            run = PostTrainRun(
                run_id, candidate.name, weights, suite, known, recipe.name, recipe.hash, recipe.to_json(), seed,
                str(place),
            )  # fmt: skip
            planned.append(Planned(candidate, run, recipe, spec))
    return planned


def _suite(suite: str) -> str:
    try:
        return suite_hash(suite)
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=suite, fix="give world, or a JSONL file of prompts with checks"
        ) from None


def job_of(planned: Planned, *, threads: int | None = None) -> dict[str, Any]:
    """What a worker is told."""
    return {
        "mode": "posttrain", "model": str(planned.candidate.path), "suite": planned.run.suite,
        "recipe": planned.recipe.to_json(), "seed": planned.run.seed, "folder": planned.run.folder,
        "device": planned.device, "threads": threads, "parameters": planned.candidate.parameters,
    }  # fmt: skip


class Recorder:
    """Turns the events of one run into stored rows and shown states."""

    def __init__(self, store: Store, planned: Planned, show: Callable[[RunState], None] = lambda _: None) -> None:
        self._store, self._planned, self._show = store, planned, show
        self._throttle = Throttle()
        self._before: dict[str, int] = {}
        self._began = time.monotonic()
        self._first: int | None = None
        self.state = RunState(
            key=planned.run.run_id, run_id=planned.run.run_id, candidate=planned.candidate.name,
            suite=planned.run.suite, protocol=f"{TRAINING} #{planned.run.seed}", device=planned.device,
            note=planned.recipe.name,
        )  # fmt: skip

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        kind = event["event"]
        if kind == "planned":
            total = 0
            for stage, steps in event["steps"].items():
                self._before[stage] = total
                total += steps
            self.update(phase=Phase.TRAINING, total=total, notes=tuple(event["notes"]))
        elif kind == "step":
            self._step(event)
        elif kind == "scores":
            scores = [Score(**row) for row in event["rows"]]
            add_scores(self._store, self._planned.run.run_id, scores)
            greedy = [s for s in scores if s.part == "held" and s.how == "greedy"]
            met, judged = sum(s.met for s in greedy), sum(s.judged for s in greedy)
            said = f"{event['stage']}: {met / max(1, judged):.0%} of criteria met on what is held out"
            after = self._before.get(event["stage"], 0) + self._planned_steps(event["stage"])
            self.update(note=said, notes=(*self.state.notes, said), done=max(self.state.done, after))
        elif kind == "phase":
            self.update(phase=Phase(event["phase"]))

    def _planned_steps(self, stage: str) -> int:
        return {"sft": self._planned.recipe.sft.steps, "rl": self._planned.recipe.rl.steps}.get(stage, 0)

    def _step(self, event: Mapping[str, Any]) -> None:
        done = self._before[event["stage"]] + event["step"]
        if self._first is None:
            self._first, self._began = done, time.monotonic()
        speed = (done - self._first) / max(1e-6, time.monotonic() - self._began)
        self.update(
            phase=Phase.TRAINING,
            done=done,
            pairs_per_second=speed,
            eta_seconds=(self.state.total - done) / speed if speed else None,
            seconds=time.monotonic() - self._began,
            note=event["stage"],
        )
        if event["metrics"]:
            add_step(self._store, self._planned.run.run_id, event["stage"], event["step"], event["metrics"])

    def update(self, **changes: Any) -> None:
        """Change the state, and show it if it is time or the phase is another."""
        before, self.state = self.state, replace(self.state, **changes)
        if self._throttle.ready() or self.state.phase is not before.phase:
            self._show(self.state)


def post_train_all(
    store: Store,
    planned: Sequence[Planned],
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
    *,
    threads: int | None = None,
) -> tuple[RunState, ...]:
    """Do what is planned, one run at a time, each in a process of its own; blocks. Calling it again goes on.

    Outcomes of a candidate are stored as soon as one of its seeds is done, from all of its seeds so far.

    Raises:
        StoreError: nothing can be stored.
    """
    progress, cancel = progress or NoProgress(), cancel or threading.Event()
    recorders = [Recorder(store, one, progress.advanced) for one in planned]
    finished = {run.run_id for run in stored_posttrain(store) if run.status is Status.DONE}
    progress.started(tuple(recorder.state for recorder in recorders))
    for one, recorder in zip(planned, recorders, strict=True):
        if cancel.is_set():
            recorder.update(phase=Phase.CANCELLED)
        elif one.run.run_id in finished:
            recorder.update(phase=Phase.UP_TO_DATE)
        else:
            _one(store, one, recorder, cancel, pause, threads)
    states = tuple(recorder.state for recorder in recorders)
    progress.finished(states)
    return states


def _one(
    store: Store,
    planned: Planned,
    recorder: Recorder,
    cancel: threading.Event,
    pause: threading.Event | None,
    threads: int | None,
) -> None:
    run_id = planned.run.run_id
    save_candidate(store, planned.candidate, planned.run.weights_hash)
    owner = open_posttrain(store, planned.run)
    if owner is not None:
        recorder.update(phase=Phase.BUSY, error=f"process {owner.pid} is training this already")
        return
    status, error = Status.CANCELLED, ""
    recorder.update(phase=Phase.LOADING)
    began = time.monotonic()
    try:
        with WorkerProcess(job_of(planned, threads=threads)) as worker:
            for event in worker.events(cancel, pause):
                recorder.handle(event)
        if not cancel.is_set():
            status = Status.DONE
    except RudeError as failure:
        status, error = Status.FAILED, str(failure)
        recorder.update(bad_input=failure.exit_code is Exit.BAD_INPUT)
    finally:
        # Also on Ctrl-C: checkpoints are on disk, and the run is open to whoever goes on with it.
        close_posttrain(store, run_id, status, error=error, facts={"seconds": round(time.monotonic() - began, 1)})
    recorder.update(phase=Phase(str(status)), error=error)
    if status is Status.DONE:
        add_outcomes(store, outcomes_of_run(store, planned.run))


def ended(states: Sequence[RunState]) -> Exit:
    """What a command line should return for these ends."""
    phases = {state.phase for state in states}
    if Phase.CANCELLED in phases:
        return Exit.INTERRUPTED
    if Phase.FAILED in phases:
        return Exit.BAD_INPUT if all(state.bad_input for state in states) else Exit.FAILED
    return Exit.SOME_SKIPPED if Phase.BUSY in phases else Exit.DONE


def outcomes_of_run(store: Store, run: PostTrainRun) -> list[Outcome]:
    """Outcomes of the run's candidate, over all of its seeds that are finished."""
    return outcomes_in(store, run.recipe_hash, [run.candidate], suite=run.suite_hash)


def outcomes_in(store: Store, recipe_hash: str, candidates: Sequence[str] = (), *, suite: str = WORLD) -> list[Outcome]:
    """Outcomes of all finished runs of a recipe, over their seeds.

    Args:
        candidates: only these; none means all.
        suite: hash of what they were trained on.
    """
    found: dict[str, list[list[Score]]] = {}
    for run in stored_posttrain(store):
        wanted = (not candidates or run.candidate in candidates) and run.status is Status.DONE
        if wanted and (run.recipe_hash, run.suite_hash) == (recipe_hash, suite):
            found.setdefault(run.candidate, []).append(stored_scores(store, run.run_id))
    return [outcome for name, seeds in found.items() for outcome in outcomes_of(name, seeds)]
