"""Records of a Parquet file, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rubrics.errors import SuiteError
from rubrics.importers.records import Record

__all__ = ["read_parquet"]

_BATCH: Final = 512
"""Rows taken at a time."""


def read_parquet(path: Path) -> Iterator[Record]:
    """Records of a Parquet file, one row group in memory at a time.

    Raises:
        SuiteError: the file is not there, or is not Parquet.
    """
    import duckdb

    if not path.is_file():
        raise SuiteError("no such file", where=str(path), fix="check the path")
    # One thread reads one row group at a time; more would hold several.
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            rows = connection.execute("select * from read_parquet(?)", [str(path)])
            names = [column[0] for column in rows.description or ()]
            number = 0
            # A row group that is damaged shows only when its turn comes.
            while batch := rows.fetchmany(_BATCH):
                for row in batch:
                    number += 1
                    yield Record(number, dict(zip(names, row, strict=True)))
        except duckdb.Error as error:
            raise SuiteError(
                f"is not Parquet ({str(error).splitlines()[0]})", where=str(path), fix="check the file"
            ) from None
