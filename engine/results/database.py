"""The database as the readers of results hand it around: what asks it is a function of the engine."""

from __future__ import annotations

from engine.store.asked import LeftOver, last_asked
from engine.store.connection import Store

__all__ = ["LeftOver", "Store", "last_asked", "stamp"]


def stamp(store: Store) -> tuple[int, ...]:
    """Times and sizes of the database's files: changes whenever anything is stored. Empty while there is no file."""
    parts: list[int] = []
    for path in (store.path, store.path.with_name(store.path.name + ".wal")):
        try:
            info = path.stat()
        except OSError:
            continue
        parts += [info.st_mtime_ns, info.st_size]
    return tuple(parts)
