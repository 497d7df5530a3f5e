"""Rows of the named views, as tables for others hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.store.connection import Store

__all__ = ["failure_rows", "verdict_rows"]

_DOUBTS: Final = "join (select run_id, json_extract_string(facts, '$.doubt') as doubt from runs) using (run_id)"


def verdict_rows(store: Store, columns: Iterable[str], run_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Columns of `verdicts` in these runs, by protocol, candidate, precision and pair."""
    return _rows(store, columns, f"verdicts {_DOUBTS}", run_ids, "pair_id")


def failure_rows(
    store: Store, columns: Iterable[str], run_ids: Sequence[str], *, with_excluded: bool
) -> list[tuple[Any, ...]]:
    """Columns of `failures` and of the pairs' texts in these runs, by protocol, candidate, precision and margin.

    Args:
        with_excluded: whether pairs that a person has excluded are among them.
    """
    source = (
        "failures join (select run_id, suite_hash from runs) using (run_id) "
        "join (select suite_hash, pair_id, prompt, chosen, rejected from pairs) using (suite_hash, pair_id) " + _DOUBTS
    )
    return _rows(store, columns, source, run_ids, "margin, pair_id", "" if with_excluded else " and not excluded")


def _rows(
    store: Store, columns: Iterable[str], source: str, run_ids: Sequence[str], order: str, condition: str = ""
) -> list[tuple[Any, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    with store.reading() as connection:
        return connection.execute(
            f"select {names} from {source} where run_id in (select unnest(?::varchar[])){condition} "
            f"order by protocol, candidate, precision, {order}",
            [list(run_ids)],
        ).fetchall()
