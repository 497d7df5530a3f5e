"""How far each candidate was from preferring the chosen response, on one scale. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from screens.shell.bars import scale_line
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import cells_of, padded

if TYPE_CHECKING:
    from engine.results.failures import PairVerdict

__all__ = ["scales", "units"]


def units(metric: str) -> str:
    """What a margin under the metric is measured in."""
    return {"per_byte": "nats/byte", "per_token": "nats/token"}.get(metric, "nats")


def scales(
    verdicts: Sequence[PairVerdict],
    subject: str,
    metric: str,
    colour: Colour,
    width: int,
    *,
    most: int = 6,
) -> Text:
    """One line per candidate, the subject marked `▸`; at most `most`, always with the subject.

    For `choice`, ◁ is the log-odds with the chosen response shown first, ▷ with it shown second, ◆ their mean.
    """
    shown = _some(verdicts, subject, most)
    choice = any(not math.isnan(verdict.log_odds_chosen_first) for verdict in shown)
    values = [value for verdict in shown for value in _values(verdict) if not math.isnan(value)]
    reach = max([abs(value) for value in values], default=1.0) or 1.0
    longest = max([cells_of(verdict.candidate) for verdict in shown], default=8)
    name = min(longest, max(6, min(18, width - 26), (width - 26) // 2))
    room = max(11, width - name - 15)
    text = Text(no_wrap=True, overflow="crop")
    room -= 1 - room % 2
    for_rejected, for_chosen = ("◀ rejected", "chosen ▶") if room >= 20 else ("◀ ✗", "✓ ▶")
    ends = f"{for_rejected:<{room // 2}}{for_chosen:>{room - room // 2}}"
    text.append(f"  {'':<{name}}  {ends} {units(metric):>7}\n", colour("chance"))
    for verdict in shown:
        is_subject = verdict.candidate == subject
        won = verdict.score == 1
        tone = colour("good" if won else "bad")
        text.append("▸ " if is_subject else "  ", "bold")
        text.append(f"{padded(verdict.candidate, name)}  ", "bold" if is_subject else "")
        marks = [(verdict.margin, "◆", f"bold {tone}")]
        if choice:
            marks = [
                (verdict.log_odds_chosen_first, "◁", tone), (verdict.log_odds_rejected_first, "▷", tone), *marks,
            ]  # fmt: skip
        text.append_text(scale_line(marks, reach, room, faint=colour("chance")))
        text.append(f" {signed(verdict.margin, 3 if reach < 10 else 1):>7} ", tone)
        text.append("✓\n" if won else ("½\n" if verdict.score == 0.5 else "✗\n"), tone)
    if hidden := len(verdicts) - len(shown):
        text.append(f"  … {hidden} more\n", colour("chance"))
    if choice:
        text.append("  ◁ chosen shown first · ▷ chosen shown second · ◆ mean\n", colour("chance"))
    return text


def _values(verdict: PairVerdict) -> tuple[float, ...]:
    return verdict.margin, verdict.log_odds_chosen_first, verdict.log_odds_rejected_first


def _some(verdicts: Sequence[PairVerdict], subject: str, most: int) -> list[PairVerdict]:
    if len(verdicts) <= most:
        return list(verdicts)
    shown = list(verdicts[:most])
    if all(verdict.candidate != subject for verdict in shown):
        shown[-1:] = [verdict for verdict in verdicts if verdict.candidate == subject]
    return shown
