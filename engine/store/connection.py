"""One DuckDB file, held for milliseconds at a time so that other processes can read, export or write between."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.store.instance import attached, forget, instance, nothing_stored, renew, using
from engine.store.ownership import is_ours
from engine.store.rollback import Blocks, kept_for_rollback, roll_back
from engine.store.unfinished import clear_unfinished, is_unfinished
from rubrics.errors import BadInput, StoreError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Store", "default_path"]

_ROOM: Final = 1 << 20
"""Bytes free below which a failed write is put down to a full disk: DuckDB names its own blocks and files instead."""
_RETRY_SECONDS: Final = 10.0
"""How long to wait for another process to let go. Ours let go within milliseconds; past this it is a foreign one."""

_ANOTHER: Final = "name another file"
_COPY: Final = "put back a copy of it, or name another file"
_OPTION: Final = "--db FILE"

_turns: dict[str, _Turn] = {}
_turns_guard = threading.Lock()
_names = itertools.count()


def default_path() -> Path:
    """The database used where none is named: `RUDE_TUI_DB`, else a file in the user's data folder."""
    if named := os.environ.get("RUDE_TUI_DB"):
        return Path(os.path.expanduser(named))
    import platformdirs

    return Path(platformdirs.user_data_dir("rude-tui", appauthor=False)) / "rude.duckdb"


