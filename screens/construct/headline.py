"""What stands above the examples of a construction: where it stands, what it took, what came through. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.formats import duration, percent
from screens.shell.plain import one_line, padded

if TYPE_CHECKING:
    from engine.construct.account import PhaseYield
    from engine.construct.watching import Overview, Tried

__all__ = ["EMPTY", "choices", "short_model", "spent_line", "state_line", "yield_text"]

EMPTY: Final = """No construction yet.

s builds pairs from prompts of your own: a generator writes an answer that meets every criterion and one that violates \
some; a verifier judges each criterion by itself. On the command line:

  rude-tui construct --prompts FILE --generator SPEC --verifier SPEC -o SUITE.jsonl --dry-run

SPEC is http://host:port/v1#model or local:PATH. Whatever is started there shows here as it goes."""
_STATUS: Final = {
    "started": ("●", "at work", "success"),
    "done": ("✓", "done", "good"),
    "cancelled": ("‖", "stopped", "warning"),
    "failed": ("✗", "failed", "bad"),
    "crashed": ("✗", "ended without a word; the same command goes on", "bad"),
}
_BAR: Final = 12


def state_line(overview: Overview, colour: Colour) -> Text:
    """What it is and where it stands."""
    row = overview.row
    mark, words, tone = _STATUS[str(row.status)]
    text = Text()
    text.append(f"{mark} {words}", f"bold {colour(tone)}")
    if (remaining := overview.eta_seconds) is not None:
        text.append(f", {duration(remaining)} left")
    parts = [one_line(row.name, 40), row.method, count(overview.pairs, "pair")]
    text.append("".join(f" · {part}" for part in parts))
    if row.error:
        text.append(f" · {one_line(row.error.partition(chr(10))[0])}", colour("warning"))
    text.append(f" · begun {row.created_at} · {row.run_id}", colour("chance"))
    return text


def spent_line(
    overview: Overview, tried: Sequence[Tried], prices: Mapping[str, tuple[float, float]], limit: int
) -> Text:
    """What it took until now, and whether its verifier has been tried."""
    from engine.construct.watching import money

    spent = overview.pulse.spent
    calls, tokens = sum(s.calls for s in spent), sum(s.tokens_read + s.tokens_written for s in spent)
    caps = overview.row.settings.get("caps") or (None, None)
    parts = [
        count(calls, "question") + (f" of {caps[0]:,}" if caps[0] else ""),
        count(tokens, "token") + (f" of {caps[1]:,}" if caps[1] else ""),
    ]
    if prices:
        parts.append(f"{money(spent, prices):,.2f} at your prices")
    if overview.running:
        parts.append(f"{count(overview.pulse.recent, 'answer')} a minute")
    for verifier in tried:
        parts.append(f"verifier {_error_rates(verifier)}")
    if limit >= 120:
        parts += [f"{short_model(s.model)} {s.calls:,}" for s in spent]
    return Text(" · ".join(parts))


def _error_rates(verifier: Tried) -> str:
    if not verifier.rates:
        return "not tried (F)"
    overall = verifier.rates[0]
    values = (overall.false_acceptance.value, overall.false_rejection.value)
    return "errs " + " / ".join(f"{percent(value)} %" for value in values)


def short_model(spec: str) -> str:
    """A model by its name alone."""
    from engine.construct.card import model_name

    return one_line(model_name(spec), 30)


def yield_text(overview: Overview, colour: Colour, width: int) -> Text:
    """One line a phase: how far, what came through, why the rest did not, cut off at so many cells."""
    lines = [_yield(phase, colour) for phase in overview.yields]
    for line in lines:
        line.truncate(max(1, width), overflow="ellipsis")
    return Text("\n").join(lines)


def _yield(phase: PhaseYield, colour: Colour) -> Text:
    planned = max(phase.planned, phase.done, 1)
    good = round(_BAR * phase.accepted / planned)
    bad = min(_BAR - good, -(-_BAR * phase.rejected // planned))
    line = Text.assemble(
        f"{padded(phase.name, 10)}", ("█" * good, colour("good")), ("▒" * bad, colour("bad")),
        ("·" * (_BAR - good - bad), colour("chance")),
        f" {phase.accepted:>5,} ✓", (f" {phase.rejected:>4,} ✗", colour("bad") if phase.rejected else colour("chance")),
        f" of {phase.planned:,}",
    )  # fmt: skip
    if phase.done and phase.rounds:
        line.append(f" · {phase.rounds / phase.done:.1f} rounds each", colour("chance"))
    if phase.reasons:
        line.append(" · " + ", ".join(f"{number} {one_line(reason, 60)}" for reason, number in phase.reasons))
    return line


def choices(overview: Overview) -> list[tuple[str, str]]:
    """All constructions to choose among: run id and what is known of it."""
    options = []
    for row in overview.others:
        mark, words, _ = _STATUS[str(row.status)]
        label = f"{mark} {one_line(row.name, 24)}  {row.method} · {words} · {row.created_at} · {row.run_id}"
        options.append((row.run_id, label))
    return options
