"""Rows that were forgotten, kept in the same file: a table each in the schema `forgotten`, made when first needed.

They are moved, not marked: whatever asks the tables themselves finds nothing of them, and needs to know of none of
this. A table there has the columns of its own and `forgetting`, the number of what was forgotten together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "DAYS",
    "PARTS",
    "STAY",
    "Keys",
    "Part",
    "count_part",
    "drop_kept",
    "holders",
    "keep",
    "next_purge",
    "purge",
    "put_back",
]

DAYS: Final = 7
"""For which what was forgotten can be brought back."""


class Keys(NamedTuple):
    """What is forgotten, by its keys; a table takes from these what concerns it."""

    runs: Sequence[str] = ()
    """Ids of runs of scoring."""
    traces: Sequence[str] = ()
    """Of runs over trace files."""
    assays: Sequence[str] = ()
    """Of what was measured apart from verdicts."""
    trainings: Sequence[str] = ()
    """Of post-training."""
    constructions: Sequence[str] = ()
    weights: Sequence[str] = ()
    """Hashes of models."""
    suites: Sequence[str] = ()
    """Hashes of suites."""
    trained: Sequence[str] = ()
    """Names of candidates whose outcomes of post-training rest on `trainings`."""


class Part(NamedTuple):
    """The rows of one table that belong to what is forgotten."""

    table: str
    keys: str
    """A field of `Keys`."""
    where: str
    """A condition; every `?` in it is the list of those keys."""


_LISTED: Final = "in (select unnest(?::varchar[]))"


def _by(column: str, keys: str, *tables: str) -> tuple[Part, ...]:
    return tuple(Part(table, keys, f"{column} {_LISTED}") for table in tables)


PARTS: Final[tuple[Part, ...]] = (
    *_by("suite_hash", "suites", "suites", "pairs", "criteria", "annotations"),
    *_by("weights_hash", "weights", "candidates", "spectra", "kin"),
    *_by("run_id", "runs", "runs", "verdicts_raw", "skips", "token_scores"),
    # What was decided of several runs rests on each of them.
    Part("decisions", "runs", "list_has_any(run_ids, ?::varchar[])"),
    *_by("run_id", "traces", "trace_runs", "trace_scores"),
    *_by("run_id", "assays", "assay_runs", "assay_items"),
    *_by("run_id", "trainings", "posttrain_runs", "posttrain_steps", "posttrain_scores"),
    Part("outcomes", "trained", f"candidate {_LISTED} and starts_with(source, 'post-trained by rude-tui')"),
    # An answer that another construction rests on too stays for that one.
    Part(
        "construct_calls", "constructions",
        f"run_id {_LISTED} and call_key not in "
        "(select unnest(calls) from construct_examples where run_id not in (select unnest(?::varchar[])))",
    ),
    *_by(
        "run_id", "constructions", "construct_runs", "construct_examples", "construct_decisions", "construct_readings",
        "construct_under_way",
    ),
)  # fmt: skip
"""Parents stand before what hangs on them."""
STAY: Final = frozenset({
    "asked", "predictors", "outcome_names", "families", "trace_sets", "verifier_trials", "schema_version",
    "forgettings",
})  # fmt: skip
"""Tables of which nothing is forgotten: what a person asked for, brought along or said, the content of trace files,
what was measured of verifiers."""


def _values(part: Part, keys: Keys) -> list[list[str]]:
    return [list(getattr(keys, part.keys))] * part.where.count("?")


def count_part(connection: duckdb.DuckDBPyConnection, part: Part, keys: Keys) -> int:
    """How many rows of a table belong to what is to be forgotten."""
    row = connection.execute(f"select count(*) from {part.table} where {part.where}", _values(part, keys)).fetchone()
    return int(row[0]) if row else 0


def keep(connection: duckdb.DuckDBPyConnection, number: int, keys: Keys) -> dict[str, int]:
    """Move all that belongs to it aside, under a number; how many rows of each table that were."""
    connection.execute("create schema if not exists forgotten")
    parts = [part for part in PARTS if getattr(keys, part.keys)]
    _follow(connection, [part.table for part in parts])
    counts = {}
    for part in parts:
        values = _values(part, keys)
        kept = connection.execute(
            f"insert into forgotten.{part.table} by name "
            f"select {number}::bigint as forgetting, * from {part.table} where {part.where}",
            values,
        ).fetchone()
        if kept and kept[0]:
            connection.execute(f"delete from {part.table} where {part.where}", values)
            counts[part.table] = int(kept[0])
    return counts


def _follow(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Have a table for what is kept aside of each, with every column that its own has got by now."""
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, name, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type || ' default ' || coalesce(column_default, 'null') "
        "from duckdb_columns() where database_name = current_database() order by column_index"
    ).fetchall():
        columns.setdefault((schema, table), {})[name] = kind
    for table in tables:
        kept = columns.get(("forgotten", table))
        if kept is None:
            connection.execute(
                f"create table forgotten.{table} as select null::bigint as forgetting, * from {table} limit 0"
            )
            continue
        for name, kind in columns["main", table].items():
            if name not in kept:
                connection.execute(f'alter table forgotten.{table} add column "{name}" {kind}')


