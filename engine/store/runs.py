"""Rows about runs: opened before the work, closed after it; a run `started` whose owner is gone has crashed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from engine.candidates.address import ServedAs
from engine.store.connection import Store
from engine.store.owners import Owner, other_owner, owner_of, take
from engine.store.status import Status

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "AskedBesides",
    "RunFacts",
    "RunRow",
    "Scored",
    "Status",
    "asked_besides",
    "candidate_names",
    "close_run",
    "facts_of_host",
    "mark_ended",
    "mark_paid",
    "open_run",
    "status_now",
    "stored_name",
    "stored_runs",
]


class Scored(NamedTuple):
    """What was scored. The same weights with another tokenizer or config, or at another precision, are another."""

    weights_hash: str
    tokenizer_hash: str
    config_hash: str
    precision: str

    def at_any_precision(self) -> Scored:
        """The same for every precision of it."""
        return self._replace(precision="")


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
    attention: str
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
    tokenizer_hash: str = ""
    config_hash: str = ""
    wording: str = ""
    """Label of another than the plain wording."""

    @property
    def scored(self) -> Scored:
        """What was scored in it."""
        return Scored(self.weights_hash, self.tokenizer_hash, self.config_hash, self.precision)


class AskedBesides(NamedTuple):
    """What was asked for with a run, beside what its row says."""

    token_scores: bool
    own_code: bool
    """Whether code that comes with the model was allowed to run."""
    wording: Mapping[str, Any] | None
    """The wording, where it is not the plain one."""
    backend: str
    """The plugin that scored it; empty where transformers did."""
    served: ServedAs | None = None
    """Where a served candidate was asked, and its tokenizer."""


_COSTS: Final = ("pairs", "tokens", "distinct_tokens", "seconds")
"""What a stretch of work adds to; `pairs` are those it scored, which all of a run's need not be."""


class RunFacts(NamedTuple):
    """What was measured in one run."""

    weights_hash: str
    precision: str
    device: str
    protocol: str
    facts: Mapping[str, Any]


def status_now(stored: str, owner: Owner | None) -> Status:
    """What a stored status means now: `started` without a living owner is `crashed`."""
    crashed = stored == Status.STARTED and (owner is None or not owner.alive)
    return Status.CRASHED if crashed else Status(stored)


