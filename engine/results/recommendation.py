"""Whom to take, against whom, how sure, at what cost of being wrong, and what would settle it.

Nothing is computed here in a way of its own: who is ahead are the tests of the ranking, leads and intervals those of
the comparison, so that the ranking, the comparison and the exports say the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from engine.results.board import Board, Entrant
from engine.results.controls import ControlTable
from engine.results.decisions import decisions_on
from engine.results.rankings import RankingTable
from engine.results.requirements import CandidateFacts, Requirements
from engine.results.wordings import WordingTable, any_wordings
from engine.stats.clusters import Clusters
from engine.stats.flips import ALPHA
from engine.stats.matrix import Scope
from engine.stats.paired import Comparison, compare
from engine.stats.pick import Pick, least_p, pick, times_as_many
from engine.stats.ranking import Duel, Ranking
from engine.store.candidates import contexts
from engine.store.connection import Store
from engine.store.decisions import StoredDecision
from engine.store.status import Status
from rubrics.counted import count

__all__ = ["Recommendation", "Remainder", "Weakness", "recommend"]

_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class Weakness:
    """A part of the suite where the one to take does not lead."""

    scope: str
    behind: tuple[str, ...]
    """Rivals that the tests of that part put ahead."""
    level: tuple[str, ...]
    """Rivals that they do not tell apart from it."""


@dataclass(frozen=True)
class Remainder:
    """What would tell the first two of a tie apart, if their lead is what it seems."""

    rival: str
    pairs: int | None
    """More pairs like these, beyond those that both scored; None where no number would do."""
    seconds: float | None
    """Of scoring them with both candidates, as fast as their runs went; None where that is not known."""
    in_suite: int
    """Pairs of this suite that the two have not been scored on."""


@dataclass(frozen=True)
class Recommendation:
    """A decision, and what it rests on."""

    table: RankingTable
    pick: Pick
    rivals: tuple[Comparison, ...]
    """The first of the leaders against every other candidate that may be taken, by the rival's value; p adjusted as in
    the ranking."""
    weaknesses: tuple[Weakness, ...]
    """Of the one to take, by scope of the ranking's grouping."""
    remainder: Remainder | None
    """Where leaders are tied."""
    cost_of_error: float
    """The most, by the 95 % intervals, that taking the first of the leaders gives away to another; in accuracy."""
    no_worse: tuple[Comparison, ...]
    """Cheaper candidates that are no worse than the first leader by more than the margin: they less it, at intervals
    that hold for all cheaper ones together (Bonferroni)."""
    cheapest: str | None
    """Of the leaders, by the preferences of the requirements; None where none are given or nothing is known."""
    vetoed: Mapping[str, str]
    """Who may not be taken, and why."""
    unknown: Mapping[str, tuple[str, ...]]
    """Of whom a limit asks what nobody has said."""
    fluency: bool
    """Whether the lead over chance may all be there without the prompt."""
    least_p: float
    """The smallest adjusted p that so few clusters could give."""
    requirements: Requirements
    facts: Mapping[str, CandidateFacts]
    wordings: WordingTable | None = None
    """What other wordings say, where there are any."""
    decisions: tuple[StoredDecision, ...] = ()
    """What was decided early of these candidates."""
    unfinished: Mapping[str, str] = field(default_factory=dict)
    """Whose runs have not come to their end, and how far each is; none where it was decided that they need not."""

    @property
    def first(self) -> str | None:
        """The first of the leaders."""
        return self.pick.leaders[0] if self.pick.leaders else None

    @property
    def strangers(self) -> tuple[str, ...]:
        """Whom the requirements speak of and who is no candidate of the ranking: misspelt, maybe."""
        here = {entrant.name for entrant in self.table.entrants.values()}
        return tuple(name for name in self.requirements.own_facts if name not in here)

    @property
    def priceless(self) -> tuple[str, ...]:
        """Leaders of whom it is not known what should be low, so that none is the cheapest."""
        if self.pick.state != "tie":
            return ()
        prefer = self.requirements.prefer
        return tuple(
            label for label in self.pick.leaders if any(getattr(self.facts[label], name) is None for name in prefer)
        )

    @property
    def ahead(self) -> str | None:
        """The candidate that the tests put ahead of every rival, on what is scored; None where they carry none."""
        return self.first if self.pick.state == "take" and not self.fluency else None

    @property
    def take(self) -> str | None:
        """The same to be taken; None while runs go on, since a p of a look before the end says too much."""
        return None if self.unfinished else self.ahead

    def standing(self, label: str) -> str:
        """`take`, `leader` (of those that cannot be told apart), `behind`, `vetoed`, or `unranked` where nobody is
        above chance or nothing is known."""
        if label in self.vetoed:
            return "vetoed"
        if label == self.take:
            return "take"
        if self.fluency or self.pick.state not in ("take", "tie"):
            return "unranked"
        return "leader" if label in self.pick.leaders else "behind"


