"""What the rows of the second ladder say: how far each predictor foretells the outcome, and what to make of it.

Models and items (families, texts) are drawn again together: a correlation over sixty models is luck of which models
there are, and of which families they were asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from engine.posttrain.ladder2.evidence import Measured
from engine.stats.association import bootstrap_weights
from engine.stats.distributions import normal_probability
from engine.stats.holm import holm
from engine.stats.reliability import split_half

__all__ = [
    "LEADS",
    "Correlated",
    "Pairwise",
    "Resampled",
    "Versus",
    "correlated",
    "gain",
    "matrix",
    "pairwise",
    "partial",
    "regret",
    "reliability",
    "resample",
    "ridge",
    "spearman",
    "versus",
]

FloatArray = npt.NDArray[np.float64]
_RESAMPLES: Final = 2000
_SPLITS: Final = 200
_NORMAL: Final = 1.959964
_ONE: Final = 0.9999
"""Correlations beyond this have no z."""
_USABLE: Final = 0.9
"""Share of draws that must have a value."""
LEADS: Final = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
"""Leads, in standard deviations of the predictor over models."""


@dataclass(frozen=True)
class Correlated:
    """Spearman's ρ with its interval."""

    rho: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Versus:
    """The first predictor's ρ minus a rival's."""

    difference: float
    low: float
    high: float
    p: float
    p_holm: float = math.nan


@dataclass(frozen=True)
class Pairwise:
    """Pairs of models in which one leads by so much: how often it came out ahead."""

    lead: float
    """At least, in standard deviations of the predictor."""
    pairs: int
    right: float
    """Share; a tie of outcomes counts ½."""
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resampled:
    """Models and items drawn again, alike for every predictor."""

    drawn: npt.NDArray[np.int64]
    """(resamples, models): which models."""
    seed: int

    def values(self, quantity: Measured) -> FloatArray:
        """(resamples, models): of the drawn models, over items drawn again; the same items for the same quantity."""
        rng = np.random.default_rng([self.seed, *quantity.name.encode()])
        every = quantity.values(bootstrap_weights(quantity.items, len(self.drawn), rng))
        rows: FloatArray = np.take_along_axis(every, self.drawn, axis=1)
        return rows


def resample(models: int, *, resamples: int = _RESAMPLES, seed: int = 0) -> Resampled:
    """Draw models again; resamples with fewer than three different ones are drawn anew."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, models, size=(resamples, models))
    while len(few := np.flatnonzero([len(set(row)) < 3 for row in drawn.tolist()])):
        drawn[few] = rng.integers(0, models, size=(len(few), models))
    return Resampled(drawn, seed)


def gain(first: Measured, second: Measured, again: Resampled) -> tuple[float, float, float]:
    """Mean gain over models, and its 95 %: over models and families, which are the same before and after; ± 1.96
    errors over draws."""
    both = Measured("gain", second.top / second.bottom - first.top / first.bottom, np.ones_like(first.top))
    half = _NORMAL * float(again.values(both).mean(axis=1).std(ddof=1))
    mean = float(both.values().mean())
    return mean, mean - half, mean + half


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Pearson's r of midranks; NaN where a column is constant."""
    return float(_each(x[None, :], y[None, :])[0])


