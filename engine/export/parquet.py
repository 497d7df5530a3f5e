"""A table as a Parquet file, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.export.tables import Table

__all__ = ["write_parquet"]


def write_parquet(table: Table, path: Path) -> None:
    """Write the rows exactly as they are, columns with the table's types.

    Raises:
        OSError: the file cannot be written.
    """
    import duckdb

    columns: Iterable[tuple[Any, ...]] = zip(*table.rows, strict=True) if table.rows else [() for _ in table.columns]
    unnested = ", ".join(f'unnest(?::{kind}[]) as "{name}"' for name, kind in table.columns.items())
    quoted = str(path).replace("'", "''")
    try:
        with duckdb.connect() as connection:
            connection.execute(f"create temp table t as select {unnested}", [list(column) for column in columns])
            connection.execute(f"copy t to '{quoted}' (format parquet)")
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from None
