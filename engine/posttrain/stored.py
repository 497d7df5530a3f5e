"""Post-training as the Run screen lists it: rows beside those of scoring, and what takes one up again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.jobs.progress import TRAINING
from engine.posttrain.tasks import suite_hash
from engine.store.connection import Store
from engine.store.posttrain import stored_posttrain
from engine.store.runs import RunRow, Status
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from engine.posttrain.job import PostTrainJob

__all__ = ["resume_training", "training_rows"]


def training_rows(store: Store) -> list[RunRow]:
    """Every post-training as a stored run, whichever process does it; steps stand where pairs do."""
    runs = {run.run_id: run for run in stored_posttrain(store)}
    if not runs:
        return []
    with store.reading() as connection:
        facts = connection.execute(
            "select run_id, facts, strftime(created_at, '%Y-%m-%d %H:%M:%S'), "
            "strftime(updated_at, '%Y-%m-%d %H:%M:%S') from posttrain_runs"
        ).fetchall()
        steps = connection.execute(
            "select run_id, stage, max(step), arg_max(metrics, step) from posttrain_steps group by run_id, stage"
        ).fetchall()
        scores = connection.execute(
            "select run_id, stage, sum(met)::int, sum(judged)::int from posttrain_scores "
            "where part = 'held' and how = 'greedy' group by run_id, stage"
        ).fetchall()
    rows = []
    for run_id, held, created, updated in facts:
        run = runs[run_id]
        trained = {stage: (step, json.loads(metrics)) for name, stage, step, metrics in steps if name == run_id}
        measured = {stage: (met, judged) for name, stage, met, judged in scores if name == run_id}
        total = sum(int(run.settings[stage]["steps"]) for stage in ("sft", "rl"))
        done = total if run.status is Status.DONE else sum(step for step, _ in trained.values())
        notes = _notes(trained, measured)
        rows.append(
            RunRow(
                run_id, run.suite_hash, Path(run.suite).stem, run.weights_hash, run.candidate, TRAINING, "",
                "", "", None, False,
                "own", run.seed, run.status, total, done, 0, run.error,
                {**json.loads(held), "recipe": run.recipe, "notes": notes, "folder": run.folder}, {}, created, updated,
                None,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.created_at, row.run_id), reverse=True)


def _notes(
    trained: Mapping[str, tuple[int, Mapping[str, Any]]], measured: Mapping[str, tuple[int, int]]
) -> tuple[str, ...]:
    notes = []
    for stage in ("base", "sft", "rl"):
        parts = []
        if stage in trained:
            step, metrics = trained[stage]
            parts.append(f"step {step}")
            parts += [f"{key} {metrics[key]:.3f}" for key in ("loss", "reward") if key in metrics]
        if stage in measured:
            met, judged = measured[stage]
            parts.append(f"{met} of {judged} criteria met on what is held out")
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
    from engine.posttrain.job import PlannedTraining, PostTrainJob, require
    from engine.posttrain.recipe import PostTraining

    require()
    run = next(run for run in stored_posttrain(store) if run.run_id == row.run_id)
    with store.reading() as connection:
        path = connection.execute("select path from candidates where weights_hash = ?", [run.weights_hash]).fetchone()
    if path is None or not Path(path[0]).is_dir():
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
    (candidate,) = find((path[0],))
    device = resolve_device("auto").spec
    recipe = PostTraining.of(dict(run.settings))
    return PostTrainJob((PlannedTraining(replace(candidate, name=run.candidate), run, recipe, device),))


def _hash_of(suite: str) -> str | None:
    try:
        return suite_hash(suite)
    except OSError:
        return None