def mark_ended(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    run_id: str,
    status: Status,
    *,
    error: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write down in a table how a run ended; facts of this stretch of work are laid over those of earlier ones."""
    row = connection.execute(f"select facts from {table} where run_id = ?", [run_id]).fetchone()
    merged = {**(json.loads(row[0]) if row else {}), **(facts or {})}
    connection.execute(
        f"update {table} set status = ?, error = ?, facts = ?, owner_pid = null, updated_at = now() where run_id = ?",
        [str(status), error or None, json.dumps(merged, sort_keys=True), run_id],
    )


def mark_paid(
    connection: duckdb.DuckDBPyConnection, table: str, run_id: str, status: Status, costs: Mapping[str, float], *,
    error: str = "",
) -> None:  # fmt: skip
    """`mark_ended`, with what this stretch has cost: added to the stretches before, of memory the most is kept."""
    row = connection.execute(f"select facts from {table} where run_id = ?", [run_id]).fetchone()
    earlier = json.loads(row[0] or "{}") if row else {}
    summed = {
        name: max(earlier.get(name, 0.0), value) if name == "peak_bytes" else earlier.get(name, 0.0) + value
        for name, value in costs.items()
    }
    mark_ended(connection, table, run_id, status, error=error, facts=summed)


def open_run(
    store: Store, run_id: str, key: Mapping[str, Any], *, n_wanted: int, take_over: bool = False
) -> Owner | None:
    """Mark a run as started by this process, new or resumed.

    Args:
        key: what produces its numbers, and the labels `candidate`, `suite`, `shots`, `show_criteria` and `prompt`, and
            what was asked for besides: `token_scores`, `own_code`, and the `wording` where it is not the plain one.
        take_over: do so even where a process on a machine out of sight may be at work on it.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    with store.writing() as connection:
        owner = other_owner(connection, "runs", run_id, take_over=take_over)
        if owner is not None:
            return owner
        connection.execute(
            "insert into runs (run_id, suite_hash, suite, weights_hash, tokenizer_hash, candidate, protocol, "
            "precision, device, attention, template_hash, shots, show_criteria, prompt, seed, versions, run_key, "
            "status, n_wanted) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'started', ?) "
            "on conflict (run_id) do update set n_wanted = greatest(runs.n_wanted, excluded.n_wanted), "
            # Once tokens were asked for, whoever takes the run up asks for them too.
            "run_key = case when contains(runs.run_key, '\"token_scores\": true') then runs.run_key "
            "else excluded.run_key end",
            [
                run_id, key["suite_hash"], key["suite"], key["weights_hash"], key["tokenizer_hash"],
                key["candidate"], key["protocol"], key["precision"], key["device"], key["attention"],
                key["template_hash"], key["shots"], key["show_criteria"], key["prompt"], key["seed"],
                json.dumps(key["versions"], sort_keys=True), json.dumps(key, sort_keys=True), n_wanted,
            ],
        )  # fmt: skip
        take(connection, "runs", run_id)
    return None


def stored_name(store: Store, run_id: str) -> str | None:
    """The name of the candidate that a run is stored under; None where there is no such run."""
    with store.reading() as connection:
        row = connection.execute("select candidate from runs where run_id = ?", [run_id]).fetchone()
    return row[0] if row else None


def asked_besides(store: Store, run_id: str) -> AskedBesides:
    """What was asked for with a run, beside what its row says."""
    with store.reading() as connection:
        row = connection.execute(
            "select run_key, exists(select 1 from token_scores t where t.run_id = r.run_id) from runs r "
            "where run_id = ?",
            [run_id],
        ).fetchone()
    assert row is not None, f"no run {run_id}"
    key = json.loads(row[0])
    # Databases of earlier versions do not say it, but what is there was asked for.
    return AskedBesides(
        bool(key.get("token_scores") or row[1]), bool(key.get("own_code")), key.get("wording"),
        key.get("backend", {}).get("name", ""), ServedAs(*key["served_as"]) if "served_as" in key else None,
    )  # fmt: skip


def close_run(
    store: Store, run_id: str, status: Status, *, error: str = "", facts: Mapping[str, Any] | None = None
) -> None:
    """Write down how a run ended, and what this stretch of work has cost on top of earlier ones.

    Args:
        facts: of this stretch alone; costs are added up, the most memory stays the most, the rest is laid over.
    """
    with store.writing() as connection:
        row = connection.execute("select facts from runs where run_id = ?", [run_id]).fetchone()
        earlier, now = json.loads(row[0]) if row else {}, dict(facts or {})
        # A stretch before pairs were counted with the rest cannot be added to: its pairs are not known.
        if "seconds" in now and ("pairs" in earlier or "seconds" not in earlier):
            now |= {name: earlier.get(name, 0) + now[name] for name in _COSTS if name in now}
        if "memory" in now:
            now["memory"] = max(now["memory"], earlier.get("memory") or 0)
        mark_ended(connection, "runs", run_id, status, error=error, facts=now)


def stored_runs(store: Store, suite_hash: str | None = None) -> list[RunRow]:
    """Every run, newest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select r.run_id, r.suite_hash, r.suite, r.weights_hash, r.candidate, r.protocol, r.precision, r.device, "
            "r.attention, r.template_hash, r.shots, r.show_criteria, r.prompt, r.seed, r.status, r.n_wanted, "
            "coalesce(n.scored, 0), r.n_skipped, coalesce(r.error, ''), r.facts, r.versions, "
            "strftime(r.created_at, '%Y-%m-%d %H:%M:%S'), strftime(r.updated_at, '%Y-%m-%d %H:%M:%S'), "
            "r.owner_pid, r.owner_started, r.owner_host, r.owner_boot, r.tokenizer_hash, "
            "coalesce(json_extract_string(r.run_key, '$.config_hash'), ''), "
            "coalesce(json_extract_string(r.run_key, '$.wording.label'), '') "
            "from runs r left join (select run_id, count(*) as scored from verdicts_raw group by run_id) n "
            "using (run_id) where ? is null or r.suite_hash = ? order by r.created_at desc, r.run_id",
            [suite_hash, suite_hash],
        ).fetchall()
        # Inside, so that what does not say what it should is put down to the file.
        return [_run(row) for row in rows]


def _run(row: tuple[Any, ...]) -> RunRow:
    owner = owner_of(*row[23:27])
    facts, versions = json.loads(row[19]), json.loads(row[20])
    values: list[Any] = [
        *row[:14], status_now(row[14], owner), *row[15:19], facts, versions, *row[21:23], owner, *row[27:30]
    ]  # fmt: skip
    return RunRow(*values)


def facts_of_host(store: Store, host: str) -> list[RunFacts]:
    """What was measured in the runs that a machine was the last to work on."""
    with store.reading() as connection:
        rows = connection.execute(
            "select weights_hash, precision, device, protocol, facts from runs where owner_host = ? and n_wanted > 0",
            [host],
        ).fetchall()
    return [
        RunFacts(weights, precision, device, protocol, json.loads(facts))
        for weights, precision, device, protocol, facts in rows
    ]


def candidate_names(store: Store) -> list[str]:
    """Names of all candidates that have been run."""
    with store.reading() as connection:
        rows = connection.execute("select distinct candidate from runs order by candidate").fetchall()
    return [row[0] for row in rows]
