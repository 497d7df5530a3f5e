"""Post-training asked for by a person: planned, done in a worker, stored, and shown like any other run."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.candidates.find import Candidate, find
from engine.jobs.job import Asked, Job, Refused, Turn, WorkerTurn
from engine.jobs.keys import key_hash
from engine.jobs.looking import looked_at
from engine.jobs.progress import TRAINING, Phase, RunState
from engine.jobs.states import States
from engine.outcomes.outcomes import Outcome
from engine.posttrain.extra import require_extra
from engine.posttrain.held_out import HELD, HeldOutCurve, held_out_words, steps_before, stored_curves
from engine.posttrain.outcomes import outcomes_of
from engine.posttrain.recipe import PostTraining, read_recipe, stage_steps
from engine.posttrain.tasks import WORLD, preferences, split, suite_hash
from engine.posttrain.verifier import allowed
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.posttrain import (
    PostTrainRun,
    StageScore,
    add_scores,
    add_step,
    close_posttrain,
    open_posttrain,
    stored_posttrain,
    stored_scores,
)
from engine.store.runs import Status
from rubrics.errors import BadInput, CandidateError, RudeError
from rubrics.reading import built_in_names, find_suite

__all__ = ["PlannedTraining", "PostTrainJob", "asked_for", "outcomes_in", "outcomes_of_run", "plan_post_training"]


@dataclass(frozen=True)
class PlannedTraining:
    """One candidate with one seed."""

    candidate: Candidate
    run: PostTrainRun
    recipe: PostTraining
    device: str
    done: bool = False
    """Whether it has been done already."""
    reward: str = ""
    """What is known of the verifier model that gives the reward; empty where programs do."""

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.run.run_id, run_id=self.run.run_id, candidate=self.candidate.name, suite=self.run.suite,
            protocol=f"{TRAINING} #{self.run.seed}", device=self.device, note=self.recipe.name,
            phase=Phase.UP_TO_DATE if self.done else Phase.QUEUED,
        )  # fmt: skip


def plan_post_training(
    store: Store,
    models: Sequence[str],
    suite: str,
    recipe_file: Path,
    *,
    seeds: Sequence[int] = (),
    device: str = "auto",
    threads: int | None = None,
    folder: Path,
    fetch: Callable[[str], Path] | None = None,
) -> PostTrainJob:
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

    require_extra()
    recipe = _with_suite_found(read_recipe(recipe_file))
    reward = allowed(store, recipe.rl.verifier) if recipe.rl.verifier and recipe.rl.steps else ""
    suite_digest = _suite(suite)
    # Whoever takes it up may stand in another folder.
    suite = suite if suite == WORLD else str(Path(suite).absolute())
    few = split(suite, replace(recipe.tasks, demonstrations=1, per_family=1, seen_per_family=1), verifier=bool(reward))
    # Faults of suites and recipe come before work.
    learned = [find_suite(recipe.dpo.suite).hash] if recipe.dpo.steps and preferences(recipe.dpo.suite, few) else []
    spec = resolve_device(device).spec
    finished = {run.run_id for run in stored_posttrain(store) if run.status is Status.DONE}
    planned = []
    for candidate in looked_at(find(tuple(models), fetch=fetch)):
        problem = next((problem for problem in candidate.problems if problem.refused), None)
        if problem is not None:
            raise CandidateError(problem.what, where=candidate.name, fix=problem.fix)
        if candidate.stored:
            what, fix = "is a GGUF file, which is scored but not post-trained", "give the folder that it was made from"
            raise CandidateError(what, where=candidate.name, fix=fix)
        if candidate.served is not None:
            what, fix = "is served, and cannot be post-trained there", "give the folder that is served"
            raise CandidateError(what, where=candidate.name, fix=fix)
        weights = weights_hash(candidate.path, remembered=digest_dir())
        for seed in seeds or recipe.seeds:
            run_id = key_hash([weights, recipe.hash, suite_digest, seed, *learned])
            place = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', candidate.name)}-{run_id[:8]}"
            run = PostTrainRun(
                run_id, candidate.name, weights, suite, suite_digest, recipe.name, recipe.hash, recipe.to_json(), seed,
                str(place),
            )  # fmt: skip
            planned.append(PlannedTraining(candidate, run, recipe, spec, run_id in finished, reward))
    request = {
        "models": [str(Path(model).absolute()) if os.path.exists(model) else model for model in models],
        "suite": suite, "recipe_file": str(recipe_file.absolute()), "seeds": list(seeds), "device": device,
        "threads": threads, "folder": str(folder.absolute()),
    }  # fmt: skip
    return PostTrainJob(tuple(planned), threads, request=request)


def _with_suite_found(recipe: PostTraining) -> PostTraining:
    """Whoever takes it up may stand in another folder, and then a suite's file is where it was all the same."""
    path = Path(recipe.dpo.suite).expanduser()
    if not recipe.dpo.suite or recipe.dpo.suite in built_in_names() or not path.is_file():
        return recipe
    return replace(recipe, dpo=replace(recipe.dpo, suite=str(path.absolute())))


