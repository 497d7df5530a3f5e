"""What a person noted about pairs: a flag to come back to, or a reason to leave the pair out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.store.connection import Store

__all__ = ["KINDS", "Annotation", "Kind", "annotate", "stored_annotations", "withdraw"]

Kind = Literal["flag", "exclude"]
KINDS: Final[tuple[Kind, ...]] = ("flag", "exclude")


@dataclass(frozen=True)
class Annotation:
    """One note about one pair of one suite."""

    pair_id: str
    kind: Kind
    """`flag`: looked at again some day. `exclude`: left out of rankings, failures and correlations."""
    note: str
    added_at: str


def annotate(store: Store, suite_hash: str, pair_ids: str | Sequence[str], kind: Kind, note: str) -> None:
    """Flag or exclude pairs; a note of the same kind that a pair already has is replaced."""
    ids = [pair_ids] if isinstance(pair_ids, str) else list(dict.fromkeys(pair_ids))
    with store.writing() as connection:
        connection.execute(
            "insert or replace into annotations (suite_hash, pair_id, kind, note) select ?, unnest(?::varchar[]), ?, ?",
            [suite_hash, ids, kind, note],
        )


def withdraw(store: Store, suite_hash: str, pair_ids: str | Sequence[str], kind: Kind) -> int:
    """Take flags or exclusions back; where there is none, nothing happens.

    Returns:
        How many pairs had one.
    """
    ids = [pair_ids] if isinstance(pair_ids, str) else list(pair_ids)
    with store.writing() as connection:
        gone = connection.execute(
            "delete from annotations where suite_hash = ? and pair_id = any(?::varchar[]) and kind = ? "
            "returning pair_id",
            [suite_hash, ids, kind],
        ).fetchall()
    return len(gone)


def stored_annotations(store: Store, suite_hash: str) -> Mapping[str, tuple[Annotation, ...]]:
    """Every note about a suite's pairs, by pair id, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select pair_id, kind, note, strftime(added_at, '%Y-%m-%d %H:%M') from annotations "
            "where suite_hash = ? order by added_at, pair_id, kind",
            [suite_hash],
        ).fetchall()
    by_pair: dict[str, tuple[Annotation, ...]] = {}
    for row in rows:
        by_pair[row[0]] = (*by_pair.get(row[0], ()), Annotation(*row))
    return by_pair