def _kept_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'forgotten'"
    ).fetchall()
    return {name for (name,) in rows}


def put_back(connection: duckdb.DuckDBPyConnection, number: int, tables: Collection[str]) -> dict[str, int]:
    """Move what was kept of these tables under a number back; how many rows of each came.

    A row that has been made anew meanwhile, under the same key, stays as it is, and the kept one goes.
    """
    counts = {}
    for table in tables:
        back = connection.execute(
            f"insert into {table} by name select * exclude (forgetting) from forgotten.{table} "
            "where forgetting = ? on conflict do nothing",
            [number],
        ).fetchone()
        counts[table] = int(back[0]) if back else 0
    drop_kept(connection, [number], tables)
    return {table: rows for table, rows in counts.items() if rows}


def drop_kept(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int], tables: Collection[str]) -> None:
    """Let go of what is kept of these tables under these numbers."""
    for table in tables:
        connection.execute(
            f"delete from forgotten.{table} where forgetting in (select unnest(?::bigint[]))", [list(numbers)]
        )
    connection.execute("delete from forgettings where number in (select unnest(?::bigint[]))", [list(numbers)])


def holders(connection: duckdb.DuckDBPyConnection, number: int, needing: str, table: str, key: str) -> list[int]:
    """Other numbers that hold a row without which those of a table, kept under this one, mean nothing.

    Args:
        needing: the table kept.
        table: where the row belongs: it is not there now.
        key: the column that leads from one to the other.
    """
    if not {needing, table} <= _kept_tables(connection):
        return []
    rows = connection.execute(
        f"select distinct h.forgetting from forgotten.{needing} n join forgotten.{table} h using ({key}) "
        f"where n.forgetting = $number and h.forgetting <> $number and {key} not in (select {key} from {table}) "
        f"and {key} not in (select {key} from forgotten.{table} where forgetting = $number) order by 1",
        {"number": number},
    ).fetchall()
    return [holder for (holder,) in rows]


def purge(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of what has been kept for long enough."""
    rows = connection.execute(
        f"select number from forgettings where forgotten_at < now() - interval {DAYS} days"
    ).fetchall()
    if rows:
        drop_kept(connection, [number for (number,) in rows], _kept_tables(connection))


def next_purge(connection: duckdb.DuckDBPyConnection) -> float:
    """When something will have been kept for long enough, in seconds since 1970; or would be, were it kept now."""
    row = connection.execute(
        f"select epoch(coalesce(min(forgotten_at), now()) + interval {DAYS} days) from forgettings"
    ).fetchone()
    return float(row[0]) if row else 0.0
