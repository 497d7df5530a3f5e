"""What each pair of a suite asks and what its rejected response breaks, in words, as a list shows it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from engine.results.pair_index import pair_index
from engine.store.connection import Store
from engine.store.pairs import prompt_beginnings, violated_texts

__all__ = ["PairWords", "pair_words"]

_PROMPT: Final = 240
_CRITERION: Final = 200
"""Characters that are read: of thirty thousand pairs no more than a list can use."""


class PairWords(NamedTuple):
    """The beginnings of one pair's texts."""

    prompt: str
    criteria: tuple[str, ...]
    """Those violated, in rubric order."""


def pair_words(store: Store, suite_hash: str) -> Mapping[str, PairWords]:
    """By pair id; kept in memory, since a suite never changes under its hash.

    Raises:
        StoreError: the store cannot be read.
    """
    return _load(store, suite_hash)


@lru_cache(maxsize=4)
def _load(store: Store, suite_hash: str) -> Mapping[str, PairWords]:
    with store.snapshot():
        ids = pair_index(store, suite_hash).pair_id
        prompts = prompt_beginnings(store, suite_hash, _PROMPT)
        criteria: list[list[str]] = [[] for _ in ids]
        for position, text in violated_texts(store, suite_hash, _CRITERION):
            criteria[position].append(text)
    return MappingProxyType(
        {
            pair_id: PairWords(prompt, tuple(texts))
            for pair_id, prompt, texts in zip(ids, prompts, criteria, strict=True)
        }
    )
