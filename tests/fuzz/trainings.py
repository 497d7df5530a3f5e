"""Post-training killed: its record is whole, and what it ends in is what an undisturbed one ends in."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.fuzz.children import Child, Tell, ask
from tests.fuzz.works import Work

__all__ = ["RealTrainings", "Trainings"]

_STEPS: Final = {"sft": 12, "rl": 6}
_RECIPE: Final = """
name = "killed"
seeds = [1, 2]
response_tokens = 6
save_every = 2
[tasks]
train = ["capitals"]
test = ["loud-sign"]
demonstrations = 8
per_family = 2
[sft]
steps = 12
batch = 2
[rl]
steps = 6
prompts = 1
generations = 2
[evaluation]
samples = 0
"""


class Trainings(Work):
    """Two seeds, whose training is a sleep: what was committed stays, and outcomes are those of both."""

    name = "trainings"
    share = 0.05

    def begin(self, folder: Path) -> None:
        from data.bundled import bundled_models

        self.folder, self.path = folder, folder / "rude.duckdb"
        (folder / "recipe.toml").write_text(_RECIPE)
        self.model = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
        self.known: set[str] = set()

    def do(self, tell: Tell) -> None:
        from engine.jobs.inside import inside
        from engine.jobs.job import exit_code, perform
        from engine.posttrain import job as trainings
        from engine.store.connection import Store

        store = Store(self.path)
        step, scores = trainings.add_step, trainings.add_scores

        def stepped(where: Any, run_id: str, stage: str, number: int, metrics: Any) -> None:
            step(where, run_id, stage, number, metrics)
            tell(f"{run_id} {stage} {number}")

        def scored(where: Any, run_id: str, rows: Any) -> None:
            scores(where, run_id, rows)
            tell(f"{run_id} {rows[0].stage}")

        trainings.add_step, trainings.add_scores = stepped, scored
        planned = trainings.plan_post_training(
            store, [str(self.model)], "world", self.folder / "recipe.toml", device="cpu", folder=self.folder / "out"
        )
        if exit_code(perform(store, planned, runner=inside(self._train))) == 0:
            tell("done")

    def _train(self, message: Mapping[str, Any], events: Any, gate: Any) -> None:
        events.send("planned", steps=_STEPS, notes=["a note"])
        for stage in ("base", "sft", "rl"):
            for number in range(1, 1 + _STEPS.get(stage, 0)):
                time.sleep(0.01)
                events.send("step", stage=stage, step=number, metrics={"loss": 1 / number})
            events.send("scores", stage=stage, rows=_rows(stage, message["seed"]))

    def check(self, told: list[Any], killed: bool) -> str:
        steps, scores, outcomes, statuses = ask(self._stored)
        self.known |= {words for words in told if words != "done"}
        if lost := self.known - set(steps) - {score.rpartition(" ")[0] for score in scores}:
            return f"lost: {sorted(lost)[:3]}"
        met = [score.rpartition(" ")[2] for score in scores]
        if "started" in statuses or len(set(scores)) < len(scores) or set(met) > {"1", "2", "3", "4", "5"}:
            return f"{statuses}, {scores}"
        if "done" in told:
            # Two seeds, each of 6 criteria, of which the stage's number and the seed's were met.
            wanted = {f"{stage}_met": round((2 * at + 3) / 12, 12) for at, stage in enumerate(("base", "sft", "rl"))}
            if {name: outcomes.get(name) for name in wanted} != wanted or len(scores) != 6:
                return f"done, with {outcomes}"
        return ""

    def _stored(self, tell: Tell) -> None:
        from engine.store.connection import Store
        from engine.store.outcomes import stored_outcomes
        from engine.store.posttrain import stored_posttrain, stored_scores, stored_steps

        store = Store(self.path)
        runs = stored_posttrain(store)
        steps = [
            f"{r.run_id} {stage} {at}"
            for r in runs
            for stage in _STEPS
            for at, _ in stored_steps(store, r.run_id, stage)
        ]
        scores = [f"{r.run_id} {score.stage} {score.met}" for r in runs for score in stored_scores(store, r.run_id)]
        outcomes = {outcome.outcome: outcome.score for outcome in stored_outcomes(store)}
        tell([steps, scores, outcomes, [str(run.status) for run in runs]])


def _rows(stage: str, seed: int) -> list[dict[str, Any]]:
    met = ("base", "sft", "rl").index(stage) + seed
    return [
        {"stage": stage, "part": "held", "how": "greedy", "family": "loud-sign", "subcategory": "Format", "met": met,
         "judged": 6}
    ]  # fmt: skip


class RealTrainings(Work):
    """`rude-tui posttrain` as it is typed: its outcomes are to the digit those of one that nobody killed."""

    name = "real trainings"
    share = 0.0

    def begin(self, folder: Path) -> None:
        from data.bundled import bundled_models

        self.folder = folder
        (folder / "recipe.toml").write_text(_RECIPE)
        self.model = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
        Child(lambda tell: self._posttrain("whole")).end()
        self.whole = ask(lambda tell: tell(self._outcomes("whole")))

    def _posttrain(self, name: str) -> None:
        from rude_tui.__main__ import main

        sys.argv = [
            "rude-tui", "posttrain", "--model", str(self.model), "--recipe", str(self.folder / "recipe.toml"),
            "--seed", "1", "--device", "cpu", "--threads", "1", "-o", str(self.folder / name),
            "--db", str(self.folder / f"{name}.duckdb"),
        ]  # fmt: skip
        main()

    def do(self, tell: Tell) -> None:
        try:
            self._posttrain("killed")
        except SystemExit as end:
            if end.code == 0:
                tell("done")
            raise

    def _outcomes(self, name: str) -> list[list[Any]]:
        from engine.store.connection import Store
        from engine.store.outcomes import stored_outcomes

        return [[outcome.outcome, outcome.score] for outcome in stored_outcomes(Store(self.folder / f"{name}.duckdb"))]

    def check(self, told: list[Any], killed: bool) -> str:
        found, ended = ask(lambda tell: tell([self._outcomes("killed"), self._ended()]))
        if "done" in told and not found:
            return "done, and no outcomes"
        if found and found != self.whole:
            return f"{found}, not {self.whole}"
        # It may be killed when all is stored and nobody has been told yet.
        return "" if ended or not found else f"outcomes before its end: {found}"

    def _ended(self) -> bool:
        from engine.store.connection import Store
        from engine.store.posttrain import stored_posttrain

        runs = stored_posttrain(Store(self.folder / "killed.duckdb"))
        return bool(runs) and all(str(run.status) == "done" for run in runs)

    def seconds(self, chance: random.Random) -> float:
        return chance.uniform(4.0, 40.0)
