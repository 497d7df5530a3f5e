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

from engine.posttrain.ladder2.evidence import Measured
from engine.stats.association import bootstrap_weights, midranks
from engine.stats.holm import holm
from engine.stats.intervals import accelerated

__all__ = [
    "LEADS",
    "Correlated",
    "Pairwise",
    "Resampled",
    "Versus",
    "correlated",
    "matrix",
    "pairwise",
    "partial",
    "regret",
    "reliability",
    "resample",
    "spearman",
    "versus",
]

FloatArray = npt.NDArray[np.float64]
_RESAMPLES: Final = 2000
_SPLITS: Final = 200
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


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Pearson's r of midranks; NaN where a column is constant."""
    a, b = midranks(x), midranks(y)
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0 else math.nan


def _each(xs: FloatArray, ys: FloatArray) -> FloatArray:
    return np.array([spearman(x, y) for x, y in zip(xs, ys, strict=True)])


def correlated(x: Measured, y: Measured, again: Resampled) -> Correlated:
    """ρ over models; 95 % BCa, the acceleration from leaving out models (Efron 1987)."""
    a, b = x.values(), y.values()
    rho = spearman(a, b)
    drawn = _each(again.values(x), again.values(y))
    low, high = _bca(drawn, rho, _without(a, b))
    return Correlated(rho, low, high, len(a))


def _without(x: FloatArray, y: FloatArray) -> FloatArray:
    """ρ without each model in turn."""
    return np.array([spearman(np.delete(x, n), np.delete(y, n)) for n in range(len(x))])


def _bca(drawn: FloatArray, value: float, without: FloatArray) -> tuple[float, float]:
    usable = np.sort(drawn[np.isfinite(drawn)])
    if not math.isfinite(value) or len(usable) < 0.9 * len(drawn):
        return math.nan, math.nan
    off = np.nanmean(without) - without[np.isfinite(without)]
    spread = float((off**2).sum()) ** 1.5
    return accelerated(usable, value, float((off**3).sum()) / (6 * spread) if spread > 0 else 0.0)


def versus(first: Measured, rivals: Sequence[Measured], y: Measured, again: Resampled) -> list[Versus]:
    """The first predictor against each rival on the same resamples, with Holm's p over all of them."""
    b, drawn_y = y.values(), again.values(y)
    mine, drawn_mine = spearman(first.values(), b), _each(again.values(first), drawn_y)
    left_mine = _without(first.values(), b)
    found = []
    for rival in rivals:
        difference = mine - spearman(rival.values(), b)
        drawn = drawn_mine - _each(again.values(rival), drawn_y)
        low, high = _bca(drawn, difference, left_mine - _without(rival.values(), b))
        usable = drawn[np.isfinite(drawn)]
        side = min(np.count_nonzero(usable <= 0), np.count_nonzero(usable >= 0))
        found.append(Versus(difference, low, high, min(1.0, 2 * (1 + side) / (1 + len(usable)))))
    adjusted = holm([rival.p for rival in found])
    return [Versus(v.difference, v.low, v.high, v.p, float(p)) for v, p in zip(found, adjusted, strict=True)]


def partial(x: Measured, y: Measured, given: Sequence[Measured], again: Resampled) -> Correlated:
    """ρ that several other columns do not account for: Pearson's r of the residuals of ranks on their ranks.

    95 % by bootstrap over models and items, BCa.
    """
    a, b, others = x.values(), y.values(), [z.values() for z in given]
    rho = _partial(a, b, others)
    drawn_others = [again.values(z) for z in given]
    drawn = np.array([
        _partial(p, q, [z[n] for z in drawn_others])
        for n, (p, q) in enumerate(zip(again.values(x), again.values(y), strict=True))
    ])  # fmt: skip
    n = len(a)
    without = np.array([
        _partial(np.delete(a, m), np.delete(b, m), [np.delete(z, m) for z in others]) for m in range(n)
    ])  # fmt: skip
    return Correlated(rho, *_bca(drawn, rho, without), n)


