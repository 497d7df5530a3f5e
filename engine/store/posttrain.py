"""Post-training in the store: runs, how their training went, and what their answers were worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Store
from engine.store.runs import Owner, Status

__all__ = [
    "PostTrainRun",
    "StageScore",
    "add_scores",
    "add_step",
    "close_posttrain",
    "open_posttrain",
    "stored_posttrain",
    "stored_scores",
    "stored_steps",
]


@dataclass(frozen=True)
class StageScore:
    """Criteria of one family and subcategory that the answers of one stage met."""

    stage: str
    """`base`, `sft` or `rl`."""
    part: str
    """`held`: families that post-training never sees; `seen`: fresh prompts of those it is trained on."""
    how: str
    """`greedy` or `sampled`."""
    family: str
    subcategory: str
    met: int
    judged: int


@dataclass(frozen=True)
class PostTrainRun:
    """One candidate, recipe and seed."""

    run_id: str
    candidate: str
    weights_hash: str
    suite: str
    suite_hash: str
    recipe: str
    recipe_hash: str
    settings: Mapping[str, Any]
    """The whole recipe."""
    seed: int
    folder: str
    """Where checkpoints and the trained models are."""
    status: Status = Status.STARTED
    error: str = ""


def open_posttrain(store: Store, run: PostTrainRun) -> Owner | None:
    """Mark a run as started by this process, new or resumed.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    me = Owner.this()
    with store.writing() as connection:
        row = connection.execute(
            "select status, owner_pid, owner_started, owner_host from posttrain_runs where run_id = ?", [run.run_id]
        ).fetchone()
        if row is not None and row[0] == Status.STARTED and row[1] is not None:
            owner = Owner(row[1], row[2], row[3])
            if owner != me and owner.alive:
                return owner
        connection.execute(
            "insert into posttrain_runs (run_id, candidate, weights_hash, suite, suite_hash, recipe, recipe_hash, "
            "settings, seed, folder, status, owner_pid, owner_started, owner_host) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'started', ?, ?, ?) "
            "on conflict (run_id) do update set status = 'started', owner_pid = excluded.owner_pid, "
            "owner_started = excluded.owner_started, owner_host = excluded.owner_host, folder = excluded.folder, "
            "error = null, updated_at = now()",
            [
                run.run_id, run.candidate, run.weights_hash, run.suite, run.suite_hash, run.recipe, run.recipe_hash,
                json.dumps(run.settings, sort_keys=True), run.seed, run.folder, me.pid, me.started, me.host,
            ],
        )  # fmt: skip
    return None


def close_posttrain(
    store: Store, run_id: str, status: Status, *, error: str = "", facts: Mapping[str, Any] | None = None
) -> None:
    """Write down how a run ended; facts are laid over those of earlier stretches."""
    with store.writing() as connection:
        row = connection.execute("select facts from posttrain_runs where run_id = ?", [run_id]).fetchone()
        merged = {**(json.loads(row[0]) if row else {}), **(facts or {})}
        connection.execute(
            "update posttrain_runs set status = ?, error = ?, facts = ?, owner_pid = null, updated_at = now() "
            "where run_id = ?",
            [str(status), error or None, json.dumps(merged, sort_keys=True), run_id],
        )


def add_step(store: Store, run_id: str, stage: str, step: int, metrics: Mapping[str, float]) -> None:
    """What the trainer reported at a step (loss, reward, learning rate …); a repeated step replaces itself."""
    with store.writing() as connection:
        connection.execute(
            "insert or replace into posttrain_steps values (?, ?, ?, ?)",
            [run_id, stage, step, json.dumps(metrics, sort_keys=True)],
        )


def add_scores(store: Store, run_id: str, scores: Sequence[StageScore]) -> None:
    """Store what one stage's answers were worth; a stage that is measured again replaces itself."""
    with store.writing() as connection:
        connection.executemany(
            "insert or replace into posttrain_scores values (?, ?, ?, ?, ?, ?, ?, ?)",
            [[run_id, s.stage, s.part, s.how, s.family, s.subcategory, s.met, s.judged] for s in scores],
        )


def stored_posttrain(store: Store) -> list[PostTrainRun]:
    """Every run, by candidate, recipe and seed. One that is `started` without a living owner is `crashed`."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, candidate, weights_hash, suite, suite_hash, recipe, recipe_hash, settings, seed, folder, "
            "status, error, owner_pid, owner_started, owner_host from posttrain_runs "
            "order by candidate, recipe, recipe_hash, seed"
        ).fetchall()
    return [_run(*row) for row in rows]


def _run(*row: Any) -> PostTrainRun:
    run_id, candidate, weights_hash, suite, suite_hash, recipe, recipe_hash, settings, seed, folder, *rest = row
    status, error, *owner = rest
    if status == Status.STARTED and not (owner[0] is not None and Owner(*owner).alive):
        status = Status.CRASHED
    return PostTrainRun(
        run_id, candidate, weights_hash, suite, suite_hash, recipe, recipe_hash, json.loads(settings), seed, folder,
        Status(status), error or "",
    )  # fmt: skip


def stored_scores(store: Store, run_id: str) -> list[StageScore]:
    """All scores of a run, stage by stage."""
    with store.reading() as connection:
        rows = connection.execute(
            "select stage, part, how, family, subcategory, met, judged from posttrain_scores where run_id = ? "
            "order by stage, part, how, family, subcategory",
            [run_id],
        ).fetchall()
    return [StageScore(*row) for row in rows]


def stored_steps(store: Store, run_id: str, stage: str) -> list[tuple[int, Mapping[str, float]]]:
    """What the trainer reported in one stage of a run: step and metrics, in order."""
    with store.reading() as connection:
        rows = connection.execute(
            "select step, metrics from posttrain_steps where run_id = ? and stage = ? order by step", [run_id, stage]
        ).fetchall()
    return [(step, json.loads(metrics)) for step, metrics in rows]
