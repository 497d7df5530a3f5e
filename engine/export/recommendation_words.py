"""A recommendation in words: one sentence that decides, then what stands behind it, each in a sentence of its own.

Names come from files: whoever shows a sentence makes it safe for where it goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from data.ladder2 import ladder2_notes
from engine.results.decisions import claim
from engine.results.recommendation import Recommendation, Weakness
from engine.results.wordings import WordingTable, turn_words
from engine.stats.flips import ALPHA
from engine.stats.p_value import p_is, p_text
from engine.stats.paired import Comparison
from rubrics.counted import all_of, count

__all__ = ["headline", "reasons"]

_NAMED = 4
_PARTS = 3


def headline(advice: Recommendation) -> str:
    """Whom to take, or why nobody, in one sentence; before all runs have ended, how it stands so far."""
    if not advice.unfinished or not advice.table.overall.rows:
        return _headline(advice)
    number, all_ = len(advice.unfinished), len(advice.table.overall.rows)
    return f"So far, with {number} of {count(all_, 'run')} unfinished: {_headline(advice)}"


def _headline(advice: Recommendation) -> str:
    table, chance = advice.table, 100 * advice.table.chance
    state, leaders = advice.pick.state, advice.pick.leaders
    rows = {row.candidate: row for row in table.overall.rows}
    if state == "nobody":
        why = "is within your limits" if advice.vetoed else "has a score on these pairs"
        return f"Take none: no candidate {why}."
    if state == "below":
        return (
            f"Take none: {all_of(len(leaders), 'candidates')} are surely below chance ({chance:.0f} %): "
            f"are chosen and rejected changed over in {table.suite}?"
        )
    if state == "chance":
        best = rows[leaders[0]]
        # In a suite that is turned round the able fall below chance first, while the others stay at it.
        below = [row.candidate for row in table.overall.rows if row.ci_high < table.chance]
        turned = f" Surely below it: {_listed(below, 'and')}; are chosen and rejected changed over?" if below else ""
        return (
            f"Take none: nobody is surely above chance ({chance:.0f} %) on {table.suite} under {table.protocol}; the "
            f"first, {best.candidate}, has {_range(best.value, best.ci_low, best.ci_high)}.{turned}"
        )
    first = rows[leaders[0]]
    if state == "alone":
        only = "has been scored" if len(rows) == 1 else "may be taken"
        return (
            f"Nothing to choose: only {first.candidate} {only}; it has "
            f"{_range(first.value, first.ci_low, first.ci_high)}, chance {chance:.0f}."
        )
    if advice.fluency:
        return (
            "Take none: as far as is known the whole lead over chance is there without the prompt, so that on "
            f"{table.suite} it is fluency alone."
        )
    if state == "take":
        nearest = min(advice.rivals, key=lambda rival: rival.difference)
        sure = f"{p_is(max(rival.p_adjusted for rival in advice.rivals))} after Holm"
        taken = f"{first.candidate} is" if advice.unfinished else f"Take {first.candidate}:"
        if len(advice.rivals) == 1:
            said = f"{taken} ahead of {nearest.b}, its only rival, by {_lead(nearest)}, {sure}."
        else:
            said = (
                f"{taken} ahead of {all_of(len(advice.rivals), 'rivals')} ({sure}); of the nearest, "
                f"{nearest.b}, by {_lead(nearest)}."
            )
        worded = advice.wordings
        known = worded is not None and first.candidate in {row.candidate for row in worded.rows}
        turns = [turn for turn in worded.sure if turn.first != first.candidate] if worded and known else []
        if turns:
            turn = max(turns, key=lambda turn: turn.lead)
            said += f" Not in every wording: in {turn.wording!r} {turn.first} is first."
        return said
    second = next(rival for rival in advice.rivals if rival.b == leaders[1])
    return (
        f"Not settled between {_listed(leaders, 'and')}: {first.candidate} is ahead of {second.b} by {_lead(second)}, "
        f"{p_is(second.p_adjusted)} after Holm{_alone(second)}."
    )


def reasons(advice: Recommendation, families: Mapping[str, str]) -> list[str]:
    """What stands behind the headline, and what speaks against it, the most important first.

    Args:
        families: of candidates by name (`engine.correlation.lineage.families_known`).
    """
    return list(_reasons(advice, families))


def _worded(wordings: WordingTable, candidates: int, pairs: int, first: str | None) -> str:
    """What other wordings say, and of whom where that is not everybody."""
    said, scored = turn_words(wordings), {row.candidate for row in wordings.rows}
    if wordings.n_pairs < pairs:
        said += f", on the {wordings.n_pairs} of {count(pairs, 'pair')} that all wordings have"
    if len(scored) == candidates:
        return said
    lacking = f", {first} not among them" if first is not None and first not in scored else ""
    return f"{said}; of {count(candidates, 'candidate')} {len(scored)} were scored in other wordings{lacking}"


def _reasons(advice: Recommendation, families: Mapping[str, str]) -> Iterator[str]:
    state, first = advice.pick.state, advice.first
    if advice.table.weighted:
        yield f"each part counts by your weights: {advice.table.leading.name}"
    candidates = len(advice.table.overall.rows)
    if advice.unfinished:
        listed = "; ".join(f"{label} {how}" for label, how in list(advice.unfinished.items())[:_NAMED])
        more = f"; and {len(advice.unfinished) - _NAMED} more" if len(advice.unfinished) > _NAMED else ""
        yield (
            f"not to be decided on yet ({listed}{more}): candidates are ranked on the pairs that all have, two on "
            "those that both have, and a p from a look before the end says too much; finish the runs, or forget them"
        )
    yield from map(claim, advice.decisions)
    if advice.wordings is not None:
        pairs = max((row.n_pairs for row in advice.table.overall.rows), default=0)
        yield _worded(advice.wordings, candidates, pairs, first)
    if state in ("take", "tie") and first is not None:
        if state == "tie":
            if advice.cost_of_error > 0:
                yield (
                    f"taking {first} gives away at most {100 * advice.cost_of_error:.1f} points on tasks like these "
                    "(95 %, each rival by itself)"
                )
            if advice.cheapest is not None:
                yield f"by {_listed(advice.requirements.prefer, 'then')}, lowest first, it would be {advice.cheapest}"
            elif advice.priceless:
                prefer = _listed(advice.requirements.prefer, "and")
                yield f"{prefer} cannot decide between them: not known of {_listed(advice.priceless, 'and')}"
            yield from _remainder(advice)
        for comparison in advice.no_worse:
            yield (
                f"{comparison.a} {_has_less(advice.requirements.prefer)}, and worse than {first} by no more than "
                f"{advice.requirements.margin:g} "
                f"points ({_points(comparison.difference)}; {_points(comparison.ci_low)} to "
                f"{_points(comparison.ci_high)}, all such together)"
            )
        if advice.requirements.margin is not None and not advice.no_worse:
            margin = f"{advice.requirements.margin:g} points"
            less = _has_less(advice.requirements.prefer)
            yield f"of none that {less} it is shown that it is worse than {first} by no more than {margin}"
        yield from map(_weak, advice.weaknesses[:_PARTS])
        if len(advice.weaknesses) > _PARTS:
            yield f"likewise in {count(len(advice.weaknesses) - _PARTS, 'more part')} of the suite"
    if candidates > 1 and advice.least_p > ALPHA:
        clusters = max(row.n_clusters for row in advice.table.overall.rows)
        yield (
            f"{count(clusters, 'cluster')} cannot tell {candidates} candidates apart, whatever they do: the smallest "
            f"adjusted p they can give is {p_text(advice.least_p)}"
        )
    held = {families.get(entrant.name, entrant.name) for entrant in advice.table.entrants.values()}
    if candidates > 1 and len(held) == 1:
        yield f"all are of one family ({held.pop()}): what is said holds within it"
    for label, reason in advice.vetoed.items():
        yield f"{label} may not be taken: {reason}"
    if advice.strangers:
        yield f"your requirements speak of {_listed(advice.strangers, 'and')}, which no candidate here is called"
    for label, missing in advice.unknown.items():
        yield f"{label} is not excluded, though its {_listed(missing, 'and')} is not known"
    if state in ("take", "tie"):
        yield f"what a lead is worth: {ladder2_notes().lead}"


def _remainder(advice: Recommendation) -> Iterator[str]:
    rest, first = advice.remainder, advice.first
    if rest is None:
        return
    if rest.pairs is None:
        yield f"{first} and {rest.rival} have the same score: no number of pairs like these would tell them apart"
        return
    left = f"this suite has {rest.in_suite:,} left" if rest.in_suite else "this suite has none left"
    time = "" if rest.seconds is None else f" ({_duration(rest.seconds)} of scoring)"
    yield (
        f"if that lead is what it seems, about {_about(rest.pairs)} more pairs{time} would tell {first} from "
        f"{rest.rival} four times out of five; {left}"
    )


def _weak(weakness: Weakness) -> str:
    if weakness.behind:
        return f"on {weakness.scope} {_listed(weakness.behind, 'and')} {_is(weakness.behind)} ahead of it"
    return f"on {weakness.scope} it is not told apart from {_listed(weakness.level, 'or')}"


def _has_less(prefer: Sequence[str]) -> str:
    """By what a candidate comes before another; by size where nobody has said."""
    return "is cheaper" if prefer[:1] == ("price",) else "is smaller"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _listed(names: Sequence[str], last: str) -> str:
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        return ", ".join(shown) + f" and {len(names) - _NAMED} more"
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _lead(comparison: Comparison) -> str:
    ends = comparison.ends(lambda end: f"{100 * end:.1f}".replace("-", "−"))
    return f"{100 * comparison.difference:.1f} points ({ends})"


def _alone(comparison: Comparison) -> str:
    """The p that the interval goes with, where only the number of comparisons keeps the two from being told apart."""
    return f" ({p_text(comparison.p_value)} by itself)" if comparison.p_value <= ALPHA else ""


def _range(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _about(number: int) -> str:
    """Two digits: it is reckoned from an estimate."""
    digits = max(0, len(str(number)) - 2)
    return f"{round(number, -digits):,}"


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 1.5 * size:
            return count(math.ceil(seconds / size), unit)
    return count(max(1, math.ceil(seconds)), "second")
