"""The upsets of a source in words. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.stats.p_value import p_text
from screens.shell.formats import parameters, percent, signed
from screens.shell.plain import cells_of, one_line, padded
from screens.widgets.cells import shares

if TYPE_CHECKING:
    from engine.correlation.sources import Source
    from engine.correlation.upsets import Upset, UpsetGain, UpsetTable, UpsetTally
    from engine.results.board import Question
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["Columns", "came_true", "outcome_heads", "read_upsets", "tally_words", "upset_cells"]

_NUMBERS = 7 + 16 + 9
"""Cells of lead, interval and p, with the blanks before them."""
_SIZE, _OUTCOME, _NAMES = 6, 14, 60


@dataclass(frozen=True)
class Columns:
    """What there is room for: names shrink first, then the interval and p go, which the words below have."""

    name: int
    numbers: bool
    outcomes: int
    """How many of them."""
    widths: tuple[int, ...] = ()
    """Cells of each."""

    @classmethod
    def fitting(cls, room: int, names: int, outcomes: int, heads: Sequence[str] = (), *, known: bool = True) -> Columns:
        """The most that fits in so many cells.

        Args:
            names: cells of the longest name.
            heads: what stands over the outcomes; they have what room is left.
            known: whether there is an interval of any lead.
        """
        most = min(names, _NAMES)
        for numbers in (True, False) if known else (False,):
            fixed = 2 * (_SIZE + 2) + (_NUMBERS if numbers else 7)
            shown = max(0, min(outcomes, (room - fixed - 2 * 12) // _OUTCOME))
            name = min(most, (room - fixed - shown * _OUTCOME) // 2 - 1)
            if shown == min(outcomes, 1) or shown >= 1 or not numbers:
                name = max(8, name)
                wanted = [_OUTCOME] * shown
                wanted[: len(heads)] = [max(_OUTCOME, cells_of(head) + 1) for head in heads[:shown]]
                return cls(name, numbers, shown, tuple(shares(wanted, room - fixed - 2 * (name + 1), _OUTCOME)))
        raise AssertionError("the last way always fits")


def read_upsets(session: Session, source: Source | None) -> UpsetTable:
    """The upsets of a source; None: one's own if anything is scored, else the ladder's. Blocks.

    Raises:
        RudeError: nothing has been scored, or the store cannot be read.
    """
    question = session.question()
    return session.cached("upsets", (question, source), lambda: _read(session.store, question, source))


def _read(store: Store, question: Question, source: Source | None) -> UpsetTable:
    from engine.correlation.upsets import upsets

    return upsets(store, question, source=source or "own")


def upset_cells(upset: Upset, outcomes: list[str], columns: Columns) -> str:
    """One line."""
    text = "".join(
        f" {padded(name, columns.name)} {parameters(round(size)):>{_SIZE}}"
        for name, size in ((upset.smaller, upset.smaller_parameters), (upset.larger, upset.larger_parameters))
    )
    text += f" {signed(100 * upset.lead, 1):>6}"
    if columns.numbers:
        known = not math.isnan(upset.ci_low)
        span = f"{signed(100 * upset.ci_low, 1)} to {signed(100 * upset.ci_high, 1)}" if known else "–"
        text += f" {span:>15} {p_text(upset.p_adjusted):>8}"
    came = (came_true(upset.gains.get(name)) for name in outcomes)
    return text + "".join(f"{said:>{width}}" for said, width in zip(came, columns.widths, strict=False))


def outcome_heads(names: list[str], columns: Columns) -> str:
    """What stands over the outcomes."""
    pairs = zip(names, columns.widths, strict=False)
    return "".join(f" {padded(name, width - 1, right=True)}" for name, width in pairs)


def came_true(gain: UpsetGain | None) -> str:
    """`✓ +0.12`; a question mark where the scores' errors leave doubt; a dash where it is not known."""
    if gain is None or math.isnan(gain.value):
        return "–"
    sign = "=" if gain.came_true is None else "✓" if gain.came_true else "✗"
    doubt = "" if math.isnan(gain.stderr) or gain.sure or gain.came_true is None else "?"
    digits = 3 if abs(gain.value) < 1 else 1
    return f"{sign}{doubt} {gain.value:+.{digits}f}".replace("-", "−")


def tally_words(tally: UpsetTally, outcome: str) -> str:
    """How many came true in one outcome, beside what size alone leaves.

    Args:
        outcome: its name, in words.
    """
    share, other = tally.share, tally.otherwise
    if not tally.known:
        return (
            f"{one_line(outcome, 60)}: known of no upset; of all other pairs the smaller came out ahead in "
            f"{percent(other.value, 0)} %"
        )
    span = "" if math.isnan(share.ci_low) else f", 95 % {percent(share.ci_low, 0)}–{percent(share.ci_high, 0)}"
    even = f", {tally.even} even" if tally.even else ""
    return (
        f"{one_line(outcome, 60)}: {tally.true} of {tally.known} upsets came true{even} "
        f"({percent(share.value, 0)} %{span}); of all other pairs the smaller came out ahead in "
        f"{percent(other.value, 0)} %"
    )
