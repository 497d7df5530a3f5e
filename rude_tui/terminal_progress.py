"""Progress on standard error: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from engine.jobs.progress import Phase, RunState
from rubrics.counted import count
from rude_tui.output import narrate
from screens.shell.plain import one_line

__all__ = ["TerminalProgress", "describe"]

_PLAIN_SECONDS = 10.0
_GOING = frozenset({Phase.LOADING, Phase.SCORING, Phase.TRAINING})


def describe(state: RunState) -> str:
    """One line about one run."""
    head = " · ".join(part for part in (state.candidate, state.suite, state.way) if part)
    parts = [f"{head}: {state.phase}"]
    if state.stage:
        parts.append(state.stage)
    if state.phase is Phase.SCORING and state.judged:
        parts.append(f"{state.done}/{state.total} pairs, {state.pairs_per_second:.0f} pairs/s")
        parts.append(f"{state.tokens_per_second:,.0f} tokens/s")
        parts.append(f"{100 * state.right / state.judged:.1f} % so far")
        if state.eta_seconds is not None:
            parts.append(f"{state.eta_seconds:.0f} s left")
        parts.append(f"{state.memory_bytes / 2**30:.1f} GiB")
    elif state.phase is Phase.TRAINING and state.total:
        parts.append(f"{state.note}, {state.done}/{state.total} steps")
        if state.eta_seconds is not None:
            parts.append(f"{state.eta_seconds:.0f} s left")
    elif state.phase is Phase.DONE and state.judged:
        parts.append(f"{state.judged} pairs in {state.seconds:.1f} s")
    return ", ".join(parts)


class TerminalProgress:
    """A sink for `engine.jobs.progress.Progress`."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._phase: dict[str, Phase] = {}
        self._noted: set[str] = set()
        self._spoke = 0.0

    def started(self, states: tuple[RunState, ...]) -> None:
        """Say how much there is."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")
        waiting = sum(not state.phase.ended for state in states)
        narrate(f"{count(waiting, 'run')} to do, {len(states) - waiting} up to date")

    def advanced(self, state: RunState) -> None:
        """Rewrite the live line, or print one now and then."""
        changed = self._phase.get(state.key) is not state.phase
        self._phase[state.key] = state.phase
        if not changed and state.phase in _GOING:
            self._say_new(state)
        self._noted |= set(state.notes)
        line = one_line(describe(state), 400)
        if self._live:
            end = "\n" if state.phase.ended else ""
            width = _columns()
            sys.stderr.write("\r\x1b[2K" + line[: width - 1] + end)
            sys.stderr.flush()
        elif changed or time.monotonic() - self._spoke > _PLAIN_SECONDS:
            self._spoke = time.monotonic()
            narrate(line)

    def _say_new(self, state: RunState) -> None:
        """What is noted of a run while it goes on is not kept for its end."""
        for note in state.notes:
            if note not in self._noted:
                sys.stderr.write("\r\x1b[2K" if self._live else "")
                narrate(f"note: {note} ({state.candidate})")

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Leave the line clean."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