def asked_for(store: Store, request: Mapping[str, Any]) -> PostTrainJob:
    """The job that `PostTrainJob.asked` speaks of: how a process of its own is asked.

    Raises:
        BadInput: as `plan_post_training`.
    """
    paths = {name: Path(request[name]) for name in ("recipe_file", "folder")}
    return plan_post_training(store, **{**request, **paths})


def _suite(suite: str) -> str:
    try:
        return suite_hash(suite)
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=suite, fix="give world, or a JSONL file of prompts with checks"
        ) from None


@dataclass(frozen=True)
class PostTrainJob(Job):
    """Every run, one at a time. Outcomes of a candidate are stored as soon as one of its seeds is done, from all of
    its seeds so far."""

    planned: tuple[PlannedTraining, ...]
    threads: int | None = None
    refused: tuple[Refused, ...] = ()
    request: Mapping[str, Any] | None = None
    """What was asked for, as plain JSON values; None where it was taken up from what is stored."""

    @property
    def asked(self) -> Asked | None:
        """See `Job`."""
        return None if self.request is None else Asked("engine.posttrain.job:asked_for", self.request)

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(planned.state for planned in self.planned)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for planned in self.planned:
            if not states[planned.run.run_id].phase.ended:
                yield PostTrainTurn(store, planned, states, threads=self.threads)
            else:
                # Forgetting one seed takes the outcomes of all along; those of the seeds that are left come anew.
                add_outcomes(store, outcomes_of_run(store, planned.run))


