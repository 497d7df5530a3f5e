"""The suites at hand, what was read of each, and which pane is open. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rubrics.counted import count

if TYPE_CHECKING:
    from engine.results.suites import PairFilter, SuiteEntry
    from rubrics.check import Report

__all__ = ["PANES", "Pane", "SuitesState", "invert", "mark_all", "toggle"]

Pane = Literal["card", "coverage", "check"]
PANES: dict[Pane, str] = {"card": "[", "coverage": "]", "check": ";"}
"""Each pane with the key that opens it."""


@dataclass
class SuitesState:
    """What the Suites screen shows."""

    entries: list[SuiteEntry] = field(default_factory=list)
    pane: Pane = "coverage"
    coverage: dict[SuiteEntry, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    """Pairs by subcategory and |V|, of the suites looked at."""
    reports: dict[SuiteEntry, Report] = field(default_factory=dict)
    """Of the suites checked."""

    def at(self, index: int) -> SuiteEntry | None:
        """The suite in that line."""
        return self.entries[index] if index < len(self.entries) else None

    def pane_for(self, entry: SuiteEntry) -> Pane:
        """The pane shown: what cannot be used has no coverage; its card says why."""
        return "card" if entry.fault and self.pane == "coverage" else self.pane

    def summary(self, marked: int) -> str:
        """How many suites there are, are marked, and cannot be used."""
        parts = [count(len(self.entries), "suite"), f"{marked} marked" if marked else "none marked"]
        if faulty := sum(bool(entry.fault) for entry in self.entries):
            parts.append(f"✗ {faulty} cannot be used")
        return " · ".join(parts)

    def pairs_in(self, entry: SuiteEntry, row: int | None, column: int) -> PairFilter:
        """Which pairs a cell of the coverage stands for; without a row, all of them."""
        from engine.results.suites import SIZES, PairFilter

        coverage = self.coverage.get(entry)
        if row is None or coverage is None:
            return PairFilter()
        return PairFilter(subcategory=list(coverage)[row], size=column if 1 <= column <= SIZES else 0)


def toggle(marks: list[str], entry: SuiteEntry) -> str:
    """Mark a suite for the next run, or unmark it; gives back why that cannot be."""
    if entry.fault or not entry.path:
        return "It cannot be read" if entry.fault else "Its file is not known: add it with a"
    if entry.path in marks:
        marks.remove(entry.path)
    else:
        marks.append(entry.path)
    return ""


def mark_all(marks: list[str], entries: Iterable[SuiteEntry]) -> None:
    """Mark every suite listed that can be scored; where all are marked, none any more."""
    usable = [entry.path for entry in entries if entry.path and not entry.fault]
    unmarked = [path for path in usable if path not in marks]
    marks[:] = [*marks, *unmarked] if unmarked else [path for path in marks if path not in usable]


def invert(marks: list[str], entries: Iterable[SuiteEntry]) -> None:
    """Mark every suite listed that can be scored and is not marked, and unmark those that are."""
    for entry in entries:
        toggle(marks, entry)
