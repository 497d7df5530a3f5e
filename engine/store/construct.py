"""Rows about construction: calls by the hash of what was asked, runs, examples, trials."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.store.connection import Store
from engine.store.owners import Owner, other_owner, owner_of, take
from engine.store.runs import Status, mark_ended, status_now

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "CallRow",
    "ConstructRow",
    "ExampleRow",
    "TrialRow",
    "add_trial",
    "answered_keys",
    "calls_of",
    "close_construct",
    "construct_runs",
    "examples_of",
    "exchange",
    "find_calls",
    "keep_facts",
    "measured_calls",
    "open_construct",
    "spent",
    "trials_of",
]


@dataclass(frozen=True)
class CallRow:
    """One question and its answer, exactly as sent and received."""

    call_key: str
    run_id: str
    """The construction that asked first."""
    example_id: str
    purpose: str
    """`draft`, `revise`, `judge`, `degrade`, `sample`, `locate`, `criteria`, `trial`; `…, repair` for a second try."""
    model: str
    request: str
    """JSON: messages, sampling, vote."""
    answer: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    attempts: int
    seconds: float
    asked_at: str = ""


@dataclass(frozen=True)
class ConstructRow:
    """One construction."""

    run_id: str
    name: str
    method: str
    generator: str
    verifier: str
    settings: Mapping[str, Any]
    prompts: str
    """The prompts it is made from, JSON lines."""
    n_planned: int
    """Pairs planned."""
    status: Status
    error: str
    facts: Mapping[str, Any]
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class ExampleRow:
    """A positive or a negative, and how it came out."""

    run_id: str
    example_id: str
    position: int
    prompt_id: str
    kind: Literal["positive", "negative"]
    status: Literal["accepted", "rejected"]
    reason: str
    """Why it was rejected: a short phrase to count by; empty for accepted ones."""
    response: str
    """The last one written."""
    criteria: str
    """JSON: the rubric it was held to."""
    violated: tuple[str, ...]
    """Criteria that a negative is to violate; none for a positive."""
    rounds: int
    judgements: str
    """JSON: the last verdict on every criterion, with quote and reason."""
    calls: tuple[str, ...]
    """Keys of all calls it took, in order."""
    updated_at: str = ""


@dataclass(frozen=True)
class TrialRow:
    """A verifier's verdicts on pairs whose truth is proven."""

    trial_id: str
    verifier: str
    votes: int
    wording_hash: str
    suite: str
    readings: str
    """JSON: a list of [pair, subcategory, truly met, [verdict of each vote]]."""
    failed: int
    """Questions that got no usable answer."""
    created_at: str = ""


def find_calls(store: Store, keys: Collection[str]) -> dict[str, CallRow]:
    """Those of the calls that have been answered, by key."""
    with store.reading() as connection:
        return _answered(connection, keys)


def answered_keys(store: Store) -> set[str]:
    """Keys of all calls that have been answered."""
    with store.reading() as connection:
        rows = connection.execute("select call_key from construct_calls").fetchall()
    return {row[0] for row in rows}


def exchange(
    store: Store,
    calls: Sequence[CallRow],
    examples: Sequence[ExampleRow],
    keys: Collection[str],
    moments: Sequence[tuple[str, str, str]] = (),
) -> dict[str, CallRow]:
    """Keep answers and examples, then find calls, opening the database once.

    An answer that is there already stays as it is; an example replaces what an earlier stretch of work left, and is no
    longer under way.

    Args:
        moments: construction, example, and where it stands (JSON), for examples under way.
    """
    if not (calls or examples or moments):
        return find_calls(store, keys) if keys else {}
    with store.writing() as connection:
        if moments:
            _insert(connection, "or replace", "construct_under_way", ("run_id", "example_id", "moment"), moments)
        if calls:
            _insert(connection, "or ignore", "construct_calls", _CALL, [[getattr(c, n) for n in _CALL] for c in calls])
        if examples:
            rows = [[_listed(getattr(e, n)) for n in _EXAMPLE] for e in examples]
            _insert(connection, "or replace", "construct_examples", _EXAMPLE, rows)
            connection.execute(
                "delete from construct_under_way where run_id = ? and example_id in (select unnest(?))",
                [examples[0].run_id, [e.example_id for e in examples]],
            )
        return _answered(connection, keys) if keys else {}