def recommend(
    store: Store, board: Board, table: RankingTable, controls: ControlTable, requirements: Requirements | None = None
) -> Recommendation:
    """What a ranking lets one decide.

    Args:
        store: for what is known of the candidates' files.
        board: what `table` ranks.
        table: the ranking, in the grouping whose parts are looked at for weaknesses.
        controls: what is left of the accuracies without the prompt.
        requirements: limits and preferences.
    """
    wanted = requirements or Requirements()
    facts = _facts(store, board, wanted)
    vetoed = {label: reason for label, own in facts.items() if (reason := wanted.veto(own))}
    eligible = [row.candidate for row in table.overall.rows if row.candidate not in vetoed]
    picked = pick(table.overall, eligible)
    # Where nobody is above chance, a lead means nothing.
    leads = picked.state in ("take", "tie")
    first = picked.leaders[0] if picked.leaders else None
    everything = table.leading
    rivals: tuple[Comparison, ...] = ()
    if leads and first is not None:
        adjusted = {frozenset((duel.a, duel.b)): duel.p_adjusted for duel in table.overall.duels}
        rivals = tuple(
            replace(
                compare(board.matrix, first, other, everything, resamples=_RESAMPLES),
                p_adjusted=adjusted[frozenset((first, other))],
            )
            for other in eligible
            if other != first and not math.isnan(_value(table.overall, other))
        )
    return Recommendation(
        table=table,
        pick=picked,
        rivals=rivals,
        weaknesses=_weaknesses(table, first, eligible) if picked.state == "take" and first is not None else (),
        remainder=_remainder(board, everything, table, picked) if picked.state == "tie" else None,
        cost_of_error=max((max(0.0, -rival.ci_low) for rival in rivals), default=math.nan),
        no_worse=_no_worse(board, everything, wanted, facts, first, eligible) if leads and first is not None else (),
        cheapest=_cheapest(picked.leaders, wanted, facts) if picked.state == "tie" else None,
        vetoed=vetoed,
        unknown={label: missing for label in eligible if (missing := wanted.unknown(facts[label]))},
        fluency=controls.mostly_fluency and controls.kept.ci_high >= 1,
        least_p=least_p(max((row.n_clusters for row in table.overall.rows), default=0), len(table.overall.rows)),
        requirements=wanted,
        facts=facts,
        wordings=any_wordings(store, board, everything),
        decisions=(decided := tuple(decisions_on(store, board))),
        unfinished={} if any(one.state == "decided" for one in decided) else _unfinished(board),
    )


def _unfinished(board: Board) -> dict[str, str]:
    return {
        entrant.label: f"{run.status}, {run.n_scored:,} of {count(run.n_wanted, 'pair')}"
        for entrant in board.entrants
        if (run := entrant.run).status is not Status.DONE
    }


def _facts(store: Store, board: Board, wanted: Requirements) -> dict[str, CandidateFacts]:
    by_hash = contexts(store)
    return {
        entrant.label: wanted.of(
            entrant.name,
            CandidateFacts(parameters=entrant.parameters or None, context=by_hash.get(entrant.weights_hash)),
        )
        for entrant in board.entrants
    }


