"""What a search finds, and the pair that then stands first, read while the file is open. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.failures.preview import read_preview
from screens.failures.state import Failures, listed

if TYPE_CHECKING:
    from engine.results.database import Store
    from screens.pair.compared import Compared
    from screens.shell.order import Order

__all__ = ["Found", "find"]


@dataclass(frozen=True)
class Found:
    """The answer to one search."""

    hits: frozenset[str]
    """Ids of the pairs whose texts hold what was searched for."""
    first: Compared | None
    """The pair on the first line; None where it is not shown."""


def find(store: Store, failures: Failures, order: Order, needle: str, *, first: bool) -> Found:
    """Look through all texts of the suite; blocks.

    Args:
        first: whether to read the pair that will stand first.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.results.search import find_text

    with store.snapshot():
        hits = find_text(store, failures.board.suite_hash, needle)
        # Above pairs in groups stands the group.
        pairs = listed(failures, order, needle, hits) if first and not failures.groups else []
        read = read_preview(store, failures.board.suite_hash, pairs[0].pair_id) if pairs else None
    return Found(hits, read)
