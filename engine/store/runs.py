"""Rows about runs: opened before the work, closed after it; a run `started` whose owner is gone has crashed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.candidates.find import Candidate
from engine.store.connection import Store

__all__ = ["Owner", "RunRow", "Status", "candidate_names", "close_run", "open_run", "save_candidate", "stored_runs"]


class Status(StrEnum):
    """Where a run stands. `crashed` is never stored: it is `started` without a living owner."""

    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Owner:
    """A process, told apart from a later one with the same number by its start time."""

    pid: int
    started: float
    host: str

    @classmethod
    def this(cls) -> Owner:
        """The process that asks."""
        import psutil

        return cls(os.getpid(), psutil.Process().create_time(), socket.gethostname())

    @property
    def alive(self) -> bool:
        """Whether it still runs. On another host nothing can be known, so it counts as alive."""
        import psutil

        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return same and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


@dataclass(frozen=True)
class RunRow:
    """One stored run."""

    run_id: str
    suite_hash: str
    suite: str
    weights_hash: str
    candidate: str
    protocol: str
    precision: str
    device: str
    template_hash: str
    shots: int | None
    show_criteria: bool
    prompt: str
    """`own`, or the control that it is: `none`, `other`."""
    seed: int
    status: Status
    n_wanted: int
    n_scored: int
    n_skipped: int
    error: str
    facts: Mapping[str, Any]
    versions: Mapping[str, str]
    created_at: str
    updated_at: str
    owner: Owner | None


def save_candidate(store: Store, candidate: Candidate, weights_hash: str) -> None:
    """Remember what is known of a candidate, under its weights hash; a later look replaces an earlier one."""
    with store.writing() as connection:
        connection.execute(
            "insert or replace into candidates values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
            [
                weights_hash, candidate.name, str(candidate.path), candidate.architecture, candidate.model_type,
                candidate.parameters, candidate.weight_bytes, candidate.dtype, candidate.context, candidate.tokenizer,
                candidate.revision,
            ],
        )  # fmt: skip


def open_run(store: Store, run_id: str, key: Mapping[str, Any], *, n_wanted: int) -> Owner | None:
    """Mark a run as started by this process, new or resumed.

    Args:
        key: what produces its numbers, and the labels `candidate`, `suite`, `shots`, `show_criteria` and `prompt`.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    me = Owner.this()
    with store.writing() as connection:
        row = connection.execute(
            "select status, owner_pid, owner_started, owner_host from runs where run_id = ?", [run_id]
        ).fetchone()
        if row is None:
            connection.execute(
                "insert into runs (run_id, suite_hash, suite, weights_hash, tokenizer_hash, candidate, protocol, "
                "precision, device, attention, template_hash, shots, show_criteria, prompt, seed, versions, run_key, "
                "status, owner_pid, owner_started, owner_host, n_wanted) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'started', ?, ?, ?, ?)",
                [
                    run_id, key["suite_hash"], key["suite"], key["weights_hash"], key["tokenizer_hash"],
                    key["candidate"], key["protocol"], key["precision"], key["device"], key["attention"],
                    key["template_hash"], key["shots"], key["show_criteria"], key["prompt"], key["seed"],
                    json.dumps(key["versions"], sort_keys=True),
                    json.dumps(key, sort_keys=True), me.pid, me.started, me.host, n_wanted,
                ],
            )  # fmt: skip
            return None
        if row[0] == Status.STARTED and row[1] is not None:
            owner = Owner(row[1], row[2], row[3])
            if owner != me and owner.alive:
                return owner
        connection.execute(
            "update runs set status = 'started', owner_pid = ?, owner_started = ?, owner_host = ?, error = null, "
            "n_wanted = greatest(n_wanted, ?), updated_at = now() where run_id = ?",
            [me.pid, me.started, me.host, n_wanted, run_id],
        )
        return None


def close_run(
    store: Store, run_id: str, status: Status, *, error: str = "", facts: Mapping[str, Any] | None = None
) -> None:
    """Write down how a run ended; facts of this stretch of work are laid over those of earlier ones."""
    with store.writing() as connection:
        row = connection.execute("select facts from runs where run_id = ?", [run_id]).fetchone()
        merged = {**(json.loads(row[0]) if row else {}), **(facts or {})}
        connection.execute(
            "update runs set status = ?, error = ?, facts = ?, owner_pid = null, updated_at = now() where run_id = ?",
            [str(status), error or None, json.dumps(merged, sort_keys=True), run_id],
        )


def stored_runs(store: Store, suite_hash: str | None = None) -> list[RunRow]:
    """Every run, newest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select r.run_id, r.suite_hash, r.suite, r.weights_hash, r.candidate, r.protocol, r.precision, r.device, "
            "r.template_hash, r.shots, r.show_criteria, r.prompt, r.seed, r.status, r.n_wanted, coalesce(n.scored, 0), "
            "r.n_skipped, coalesce(r.error, ''), r.facts, r.versions, strftime(r.created_at, '%Y-%m-%d %H:%M:%S'), "
            "strftime(r.updated_at, '%Y-%m-%d %H:%M:%S'), r.owner_pid, r.owner_started, r.owner_host "
            "from runs r left join (select run_id, count(*) as scored from verdicts_raw group by run_id) n "
            "using (run_id) where ? is null or r.suite_hash = ? order by r.created_at desc, r.run_id",
            [suite_hash, suite_hash],
        ).fetchall()
    found = []
    for row in rows:
        owner = Owner(*row[22:25]) if row[22] is not None else None
        status = Status(row[13])
        if status is Status.STARTED and (owner is None or not owner.alive):
            status = Status.CRASHED
        facts, versions = json.loads(row[18]), json.loads(row[19])
        values: list[Any] = [*row[:13], status, *row[14:18], facts, versions, *row[20:22], owner]
        found.append(RunRow(*values))
    return found


def candidate_names(store: Store) -> list[str]:
    """Names of all candidates that have been run."""
    with store.reading() as connection:
        rows = connection.execute("select distinct candidate from runs order by candidate").fetchall()
    return [row[0] for row in rows]