def _ranks(rows: FloatArray) -> FloatArray:
    """Midranks within each row, from the row's middle."""
    ranks: FloatArray = rankdata(rows, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return ranks


def _each(xs: FloatArray, ys: FloatArray) -> FloatArray:
    """(rows,): Spearman's ρ of each row of one with that of the other."""
    return _cosines(_ranks(xs), _ranks(ys))


def _cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines: FloatArray = np.where(size > 1e-9, (a * b).sum(axis=1) / size, math.nan)
    return cosines


def correlated(x: Measured, y: Measured, again: Resampled) -> Correlated:
    """ρ over models, with 95 % by Fisher's z and the error that drawing models and items again shows.

    Drawn items are noisier than the items there are, so that drawn correlations lie lower than the one that is found:
    their spread is used, and not where they lie.
    """
    rho = spearman(x.values(), y.values())
    return Correlated(rho, *_by_z(rho, _each(again.values(x), again.values(y))), len(x.top))


def _by_z(rho: float, drawn: FloatArray) -> tuple[float, float]:
    usable = drawn[np.isfinite(drawn)]
    if not math.isfinite(rho) or len(usable) < _USABLE * len(drawn):
        return math.nan, math.nan
    z, error = _z(np.array(rho)), float(_z(usable).std(ddof=1))
    return math.tanh(float(z) - _NORMAL * error), math.tanh(float(z) + _NORMAL * error)


def _z(rho: FloatArray) -> FloatArray:
    z: FloatArray = np.arctanh(np.clip(rho, -_ONE, _ONE))
    return z


def versus(first: Measured, rivals: Sequence[Measured], y: Measured, again: Resampled) -> list[Versus]:
    """The first predictor against each rival on the same draws: difference ± 1.96 errors, normal p, Holm over all."""
    b, drawn_y = y.values(), again.values(y)
    mine, drawn_mine = spearman(first.values(), b), _each(again.values(first), drawn_y)
    found = []
    for rival in rivals:
        difference = mine - spearman(rival.values(), b)
        error = float(np.nanstd(drawn_mine - _each(again.values(rival), drawn_y), ddof=1))
        p = 2 * normal_probability(-abs(difference) / error) if error > 0 else 1.0
        found.append(Versus(difference, difference - _NORMAL * error, difference + _NORMAL * error, p))
    adjusted = holm([rival.p for rival in found])
    return [Versus(v.difference, v.low, v.high, v.p, float(p)) for v, p in zip(found, adjusted, strict=True)]


def partial(x: Measured, y: Measured, given: Sequence[Measured], again: Resampled) -> Correlated:
    """ρ that several other columns do not account for: Pearson's r of the residuals of ranks on their ranks; 95 % as in
    `correlated`."""
    a, b, others = x.values(), y.values(), [z.values() for z in given]
    rho = float(_partial(a[None, :], b[None, :], [z[None, :] for z in others])[0])
    drawn = _partial(again.values(x), again.values(y), [again.values(z) for z in given])
    return Correlated(rho, *_by_z(rho, drawn), len(a))


def _partial(xs: FloatArray, ys: FloatArray, given: Sequence[FloatArray]) -> FloatArray:
    """(rows,): of each row."""
    design = np.stack([_ranks(z) for z in given], axis=2)
    onto = np.linalg.pinv(design, rcond=1e-9)
    left = []
    for columns in (_ranks(xs), _ranks(ys)):
        column = columns[:, :, None]
        left.append((column - design @ (onto @ column))[:, :, 0])
    return _cosines(*left)


def matrix(x: Measured, y: Measured, again: Resampled) -> tuple[dict[tuple[str, str], Correlated], Correlated]:
    """ρ of each category of the predictor with each of the outcome, and by how much a category foretells itself better
    than the others do: the mean of the diagonal less the mean of the rest."""
    rows, columns = sorted(set(x.groups)), sorted(set(y.groups))
    cells, drawn = {}, {}
    drawn_x, drawn_y = ({g: again.values(q.of(g)) for g in groups} for q, groups in ((x, rows), (y, columns)))
    for a in rows:
        for b in columns:
            rho = spearman(x.of(a).values(), y.of(b).values())
            drawn[a, b] = _each(drawn_x[a], drawn_y[b])
            cells[a, b] = Correlated(rho, *_by_z(rho, drawn[a, b]), len(x.top))
    own = np.array([a == b for a, b in cells])
    values, every = np.array([cell.rho for cell in cells.values()]), np.stack(list(drawn.values()), axis=1)
    lead = float(values[own].mean() - values[~own].mean())
    error = float(np.nanstd(every[:, own].mean(axis=1) - every[:, ~own].mean(axis=1), ddof=1))
    return cells, Correlated(lead, lead - _NORMAL * error, lead + _NORMAL * error, len(x.top))


def ridge(columns: Sequence[FloatArray], y: FloatArray, designs: Sequence[str], *, penalty: float = 1.0) -> FloatArray:
    """(models,): y as foretold by a ridge regression that has seen no model of the same design.

    Columns and y are standardised over the models that are seen (Hoerl & Kennard 1970, Technometrics 12(1)).
    """
    x, labels = np.stack(columns, axis=1), np.array(designs)
    told = np.full(len(y), math.nan)
    for label in sorted(set(designs)):
        own = np.flatnonzero(labels == label)
        seen = np.flatnonzero(labels != label)
        mean, scale = x[seen].mean(axis=0), x[seen].std(axis=0)
        usable = np.flatnonzero(scale > 0)
        a = (x[seen][:, usable] - mean[usable]) / scale[usable]
        weights = np.linalg.solve(a.T @ a + penalty * np.eye(len(usable)), a.T @ (y[seen] - y[seen].mean()))
        told[own] = y[seen].mean() + (x[own][:, usable] - mean[usable]) / scale[usable] @ weights
    return told


def reliability(quantity: Measured, *, splits: int = _SPLITS, seed: int = 0) -> float:
    """Correlation of the quantity with itself on other items of the same number; 1 where there is no luck in it.

    From random halves of the items, see `split_half`.
    """
    if quantity.items < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    halves = np.zeros((2, splits, quantity.items))
    for split in range(splits):
        order = rng.permutation(quantity.items)
        halves[0, split, order[: quantity.items // 2]] = 1
        halves[1, split, order[quantity.items // 2 :]] = 1
    return float(split_half((quantity.values(halves[0]), quantity.values(halves[1])))[0])


def pairwise(x: Measured, y: Measured, again: Resampled, leads: Sequence[float] = LEADS) -> list[Pairwise]:
    """How often the model that leads by at least so much becomes the better one; 95 % by ± 1.96 errors over draws."""
    a, b = x.values(), y.values()
    scale = float(a.std(ddof=1))
    whole = [_right(a, b, lead * scale) for lead in leads]
    drawn = np.array([
        [_right(p, q, lead * scale)[1] for lead in leads] for p, q in zip(again.values(x), again.values(y), strict=True)
    ])  # fmt: skip
    found = []
    for n, (lead, (pairs, right)) in enumerate(zip(leads, whole, strict=True)):
        own = drawn[:, n][np.isfinite(drawn[:, n])]
        error = float(own.std(ddof=1)) if len(own) >= _USABLE * len(drawn) else math.nan
        found.append(Pairwise(lead, pairs, right, max(0.0, right - _NORMAL * error), min(1.0, right + _NORMAL * error)))
    return found


def _right(x: FloatArray, y: FloatArray, lead: float) -> tuple[int, float]:
    """Pairs in which one leads by at least `lead` (more than 0), and the share in which it is ahead in y."""
    ahead = x[:, None] - x[None, :]
    kept = (ahead >= lead) & (ahead > 0)
    pairs = int(kept.sum())
    won = (np.sign(y[:, None] - y[None, :]) + 1) / 2
    return pairs, float(won[kept].mean()) if pairs else math.nan


def regret(
    predictors: Mapping[str, FloatArray], y: FloatArray, *, among: int = 8, draws: int = 4000
) -> dict[str, float]:
    """By predictor, and `chance`: how much outcome is given away by choosing by it among so many models at random.

    Ties of a predictor are broken at random, which is the mean over those tied.
    """
    rng = np.random.default_rng(0)
    among = min(among, len(y))
    some = np.argsort(rng.random((draws, len(y))), axis=1)[:, :among]
    best = y[some].max(axis=1)
    found = {"chance": float((best - y[some].mean(axis=1)).mean())}
    for name, x in predictors.items():
        top = x[some] == x[some].max(axis=1, keepdims=True)
        taken = (y[some] * top).sum(axis=1) / top.sum(axis=1)
        found[name] = float((best - taken).mean())
    return found
