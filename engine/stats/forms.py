"""A small run standing for a large one: four forms from proxy to target, and how well each foretells what it never saw.

Forms are least squares fits. The exponential one, a + b·e^(c·x), is a straight line in (e^(c·z) − 1)/c, z the proxy in
standard deviations, for any c; only c has to be searched for. All are judged by leaving out one point at a time.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.pair_share import pair_share
from engine.stats.units import Units

__all__ = ["FORMS", "HELP", "CurveFit", "DecisionAccuracy", "Form", "decision_accuracy", "fit_form", "height"]

FloatArray = npt.NDArray[np.float64]

HELP: Final = {
    "r2": "share of the target's variance that the fit accounts for, on the points it was fitted to",
    "cv_r2": "the same on points left out one at a time, against the mean of the others; below 0: worse than that mean",
    "cv_mae": "mean absolute error on points left out one at a time, in units of the target",
    "decisions": "share of pairs of points that the proxy puts in the target's order, a tie in the proxy ½",
    "interval": "95 %: BCa over points, 10,000 resamples; where all decisions agree, Wilson's for disjoint pairs",
}
"""One line on each number."""

_RATES: Final = np.concatenate([-np.exp(np.linspace(1.8, -5, 80)), [0.0], np.exp(np.linspace(-5, 1.8, 80))])


@dataclass(frozen=True)
class CurveFit:
    """One form with its constants."""

    constants: tuple[float, ...]
    """a, b and, where the form has it, c; an exponential without a bend is a + b·x with c = 0."""
    at: Callable[[FloatArray], FloatArray]
    """Proxies to fitted targets."""


@dataclass(frozen=True)
class Form:
    """A form judged on n points; NaN where there are too few, or the form cannot be fitted."""

    name: str
    formula: str
    constants: tuple[float, ...]
    n: int
    r2: float
    cv_r2: float
    cv_mae: float
    note: str


@dataclass(frozen=True)
class DecisionAccuracy:
    """How often the proxy puts two points in the right order."""

    accuracy: float
    ci_low: float
    ci_high: float
    pairs: int
    """Pairs of points whose targets differ."""
    method: str
    note: str


def _polynomial(degree: int) -> Callable[[FloatArray, FloatArray], CurveFit]:
    def fit(x: FloatArray, y: FloatArray) -> CurveFit:
        centre, width = float(x.mean()), float(x.std())
        z = (x - centre) / width
        with warnings.catch_warnings():
            # Proxies over many powers of ten: what the fit is worth is seen on the points left out.
            warnings.simplefilter("ignore", np.exceptions.RankWarning)
            scaled = np.polynomial.polynomial.polyfit(z, y, degree)
        in_x = np.polynomial.Polynomial(scaled)(np.polynomial.Polynomial([-centre / width, 1 / width]))

        def at(new: FloatArray) -> FloatArray:
            return np.asarray(np.polynomial.polynomial.polyval((new - centre) / width, scaled), dtype=np.float64)

        return CurveFit(tuple(map(float, in_x.coef)), at)

    return fit


def _logarithmic(x: FloatArray, y: FloatArray) -> CurveFit:
    fitted = _polynomial(1)(np.log(x), y)
    return CurveFit(fitted.constants, lambda new: fitted.at(np.log(new)))


def _exponential(x: FloatArray, y: FloatArray) -> CurveFit:
    centre, width = float(x.mean()), float(x.std())
    z = (x - centre) / width

    def solved(rate: float) -> tuple[float, FloatArray]:
        design = np.stack([np.ones(len(z)), _bent(z, rate)], axis=1)
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0].astype(np.float64)
        left = y - design @ coefficients
        return float(left @ left), coefficients

    k = int(np.argmin([solved(rate)[0] for rate in _RATES]))
    low, high = float(_RATES[max(k - 1, 0)]), float(_RATES[min(k + 1, len(_RATES) - 1)])
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if solved(left)[0] <= solved(right)[0]:
            high = right
        else:
            low = left
    rate = (low + high) / 2
    level, slope = map(float, solved(rate)[1])
    if abs(rate) < 1e-9:
        return CurveFit(
            (level - slope * centre / width, slope / width, 0.0), lambda new: level + slope * (new - centre) / width
        )
    lifted = slope / rate
    constants = (level - lifted, lifted * math.exp(-rate * centre / width), rate / width)
    return CurveFit(constants, lambda new: level + slope * _bent((new - centre) / width, rate))


def _bent(z: FloatArray, rate: float) -> FloatArray:
    bent: FloatArray = np.expm1(rate * z) / rate if abs(rate) > 1e-9 else z
    return bent


FORMS: Final[dict[str, tuple[str, int, Callable[[FloatArray, FloatArray], CurveFit]]]] = {
    "linear": ("a + b·x", 2, _polynomial(1)),
    "quadratic": ("a + b·x + c·x²", 3, _polynomial(2)),
    "exponential": ("a + b·e^(c·x)", 3, _exponential),
    "logarithmic": ("a + b·log x", 2, _logarithmic),
}
"""By name: the formula, how many constants, and the fit."""


def height(name: str, constants: Sequence[float], x: float) -> float:
    """A form's value at a proxy, by the constants that `fit_form` gave; NaN where it has none there."""
    a, b, c = (*constants, 0.0)[:3]
    try:
        match name:
            case "exponential":
                return a + b * math.exp(c * x) if c else a + b * x
            case "logarithmic":
                return a + b * math.log(x)
            case _:
                return a + b * x + c * x * x
    except (ValueError, OverflowError):
        return math.nan


