"""A DuckDB file for somebody else: tables with comments on their columns, and nothing of ours around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["write_database"]


def write_database(
    path: Path,
    tables: Mapping[str, tuple[Mapping[str, str], Sequence[tuple[Any, ...]]]],
    comments: Mapping[tuple[str, str], str],
) -> None:
    """Write a new file.

    Args:
        tables: by name, each column's DuckDB type and the rows.
        comments: on columns, by table and column.

    Raises:
        OSError: it cannot be written.
    """
    import duckdb

    try:
        with duckdb.connect(str(path)) as connection:
            for name, (columns, rows) in tables.items():
                held: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
                unnested = ", ".join(f'unnest(?::{kind}[]) as "{column}"' for column, kind in columns.items())
                connection.execute(f'create table "{name}" as select {unnested}', held)
                for column in columns:
                    if (told := comments.get((name, column))) is not None:
                        quoted = told.replace("'", "''")
                        connection.execute(f'comment on column "{name}"."{column}" is \'{quoted}\'')
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from None
