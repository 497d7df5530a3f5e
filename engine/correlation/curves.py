"""Checkpoints of a training run: accuracy over tokens, the curve through it, and where it leads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.correlation.scaling import Checkpoint
from engine.outcomes.outcomes import near_misses
from engine.results.board import Board, Question
from engine.results.pair_index import scopes
from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.curves import LEAST_POINTS, PowerLaw, Value, fit_power_law, resampled_values
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.ranking import rank_many
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["Curve", "CurvePoint", "Forecast", "by_run", "training_curves"]

FloatArray = npt.NDArray[np.float64]

_RESAMPLES: Final = 2_000
_FAR: Final = 2.0
"""From so many times the tokens seen, the form of the curve matters more than the points."""


@dataclass(frozen=True)
class CurvePoint:
    """One checkpoint."""

    candidate: str
    tokens: float
    value: float
    ci_low: float
    ci_high: float
    fitted: float
    """NaN where no curve was fitted."""


@dataclass(frozen=True)
class Forecast:
    """The curve at some number of tokens."""

    tokens: float
    times: float
    """How many times the most tokens of a checkpoint; above 1 it is extrapolated."""
    value: float
    ci_low: float
    ci_high: float
    warning: str


@dataclass(frozen=True)
class Curve:
    """One training run in one scope."""

    run: str
    scope: str
    points: tuple[CurvePoint, ...]
    """By tokens."""
    law: PowerLaw | None
    ceiling: Value
    """a, on which accuracy would settle; NaN where no curve was fitted, or it ends outside 0 to 1."""
    forecasts: tuple[Forecast, ...]
    backtest: Forecast | None
    """The last checkpoint as foretold by the others; none where they are too few."""
    method: str
    notes: tuple[str, ...]


def training_curves(
    board: Board, question: Question, checkpoints: Sequence[Checkpoint], *, at: Sequence[float] = (), seed: int = 0
) -> list[Curve]:
    """A curve for each run and scope, on the pairs that all checkpoints of the run could score.

    Args:
        at: tokens to foretell; none: twice the most tokens of each run.

    Raises:
        BadInput: a checkpoint is no candidate on the board.
    """
    curves = []
    for run, members in by_run(board, checkpoints).items():
        rows = [board.matrix.index(label) for label in members]
        matrix = ScoreMatrix(
            tuple(members), board.matrix.pair_ids, board.matrix.group, board.matrix.cluster,
            board.matrix.scores[rows],
        )  # fmt: skip
        tokens = np.array([checkpoint.tokens for checkpoint in members.values()])
        grouping = scopes(board.index, question.by)
        ranked = rank_many(matrix, grouping, chance=board.chance, resamples=_RESAMPLES, seed=seed)
        for scope, ranking in zip(grouping, ranked, strict=True):
            by_name = {row.candidate: row for row in ranking.rows}
            estimates = [by_name[label] for label in matrix.candidates]
            values = np.array([row.value for row in estimates])
            drawn = _resampled(matrix, scope, seed)
            law = fit_power_law(tokens, values) if np.isfinite(values).all() else None
            points = tuple(
                CurvePoint(
                    row.candidate, float(t), row.value, row.ci_low, row.ci_high, law.at(float(t)) if law else math.nan
                )
                for row, t in zip(estimates, tokens, strict=True)
            )
            curves.append(_curve(run, scope.name, points, law, drawn, at))
    return curves


def by_run(board: Board, checkpoints: Sequence[Checkpoint]) -> dict[str, dict[str, Checkpoint]]:
    """The checkpoints of each run by label, as tokens increase.

    Raises:
        BadInput: a checkpoint is no candidate on the board, or is named twice.
    """
    names = [name for entrant in board.entrants for name in (entrant.label, entrant.name)]
    for stranger, near in near_misses([checkpoint.candidate for checkpoint in checkpoints], names).items():
        raise BadInput(
            f"checkpoint {stranger!r} has not been run on {board.suite}",
            where=board.protocol,
            fix=f"did you mean {near[0]}?" if near else "candidates: " + ", ".join(board.matrix.candidates),
        )
    runs: dict[str, dict[str, Checkpoint]] = {}
    for checkpoint in sorted(checkpoints, key=lambda c: (c.tokens, board.entrant(c.candidate).label)):
        label = board.entrant(checkpoint.candidate).label
        if runs.setdefault(checkpoint.run, {}).setdefault(label, checkpoint) is not checkpoint:
            raise BadInput(
                f"{label} is named twice, once with its precision", where=checkpoint.run, fix="keep one of the lines"
            )
    order = dict.fromkeys(checkpoint.run for checkpoint in checkpoints)
    return {run: runs[run] for run in order}


def _resampled(matrix: ScoreMatrix, scope: Scope, seed: int) -> FloatArray:
    """(resamples, checkpoints): accuracies on common pairs under clusters drawn with replacement."""
    common = np.isfinite(matrix.scores.sum(axis=0))
    weight = np.where(common, scope.weight, 0).astype(np.float32)
    groups = Clusters(matrix.cluster)
    rows = np.concatenate([np.nan_to_num(matrix.scores), np.ones((1, len(common)), np.float32)])[:, groups.order]
    sums = groups.sums(rows, weight)
    drawn = resampled_sums(sums[:, sums[-1] > 0].T, _RESAMPLES, seed).astype(np.float64)
    drawn = drawn[drawn[:, -1] > 0]
    accuracies: FloatArray = drawn[:, :-1] / drawn[:, -1:]
    return accuracies


def _curve(
    run: str, scope: str, points: tuple[CurvePoint, ...], law: PowerLaw | None, drawn: FloatArray, at: Sequence[float]
) -> Curve:
    unknown = Value(math.nan, math.nan, math.nan)
    if law is None:
        note = f"{count(len({point.tokens for point in points}), 'number')} of tokens: three make a curve, "
        note += f"{LEAST_POINTS} an interval"
        if any(math.isnan(point.value) for point in points):
            note = "no pair that all of the run's checkpoints could score"
        return Curve(run, scope, points, None, unknown, (), None, "none", (note,))
    notes = []
    if len(points) < LEAST_POINTS:
        notes.append(f"{len(points)} checkpoints: the curve goes through them all, and no interval can be given")
    if law.b < 0:
        notes.append("accuracy falls with tokens: the ceiling is a floor")
    ceiling = _widened(law, math.inf, drawn)
    if len(points) >= LEAST_POINTS and (ceiling.ci_high >= 1 or ceiling.ci_low <= 0):
        notes.append("these checkpoints set no bound to where accuracy ends")
    if law.c <= 0.0101:
        notes.append("as straight against log tokens as can be: a power law has no end in sight here")
    forecasts = tuple(_forecast(law, tokens, drawn) for tokens in (at or (2 * law.largest,)))
    backtest = None
    if len(points) > LEAST_POINTS:
        earlier = fit_power_law(law.tokens[:-1], law.values[:-1])
        if earlier is not None:
            backtest = _forecast(earlier, points[-1].tokens, drawn[:, :-1])
    method = "least squares; profile likelihood over c, Student's t for n − 3, widened by the cluster bootstrap"
    return Curve(run, scope, points, law, ceiling, forecasts, backtest, method, tuple(notes))


def _forecast(law: PowerLaw, tokens: float, drawn: FloatArray) -> Forecast:
    estimate = _widened(law, tokens, drawn)
    times = tokens / law.largest
    warning = ""
    if times > _FAR:
        warning = f"{times:.3g} times the tokens seen: rests on the form of the curve more than on the points"
    elif times > 1:
        warning = "extrapolated: holds only if the form does"
    return Forecast(tokens, times, estimate.value, estimate.ci_low, estimate.ci_high, warning)


def _widened(law: PowerLaw, tokens: float, drawn: FloatArray) -> Value:
    """The curve's interval, whose noise is that of checkpoints, with that of the pairs added; within 0 to 1."""
    own = law.interval(tokens)
    refitted = resampled_values(law.tokens, drawn, tokens)
    low, high = map(float, np.quantile(refitted, [0.025, 0.975])) if refitted.size > 1 else (math.nan, math.nan)
    below = math.hypot(own.value - own.ci_low, max(own.value - low, 0))
    above = math.hypot(own.ci_high - own.value, max(high - own.value, 0))
    inside = own.value if 0 <= own.value <= 1 else math.nan
    return Value(inside, max(own.value - below, 0.0), min(own.value + above, 1.0))
