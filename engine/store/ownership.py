"""Whether a database file is one of ours: nothing is ever written into another program's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

__all__ = ["is_ours"]

_MARKS: Final = {
    ("schema_version", "version"), ("schema_version", "applied_at"), ("suites", "suite_hash"), ("pairs", "pair_id"),
    ("runs", "run_id"), ("runs", "weights_hash"), ("runs", "run_key"), ("verdicts_raw", "run_id"),
}  # fmt: skip
"""Columns that every database of ours has had since the first step of its schema. Other programs have a table
`schema_version` or `runs` as well."""


def is_ours(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database that is in use was made by this program, or holds nothing at all yet."""
    rows = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall()
    columns = {(table, column) for schema, table, column in rows if schema == "main"}
    if columns >= _MARKS:
        return True
    # A first start that was cut short leaves the table of versions alone.
    begun = {("schema_version", "version"), ("schema_version", "applied_at")}
    return len(rows) == len(columns) and columns in (set(), begun) and _other_things(connection) == 0


def _other_things(connection: duckdb.DuckDBPyConnection) -> int:
    """How many schemas, sequences, types and functions somebody has made in it."""
    row = connection.execute(
        "select (select count(*) from duckdb_schemas() where database_name = current_database() and not internal "
        "        and schema_name <> 'main') "
        "+ (select count(*) from duckdb_sequences() where database_name = current_database()) "
        "+ (select count(*) from duckdb_types() where database_name = current_database() and not internal) "
        "+ (select count(*) from duckdb_functions() where database_name = current_database() and not internal)"
    ).fetchone()
    return int(row[0]) if row else 0
