"""DuckDB itself, started once in a process and with every file attached to it in turn."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from rubrics.scratch import scratch_folder

if TYPE_CHECKING:
    import duckdb

__all__ = ["attached", "forget", "instance", "nothing_stored", "renew", "using"]

_guard = threading.Lock()
_engines: list[duckdb.DuckDBPyConnection] = []
"""DuckDB itself, at most one: to start it costs several times what it costs to open a file in it."""
_asked = 0
"""How often for the one there is."""
_WORN: Final = 1_000
_QUIET: Final[dict[str, str | int]] = {
    "checkpoint_threshold": "1 TiB",
    "auto_checkpoint_skip_wal_threshold": 1 << 40,
}
"""One checkpoint a connection, at its end: only so much is kept for a roll-back."""
_BLANK: Final = "nothing_stored"
_blank_guard = threading.Lock()


@contextmanager
def using(engine: duckdb.DuckDBPyConnection, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a file under the name that it is attached by."""
    connection = engine.cursor()
    try:
        connection.execute(f"use {name}")
        yield connection
    finally:
        connection.close()


@contextmanager
def attached(engine: duckdb.DuckDBPyConnection, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same; afterwards the file is detached."""
    try:
        with using(engine, name) as connection:
            yield connection
    finally:
        # The file is whole and free again: what was written is in it, and no lock is held.
        engine.cursor().execute(f"detach {name}")


def instance() -> duckdb.DuckDBPyConnection:
    """The one of this process."""
    import duckdb

    global _asked
    with _guard:
        _asked += 1
        if not _engines:
            _asked = 1
            # What does not fit into memory would otherwise go to a folder beside whatever the person works in.
            _engines.append(duckdb.connect(config={"temp_directory": _spill(), **_QUIET}))
        return _engines[0]


@cache
def _spill() -> str:
    """A folder of this process's own, gone when it ends; where it is killed, the next one's takes it along. Empty where
    there is no place for one: then what does not fit into memory is an error."""
    held = ExitStack()
    try:
        folder = held.enter_context(scratch_folder())
    except OSError:
        return ""
    atexit.register(held.close)
    # DuckDB removes the folder that it makes.
    return str(folder / "spilt")


@contextmanager
def nothing_stored() -> Iterator[duckdb.DuckDBPyConnection]:
    """What a database says that has not been made yet: it lies in memory, so that asking leaves nothing behind."""
    from engine.store.migrations import migrate

    connection = instance().cursor()
    try:
        with _blank_guard:
            known = connection.execute("select 1 from duckdb_databases() where database_name = ?", [_BLANK]).fetchone()
            if known is None:
                connection.execute(f"attach ':memory:' as {_BLANK}")
            connection.execute(f"use {_BLANK}")
            migrate(connection)
        yield connection
    finally:
        connection.close()


def renew() -> None:
    """Start another next time if this one has been asked for often.

    Of every file that was attached and written to DuckDB keeps some KiB until it ends, and an app is open for days.
    Whoever has a file open keeps the old one until it is closed.
    """
    if _asked >= _WORN:
        forget()


def forget() -> None:
    """Start another next time."""
    with _guard:
        _engines.clear()
