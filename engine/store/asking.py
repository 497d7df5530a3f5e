"""A person's own questions in SQL, put to a copy of the database: none can change it, or keep it from a run."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.scratch import scratch_folder

if TYPE_CHECKING:
    import duckdb

__all__ = ["EXAMPLE", "VIEWS", "WORDS", "SqlAnswer", "ask", "columns_by_view"]

VIEWS: Final = ("leaderboard", "verdicts", "failures", "correlations")
"""The named views, which stay what they are; tables beside them may change with a version."""
EXAMPLE: Final = "select candidate, avg(per_byte) from verdicts group by candidate"
"""A question that shows how one is put."""
WORDS: Final = (
    "select", "from", "where", "group by", "order by", "limit", "having", "join", "using", "count(*)", "avg",
    "distinct", "describe", "asc", "desc", "and", "between", "like", "case when", "then", "else", "end", "round",
)  # fmt: skip
"""Words of SQL that may be meant by their beginning."""
_SHUT_IN: Final = {
    "enable_external_access": "false", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    "threads": "1", "memory_limit": "1GB", "lock_configuration": "true",
}  # fmt: skip
"""No file, no network, no extension; and none of this can be turned on by a question."""


@dataclass(frozen=True)
class SqlAnswer:
    """What came of a question."""

    columns: dict[str, str]
    """Name → DuckDB type; a name that stands twice is numbered."""
    rows: list[tuple[Any, ...]]
    cut: bool
    """Whether there were more rows than were asked for."""
    seconds: float


def ask(store: Store, sql: str, *, most: int = 10_000, seconds: float = 10.0) -> SqlAnswer:
    """One question to what is stored now. The file itself is read for as long as copying it takes.

    Args:
        most: rows that are given back.
        seconds: after which the question is broken off.

    Raises:
        BadInput: not one statement, not understood, more than a reading, or not answered in time.
        StoreError: the file cannot be read.
    """
    import duckdb

    with _copy(store) as connection:
        started = time.monotonic()
        late = threading.Event()

        def interrupt() -> None:
            late.set()
            connection.interrupt()

        clock = threading.Timer(seconds, interrupt)
        clock.start()
        try:
            columns, rows = _fetched(connection, sql, most + 1)
        except duckdb.Error as error:
            if late.is_set():
                fix = "narrow it with where and limit"
                raise BadInput(f"not answered within {seconds:g} s", where="SQL", fix=fix) from None
            raise BadInput(_first_line(str(error)), where="SQL", fix="views: " + ", ".join(VIEWS)) from None
        finally:
            clock.cancel()
        return SqlAnswer(columns, rows[:most], len(rows) > most, time.monotonic() - started)


def _fetched(
    connection: duckdb.DuckDBPyConnection, sql: str, most: int
) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise BadInput("one statement at a time", where="SQL", fix="leave out all but one")
    relation = connection.sql(statements[0].query)
    if relation is None:
        return {}, []
    columns: dict[str, str] = {}
    parts = []
    for number, (name, kind) in enumerate(zip(relation.columns, map(str, relation.types), strict=True), start=1):
        # Times with a zone come back as text: in Python they would need another package.
        zoned = "TIME ZONE" in kind
        columns[_free(str(name), columns)] = "VARCHAR" if zoned else kind
        parts.append(f"cast(#{number} as varchar)" if zoned else f"#{number}")
    if any(part.startswith("cast") for part in parts):
        relation = relation.project(", ".join(parts))
    return columns, relation.limit(most).fetchall()


def columns_by_view(store: Store) -> dict[str, list[str]]:
    """What can be asked: each named view with its columns, then each table with its.

    Raises:
        StoreError: the file cannot be read.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select table_name, list(column_name order by ordinal_position) from information_schema.columns "
            "where table_catalog = current_database() group by table_name order by table_name"
        ).fetchall()
    found = {str(name): [str(column) for column in columns] for name, columns in rows}
    return {name: found[name] for name in (*VIEWS, *found) if name in found}


@contextmanager
def _copy(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy of the file that can do nothing but read it."""
    import duckdb

    with scratch_folder() as folder:
        path = folder / "copy.duckdb"
        with store.reading():
            if store.path.exists():
                shutil.copyfile(store.path, path)
                log = Path(f"{store.path}.wal")
                if log.exists():
                    shutil.copyfile(log, f"{path}.wal")
        if not path.exists():
            raise BadInput("nothing is stored yet", where=str(store.path), fix="score a candidate on a suite")
        connection = duckdb.connect(str(path), read_only=True, config=dict(_SHUT_IN))
        try:
            yield connection
        finally:
            connection.close()


def _free(name: str, taken: dict[str, str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:300] if text.strip() else "not understood"
