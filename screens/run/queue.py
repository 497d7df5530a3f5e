"""The queue of runs as cells and words. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.jobs.progress import CONTROLS, NONE_SCORED, TRAINING, seconds_left, shown_phase
from engine.layout.protocols import PROTOCOLS
from engine.predictors.assays.described import DESCRIBED
from rubrics.counted import count
from screens.shell.bars import gauge
from screens.shell.colour import Colour
from screens.shell.formats import duration, percent, size
from screens.shell.live import Live
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.results.database import LeftOver

__all__ = [
    "columns", "current", "live_cells", "nothing_scored", "stopped", "summary", "tone", "unit", "way",
]  # fmt: skip

_PHASES: Final = {
    "queued": ("·", "chance"),
    "hashing": ("◌", "mark-2"),
    "loading": ("◌", "mark-2"),
    "tokenising": ("◌", "mark-2"),
    "scoring": ("▶", "good"),
    "training": ("▶", "good"),
    "paused": ("‖", "mark-2"),
    "done": ("✓", "mark-3"),
    "up to date": ("✓", "mark-3"),
    "started": ("▶", "good"),
    "cancelled": ("■", "chance"),
    "failed": ("✗", "bad"),
    "refused": ("✗", "mark-2"),
    "crashed": ("✗", "bad"),
    "busy elsewhere": ("…", "mark-2"),
    NONE_SCORED: ("✗", "bad"),
}


def nothing_scored(live: Live) -> bool:
    """Whether nothing could be scored but, at most, controls, which are shorter."""
    asked = [state for state in live.states if state.prompt not in CONTROLS]
    return bool(asked) and all(shown_phase(str(s.phase), s.done, s.skipped) == NONE_SCORED for s in asked)


def tone(phase: str, colour: Colour) -> tuple[str, str]:
    """Glyph and colour of a phase or a stored status."""
    mark, name = _PHASES.get(phase, ("?", "chance"))
    return mark, colour(name)


def way(protocol: str, prompt: str) -> str:
    """A protocol in eleven cells; a control hangs below the run it belongs to."""
    return {"none": "╰ no prompt", "other": "╰ wrong one"}.get(prompt, protocol)


def unit(state: RunState) -> str:
    """What is counted."""
    if state.protocol.startswith(TRAINING):
        return "steps"
    if state.protocol in DESCRIBED:
        return f"{DESCRIBED[state.protocol].noun}s"
    return {"": "matrices", "traces": "traces", "trial": "labels"}.get(state.protocol, "pairs")


def columns(width: int, name: int, suite: int, suites: int = 1) -> list[tuple[str, str, int]]:
    """(key, heading, width) of the live board: what there is room for, in this order of need.

    Args:
        width: cells of the table.
        name: cells of the longest candidate name.
        suite: the same of suites.
        suites: how many there are; where there is but one, other columns come first.
    """
    needed = [
        ("phase", "phase", 13), ("candidate", "candidate", min(max(name, 9), 28 if width >= 100 else 16)),
        ("protocol", "protocol", 11), ("right", "acc %", 5), ("eta", "left", 8), ("pairs", "pairs", 9),
        ("ends", "ends in", 11), ("bar", "progress", 8), ("speed", "pairs/s", 7), ("tokens", "tokens/s", 9),
        ("memory", "memory", 8), ("precision", "prec", 5),
    ]  # fmt: skip
    needed.insert(3 if suites > 1 else len(needed), ("suite", "suite", 14))
    order = [
        "phase", "candidate", "suite", "protocol", "precision", "bar", "pairs", "speed", "tokens", "eta", "right",
        "ends", "memory",
    ]  # fmt: skip
    fitting, used = [], 2
    for column in needed:
        used += column[2] + 2
        if used > width:
            break
        fitting.append(column)
    # What room is left is for names that are longer.
    spare = width - 2 - sum(cells + 2 for _, _, cells in fitting)
    longest = {"candidate": name, "suite": suite}
    for at, (key, heading, cells) in enumerate(fitting):
        if (more := min(spare, longest.get(key, 0) - cells)) > 0:
            fitting[at] = key, heading, cells + more
            spare -= more
    return sorted(fitting, key=lambda column: order.index(column[0]))


def live_cells(state: RunState, colour: Colour, ends: tuple[float, float] | None = None) -> dict[str, Text]:
    """One run's cells by column key.

    Args:
        ends: where its accuracy will end, 95 %.
    """
    phase = shown_phase(str(state.phase), state.done, state.skipped)
    mark, style = tone(phase, colour)
    share = min(1.0, state.done / state.total) if state.total else 0.0
    going = not state.phase.ended
    return {
        "phase": Text(f"{mark} {phase}", style, no_wrap=True),
        "candidate": Text(one_line(state.candidate), no_wrap=True, overflow="ellipsis"),
        "suite": Text(one_line(state.suite), no_wrap=True, overflow="ellipsis"),
        "protocol": Text(way(state.protocol, state.prompt), no_wrap=True),
        "precision": Text(state.precision),
        "bar": Text(gauge(share, 8), style),
        "pairs": Text(f"{state.done:,}/{state.total:,}" if state.total else "–", justify="right"),
        "speed": Text(f"{state.pairs_per_second:.1f}" if state.pairs_per_second else "–", justify="right"),
        "tokens": Text(f"{state.tokens_per_second:,.0f}" if state.tokens_per_second else "–", justify="right"),
        "eta": Text(duration(state.eta_seconds) if going else "", justify="right"),
        "right": Text(percent(state.right / state.judged) if state.judged else "–", justify="right"),
        "ends": Text("–".join(map(percent, ends)) if ends else "", justify="right"),
        "memory": Text(size(state.memory_bytes) if state.memory_bytes else "–", justify="right"),
    }


def _share(share: float) -> str:
    """In percent; nothing is all or none before it is."""
    return f"{min(99, max(1, round(100 * share)))} %" if 0 < share < 1 else f"{share:.0%}".replace("%", " %")


def current(live: Live) -> RunState | None:
    """The run that is worked on, or waited with; of several the first."""
    return next(iter(_at_work(live)), None)


def _at_work(live: Live) -> list[RunState]:
    return [state for state in live.states if not state.phase.ended and state.phase != "queued"]


def stopped(live: Live) -> bool:
    """Whether starting the same again would take something up."""
    return any(str(state.phase) in ("failed", "cancelled", "busy elsewhere") for state in live.states)


def summary(live: Live, memory: str = "", elsewhere: int = 0, left: LeftOver | None = None) -> str:
    """Two lines on how it stands.

    Args:
        memory: how full the device is, in words.
        elsewhere: runs that another process of this machine is at work on.
        left: what was asked for earlier and has not come to its end.
    """
    if not live.states:
        if live.running:
            return "Starting…"
        if elsewhere and not live.error:
            return f"Another process is at work: {count(elsewhere, 'run')}.\n; shows how far, and Z stops it there."
        if left and not live.error:
            asked = f"{count(left.runs, 'run')}, asked for {left.asked_at}"
            return f"Stopped before its end: {asked}.\nR takes up what is left."
        return live.error or "Nothing is being scored.\n[ sets up a run: what to score; Q plans it, s starts it."
    phases = [str(state.phase) for state in live.states]
    ended = sum(state.phase.ended for state in live.states)
    first = f"{ended} of {count(len(phases), 'run')} ended · {_share(live.share)} of all {unit(live.states[0])}"
    state = current(live)
    if state is None:
        skipped = sum(state.skipped for state in live.states)
        ends = [f" · {number} {end}" for end in ("failed", "refused") if (number := phases.count(end))]
        first += "".join(ends) + (f" · {skipped:,} cannot be scored" if skipped else "")
        if live.running:
            return first
        if stopped(live):
            return first + "\nR takes up what stopped."
        # What else is measured here is in neither of these places.
        scored = any(state.protocol in PROTOCOLS for state in live.states)
        return first + "\n3 shows the rankings, 5 the failures." * scored
    at_work = {state.candidate for state in _at_work(live)}
    others = len(at_work - {state.candidate})
    if len(live.states) > 1:
        # Who has not begun may be one of whose speed nothing is known.
        seconds, whole = seconds_left(live.states, len(at_work))
        first += f" · {'' if whole else 'at least '}{duration(seconds)} left" * (seconds > 0)
    beside = f" and {count(others, 'other')} beside it" if others else ""
    if live.paused:
        waits = "waits" if state.phase == "paused" else "waits once the batch at hand is done"
        return (
            first
            + f"\n‖ {plain(state.candidate)}{beside} {waits}; z goes on, Z stops"
            + (f" · {memory}" if memory else "")
        )
    parts = [f"{state.candidate}: {state.phase}{beside}"]
    if state.pairs_per_second:
        parts += [f"{state.pairs_per_second:.1f} {unit(state)}/s", f"{duration(state.eta_seconds)} left"]
    if state.memory_bytes:
        parts.append(f"worker {size(state.memory_bytes)}")
    if memory:
        parts.append(memory)
    if state.stage:
        parts.insert(1, state.stage)
    return first + "\n" + plain(" · ".join(parts))
