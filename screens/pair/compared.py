"""Both responses of a pair as they are shown, and where they differ. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.word_difference import Difference
    from rubrics.schema import Pair

__all__ = ["Compared", "compared"]


@dataclass(frozen=True)
class Compared:
    """A pair, and its responses compared word by word."""

    pair: Pair
    chosen: str
    rejected: str
    difference: Difference


def compared(pair: Pair, most: int | None = None) -> Compared:
    """Compare the responses; blocks, since long ones take as long as a person would notice.

    Args:
        most: characters of each that are shown; None for all.
    """
    from engine.results.word_difference import compare_words

    chosen, rejected = plain(pair.chosen[:most]), plain(pair.rejected[:most])
    return Compared(pair, chosen, rejected, compare_words(chosen, rejected))
