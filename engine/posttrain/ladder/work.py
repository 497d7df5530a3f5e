"""What is left of the ladder, done in an order in which everything finished so far can be used.

Any number of processes may do so on one folder; one that was stopped goes on where it was.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import data
from engine.jobs.child import Events, Gate
from engine.jobs.job import perform
from engine.posttrain.job import PostTrainJob, plan_post_training
from engine.posttrain.pretrain import Recipe, pretrain
from engine.posttrain.recipe import PostTraining
from engine.store.connection import Store
from engine.store.posttrain import stored_posttrain
from engine.store.runs import Status
from rubrics.errors import RudeError

__all__ = ["LADDER", "Ladder", "say", "work"]

LADDER: Final = Path(data.__file__).parent / "ladder"
SUITE: Final = "world"
_NAP: Final = 5.0


@dataclass(frozen=True)
class Ladder:
    """Where everything is, and what is made of it."""

    out: Path
    recipes: tuple[Recipe, ...]
    recipe_file: Path
    bundled: tuple[Path, ...]
    limit: int | None = None
    """Pairs of the suite to score; all of them unless told otherwise."""
    post_trains: bool = True
    """Whether more is done than to pre-train and to read."""

    @property
    def store(self) -> Store:
        """Scores and outcomes."""
        return Store(self.out / "ladder.duckdb")

    @property
    def models(self) -> list[Path]:
        """Folders of the models that are ready, the bundled ones first."""
        return [*self.bundled, *(folder for r in self.recipes if _ready(folder := self.out / "models" / r.name))]

    def base_reading(self, name: str) -> Path:
        """What a model was read on beside the suite."""
        return self.out / "read" / f"{name}.json"

    @property
    def all_models(self) -> int:
        """How many there will be."""
        return len(self.bundled) + len(self.recipes)

    def post_training(self, model: Path, seeds: Sequence[int] = ()) -> PostTrainJob:
        """The runs of one model."""
        return plan_post_training(
            self.store, [str(model)], SUITE, self.recipe_file, seeds=seeds, device="cpu", folder=self.out / "posttrain"
        )


def _ready(folder: Path) -> bool:
    return (folder / "model.safetensors").is_file()


@contextmanager
def _claim(path: Path) -> Iterator[bool]:
    """Whether this process may work on what `path` stands for; a process that dies gives its claim back."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@dataclass(frozen=True)
class _Step:
    name: str
    is_done: Callable[[], bool]
    do: Callable[[], object]


def work(ladder: Ladder, recipe: PostTraining) -> None:
    """Do what is left until nothing is, beside any other process that does the same.

    Whatever has become possible for a finished model goes first, then the next model, and further seeds come last.
    """
    finished: set[str] = set()
    while True:
        waiting, moved = len(ladder.models) < ladder.all_models, False
        for step in _steps(ladder, recipe):
            if step.name in finished:
                continue
            if step.is_done():
                finished.add(step.name)
                continue
            moved = _try(ladder, step)
            if moved:
                break
            waiting = True
        if not moved:
            if not waiting:
                return
            time.sleep(_NAP)


def _try(ladder: Ladder, step: _Step) -> bool:
    with _claim(ladder.out / "locks" / step.name) as mine:
        # Another process may have done it between our look and our claim.
        if not mine or step.is_done():
            return False
        began = time.monotonic()
        step.do()
        say(f"{step.name}: {time.monotonic() - began:.0f} s")
    return True


def _steps(ladder: Ladder, recipe: PostTraining) -> Iterator[_Step]:
    for number, seed in enumerate(recipe.seeds):
        for model in ladder.models:
            if not number:
                yield _scoring(ladder, model)
                yield _reading(ladder, model, recipe)
            if ladder.post_trains:
                yield _training(ladder, model, seed)
        if not number:
            for pretraining in ladder.recipes:
                yield _pretraining(ladder, pretraining)


def _pretraining(ladder: Ladder, recipe: Recipe) -> _Step:
    folder = ladder.out / "models"
    return _Step(
        f"pretrain-{recipe.name}", lambda: _ready(folder / recipe.name), lambda: pretrain(recipe, folder, say=say)
    )


def _scoring(ladder: Ladder, model: Path) -> _Step:
    from engine.jobs.planning import plan
    from engine.jobs.runs import RunRequest

    request = RunRequest(
        models=(str(model),), suites=(SUITE,), device="cpu", precision="fp32", threads=1, token_scores=True,
        limit=ladder.limit,
    )  # fmt: skip
    return _Step(
        f"score-{model.name}",
        lambda: not any(run.left for run in plan(ladder.store, request).runs),
        lambda: perform(ladder.store, plan(ladder.store, request)),
    )


def _reading(ladder: Ladder, model: Path, recipe: PostTraining) -> _Step:
    def read() -> None:
        from engine.posttrain.ladder.base_reading import read_base

        read_base(model, recipe, ladder.base_reading(model.name))

    return _Step(f"read-{model.name}", ladder.base_reading(model.name).is_file, read)


def _training(ladder: Ladder, model: Path, seed: int) -> _Step:
    def ended() -> bool:
        (planned,) = ladder.post_training(model, [seed]).planned
        # What failed once fails again: the card says so.
        ends = (Status.DONE, Status.FAILED)
        return any(run.run_id == planned.run.run_id and run.status in ends for run in stored_posttrain(ladder.store))

    return _Step(
        f"posttrain-{model.name}-{seed}",
        ended,
        lambda: _post_train(ladder.store, ladder.post_training(model, [seed])),
    )


def _post_train(store: Store, job: PostTrainJob) -> None:
    """In this process: loading the libraries would cost a tenth of the time, every time."""
    from engine.jobs.inside import inside
    from engine.posttrain.train import post_train

    def train(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        try:
            post_train(message, events, gate)
        except RuntimeError as failure:
            # Training that has broken down ends in a draw from no distribution; that is this model's result.
            raise RudeError(str(failure)) from failure

    perform(store, job, runner=inside(train))


def say(line: str) -> None:
    """A line to whoever watches."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
