"""The queue of runs as lines to show. Plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.bars import gauge
from screens.formats import count, duration, percent, size
from screens.plain import one_line, plain
from screens.session import Live

if TYPE_CHECKING:
    from engine.progress import RunState

__all__ = ["columns", "live_cells", "summary", "tone"]

_PHASES: Final = {
    "queued": ("·", "chance"),
    "hashing": ("◌", "mark-2"),
    "loading": ("◌", "mark-2"),
    "tokenising": ("◌", "mark-2"),
    "scoring": ("▶", "good"),
    "done": ("✓", "mark-3"),
    "up to date": ("✓", "mark-3"),
    "started": ("▶", "good"),
    "cancelled": ("■", "chance"),
    "failed": ("✗", "bad"),
    "crashed": ("✗", "bad"),
    "busy elsewhere": ("…", "mark-2"),
}


def tone(phase: str, colour: Callable[[str], str]) -> tuple[str, str]:
    """Glyph and colour of a phase or a stored status."""
    mark, name = _PHASES.get(phase, ("?", "chance"))
    return mark, colour(name)


def columns(*, wide: bool) -> list[tuple[str, str, int]]:
    """(key, heading, width) of the live board."""
    if wide:
        return [
            ("phase", "phase", 12), ("candidate", "candidate", 20), ("suite", "suite", 14),
            ("protocol", "protocol", 10), ("precision", "prec", 5), ("bar", "progress", 16), ("pairs", "pairs", 14),
            ("speed", "pairs/s", 7), ("tokens", "tokens/s", 8), ("eta", "left", 9), ("right", "acc %", 6),
            ("memory", "memory", 8),
        ]  # fmt: skip
    return [
        ("phase", "phase", 12), ("candidate", "candidate", 12), ("protocol", "protocol", 10), ("bar", "progress", 8),
        ("pairs", "pairs", 9), ("eta", "left", 8), ("right", "acc %", 5),
    ]  # fmt: skip


def live_cells(state: RunState, colour: Callable[[str], str], *, wide: bool) -> dict[str, Text]:
    """One run's cells by column key."""
    mark, style = tone(str(state.phase), colour)
    share = min(1.0, state.done / state.total) if state.total else 0.0
    going = not state.phase.ended
    return {
        "phase": Text(f"{mark} {state.phase}", style, no_wrap=True),
        "candidate": Text(one_line(state.candidate, 20 if wide else 12), no_wrap=True),
        "suite": Text(one_line(state.suite, 14), no_wrap=True),
        "protocol": Text(state.protocol),
        "precision": Text(state.precision),
        "bar": Text(gauge(share, 16 if wide else 8), style),
        "pairs": Text(f"{state.done:,}/{state.total:,}" if state.total else "–", justify="right"),
        "speed": Text(f"{state.pairs_per_second:.1f}" if state.pairs_per_second else "–", justify="right"),
        "tokens": Text(f"{state.tokens_per_second:,.0f}" if state.tokens_per_second else "–", justify="right"),
        "eta": Text(duration(state.eta_seconds) if going else "", justify="right"),
        "right": Text(percent(state.right / state.judged) if state.judged else "–", justify="right"),
        "memory": Text(size(state.memory_bytes) if state.memory_bytes else "–", justify="right"),
    }


def summary(live: Live) -> str:
    """Two lines on how it stands."""
    if not live.states:
        return "Nothing is being scored. Choose what to score under Set up, p plans it, s starts it."
    phases = [str(state.phase) for state in live.states]
    ended = sum(state.phase.ended for state in live.states)
    first = f"{ended} of {count(len(phases), 'run')} ended · {live.share:.0%} of all pairs"
    now = next((state for state in live.states if not state.phase.ended and state.phase != "queued"), None)
    if now is None:
        skipped = sum(state.skipped for state in live.states)
        stopped = sum(str(state.phase) in ("failed", "cancelled", "busy elsewhere") for state in live.states)
        failed = phases.count("failed")
        first += (f" · {failed} failed" if failed else "") + (f" · {skipped:,} cannot be scored" if skipped else "")
        if live.running:
            return first
        return (
            first
            + "\n"
            + ("Starting the same again takes up what stopped." if stopped else "3 shows the rankings, 5 the failures.")
        )
    parts = [f"{now.candidate}: {now.phase}"]
    if now.pairs_per_second:
        parts += [
            f"{now.pairs_per_second:.1f} pairs/s",
            f"{now.tokens_per_second:,.0f} tokens/s",
            f"{duration(now.eta_seconds)} left",
        ]
    if now.memory_bytes:
        parts.append(size(now.memory_bytes))
    if now.note:
        parts.append(now.note)
    return first + "\n" + plain(" · ".join(parts))