class Store:
    """The database file. Holds no connection; `reading` and `writing` open one and close it again.

    Connections stay in `engine.store`; whoever asks its functions several things in a row does so in a `snapshot`.
    Inside one process connections take turns, because DuckDB refuses a read-only and a read-write connection to the
    same file side by side.
    """

    def __init__(
        self, path: Path | None = None, *, retry_seconds: float = _RETRY_SECONDS, must_exist: bool = False
    ) -> None:
        """Args:
        path: the file; None for the one used where none is named.
        must_exist: refuse a file that is not there. Else it is made when something is stored, and empty until then.
        """
        self.path = Path(path) if path is not None else default_path()
        self._retry_seconds = retry_seconds
        self._must_exist = must_exist
        self._migrated = False
        self._next_purge = 0.0
        key = os.path.realpath(self.path)
        with _turns_guard:
            self._turn = _turns.setdefault(key, _Turn())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several questions to one state of the file, which is opened once for all of them.

        Raises:
            StoreError: the file cannot be opened or read.
        """
        with self.reading():
            yield

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection, for milliseconds.

        Raises:
            BadInput: the file is another program's, or is not there and must be.
            StoreError: the file cannot be opened or read.
        """
        with self._turn.lock:
            if not self._exists() or (not self._migrated and is_unfinished(self.path)):
                with nothing_stored() as connection:
                    yield connection
                return
            self._ensure_schema()
            with self._connection(read_only=True) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside one transaction: all of the block is stored, or nothing of it.

        Raises:
            BadInput: the file is another program's, or is not there and must be.
            StoreError: the file cannot be opened or written.
        """
        with self._turn.lock:
            if not self._exists():
                self._make_folder()
            elif not self._migrated:
                clear_unfinished(self.path)
            self._ensure_schema()
            with self._connection(read_only=False) as connection:
                if time.time() >= self._next_purge:
                    self._purge(connection)
                with _transaction(connection):
                    yield connection

    def _purge(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let go of what was forgotten long ago, and note when there may be something again."""
        from engine.store.kept_aside import next_purge, purge

        with _transaction(connection):
            purge(connection)
            self._next_purge = next_purge(connection)

    def _exists(self) -> bool:
        """Whether there is such a file."""
        try:
            str(self.path).encode()
            if stat.S_ISDIR(self.path.stat().st_mode):
                raise BadInput("is a folder, not a database", where=str(self.path), fix=_ANOTHER, shell=_OPTION)
        except UnicodeEncodeError:
            raise BadInput("its name is not UTF-8", where=str(self.path), fix=_ANOTHER, shell=_OPTION) from None
        except (FileNotFoundError, NotADirectoryError):
            if self._must_exist:
                fix = "check the name; one is made when a run is stored"
                raise BadInput("there is no such database", where=str(self.path), fix=fix) from None
            return False
        except OSError as error:
            what = f"cannot be opened ({error.strerror})"
            raise StoreError(what, where=str(self.path), fix=_ANOTHER, shell=_OPTION) from None
        return True

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"its folder cannot be made ({error.strerror})", where=str(self.path), fix=_ANOTHER, shell=_OPTION
            ) from None

    def _ensure_schema(self) -> None:
        from engine.store.migrations import LATEST, migrate, version_of

        exists = self._exists()
        if self._migrated and exists:
            return
        if exists:
            with self._connection(read_only=True) as connection:
                ours = is_ours(connection)
                version = version_of(connection) if ours else 0
            if not ours:
                raise BadInput(
                    "is another program's database; nothing was written to it",
                    where=str(self.path), fix=_ANOTHER, shell=_OPTION,
                )  # fmt: skip
            if version > LATEST:
                raise StoreError(
                    f"was written by a newer rude-tui (schema {version}; this one knows {LATEST})",
                    where=str(self.path),
                    fix="upgrade rude-tui, or name another file",
                    shell=_OPTION,
                )
            if version == LATEST:
                self._migrated = True
                return
        with self._connection(read_only=False) as connection:
            migrate(connection)
        self._migrated = True

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._turn.taken() as first, ExitStack() as kept:
            if first:
                # Not within another connection: to close a file lets go of every lock that the process has on it.
                roll_back(self.path)
                renew()
            if not read_only:
                kept.enter_context(self._kept())
            with self._attached(read_only=read_only) as connection:
                yield connection

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """What a kill, or a full disk, in the middle of a checkpoint would take along."""
        with ExitStack() as stack:
            try:
                stack.enter_context(kept_for_rollback(self.path, self._metadata, self._retry_seconds))
            except TimeoutError:
                raise self._held_by("another program") from None
            except OSError as error:
                raise self._unwritable(error.strerror or str(error)) from None
            yield

    def _metadata(self) -> Blocks:
        with self._attached(read_only=True) as connection:
            sizes = connection.execute(
                "select any_value(block_size) from pragma_database_size() where database_name = current_database()"
            ).fetchall()
            numbers = connection.execute("select distinct block_id from pragma_metadata_info()").fetchall()
        return sizes[0][0], [number for (number,) in numbers]

    @contextmanager
    def _attached(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        try:
            with self._shared() if read_only else attached(*self._attach(read_only=False)) as connection:
                yield connection
        except (duckdb.ProgrammingError, duckdb.NotSupportedError, LookupError, TypeError, ValueError) as error:
            if "surrogate" in str(error) and isinstance(error, duckdb.Error):
                raise BadInput(
                    "a name or text holds half of a character, which cannot be stored", fix="write the whole character"
                ) from None
            if what := self._damage():
                raise StoreError(
                    f"is damaged: {what}", where=str(self.path), fix=_COPY, shell=_OPTION
                ) from error  # fmt: skip
            raise  # our own mistake, not the person's
        except duckdb.Error as error:
            # A fault such as a full disk leaves no DuckDB that could be trusted with the next file.
            forget()
            raise self._explained(error) from error

    @contextmanager
    def _shared(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """To read: what is asked within another reading is asked of the file that this one has open."""
        if self._turn.reading:
            with using(*self._turn.reading) as connection:
                yield connection
            return
        found = self._attach(read_only=True)
        with attached(*found) as connection:
            self._turn.reading = found
            try:
                yield connection
            finally:
                self._turn.reading = None

    def _damage(self) -> str:
        """What others have done to the file, where something in it could not be read; empty where nothing is found."""
        import duckdb

        from engine.store.integrity import damage

        try:
            engine, name = self._attach(read_only=True)
            with attached(engine, name) as connection, nothing_stored() as blank:
                return damage(connection, blank)
        except (duckdb.Error, StoreError):
            return "it cannot be read"

    def _attach(self, *, read_only: bool) -> tuple[duckdb.DuckDBPyConnection, str]:
        import duckdb

        engine, name = instance(), f"store_{next(_names)}"
        # Not by a link's name: beside the link nobody would look for the log that a kill leaves.
        path = os.path.realpath(self.path).replace("'", "''")
        options = "type duckdb, read_only" if read_only else "type duckdb"
        deadline = time.monotonic() + self._retry_seconds
        pause = 0.002
        while True:
            try:
                engine.cursor().execute(f"attach '{path}' as {name} ({options})")
            except duckdb.Error as error:
                if not _is_lock(error) or time.monotonic() >= deadline:
                    raise self._explained(error) from None
            else:
                return engine, name
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _explained(self, error: duckdb.Error) -> StoreError:
        text = str(error)
        where = str(self.path)
        low = text.lower()
        if _is_lock(error):
            holder = re.search(r"held in (.+?) \(PID (\d+)\)", text)
            return self._held_by(f"{Path(holder[1]).name}, process {holder[2]}" if holder else "another program")
        if "read-only" in low or "permission denied" in low:
            return StoreError("is read-only", where=where, fix="make it writable, or name another file", shell=_OPTION)
        if "corrupt" in low or "could not read enough bytes" in low:
            return StoreError(f"is damaged: {_first_line(text)}", where=where, fix=_COPY, shell=_OPTION)
        if "no space left" in low or "could not write" in low or "disk full" in low or "fatal" in low:
            return self._unwritable(_first_line(text))
        if "not a valid duckdb" in low or "serialization" in low:
            return StoreError("is not a DuckDB database", where=where, fix=_ANOTHER, shell=_OPTION)
        return StoreError(_first_line(text), where=where, fix="see the message; the file was not changed")

    def _held_by(self, who: str) -> StoreError:
        fix = "close it there, or name another file"
        return StoreError(f"the database is held by {who}", where=str(self.path), fix=fix, shell=_OPTION)

    def _unwritable(self, why: str) -> StoreError:
        full = shutil.disk_usage(self.path.parent).free < _ROOM
        return StoreError(
            f"could not be written: {'the disk is full' if full else why}",
            where=str(self.path),
            fix="free some disk space and do the same again; what was stored before is kept",
        )


class _Turn:
    """Whose turn it is at a file, within this process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._depth = 0
        self.reading: tuple[duckdb.DuckDBPyConnection, str] | None = None
        """What the outermost reading has attached, and by which name."""

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """While a connection is open; gives whether it is the first one, and not within another."""
        with self.lock:
            self._depth += 1
            try:
                yield self._depth == 1
            finally:
                self._depth -= 1


def _is_lock(error: Exception) -> bool:
    return "could not set lock" in str(error).lower() or "being used by another process" in str(error).lower()


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:300] if text.strip() else "unknown database error"


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        # The block's own error matters more than a rollback that fails on an already broken connection.
        import contextlib

        import duckdb

        with contextlib.suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()
