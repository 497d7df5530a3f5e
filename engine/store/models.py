"""Candidates that have been looked at, as they are stored."""

from __future__ import annotations

from typing import NamedTuple

from engine.store.connection import Store

__all__ = ["StoredModel", "stored_models"]


class StoredModel(NamedTuple):
    """One set of weights."""

    weights_hash: str
    name: str
    path: str
    """Where it was last seen."""


def stored_models(store: Store) -> list[StoredModel]:
    """By name."""
    with store.reading() as connection:
        rows = connection.execute(
            "select weights_hash, name, path from candidates order by name, weights_hash"
        ).fetchall()
    return [StoredModel(*row) for row in rows]
