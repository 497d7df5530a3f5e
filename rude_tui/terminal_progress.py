"""Progress on standard error: a live line in a terminal, plain lines elsewhere, or JSON for a script."""

from __future__ import annotations

import sys
import time

from engine.jobs.progress import TRAINING, NoProgress, Phase, Progress, RunState
from rubrics.counted import count
from rude_tui.output import narrate, say_event, says_json
from screens.shell.plain import one_line

__all__ = ["JsonProgress", "TerminalProgress", "asked_progress", "describe", "keep_quiet"]

_PLAIN_SECONDS = 10.0
_JSON_SECONDS = 1.0
_GOING = frozenset({Phase.LOADING, Phase.SCORING, Phase.TRAINING})


_quiet = False


def keep_quiet(on: bool) -> None:
    """Whether nothing is said of how far work is."""
    global _quiet
    _quiet = on


def asked_progress(usual: Progress | None = None) -> Progress:
    """What tells how far work is, as it was asked for.

    Args:
        usual: for whoever asked for nothing; a `TerminalProgress` if not said.
    """
    if says_json():
        return JsonProgress()
    return NoProgress() if _quiet else usual or TerminalProgress()


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
    elif state.phase is Phase.TRAINING and state.total and state.protocol.startswith(TRAINING):
        parts += filter(None, [state.note, f"{state.done}/{state.total} steps"])
        if state.eta_seconds is not None:
            parts.append(f"{state.eta_seconds:.0f} s left")
    elif state.phase is Phase.DONE and state.judged:
        parts.append(f"{count(state.judged, 'pair')} in {state.seconds:.1f} s")
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
            # A line that is wider than the terminal, in cells, would stay there each time it is written anew.
            sys.stderr.write("\r\x1b[2K" + one_line(line, _columns() - 1) + end)
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


class JsonProgress:
    """One line of JSON a change of phase, and at most one a second for each run between them.

    `{"event": "started", "runs": [ … ]}`, `{"event": "advanced", … }` with the fields of `RunState`, and
    `{"event": "finished", "runs": [ … ]}`.
    """

    def __init__(self) -> None:
        self._phase: dict[str, Phase] = {}
        self._spoke: dict[str, float] = {}

    def started(self, states: tuple[RunState, ...]) -> None:
        """The whole queue."""
        say_event("started", runs=[state.to_json() for state in states])

    def advanced(self, state: RunState) -> None:
        """One run moved on."""
        now = time.monotonic()
        changed = self._phase.get(state.key) is not state.phase
        if changed or now - self._spoke.get(state.key, -_JSON_SECONDS) >= _JSON_SECONDS:
            self._phase[state.key], self._spoke[state.key] = state.phase, now
            say_event("advanced", **state.to_json())

    def finished(self, states: tuple[RunState, ...]) -> None:
        """How each ended."""
        say_event("finished", runs=[state.to_json() for state in states])