def fit_form(name: str, x: FloatArray, y: FloatArray) -> Form:
    """Fit one of FORMS and judge it by leaving out one point at a time.

    Args:
        x, y: (points,), finite: proxies and targets.
    """
    formula, constants, fit = FORMS[name]
    n = len(x)

    def nothing(note: str) -> Form:
        return Form(name, formula, (), n, math.nan, math.nan, math.nan, note)

    if name == "logarithmic" and not (x > 0).all():
        return nothing("a logarithm needs proxies above 0")
    if len(np.unique(x)) < constants or n < constants:
        return nothing(f"{constants} different proxies are needed")
    if (y == y[0]).all():
        return nothing("the target is the same everywhere")
    fitted = fit(x, y)
    r2 = 1 - float(((y - fitted.at(x)) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    others = [np.arange(n) != i for i in range(n)]
    if n < constants + 2 or any(len(np.unique(x[kept])) < constants for kept in others):
        return Form(name, formula, fitted.constants, n, r2, math.nan, math.nan, "too few points to leave one out")
    predicted = np.array([float(fit(x[kept], y[kept]).at(x[i : i + 1])[0]) for i, kept in enumerate(others)])
    mean = np.array([y[kept].mean() for kept in others])
    cv_r2 = 1 - float(((y - predicted) ** 2).sum() / ((y - mean) ** 2).sum())
    return Form(name, formula, fitted.constants, n, r2, cv_r2, float(np.abs(y - predicted).mean()), "")


def decision_accuracy(
    x: FloatArray, y: FloatArray, *, seed: int = 0, resamples: int = 10_000, level: float = 0.95,
    units: Units | None = None,
) -> DecisionAccuracy:  # fmt: skip
    """Pairwise decision accuracy of a proxy for which higher is better, with its interval (five points, or families, or
    more).

    Args:
        x, y: (points,), finite: proxies and targets.
        units: what is drawn as one; None: each point.
    """
    sx, sy = np.sign(x[:, None] - x[None, :]), np.sign(y[:, None] - y[None, :])
    differ = np.abs(sy)
    pairs = int(differ.sum()) // 2
    found = pair_share((1 + sx * sy) / 2, differ, seed=seed, resamples=resamples, level=level, units=units)
    note = ""
    if not pairs:
        note = "no two targets differ"
    elif not sx.any():
        note = "no two proxies differ: nothing is decided"
        found = replace(found, ci_low=math.nan, ci_high=math.nan)
    elif math.isnan(found.ci_low):
        note = f"{found.method.removeprefix('none: ')}: no interval"
    method = "none" if note else found.method
    return DecisionAccuracy(found.value, found.ci_low, found.ci_high, pairs, method, note)
