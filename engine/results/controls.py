"""Controls: how much of a likelihood accuracy survives without the prompt, or with a wrong one.

What survives is fluency, not understanding: a suite on which it is more than chance can be won by a reader who never
sees the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.layout.wording import PromptShown
from engine.results.board import Board, Entrant
from engine.results.pair_index import PairIndex, scopes
from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.intervals import Estimate, proportion
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.metrics import HEADLINE, METRICS, win
from engine.stats.paired import Comparison, compare
from engine.stats.ranking import Ranking, rank_many
from engine.store.connection import Store
from engine.store.runs import RunRow, stored_runs
from engine.store.verdicts import RawVerdicts, load_verdicts
from rubrics.counted import count

__all__ = [
    "SHOWN",
    "Control",
    "ControlTable",
    "compared",
    "control_row",
    "control_table",
    "number_or_none",
    "stored_controls",
]

SHOWN: Final[dict[PromptShown, str]] = {
    "own": "with the prompt",
    "none": "without it",
    "other": "with another pair's prompt",
}


def stored_controls(store: Store, board: Board, *, by: str = "overall") -> dict[str, dict[str, Ranking]]:
    """What stored controls say, for each candidate of a board that has any: by label, then by scope, `overall` first,
    a ranking whose candidates are the names in `SHOWN`.

    The run with the prompt is the newest one under `likelihood`, whatever protocol the board shows.
    """
    runs = [r for r in stored_runs(store, board.suite_hash) if r.protocol == "likelihood" and r.n_scored]
    by_label = {}
    for entrant in board.entrants:
        own = [run for run in runs if run.scored == entrant.scored]
        first = next((run for run in own if run.prompt == "own" and not run.wording), None)
        if first is None:
            continue
        # Newest first, so that an older run of the same kind is laid under.
        alike = {
            run.prompt: run.run_id for run in reversed(own) if _but_for_the_prompt(run) == _but_for_the_prompt(first)
        }
        named = {name: alike[shown] for shown, name in SHOWN.items() if shown in alike}
        if len(named) > 1:
            by_label[entrant.label] = compared(store, board.index, named, by)
    return by_label


def _but_for_the_prompt(run: RunRow) -> tuple[object, ...]:
    return run.seed, run.shots, run.show_criteria, run.wording


def compared(store: Store, index: PairIndex, runs: Mapping[str, str], by: str) -> dict[str, Ranking]:
    """By scope, a ranking of the runs, which are given by name."""
    metric = METRICS[HEADLINE["likelihood"]]
    scores = np.full((len(runs), len(index.pair_id)), np.nan, dtype=np.float32)
    loaded = load_verdicts(store, "likelihood", list(runs.values()))
    for row, run_id in enumerate(runs.values()):
        scores[row, loaded[run_id].position] = metric.score(loaded[run_id])
    matrix = ScoreMatrix(tuple(runs), index.pair_id, index.group, index.cluster, scores)
    rankings = rank_many(matrix, scopes(index, by), chance=metric.chance, resamples=2_000)
    return {ranking.scope: ranking for ranking in rankings}


@dataclass(frozen=True)
class Control:
    """One candidate on the pairs of a control, under the board's metric; intervals are 95 %, over clusters."""

    own: float
    """Accuracy with the prompt, on these pairs alone."""
    without: Estimate
    """Accuracy without the prompt, or with another pair's."""
    gained: Comparison
    """What the prompt adds: `own` less `without`, pair by pair, with interval and p."""
    pmi: Estimate
    """Share of pairs on which the prompt speaks more for the chosen response than for the rejected one: the margin
    with the prompt less the margin without it is above zero (a difference of pointwise mutual information); ties ½."""

    @property
    def n_pairs(self) -> int:
        """Pairs scored both ways."""
        return self.gained.n_pairs


@dataclass(frozen=True)
class ControlTable:
    """How much of a board's accuracies needs the prompt."""

    by_label: Mapping[str, Mapping[str, Control]]
    """By candidate, then `none` (no prompt) or `other` (another pair's); who has no control is not in it."""
    kept: Estimate
    """Of the candidates' lead over chance, all together, the share that is there without the prompt too; NaN where
    they have no lead or not all have that control. The interval is from resampling clusters."""
    n_pairs: int
    """Pairs that `kept` rests on."""

    @property
    def mostly_fluency(self) -> bool:
        """Whether at least half of the lead over chance does without the prompt."""
        return bool(self.kept.value >= 0.5)

    @property
    def line(self) -> str:
        """The same in a sentence; empty where nothing is known."""
        if np.isnan(self.kept.value):
            return ""
        value, low, high = (
            f"{100 * share:.0f}".replace("-", "−") if np.isfinite(share) else "∞"
            for share in (self.kept.value, self.kept.ci_low, self.kept.ci_high)
        )
        share = f"{value} % (95 %: {low} to {high}) of the lead over chance"
        remainder = f"{share} is there without the prompt, on a sample of {count(self.n_pairs, 'pair')}"
        return f"mostly fluency: {remainder}" if self.mostly_fluency else remainder