def _partial(x: FloatArray, y: FloatArray, given: Sequence[FloatArray]) -> float:
    design = np.stack([np.ones(len(x)), *map(midranks, given)], axis=1)
    left = []
    for column in (midranks(x), midranks(y)):
        residual = column - design @ np.linalg.lstsq(design, column, rcond=None)[0]
        left.append(residual)
    size = math.sqrt(float(left[0] @ left[0]) * float(left[1] @ left[1]))
    return float(left[0] @ left[1]) / size if size > 1e-9 else math.nan


def matrix(x: Measured, y: Measured, again: Resampled) -> tuple[dict[tuple[str, str], Correlated], Correlated]:
    """ρ of each category of the predictor with each of the outcome, and by how much a category foretells itself better
    than the others do: the mean of the diagonal less the mean of the rest."""
    rows, columns = sorted(set(x.groups)), sorted(set(y.groups))
    cells, drawn = {}, {}
    # Each category is a quantity of its own, but its items are drawn once for all cells.
    drawn_x = {a: again.values(x.of(a)) for a in rows}
    drawn_y = {b: again.values(y.of(b)) for b in columns}
    for a in rows:
        for b in columns:
            rho = spearman(x.of(a).values(), y.of(b).values())
            drawn[a, b] = _each(drawn_x[a], drawn_y[b])
            without = _without(x.of(a).values(), y.of(b).values())
            cells[a, b] = Correlated(rho, *_bca(drawn[a, b], rho, without), len(x.top))
    own = np.array([a == b for a, b in cells])
    values, every = np.array([cell.rho for cell in cells.values()]), np.stack(list(drawn.values()), axis=1)
    lead = float(values[own].mean() - values[~own].mean())
    drawn_lead = every[:, own].mean(axis=1) - every[:, ~own].mean(axis=1)
    low, high = np.nanquantile(drawn_lead, [0.025, 0.975])
    return cells, Correlated(lead, float(low), float(high), len(x.top))


def reliability(quantity: Measured, *, splits: int = _SPLITS, seed: int = 0) -> float:
    """Correlation of the quantity with itself on other items of the same number; 1 where there is no luck in it.

    Pearson's r of random halves, stepped up to full length (Spearman 1910, Brown 1910, Br. J. Psychol. 3), mean over
    splits.
    """
    if quantity.items < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        order = rng.permutation(quantity.items)
        weights = np.zeros((2, quantity.items))
        weights[0, order[: quantity.items // 2]] = 1
        weights[1, order[quantity.items // 2 :]] = 1
        a, b = quantity.values(weights)
        a, b = a - a.mean(), b - b.mean()
        r = float(a @ b) / max(1e-300, math.sqrt(float(a @ a) * float(b @ b)))
        found.append(2 * r / (1 + r) if r > 0 else r)
    return float(np.mean(found))


def pairwise(x: Measured, y: Measured, again: Resampled, leads: Sequence[float] = LEADS) -> list[Pairwise]:
    """How often the model that leads by at least so much becomes the better one; 95 % percentiles over resamples."""
    a, b = x.values(), y.values()
    scale = float(a.std(ddof=1))
    whole = [_right(a, b, lead * scale) for lead in leads]
    drawn = np.array([
        [_right(p, q, lead * scale)[1] for lead in leads] for p, q in zip(again.values(x), again.values(y), strict=True)
    ])  # fmt: skip
    found = []
    for n, (lead, (pairs, right)) in enumerate(zip(leads, whole, strict=True)):
        own = drawn[:, n][np.isfinite(drawn[:, n])]
        low, high = np.quantile(own, [0.025, 0.975]) if len(own) else (math.nan, math.nan)
        found.append(Pairwise(lead, pairs, right, float(low), float(high)))
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