_CALL: Final = (
    "call_key", "run_id", "example_id", "purpose", "model", "request", "answer", "finish", "prompt_tokens",
    "completion_tokens", "attempts", "seconds",
)  # fmt: skip
_EXAMPLE: Final = (
    "run_id", "example_id", "position", "prompt_id", "kind", "status", "reason", "response", "criteria", "violated",
    "rounds", "judgements", "calls",
)  # fmt: skip


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _insert(
    connection: duckdb.DuckDBPyConnection, how: str, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    # One statement for all rows: a statement has a price of its own.
    row = f"({', '.join('?' * len(names))})"
    connection.execute(
        f"insert {how} into {table} ({', '.join(names)}) values {', '.join([row] * len(rows))}",
        [value for values in rows for value in values],
    )


def _answered(connection: duckdb.DuckDBPyConnection, keys: Collection[str]) -> dict[str, CallRow]:
    rows = connection.execute(
        f"select {', '.join(_CALL)} from construct_calls where call_key in (select unnest(?))", [list(keys)]
    ).fetchall()
    return {row[0]: CallRow(*row) for row in rows}


def calls_of(store: Store, run_id: str, example_id: str | None = None) -> list[CallRow]:
    """Calls a construction was the first to make, in the order of their answers; or those of one example."""
    with store.reading() as connection:
        rows = connection.execute(
            f"select {', '.join(_CALL)}, strftime(asked_at, '%Y-%m-%d %H:%M:%S') from construct_calls "
            "where run_id = ? and (? is null or example_id = ?) order by construct_calls.asked_at, call_key",
            [run_id, example_id, example_id],
        ).fetchall()
    return [CallRow(*row) for row in rows]


def spent(store: Store, run_id: str) -> tuple[int, int]:
    """Questions a construction has had answered so far, and tokens read and written for them."""
    with store.reading() as connection:
        row = connection.execute(
            "select count(*), coalesce(sum(prompt_tokens + completion_tokens), 0) from construct_calls "
            "where run_id = ?",
            [run_id],
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def measured_calls(store: Store, model: str, most: int = 200) -> tuple[list[float], list[int]]:
    """Seconds and written tokens of a model's latest answers."""
    with store.reading() as connection:
        rows = connection.execute(
            "select seconds, completion_tokens from construct_calls where model = ? order by asked_at desc limit ?",
            [model, most],
        ).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


def open_construct(store: Store, row: ConstructRow, *, take_over: bool = False) -> Owner | None:
    """Mark a construction as started by this process, new or resumed.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    with store.writing() as connection:
        owner = other_owner(connection, "construct_runs", row.run_id, take_over=take_over)
        if owner is not None:
            return owner
        connection.execute(
            "insert into construct_runs (run_id, name, method, generator, verifier, settings, prompts, n_planned, "
            "status) values (?, ?, ?, ?, ?, ?, ?, ?, 'started') "
            "on conflict (run_id) do update set name = excluded.name, settings = excluded.settings, "
            "n_planned = excluded.n_planned",
            [
                row.run_id, row.name, row.method, row.generator, row.verifier,
                json.dumps(dict(row.settings), sort_keys=True), row.prompts, row.n_planned,
            ],
        )  # fmt: skip
        take(connection, "construct_runs", row.run_id)
        # What a killed process left half-made.
        connection.execute("delete from construct_under_way where run_id = ?", [row.run_id])
    return None


def close_construct(store: Store, run_id: str, status: Status, *, error: str = "") -> None:
    """Write down how a construction ended."""
    with store.writing() as connection:
        mark_ended(connection, "construct_runs", run_id, status, error=error)
        connection.execute("delete from construct_under_way where run_id = ?", [run_id])


def keep_facts(store: Store, run_id: str, facts: Mapping[str, Any]) -> None:
    """Write down what is known about a construction's result."""
    with store.writing() as connection:
        connection.execute(
            "update construct_runs set facts = ?, updated_at = now() where run_id = ?",
            [json.dumps(dict(facts), sort_keys=True), run_id],
        )


def construct_runs(store: Store) -> list[ConstructRow]:
    """Every construction, newest first; one `started` whose process is gone has crashed."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, name, method, generator, verifier, settings, prompts, n_planned, status, "
            "coalesce(error, ''), facts, strftime(created_at, '%Y-%m-%d %H:%M:%S'), "
            "strftime(updated_at, '%Y-%m-%d %H:%M:%S'), owner_pid, owner_started, owner_host, owner_boot "
            "from construct_runs "
            "order by construct_runs.created_at desc, run_id"
        ).fetchall()
    constructions = []
    for row in rows:
        status = status_now(row[8], owner_of(*row[13:17]))
        values: list[Any] = [*row[:5], json.loads(row[5]), *row[6:8], status, row[9], json.loads(row[10]), *row[11:13]]
        constructions.append(ConstructRow(*values))
    return constructions


def examples_of(store: Store, run_id: str) -> list[ExampleRow]:
    """All examples of a construction, in the order of the plan: a positive before its negatives."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, example_id, position, prompt_id, kind, status, reason, response, criteria, violated, "
            "rounds, judgements, calls, strftime(updated_at, '%Y-%m-%d %H:%M:%S') from construct_examples "
            "where run_id = ? order by position, example_id",
            [run_id],
        ).fetchall()
    examples = []
    for row in rows:
        values: list[Any] = [*row[:9], tuple(row[9]), *row[10:12], tuple(row[12]), row[13]]
        examples.append(ExampleRow(*values))
    return examples


def add_trial(store: Store, row: TrialRow) -> None:
    """Keep a trial; the same trial run again replaces itself."""
    with store.writing() as connection:
        connection.execute(
            "insert or replace into verifier_trials (trial_id, verifier, votes, wording_hash, suite, readings, failed) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            [row.trial_id, row.verifier, row.votes, row.wording_hash, row.suite, row.readings, row.failed],
        )


def trials_of(store: Store, verifier: str | None = None) -> list[TrialRow]:
    """Trials, newest first; of one verifier, or of all."""
    with store.reading() as connection:
        rows = connection.execute(
            "select trial_id, verifier, votes, wording_hash, suite, readings, failed, "
            "strftime(created_at, '%Y-%m-%d %H:%M:%S') from verifier_trials where ? is null or verifier = ? "
            "order by verifier_trials.created_at desc, trial_id",
            [verifier, verifier],
        ).fetchall()
    return [TrialRow(*row) for row in rows]
