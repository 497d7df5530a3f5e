"""Tables as Parquet files and back, through DuckDB: those that others script against, and columns that ship."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from engine.export.tables import Table
from rubrics.errors import BadInput

__all__ = ["Columns", "read_columns", "write_columns", "write_parquet"]

Columns = Mapping[str, npt.NDArray[Any]]
"""A table by columns, (rows,) each."""
_KINDS: Final = {
    "float32": "float", "float64": "double", "int8": "tinyint", "int16": "smallint", "int32": "integer",
    "int64": "bigint", "bool": "boolean",
}  # fmt: skip
"""DuckDB's types by numpy's; everything else is text."""
_HOW: Final = {"snappy": "compression snappy", "zstd": "compression zstd, compression_level 19"}


def write_columns(columns: Columns, path: Path) -> None:
    """Write columns of equal length, compressed as far as Parquet goes.

    Raises:
        OSError: the file cannot be written.
    """
    types = {name: _KINDS.get(str(column.dtype), "varchar") for name, column in columns.items()}
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    write_parquet(Table(types, rows), path, compression="zstd")


def write_parquet(table: Table, path: Path, *, compression: Literal["snappy", "zstd"] = "snappy") -> None:
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
            connection.execute(f"copy t to '{quoted}' (format parquet, {_HOW[compression]})")
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from None


def read_columns(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Columns of a Parquet file by name, in the order of its rows; without nulls.

    Raises:
        BadInput: it is not there, or not Parquet.
    """
    import duckdb

    if not path.is_file():
        raise BadInput("no such file", where=str(path), fix="write the rows first")
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            found = connection.execute("select * from read_parquet(?)", [str(path)]).fetchnumpy()
        except duckdb.Error as error:
            raise BadInput(
                f"is not Parquet ({str(error).splitlines()[0]})", where=str(path), fix="write the rows again"
            ) from None
    return {name: np.asarray(values) for name, values in found.items()}
