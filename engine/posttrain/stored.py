"""Post-training as the Run screen lists it: rows beside those of scoring, and what takes one up again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.jobs.progress import TRAINING
from engine.posttrain.held_out import held_out_words, stored_curves
from engine.posttrain.recipe import STAGES, stage_steps
from engine.posttrain.tasks import suite_hash
from engine.store.candidates import candidate_place
from engine.store.connection import Store
from engine.store.posttrain import held_out_criteria, last_steps, stored_posttrain
from engine.store.runs import RunRow, Status
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from engine.posttrain.job import PostTrainJob

__all__ = ["resume_training", "training_rows"]


def training_rows(store: Store) -> list[RunRow]:
    """Every post-training as a stored run, whichever process does it; steps stand where pairs do."""
    with store.snapshot():
        runs = stored_posttrain(store)
        steps, criteria = (last_steps(store), held_out_criteria(store)) if runs else ({}, {})
        curves = stored_curves(store, runs) if runs else {}
    rows = []
    for run in runs:
        trained = steps.get(run.run_id, {})
        total = sum(stage_steps(run.settings).values())
        done = total if run.status is Status.DONE else sum(step for step, _ in trained.values())
        notes = _notes(trained, criteria.get(run.run_id, {}))
        rows.append(
            RunRow(
                run_id=run.run_id, suite_hash=run.suite_hash, suite=Path(run.suite).stem,
                weights_hash=run.weights_hash, candidate=run.candidate, protocol=TRAINING, precision="", device="",
                attention="", template_hash="", shots=None, show_criteria=False, prompt="own", seed=run.seed,
                status=run.status, n_wanted=total, n_scored=done, n_skipped=0, error=run.error,
                facts={**run.facts, "recipe": run.recipe, "notes": notes, "folder": run.folder,
                       "held_out": curves[run.run_id].points}, versions={},
                created_at=run.created_at, updated_at=run.updated_at, owner=run.owner,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.created_at, row.run_id), reverse=True)


def _notes(
    trained: Mapping[str, tuple[int, Mapping[str, Any]]], measured: Mapping[str, tuple[int, int]]
) -> tuple[str, ...]:
    notes = []
    for stage in STAGES:
        parts = []
        if stage in trained:
            step, metrics = trained[stage]
            parts.append(f"step {step}")
            parts += [f"{key} {metrics[key]:.3f}" for key in ("loss", "reward") if key in metrics]
        if stage in measured:
            met, judged = measured[stage]
            parts.append(held_out_words(met, judged) if judged else "nothing is held out")
        if parts:
            notes.append(f"{stage}: {', '.join(parts)}")
    return tuple(notes)


def resume_training(store: Store, row: RunRow) -> PostTrainJob:
    """What goes on with a run that stopped, by the recipe that it was begun with.

    Raises:
        BadInput: the model or the suite is no longer there as it was.
        RudeError: the extra `posttrain` is not installed.
    """
    from dataclasses import replace

    from engine.candidates.find import find
    from engine.machine.devices import resolve_device
    from engine.posttrain.extra import require_extra
    from engine.posttrain.job import PlannedTraining, PostTrainJob
    from engine.posttrain.recipe import PostTraining
    from engine.posttrain.verifier import allowed

    require_extra()
    run = next(run for run in stored_posttrain(store) if run.run_id == row.run_id)
    folder = candidate_place(store, run.weights_hash)
    if folder is None or not os.path.isdir(folder):
        raise BadInput(
            "its model folder is gone",
            where=run.candidate,
            fix="post-train it from the folder's new place",
            shell="rude-tui posttrain --model FOLDER --recipe FILE",
        )
    if _hash_of(run.suite) != run.suite_hash:
        raise BadInput(
            "its prompts are gone, or others now",
            where=run.suite,
            fix="post-train it on the new file",
            shell="rude-tui posttrain --suite FILE --model FOLDER --recipe FILE",
        )
    (candidate,) = find((folder,))
    device = resolve_device("auto").spec
    recipe = PostTraining.of(dict(run.settings))
    reward = allowed(store, recipe.rl.verifier) if recipe.rl.verifier else ""
    return PostTrainJob((PlannedTraining(replace(candidate, name=run.candidate), run, recipe, device, reward=reward),))


def _hash_of(suite: str) -> str | None:
    try:
        return suite_hash(suite)
    except OSError:
        return None