class PostTrainTurn(WorkerTurn):
    """One run, in a process of its own; checkpoints on the disk are what it goes on from."""

    def __init__(self, store: Store, planned: PlannedTraining, states: States, *, threads: int | None = None) -> None:
        super().__init__([planned.run.run_id], states)
        self._store, self._planned, self._threads = store, planned, threads
        self._run_id = planned.run.run_id
        self._before = steps_before(stage_steps(planned.run.settings))
        """Steps that come before each stage."""
        self._began = time.monotonic()
        self._first: int | None = None
        self._training_began = self._began

    def claim(self) -> bool:
        """See `Turn`."""
        owner = open_posttrain(self._store, self._planned.run, take_over=self.take_over)
        if owner is not None:
            self.states.update(self._run_id, phase=Phase.BUSY, error=str(owner.busy("training this")))
            return False
        save_candidate(self._store, self._planned.candidate, self._planned.run.weights_hash)
        self.states.update(self._run_id, phase=Phase.LOADING)
        self._began = time.monotonic()
        return True

    def message(self) -> AbstractContextManager[dict[str, Any]]:
        """See `WorkerTurn`."""
        planned = self._planned
        return nullcontext({
            "kind": "posttrain", "model": str(planned.candidate.path), "suite": planned.run.suite,
            "recipe": planned.recipe.to_json(), "seed": planned.run.seed, "folder": planned.run.folder,
            "device": planned.device, "threads": self._threads, "parameters": planned.candidate.parameters,
            "hashes": {"weights_hash": planned.run.weights_hash},
        })  # fmt: skip

    def handle(self, event: Mapping[str, Any]) -> None:
        """See `WorkerTurn`."""
        match event["event"]:
            case "planned":
                self._before = steps_before(event["steps"])
                curve = stored_curves(self._store, [self._planned.run])[self._run_id]
                self.states.update(
                    self._run_id, phase=Phase.TRAINING, total=sum(event["steps"].values()), account=curve,
                    notes=(*filter(None, [self._planned.reward]), *event["notes"], *self.warnings),
                )  # fmt: skip
            case "step":
                self._step(event)
            case "scores":
                self._scores(event["stage"], [StageScore(**row) for row in event["rows"]])
            case _:
                super().handle(event)

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """See `Turn`."""
        facts = {
            "seconds": round(time.monotonic() - self._began, 1), "notes": list(self.states[self._run_id].notes),
        }  # fmt: skip
        close_posttrain(self._store, self._run_id, Status(str(phase)), error=str(failure or ""), facts=facts)
        super().close(phase, failure)
        if phase is Phase.DONE:
            add_outcomes(self._store, outcomes_of_run(self._store, self._planned.run))

    def _step(self, event: Mapping[str, Any]) -> None:
        done = self._before[event["stage"]] + event["step"]
        if self._first is None:
            self._first, self._training_began = done, time.monotonic()
        seconds = time.monotonic() - self._training_began
        speed = (done - self._first) / max(1e-6, seconds)
        self.states.update(
            self._run_id,
            phase=Phase.TRAINING,
            done=done,
            pairs_per_second=speed,
            eta_seconds=(self.states[self._run_id].total - done) / speed if speed else None,
            seconds=seconds,
            note=event["stage"],
        )
        if event["metrics"]:
            if HELD in event["metrics"]:
                self._point(done, event["metrics"][HELD])
            add_step(self._store, self._run_id, event["stage"], event["step"], event["metrics"])

    def _scores(self, stage: str, scores: Sequence[StageScore]) -> None:
        add_scores(self._store, self._run_id, scores)
        greedy = [score for score in scores if score.part == "held" and score.how == "greedy"]
        met, judged = sum(score.met for score in greedy), sum(score.judged for score in greedy)
        line = f"{stage}: {held_out_words(met, judged) if judged else 'nothing is held out'}"
        steps = stage_steps(self._planned.run.settings).get(stage, 0)
        state = self.states[self._run_id]
        done = max(state.done, self._before.get(stage, 0) + steps)
        self.states.update(self._run_id, note=line, notes=(*state.notes, line), done=done)
        if judged:
            self._point(self._before.get(stage, 0) + steps, met / judged, judged)

    def _point(self, step: int, share: float, judged: int = 0) -> None:
        curve = self.states[self._run_id].account
        assert curve is None or isinstance(curve, HeldOutCurve)
        self.states.update(self._run_id, account=(curve or HeldOutCurve()).with_point(step, share, judged))


def outcomes_of_run(store: Store, run: PostTrainRun) -> list[Outcome]:
    """Outcomes of the run's candidate, over all of its seeds that are finished."""
    return outcomes_in(store, run.recipe_hash, [run.candidate], suite=run.suite_hash)


def outcomes_in(store: Store, recipe_hash: str, candidates: Sequence[str] = (), *, suite: str = WORLD) -> list[Outcome]:
    """Outcomes of all finished runs of a recipe, over their seeds.

    Args:
        candidates: only these; none means all.
        suite: hash of what they were trained on.
    """
    scores: dict[str, list[list[StageScore]]] = {}
    for run in stored_posttrain(store):
        chosen = (not candidates or run.candidate in candidates) and run.status is Status.DONE
        if chosen and (run.recipe_hash, run.suite_hash) == (recipe_hash, suite):
            scores.setdefault(run.candidate, []).append(stored_scores(store, run.run_id))
    return [outcome for name, seeds in scores.items() for outcome in outcomes_of(name, seeds)]
