"""Post-training in the store: runs, how their training went, and what their answers were worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.store.connection import Store
from engine.store.owners import Owner, other_owner, owner_of, take
from engine.store.runs import Status, mark_ended, status_now

__all__ = [
    "PostTrainRun",
    "StageScore",
    "add_scores",
    "add_step",
    "close_posttrain",
    "held_out_criteria",
    "last_steps",
    "open_posttrain",
    "steps_with",
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
    facts: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""
    owner: Owner | None = None
    """The process that works on it, or did when it died."""


def open_posttrain(store: Store, run: PostTrainRun, *, take_over: bool = False) -> Owner | None:
    """Mark a run as started by this process, new or resumed.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    with store.writing() as connection:
        owner = other_owner(connection, "posttrain_runs", run.run_id, take_over=take_over)
        if owner is not None:
            return owner
        connection.execute(
            "insert into posttrain_runs (run_id, candidate, weights_hash, suite, suite_hash, recipe, recipe_hash, "
            "settings, seed, folder, status) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'started') "
            "on conflict (run_id) do update set folder = excluded.folder",
            [
                run.run_id, run.candidate, run.weights_hash, run.suite, run.suite_hash, run.recipe, run.recipe_hash,
                json.dumps(run.settings, sort_keys=True), run.seed, run.folder,
            ],
        )  # fmt: skip
        take(connection, "posttrain_runs", run.run_id)
    return None


def close_posttrain(
    store: Store, run_id: str, status: Status, *, error: str = "", facts: Mapping[str, Any] | None = None
) -> None:
    """Write down how a run ended; facts are laid over those of earlier stretches."""
    with store.writing() as connection:
        mark_ended(connection, "posttrain_runs", run_id, status, error=error, facts=facts)


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
            "coalesce(error, ''), facts, strftime(created_at, '%Y-%m-%d %H:%M:%S'), "
            "strftime(updated_at, '%Y-%m-%d %H:%M:%S'), status, owner_pid, owner_started, owner_host, owner_boot "
            "from posttrain_runs order by candidate, recipe, recipe_hash, seed"
        ).fetchall()
    runs = []
    for row in rows:
        owner = owner_of(*row[15:19])
        status = status_now(row[14], owner)
        values: list[Any] = [
            *row[:7], json.loads(row[7]), *row[8:10], status, row[10], json.loads(row[11]), *row[12:14], owner
        ]  # fmt: skip
        runs.append(PostTrainRun(*values))
    return runs


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


def last_steps(store: Store) -> dict[str, dict[str, tuple[int, Mapping[str, float]]]]:
    """By run and stage: the last step, and what the trainer reported at it."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, stage, max(step), arg_max(metrics, step) from posttrain_steps group by run_id, stage"
        ).fetchall()
    by_run: dict[str, dict[str, tuple[int, Mapping[str, float]]]] = {}
    for run_id, stage, step, metrics in rows:
        by_run.setdefault(run_id, {})[stage] = step, json.loads(metrics)
    return by_run


def steps_with(store: Store, metric: str) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """By run and stage: steps at which a metric was told, with its value, in order."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, stage, step, metrics from posttrain_steps where contains(metrics, ?) "
            "order by run_id, stage, step",
            [json.dumps(metric)],
        ).fetchall()
    by_run: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for run_id, stage, step, metrics in rows:
        told = json.loads(metrics)
        if metric in told:
            by_run.setdefault(run_id, {}).setdefault(stage, []).append((step, told[metric]))
    return by_run


def held_out_criteria(store: Store) -> dict[str, dict[str, tuple[int, int]]]:
    """By run and stage: criteria that greedy answers met on what training never sees, and how many were judged."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, stage, sum(met)::int, sum(judged)::int from posttrain_scores "
            "where part = 'held' and how = 'greedy' group by run_id, stage"
        ).fetchall()
    by_run: dict[str, dict[str, tuple[int, int]]] = {}
    for run_id, stage, met, judged in rows:
        by_run.setdefault(run_id, {})[stage] = met, judged
    return by_run