def control_table(store: Store, board: Board, *, resamples: int = 2_000) -> ControlTable:
    """What the stored controls say beside a ranking: one call, a few milliseconds a candidate.

    A control is a run that differs in the prompt shown and in nothing else that a person chooses. Pairs that a person
    excluded are left out as they are on the board. Under `choice` there are no controls, and the table is empty.
    """
    nothing = ControlTable({}, Estimate(np.nan, np.nan, np.nan, "none: no controls"), 0)
    if board.protocol != "likelihood":
        return nothing
    with store.snapshot():
        runs = [run for run in stored_runs(store, board.suite_hash) if run.n_scored and run.prompt != "own"]
        controls = {entrant.label: _controls_of(entrant, runs) for entrant in board.entrants}
        run_ids = [run.run_id for by_prompt in controls.values() for run in by_prompt.values()]
        loaded = load_verdicts(store, "likelihood", run_ids)
    margin = METRICS[board.metric].margin
    pairs = len(board.index.pair_id)
    by_label: dict[str, dict[str, Control]] = {}
    leads: dict[str, npt.NDArray[Any]] = {}
    for label, by_prompt in controls.items():
        own = _spread_out(board.verdicts[label], margin, pairs)
        own[~board.index.scored] = np.nan
        for shown, run in by_prompt.items():
            other = _spread_out(loaded[run.run_id], margin, pairs)
            both = np.flatnonzero(~np.isnan(own) & ~np.isnan(other))
            if len(both):
                by_label.setdefault(label, {})[shown] = _control(board, both, own[both], other[both], resamples)
                if shown == "none":
                    leads[label] = np.stack([win(other), win(own)]) - board.chance
    if not by_label:
        return nothing
    kept, n_pairs = _kept(board, leads, resamples) if len(leads) == len(board.entrants) else (nothing.kept, 0)
    return ControlTable(by_label, kept, n_pairs)


def control_row(control: Control) -> dict[str, float | int | None]:
    """A control as named numbers; None where there is none."""
    return {
        "with_prompt": control.own, "value": number_or_none(control.without.value),
        "ci_low": number_or_none(control.without.ci_low), "ci_high": number_or_none(control.without.ci_high),
        "difference": number_or_none(control.gained.difference),
        "difference_low": number_or_none(control.gained.ci_low),
        "difference_high": number_or_none(control.gained.ci_high), "p_value": control.gained.p_value,
        "pmi": number_or_none(control.pmi.value), "pmi_low": number_or_none(control.pmi.ci_low),
        "pmi_high": number_or_none(control.pmi.ci_high), "n_pairs": control.gained.n_pairs,
        "n_clusters": control.gained.n_clusters,
    }  # fmt: skip


def number_or_none(value: float) -> float | None:
    """A number, or None for what is none."""
    return float(value) if np.isfinite(value) else None


def _controls_of(entrant: Entrant, runs: list[RunRow]) -> dict[str, RunRow]:
    """The newest control of each kind that is like the entrant's run in all but the prompt."""
    of = entrant.run
    by_prompt: dict[str, RunRow] = {}
    for run in runs:  # newest first
        same = (run.scored, run.protocol) == (of.scored, of.protocol)
        if same and _but_for_the_prompt(run) == _but_for_the_prompt(of):
            by_prompt.setdefault(run.prompt, run)
    return by_prompt


def _spread_out(columns: RawVerdicts, margin: Any, pairs: int) -> npt.NDArray[np.float64]:
    values = np.full(pairs, np.nan)
    values[columns.position] = margin(columns)
    return values


def _control(
    board: Board,
    pairs: npt.NDArray[np.intp],
    own: npt.NDArray[np.float64],
    other: npt.NDArray[np.float64],
    resamples: int,
) -> Control:
    index = board.index
    cluster = index.cluster[pairs]
    ids = tuple(index.pair_id[i] for i in pairs.tolist())
    matrix = ScoreMatrix(("own", "control"), ids, index.group[pairs], cluster, np.stack([win(own), win(other)]))
    everything = Scope("overall", np.ones(len(pairs), dtype=np.float32))
    return Control(
        own=float(win(own).mean(dtype=np.float64)),
        without=proportion(win(other).astype(np.float64), cluster, resamples=resamples),
        gained=compare(matrix, "own", "control", everything, resamples=resamples),
        pmi=proportion(win(own - other).astype(np.float64), cluster, resamples=resamples),
    )


def _kept(board: Board, leads: Mapping[str, npt.NDArray[Any]], resamples: int) -> tuple[Estimate, int]:
    """The share of the summed lead over chance that is there without the prompt, on the pairs that all have."""
    summed = np.sum(list(leads.values()), axis=0)
    used = np.flatnonzero(~np.isnan(summed).any(axis=0))
    groups = Clusters(board.index.cluster[used])
    columns = groups.sums(summed[:, used][:, groups.order], np.ones(len(used), dtype=np.float32))
    without, own = columns.sum(axis=1).tolist()
    drawn = resampled_sums(columns.T, resamples, 0).astype(np.float64)
    # Where the lead itself may be nil, a share of it means nothing.
    if own <= 0 or np.mean(drawn[:, 1] > 0) < 0.975:
        return Estimate(np.nan, np.nan, np.nan, "none: no lead over chance"), len(used)
    shares = np.where(drawn[:, 1] > 0, drawn[:, 0] / np.where(drawn[:, 1] > 0, drawn[:, 1], 1.0), np.inf)
    low, high = np.quantile(shares, [0.025, 0.975], method="nearest").tolist()
    return Estimate(without / own, low, high, "percentiles over resampled clusters"), len(used)