def _value(ranking: Ranking, label: str) -> float:
    return next(row.value for row in ranking.rows if row.candidate == label)


def _weaknesses(table: RankingTable, taken: str, eligible: list[str]) -> tuple[Weakness, ...]:
    found = []
    for name in table.parts:
        ranking = table.scopes[name]
        against = [d for d in ranking.duels if taken in (d.a, d.b) and {d.a, d.b} <= set(eligible)]
        behind = tuple(_other(d, taken) for d in against if _tells(d, ranking) and (d.ahead > 0) != (d.a == taken))
        level = tuple(_other(d, taken) for d in against if not _tells(d, ranking))
        if behind or level:
            found.append(Weakness(name, behind, level))
    return tuple(found)


def _other(duel: Duel, label: str) -> str:
    return duel.b if duel.a == label else duel.a


def _tells(duel: Duel, ranking: Ranking) -> bool:
    return duel.p_adjusted <= 1 - ranking.level


def _remainder(board: Board, everything: Scope, table: RankingTable, picked: Pick) -> Remainder:
    first, rival = picked.leaders[:2]
    a, b = (board.matrix.scores[board.matrix.index(name)] for name in (first, rival))
    both = ~np.isnan(a) & ~np.isnan(b) & (everything.weight > 0)
    clusters = Clusters(board.matrix.cluster[both])
    (sums,) = clusters.sums((a - b)[both][clusters.order][None], everything.weight[both])
    times = times_as_many(sums, len(table.overall.duels))
    scored = int(both.sum())
    pairs = None if math.isinf(times) else max(1, round(scored * (times - 1)))
    seconds = [_seconds_a_pair(board.entrant(name)) for name in (first, rival)]
    known = [each for each in seconds if each is not None]
    return Remainder(
        rival,
        pairs,
        sum(known) * pairs if pairs is not None and len(known) == len(seconds) else None,
        int(np.count_nonzero(board.index.scored & (everything.weight > 0))) - scored,
    )


def _seconds_a_pair(entrant: Entrant) -> float | None:
    seconds, pairs = entrant.run.facts.get("seconds"), entrant.run.facts.get("pairs")
    return seconds / pairs if seconds and pairs else None


def _cost(wanted: Requirements, facts: CandidateFacts) -> tuple[float, ...] | None:
    costs = [getattr(facts, name) for name in wanted.prefer]
    return None if not costs or any(cost is None for cost in costs) else tuple(map(float, costs))


def _cheapest(leaders: tuple[str, ...], wanted: Requirements, facts: Mapping[str, CandidateFacts]) -> str | None:
    costs = {label: _cost(wanted, facts[label]) for label in leaders}
    known = {label: cost for label, cost in costs.items() if cost is not None}
    if len(known) < len(leaders) or not known:
        return None
    least = min(known.values())
    cheapest = [label for label, cost in known.items() if cost == least]
    return cheapest[0] if len(cheapest) == 1 else None


def _no_worse(
    board: Board,
    everything: Scope,
    wanted: Requirements,
    facts: Mapping[str, CandidateFacts],
    first: str,
    eligible: list[str],
) -> tuple[Comparison, ...]:
    """Cheaper ones whose whole interval against the first lies above minus the margin."""
    if wanted.margin is None:
        return ()
    # Whoever sets a margin without saying what is dear is taken to mean size.
    by = wanted if wanted.prefer else replace(wanted, prefer=("parameters",))
    dearest = _cost(by, facts[first])
    cheaper = [name for name in eligible if dearest is not None and (cost := _cost(by, facts[name])) and cost < dearest]
    compared = [
        compare(board.matrix, name, first, everything, resamples=_RESAMPLES, level=1 - ALPHA / len(cheaper))
        for name in cheaper
    ]
    return tuple(c for c in compared if c.n_pairs and 100 * c.ci_low > -wanted.margin)
