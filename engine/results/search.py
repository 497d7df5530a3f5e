"""Which pairs of a suite hold a phrase, anywhere a person would read it."""

from __future__ import annotations

from engine.results.pair_index import pair_index
from engine.store.connection import Store
from engine.store.pairs import pair_places

__all__ = ["find_text"]


def find_text(store: Store, suite_hash: str, phrase: str) -> frozenset[str]:
    """Ids of the pairs that contain the phrase in their id, prompt, responses or criteria, whatever its case.

    Raises:
        StoreError: the store cannot be read.
    """
    pair_ids = pair_index(store, suite_hash).pair_id
    return frozenset(pair_ids[place] for place in pair_places(store, suite_hash, text=phrase).tolist())
