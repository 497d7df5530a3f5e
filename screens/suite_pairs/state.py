"""The pairs of a suite that are looked for, a page of them at a time. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from rubrics.counted import count
from screens.shell.plain import one_line

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.annotations.pairs import Annotation
    from engine.export.tables import Table
    from engine.results.database import Store
    from engine.results.suites import PairFilter, PairLine, SuiteEntry, SuitePairs
    from rubrics.schema import Pair
    from screens.pair.compared import Compared

__all__ = ["PAGE", "Matches", "SuitePairsState", "find_pairs", "pair_table", "size_name"]

PAGE: Final = 100
"""Pairs read at a time."""
_TAKEN: Final = {
    "pair_id": "VARCHAR", "domain": "VARCHAR", "subcategories": "VARCHAR", "violated": "VARCHAR",
    "exemplar": "BOOLEAN", "prompt_begins": "VARCHAR",
}  # fmt: skip
_KEPT: Final = 20
"""Pages kept in memory."""


@dataclass(frozen=True)
class Matches:
    """The pairs of a suite, where those looked for stand in it, and what a person noted about any."""

    pairs: SuitePairs
    places: npt.NDArray[np.int32]
    annotations: Mapping[str, tuple[Annotation, ...]]


def find_pairs(store: Store, entry: SuiteEntry, query: PairFilter, pairs: SuitePairs | None) -> Matches:
    """Look for pairs; blocks.

    Args:
        pairs: those of the suite, if they were opened before.

    Raises:
        SuiteError: the file has gone or changed for the worse.
        StoreError: the store cannot be read.
    """
    from engine.annotations.pairs import stored_annotations
    from engine.results.suites import pairs_of

    pairs = pairs or pairs_of(store, entry)
    return Matches(pairs, pairs.places(query), stored_annotations(store, entry.suite_hash))


def pair_table(matches: Matches) -> Table:
    """One row a pair that was found, in the suite's order: what the list shows of it. Blocks.

    Raises:
        SuiteError: the file has gone or changed for the worse.
        StoreError: the store cannot be read.
    """
    from engine.export.tables import Table

    lines = matches.pairs.lines([int(place) for place in matches.places])
    return Table(_TAKEN, [
        (
            line.pair_id, line.domain, ";".join(line.subcategories), ";".join(line.violated), line.shot, line.prompt,
        )
        for line in lines
    ])  # fmt: skip


@dataclass
class SuitePairsState:
    """What is looked for, and what came of it."""

    entry: SuiteEntry
    query: PairFilter
    matches: Matches | None = None
    annotations: Mapping[str, tuple[Annotation, ...]] = field(default_factory=dict)
    read: Compared | None = None
    """The pair under the cursor."""
    _pages: dict[int, list[PairLine]] = field(default_factory=dict)

    @property
    def pair(self) -> Pair | None:
        """The one under the cursor."""
        return self.read.pair if self.read is not None else None

    @property
    def narrowed(self) -> bool:
        """Whether anything in particular is looked for."""
        return bool(self.query.text or self.query.subcategory or self.query.size)

    def take(self, matches: Matches) -> None:
        """Show what was found."""
        self.matches, self.annotations, self._pages = matches, matches.annotations, {}

    def line(self, index: int) -> PairLine | None:
        """One line of the list; None where its page is not read yet."""
        page, place = divmod(index, PAGE)
        lines = self._pages.get(page)
        return lines[place] if lines is not None else None

    def keep_page(self, page: int, lines: list[PairLine]) -> None:
        """Keep a page; the one read first goes where there are many."""
        self._pages[page] = lines
        while len(self._pages) > _KEPT:
            del self._pages[next(iter(self._pages))]

    def places_of(self, page: int) -> list[int]:
        """Where the pairs of a page stand in the suite."""
        assert self.matches is not None
        return [int(place) for place in self.matches.places[page * PAGE : (page + 1) * PAGE]]

    def place_at(self, index: int) -> int | None:
        """Where the pair in that line, or in the last one, stands in the suite; None where there is no pair."""
        places = self.matches.places if self.matches is not None else ()
        return int(places[min(index, len(places) - 1)]) if len(places) else None

    def count_text(self) -> str:
        """How many pairs there are like this."""
        assert self.matches is not None
        number, scored, shots = len(self.matches.places), self.entry.n_scored, self.entry.n_shots
        if shots and number == scored + shots:
            return f"{count(scored, 'pair')} and {count(shots, 'exemplar')}"
        return count(number, "pair") + ("" if number else "; esc shows all again")

    def question(self, words: str) -> str:
        """The suite, how many of its pairs, and what they have in common, in a line."""
        query = self.query
        parts = [
            one_line(self.entry.name, 40), words, f"with “{one_line(query.text, 30)}”" if query.text else "",
            query.subcategory, f"|V| = {size_name(query.size)}" if query.size else "",
        ]  # fmt: skip
        return " · ".join(filter(None, parts))

    def change(self, **changes: object) -> None:
        """Look for something else."""
        self.query = replace(self.query, **changes)  # type: ignore[arg-type]


def size_name(size: int) -> str:
    """A size of V in words; the last one stands for that and more."""
    from engine.results.suites import SIZES

    return f"{size} and more" if size == SIZES else str(size)
