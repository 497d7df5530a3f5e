"""What stands behind one candidate's numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from engine.export.palette import glyph
from engine.stats.p_value import p_is, p_text
from rubrics.counted import count
from screens.rankings.state import CandidateRow, Standings, profile, rank_text, scope_names
from screens.shell.bars import axis_for, interval_bar
from screens.shell.colour import Colour
from screens.shell.formats import duration, parameters, percent, signed, size
from screens.shell.plain import cells_of, one_line, padded, plain

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable

__all__ = ["detail"]

_NAMED, _PROFILED = 6, 12
"""Scopes named as strong or weak, and scopes pictured."""


def detail(standings: Standings, candidate: CandidateRow, colour: Colour, *, width: int, wide: bool) -> Text:
    """Name, standing, profile, strengths and weaknesses, what must be known to read it."""
    table, row, entrant = standings.table, candidate.overall, candidate.entrant
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(entrant.label, width) + "\n", "bold")
    text.append(f"{parameters(entrant.parameters)} parameters · {entrant.precision} · {entrant.run.device}\n")
    text.append(f"{percent(row.value)} % ", "bold")
    text.append(f"({percent(row.ci_low)}–{percent(row.ci_high)})")
    if len(table.entrants) == 1:
        text.append("\nthe only candidate: there is nothing yet to rank it against\n")
    else:
        text.append(f" · rank {rank_text(row)} of {len(table.entrants)}\n")
        if row.tied_with:
            text.append("not told apart from " + ", ".join(one_line(name, 30) for name in row.tied_with) + "\n")
        else:
            text.append("told apart from every other candidate\n")
        if not math.isnan(row.p_value):
            against = "the second" if row is table.overall.rows[0] else "the one in front"
            text.append(f"{p_is(row.p_value)} (Holm {p_text(row.p_adjusted)}) to {against}\n")
        text.append(f"first in {percent(row.p_best, 0)} % of resamples\n")
    strong, weak = profile(candidate)
    if strong:
        text.append("▲ strong in " + _named(strong) + "\n", colour("good"))
    if weak:
        text.append("▼ weak in " + _named(weak) + "\n", colour("bad"))
    if candidate.scopes and not strong and not weak:
        text.append("even: no part surely off the overall\n", faint)
    if wide:
        text.append("\n")
        _profile(text, table, candidate, colour, width)
    text.append("\n")
    if bias := standings.biases.get(entrant.label):
        flips = bias.flip_rate
        text.append(f"leans {signed(bias.label_a.value)} nats to A\n")
        text.append(f"{percent(flips.value, 0)} % of verdicts flip with order ")
        text.append(f"({percent(flips.ci_low, 0)}–{percent(flips.ci_high, 0)})\n", faint)
        if table.metric == "strict":
            text.append(f"strict of one that cannot tell but flips as often: {percent(bias.strict_baseline.value)} %\n")
    _controls(text, standings, entrant.label, colour)
    for note in _facts(candidate):
        text.append(note + "\n")
    text.append(f"{count(row.n_pairs, 'pair')} in {count(row.n_clusters, 'cluster')}; {plain(row.method)}\n", faint)
    for suspicion in standings.suspicions:
        text.append(f"! {plain(suspicion)}\n", colour("bad"))
    for note in table.notes:
        text.append(f"· {plain(note)}\n", faint)
    return text


def _controls(text: Text, standings: Standings, label: str, colour: Colour) -> None:
    for prompt, words, source in (("none", "without prompt", "prompt"), ("other", "wrong prompt", "its own")):
        if (control := standings.controls.by_label.get(label, {}).get(prompt)) is not None:
            without, gained = control.without, control.gained
            text.append(f"{words:<15} {percent(without.value):>5} ")
            text.append(f"({percent(without.ci_low)}–{percent(without.ci_high)})\n", colour("chance"))
            text.append(f"{f'  {source} adds':<15} {signed(gained.difference * 100, 1):>5} ")
            ends = f"({signed(gained.ci_low * 100, 1)} to {signed(gained.ci_high * 100, 1)})"
            text.append(f"{ends}\n", colour("chance"))
    if line := standings.controls.line:
        text.append(line.replace(" -", " −") + "\n", colour("bad" if standings.controls.mostly_fluency else "chance"))


def _named(scopes: list[str]) -> str:
    rest = len(scopes) - _NAMED
    return ", ".join(one_line(name, 30) for name in scopes[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _profile(text: Text, table: RankingTable, candidate: CandidateRow, colour: Colour, width: int) -> None:
    names = scope_names(table)
    if not names:
        return
    longest = min(max(14, width - 26), max(map(cells_of, names)))
    ends = [end for row in candidate.scopes.values() for end in (row.value, row.ci_low, row.ci_high)]
    axis = axis_for(ends, table.chance, max(8, width - longest - 10))
    for number, name in enumerate(names[:_PROFILED]):
        mark, tone = glyph(name, number)
        row = candidate.scopes.get(name)
        text.append(f"{mark} {padded(name, longest)} ", colour(tone))
        if row is None:
            text.append("–\n")
            continue
        text.append(f"{percent(row.value):>5} ")
        text.append_text(
            interval_bar(
                axis, row.value, row.ci_low, row.ci_high, table.chance, colour=colour(tone), faint=colour("chance")
            )
        )
        text.append("\n")
    if len(names) > _PROFILED:
        text.append(f"… {len(names) - _PROFILED} more\n", colour("chance"))


def _facts(candidate: CandidateRow) -> Iterable[str]:
    run = candidate.entrant.run
    if run.n_skipped:
        yield f"{count(run.n_skipped, 'pair')} could not be scored"
    seconds, pairs, tokens, memory = (run.facts.get(name) for name in ("seconds", "pairs", "tokens", "memory"))
    cost = []
    if isinstance(seconds, int | float):
        cost.append(duration(seconds))
        if seconds > 0 and isinstance(pairs, int):
            cost.append(f"{pairs / seconds:,.0f} pairs a second")
    if isinstance(memory, int | float):
        cost.append(f"{size(memory)} at most")
    if cost:
        yield "cost: " + ", ".join(cost)
    distinct = run.facts.get("distinct_tokens")
    if isinstance(tokens, int) and isinstance(distinct, int) and tokens:
        yield f"{count(tokens, 'token')}, {distinct / tokens:.0%} of them computed"
