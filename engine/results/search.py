"""Which pairs of a suite hold a phrase, anywhere a person would read it."""

from __future__ import annotations

from engine.store.connection import Store

__all__ = ["find_text"]


def find_text(store: Store, suite_hash: str, phrase: str) -> frozenset[str]:
    """Ids of the pairs whose prompt, responses or criteria contain the phrase, whatever its case.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select pair_id from pairs where suite_hash = $hash and (contains(lower(prompt), lower($phrase)) "
            "or contains(lower(chosen), lower($phrase)) or contains(lower(rejected), lower($phrase))) "
            "union select pair_id from criteria where suite_hash = $hash and contains(lower(text), lower($phrase))",
            {"hash": suite_hash, "phrase": phrase},
        ).fetchall()
    return frozenset(row[0] for row in rows)
