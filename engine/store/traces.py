"""Expert traces and what each candidate made of their tokens, in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.store.connection import Store
from engine.store.owners import Owner, other_owner, take
from engine.store.runs import Scored, Status, mark_paid

__all__ = [
    "StoredTraces",
    "TraceRun",
    "TraceScore",
    "add_trace_scores",
    "add_traces",
    "close_trace_run",
    "done_traces",
    "open_trace_run",
    "scored_traces",
    "stored_trace_sets",
    "trace_lines",
    "trace_runs",
]


class StoredTraces(NamedTuple):
    """A trace file in the store."""

    hash: str
    name: str
    weighted: bool
    """Whether every trace has its frontier tokens."""
    masked: bool
    """Whether every trace has marked spans."""


@dataclass(frozen=True, eq=False)
class TraceScore:
    """One trace as a candidate read it, or why it could not."""

    position: int
    """In the file, from 0."""
    scores: bytes | None
    """`engine.layout.requests.TokenScores`, packed; None where `losses` are all that is known, or it was skipped."""
    lengths: tuple[int, ...] = ()
    """(tokens,), UTF-8 bytes of the trace in each."""
    skipped: str | None = None
    losses: bytes | None = None
    """(tokens,) log-probabilities, nats, little-endian 32 bit: all that versions before rank and entropy stored."""


@dataclass(frozen=True)
class TraceRun:
    """One candidate × trace file × precision."""

    run_id: str
    traces_hash: str
    weights_hash: str
    candidate: str
    precision: str
    tokenizer_hash: str
    config_hash: str
    facts: Mapping[str, float] = field(default_factory=dict)
    """What it cost, by name: seconds, FLOPs, bytes of memory at the peak, tokens."""

    @property
    def scored(self) -> Scored:
        """What was scored in it."""
        return Scored(self.weights_hash, self.tokenizer_hash, self.config_hash, self.precision)


def add_traces(store: Store, traces: StoredTraces, lines: Sequence[str]) -> None:
    """Keep a trace file's content, once; `lines` holds a trace each, without line breaks."""
    with store.writing() as connection:
        connection.execute(
            "insert or ignore into trace_sets (traces_hash, name, n_traces, weighted, masked, content) "
            "values (?, ?, ?, ?, ?, ?)",
            [traces.hash, traces.name, len(lines), traces.weighted, traces.masked, "\n".join(lines)],
        )


def stored_trace_sets(store: Store) -> list[StoredTraces]:
    """Every trace file that some candidate was scored on, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select traces_hash, name, weighted, masked from trace_sets "
            "where traces_hash in (select traces_hash from trace_runs) order by added_at, traces_hash"
        ).fetchall()
    return [StoredTraces(*row) for row in rows]


def trace_lines(store: Store, traces_hash: str) -> tuple[str, list[str]]:
    """Name and lines of a stored trace file, as `add_traces` was given them.

    Raises:
        KeyError: there is none of that hash.
    """
    with store.reading() as connection:
        row = connection.execute("select name, content from trace_sets where traces_hash = ?", [traces_hash]).fetchone()
    if row is None:
        raise KeyError(traces_hash)
    return row[0], row[1].split("\n")


def open_trace_run(store: Store, run: TraceRun, key: Mapping[str, Any], *, take_over: bool = False) -> Owner | None:
    """Mark a run as started by this process, new or resumed; `run_id` is the hash of `key`, what produces its numbers.

    Returns:
        The living process that already works on it, in which case nothing is changed; else None.
    """
    with store.writing() as connection:
        owner = other_owner(connection, "trace_runs", run.run_id, take_over=take_over)
        if owner is not None:
            return owner
        connection.execute(
            "insert or ignore into trace_runs (run_id, traces_hash, weights_hash, candidate, precision, run_key) "
            "values (?, ?, ?, ?, ?, ?)",
            [run.run_id, run.traces_hash, run.weights_hash, run.candidate, run.precision,
             json.dumps(key, sort_keys=True)],
        )  # fmt: skip
        take(connection, "trace_runs", run.run_id)
    return None


def close_trace_run(
    store: Store, run_id: str, status: Status, costs: Mapping[str, float] | None = None, *, error: str = ""
) -> None:
    """Write down how a run ended; its costs are added to those of the times before, of memory the most is kept."""
    with store.writing() as connection:
        mark_paid(connection, "trace_runs", run_id, status, costs or {}, error=error)


def trace_runs(store: Store, traces_hash: str) -> list[TraceRun]:
    """Every run over a trace file, newest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, traces_hash, weights_hash, candidate, precision, "
            "coalesce(json_extract_string(run_key, '$.tokenizer_hash'), ''), "
            "coalesce(json_extract_string(run_key, '$.config_hash'), ''), coalesce(facts, '{}') from trace_runs "
            "where traces_hash = ? order by created_at desc, run_id",
            [traces_hash],
        ).fetchall()
    return [replace(TraceRun(*row), facts=json.loads(facts)) for *row, facts in rows]


def done_traces(store: Store, run_id: str) -> dict[int, str | None]:
    """Positions that need not be scored again, and why those were skipped that were.

    Of what earlier versions read, only log-probabilities are stored: it is read again.
    """
    with store.reading() as connection:
        return dict(
            connection.execute(
                "select position, skipped from trace_scores "
                "where run_id = ? and (scores is not null or skipped is not null)",
                [run_id],
            ).fetchall()
        )


def add_trace_scores(store: Store, run_id: str, scores: Sequence[TraceScore]) -> None:
    """Store what came back, in one statement."""
    rows = [(score.position, score.scores, list(score.lengths), score.skipped) for score in scores]
    if not rows:
        return
    with store.writing() as connection:
        connection.executemany(
            "insert or replace into trace_scores (run_id, position, scores, lengths, skipped) values (?, ?, ?, ?, ?)",
            [(run_id, *row) for row in rows],
        )


def scored_traces(store: Store, run_ids: Sequence[str]) -> dict[str, dict[int, TraceScore]]:
    """By run and position, what was scored; skipped traces are left out."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, position, scores, logprob, lengths from trace_scores "
            "where skipped is null and run_id in (select unnest(?::varchar[])) order by run_id, position",
            [list(run_ids)],
        ).fetchall()
    by_run: dict[str, dict[int, TraceScore]] = {run_id: {} for run_id in run_ids}
    for run_id, position, scores, losses, lengths in rows:
        by_run[run_id][position] = TraceScore(position, scores, tuple(lengths), losses=losses)
    return by_run
