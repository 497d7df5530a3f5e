"""A table as a Parquet file and back, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.export.tables import Table
from rubrics.errors import BadInput

__all__ = ["read_columns", "write_parquet"]


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
            connection.execute(f"copy t to '{quoted}' (format parquet, compression {compression})")
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
