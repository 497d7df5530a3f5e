"""Short suites of several sizes, each with what leaving out the other pairs costs. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.database import Store
    from engine.results.pair_trial import Trial
    from engine.results.short_suite import ShortSuite

__all__ = ["ShortSuiteState", "file_name", "shorten_to", "write"]

_SHARES: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
_FIRST: Final = 2
"""Place of the size that the cursor begins at."""


@dataclass
class ShortSuiteState:
    """The sizes asked for, how pairs are kept together, and the suites that came of it."""

    trial: Trial
    whole: str = "cluster"
    """What is taken together or not at all."""
    leave_out: tuple[str, ...] = ()
    """Findings of pairs that are not to be in it."""
    sizes: set[int] = field(default_factory=set)
    suites: list[ShortSuite] = field(default_factory=list)
    """One for each size, the smallest first."""

    def __post_init__(self) -> None:
        self.sizes |= {max(1, round(share * len(self.trial.pairs))) for share in _SHARES}

    def toggle_suspected(self) -> None:
        """Without reversed and suspected pairs, or with them."""
        self.leave_out = () if self.leave_out else ("reversed", "suspect")

    def add_size(self, number: str) -> bool:
        """One more size, as it was typed; False where there is no suite of so many pairs."""
        if not number.isdecimal() or not 0 < int(number) < len(self.trial.pairs):
            return False
        self.sizes.add(int(number))
        return True

    def nearest(self, size: int | None) -> int:
        """The place of the suite of so many pairs, or near it; of the usual first one where none is named."""
        if size is None:
            return min(_FIRST, len(self.suites) - 1)
        sizes = [len(suite.pair_ids) for suite in self.suites]
        return min(range(len(sizes)), key=lambda index: abs(sizes[index] - size))

    def at(self, index: int) -> ShortSuite | None:
        """The suite in that line."""
        return self.suites[index] if index < len(self.suites) else None


def shorten_to(trial: Trial, sizes: list[int], whole: str, leave_out: tuple[str, ...]) -> list[ShortSuite]:
    """The short suites of these sizes, the smallest first, each once; blocks.

    Raises:
        BadInput: there is none of any of them.
    """
    from engine.results.short_suite import shorten
    from rubrics.errors import BadInput

    by_pairs: dict[tuple[str, ...], ShortSuite] = {}
    refused = None
    for size in sizes:
        try:
            suite = shorten(trial, size, whole=whole, leave_out=leave_out)
        except BadInput as error:
            refused = error
        else:
            by_pairs[suite.pair_ids] = suite
    if not by_pairs and refused is not None:
        raise refused
    return sorted(by_pairs.values(), key=lambda suite: len(suite.pair_ids))


def file_name(trial: Trial, suite: ShortSuite) -> str:
    """What to call its file."""
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in plain(trial.suite))[:40] or "suite"
    return f"{stem}-short-{len(suite.pair_ids)}.jsonl"


def write(store: Store, trial: Trial, suite: ShortSuite, path: Path) -> None:
    """Write the pairs, and a card beside them; blocks.

    Raises:
        RudeError: it cannot be written.
    """
    from engine.results.short_suite import write_short

    write_short(store, trial, suite, path)
