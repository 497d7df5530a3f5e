"""A stored run as a line, and in full: what it was, what it cost, why it stopped and the way out. Plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.jobs.progress import TRAINING
from rubrics.counted import count
from screens.run.jobs import is_elsewhere
from screens.shell.colour import Colour
from screens.shell.formats import duration, percent, size
from screens.shell.plain import padded, plain

if TYPE_CHECKING:
    from engine.results.runs import RunRow

__all__ = ["cell", "column_widths", "log_line", "run_text"]


def column_widths(room: int, candidate: int, suite: int, pairs: int, *, wide: bool) -> dict[str, int]:
    """Cells of each column with the gap behind it: what there is room for, by need, in the order they are shown in.

    Args:
        candidate: cells of the longest name.
        suite: the same of suites.
        pairs: the same of how many are scored.
    """
    needed = {
        "state": 14, "candidate": max(10, min(candidate + 1, 33 if wide else 16, room - 24)), "protocol": 12,
        "pairs": max(5, pairs) + 2, "suite": max(6, min(suite + 1, 21 if wide else 10)), "when": 17 if wide else 12,
        "prec": 5,
    }  # fmt: skip
    used, fitting = 0, set()
    for column, width in needed.items():
        used += width
        if used > room:
            break
        fitting.add(column)
    # What room is left is for names that are longer.
    spare = room - sum(needed[column] for column in fitting)
    for column, longest in (("candidate", candidate + 1), ("suite", suite + 1)):
        if column in fitting and (more := min(spare, longest - needed[column])) > 0:
            needed[column] += more
            spare -= more
    shown = ("state", "candidate", "suite", "protocol", "prec", "pairs", "when")
    return {column: needed[column] for column in shown if column in fitting}


def cell(column: str, text: str, width: int) -> str:
    """One cell of a line, with the gap behind it."""
    if column == "pairs":
        return f"{text:>{width - 2}}  "
    return padded(text, width - 1) + " "


_LOOKS: Final = 12
"""Looks at what is held out that are listed, at most: the first, the last and some between."""

_LEFT: Final = (("pair is left", "pairs are left"), ("step is left", "steps are left"))
"""Of what is scored, and of what is trained."""
_WAYS_OUT = {
    "crashed": "its process ended without a word (killed, out of memory, or the machine went down)",
    "cancelled": "it was stopped",
}


def run_text(run: RunRow, colour: Colour) -> Text:
    """What a run was, what it cost, and where it did not end well, why and the way out."""
    from engine.jobs.progress import way_of

    training = run.protocol == TRAINING
    about = run.candidate, run.suite, run.protocol, run.precision or str(run.facts.get("recipe", ""))
    text = Text(overflow="fold")
    text.append(plain(" · ".join(filter(None, about))), "bold")
    text.append(" · ".join(["", *filter(None, [run.device, f"seed {run.seed}", run.run_id[:12]])]) + "\n")
    if run.error:
        reason, _, fix = plain(run.error).partition("\n  → ")
        text.append(f"✗ {reason}\n", colour("bad"))
        if fix:
            text.append(f"→ {fix}\n")
    elif run.status == "started" and run.owner is not None and not run.owner.within_sight:
        text.append(f"… {plain(str(run.owner.busy('at work on it')).partition(chr(10))[0])}\n", colour("mark-2"))
        text.append(f"→ if {plain(run.owner.host)} is gone, R takes it over, after a question\n")
    elif is_elsewhere(run) and run.owner is not None:
        text.append(
            f"▶ process {run.owner.pid} is at work on it; Z stops it, and what is done is kept\n", colour("good")
        )
    elif way := _WAYS_OUT.get(str(run.status)):
        text.append(f"✗ {way}\n", colour("bad"))
    if run.status in ("crashed", "cancelled", "failed", "refused"):
        remaining = max(0, run.n_wanted - run.n_scored - run.n_skipped)
        text.append(
            f"→ R takes it up where it was; {count(remaining, *_LEFT[training])}\n"
            if remaining
            else "→ R tries again\n"
        )
    facts = run.facts
    parts = []
    if facts.get("seconds"):
        parts.append(f"{'trained' if training else 'scored'} for {duration(facts['seconds'])}")
        if facts.get("tokens"):
            parts.append(f"{facts['tokens'] / facts['seconds']:,.0f} tokens/s")
    if facts.get("memory"):
        parts.append(f"{size(facts['memory'])} at most")
    parts += [str(facts[name]) for name in ("device_name", "attention", "sharing") if facts.get(name)]
    if parts:
        text.append(plain(" · ".join(parts)) + "\n", colour("chance"))
    if facts.get("sharing_error"):
        text.append(
            plain(f"tried at the start: with prefixes shared {facts['sharing_error']}") + "\n", colour("chance")
        )
    if run.n_skipped:
        none = "" if run.n_scored else ": nothing was scored"
        text.append(
            f"{'✗' if none else '!'} {count(run.n_skipped, 'pair')} cannot be scored (too long, or empty){none}\n",
            colour("bad" if none else "mark-2"),
        )
    if run.prompt != "own":
        text.append(f"· a control: {way_of(run.protocol, run.prompt, run.wording)}; rankings leave it out\n")
    if looks := facts.get("held_out"):
        last = len(looks) - 1
        few = [looks[at] for at in sorted({round(i * last / (_LOOKS - 1)) for i in range(_LOOKS)})]
        shares = " · ".join(f"{step:,}: {percent(share)}" for step, share in few)
        text.append(f"held out, % of criteria met by step: {shares}\n")
    for note in facts.get("notes", ()):
        text.append(f"· {plain(str(note))}\n")
    if run.status in ("failed", "refused", "crashed") and facts.get("log"):
        text.append(f"log {plain(Path(str(facts['log'])).name)} (y copies the whole path)\n", colour("chance"))
    return text


def log_line(run: RunRow) -> str:
    """Where its log is, as a line; empty where there is none."""
    log = run.facts.get("log")
    return f"log: {log}\n" if log else ""
