"""What was measured of candidates apart from the suite's verdicts, item by item, in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.store.connection import Store
from engine.store.owners import Owner, other_owner, take
from engine.store.runs import Scored, Status, mark_paid

__all__ = [
    "AssayItem", "AssayRun", "add_assay_items", "assay_items", "assay_runs", "close_assay_run", "done_items",
    "open_assay_run",
]  # fmt: skip


class AssayItem(NamedTuple):
    """One item as a candidate was measured on it."""

    position: int
    """In the material, from 0."""
    item: str
    """What it is called."""
    cluster: str
    """What it shares with others, so that they count as one in an interval."""
    measures: Mapping[str, float]
    """By name; the assay says what they are."""


@dataclass(frozen=True)
class AssayRun:
    """One candidate × assay × precision."""

    run_id: str
    assay: str
    asked_hash: str
    """Of all that was asked, whoever was: runs that share it can be compared."""
    suite_hash: str
    """Of the suite that the material is from; empty where it is from none."""
    weights_hash: str
    candidate: str
    precision: str
    tokenizer_hash: str
    config_hash: str
    facts: Mapping[str, float] = field(default_factory=dict)
    """What it cost, by name: seconds, FLOPs, bytes of memory at the peak, tokens."""

    @property
    def scored(self) -> Scored:
        """What was measured in it."""
        return Scored(self.weights_hash, self.tokenizer_hash, self.config_hash, self.precision)


def open_assay_run(store: Store, run: AssayRun, key: Mapping[str, Any], *, take_over: bool = False) -> Owner | None:
    """Mark a run as started by this process, new or resumed; `run_id` is the hash of `key`, what produces its numbers.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    with store.writing() as connection:
        owner = other_owner(connection, "assay_runs", run.run_id, take_over=take_over)
        if owner is not None:
            return owner
        connection.execute(
            "insert or ignore into assay_runs (run_id, assay, asked_hash, suite_hash, weights_hash, candidate, "
            "precision, run_key) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [run.run_id, run.assay, run.asked_hash, run.suite_hash, run.weights_hash, run.candidate, run.precision,
             json.dumps(key, sort_keys=True)],
        )  # fmt: skip
        take(connection, "assay_runs", run.run_id)
    return None


def close_assay_run(store: Store, run_id: str, status: Status, facts: Mapping[str, float], *, error: str = "") -> None:
    """Write down how a run ended; its costs are added to those of the times before, of memory the most is kept."""
    with store.writing() as connection:
        mark_paid(connection, "assay_runs", run_id, status, facts, error=error)


def done_items(store: Store, run_id: str) -> tuple[set[int], bool]:
    """Positions that need not be measured again, and whether the run is done: what is missing then cannot be."""
    with store.reading() as connection:
        rows = connection.execute("select position from assay_items where run_id = ?", [run_id]).fetchall()
        run = connection.execute("select status from assay_runs where run_id = ?", [run_id]).fetchone()
    return {position for (position,) in rows}, run == ("done",)


def add_assay_items(store: Store, run_id: str, items: Sequence[AssayItem]) -> None:
    """Store what came back, in one statement."""
    if not items:
        return
    with store.writing() as connection:
        connection.executemany(
            "insert or replace into assay_items (run_id, position, item, cluster, measures) values (?, ?, ?, ?, ?)",
            [(run_id, i.position, i.item, i.cluster, json.dumps(i.measures, sort_keys=True)) for i in items],
        )


def assay_runs(store: Store, assay: str) -> list[AssayRun]:
    """Every run of an assay that is done, newest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, assay, asked_hash, suite_hash, weights_hash, candidate, precision, "
            "coalesce(json_extract_string(run_key, '$.tokenizer_hash'), ''), "
            "coalesce(json_extract_string(run_key, '$.config_hash'), ''), facts from assay_runs "
            "where assay = ? and status = 'done' order by updated_at desc, run_id",
            [assay],
        ).fetchall()
    return [replace(AssayRun(*row), facts=json.loads(facts)) for *row, facts in rows]


def assay_items(store: Store, run_ids: Sequence[str]) -> dict[str, list[AssayItem]]:
    """By run, what was measured, in order; runs with nothing too."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, position, item, cluster, measures from assay_items "
            "where run_id in (select unnest(?::varchar[])) order by run_id, position",
            [list(run_ids)],
        ).fetchall()
    by_run: dict[str, list[AssayItem]] = {run_id: [] for run_id in run_ids}
    for run_id, position, item, cluster, measures in rows:
        by_run[run_id].append(AssayItem(position, item, cluster, json.loads(measures)))
    return by_run
