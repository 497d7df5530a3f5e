"""The few distribution functions the statistics need, without the half second that importing scipy.stats costs."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = [
    "binomial_two_sided",
    "normal_probability",
    "normal_quantile",
    "normal_two_sided",
    "student_quantile",
    "student_two_sided",
]

_NORMAL = NormalDist()


def normal_quantile(probability: float) -> float:
    """The standard normal's quantile; `probability` in (0, 1)."""
    return _NORMAL.inv_cdf(probability)


def normal_probability(z: float) -> float:
    """P(Z ≤ z) for a standard normal Z."""
    return math.erfc(-z / math.sqrt(2)) / 2


def normal_two_sided(z: float) -> float:
    """P(|Z| ≥ |z|) for a standard normal Z."""
    return math.erfc(abs(z) / math.sqrt(2))


def student_two_sided(t: float, df: float) -> float:
    """P(|T| ≥ |t|) for Student's T with `df` > 0 degrees of freedom; NaN for a t that is NaN."""
    if math.isnan(t):
        return math.nan
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t))


@lru_cache(maxsize=4096)
def student_quantile(probability: float, df: float) -> float:
    """Student's T quantile; `probability` in (0, 1), `df` > 0."""
    if probability == 0.5:
        return 0.0
    if probability < 0.5:
        return -student_quantile(1 - probability, df)
    tail = 2 * (1 - probability)
    low, high = 0.0, 1.0
    while student_two_sided(high, df) > tail:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_two_sided(middle, df) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def binomial_two_sided(k: int, n: int) -> float:
    """Exact two-sided p of k successes in n fair trials (twice the smaller tail, at most 1)."""
    k = min(k, n - k)
    if k * 2 == n:
        return 1.0
    # Terms C(n, i)/2^n summed downwards from the largest, in logs so that n may run to tens of thousands.
    log_term = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
    total = term = 1.0
    for i in range(k, 0, -1):
        term *= i / (n - i + 1)
        total += term
        if term < 1e-18 * total:
            break
    return min(1.0, 2 * total * math.exp(log_term))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Regularised incomplete beta function I_x(a, b), rest = 1 − x, by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, rest, x)
    front = math.exp(a * math.log(x) + b * math.log(rest) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
    tiny = 1e-300
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    c, fraction = 1.0, d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _away_from_zero(1 + even * d, tiny)
        c = _away_from_zero(1 + even / c, tiny)
        fraction *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away_from_zero(1 + odd * d, tiny)
        c = _away_from_zero(1 + odd / c, tiny)
        step = d * c
        fraction *= step
        if abs(step - 1) < 1e-15:
            break
    return front * fraction / a


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
