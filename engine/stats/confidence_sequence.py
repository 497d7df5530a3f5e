"""Where the accuracy on a whole suite will end, seen from the pairs scored so far.

Groups of pairs are drawn in random order without replacement, so what is scored is a sample of a known whole. Let
D = right − μ·pairs of one group, which sums to 0 over the whole for the true accuracy μ. The sum S over the first t of
N groups, divided by N − t, is a martingale whose i-th step lies in an interval of length m/(N − i), m the size of the
largest group; by Hoeffding's lemma it is sub-Gaussian with V = m²/4 · Σ 1/(N − i)². The two-sided normal mixture bounds
such a martingale at all times at once (Howard, Ramdas, McAuliffe & Sekhon 2021, Ann. Statist. 49(2), section 3.2): with
probability 1 − α, |S/(N − t)| < √((V + ρ) log((V + ρ)/(ρα²))) for every t. So the interval holds however often one
looks, and closes on the value when everything is scored. It says nothing of other pairs like these.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

__all__ = ["METHOD", "confidence_sequence"]

METHOD: Final = "time-uniform Hoeffding bound, prompts drawn without replacement"
_ALPHA: Final = 0.05
_TUNING: Final = 2 * math.log(1 / _ALPHA) + math.log(1 + 2 * math.log(1 / _ALPHA))
"""V/ρ at which the bound is about tightest (the same, section 3.5); met where half of the groups are scored."""


def confidence_sequence(right: float, judged: int, total: int, groups: int, largest: int) -> tuple[float, float]:
    """The 95 % interval for the share that will be right once all pairs are scored, whenever it is looked at.

    Order is random between rounds of about 64 pairs, longest first inside one: between two rounds' ends the interval
    is as good as length and accuracy are unrelated.

    Args:
        right: pairs won so far, ties counting ½.
        judged: pairs scored so far.
        total: pairs in the whole.
        groups: groups in the whole; how many are scored is taken to be their share of the pairs.
        largest: pairs in the largest group.

    Returns:
        (low, high), within 0 to 1.
    """
    if judged <= 0 or total <= 0:
        return 0.0, 1.0
    value = right / judged
    if judged >= total:
        return value, value
    # What is still open can only be all wrong or all right.
    floor, ceiling = right / total, (right + total - judged) / total
    drawn = min(max(round(judged * groups / total), 1), groups - 1)
    if drawn < 1:
        return floor, ceiling
    variance = largest**2 / 4 * _steps(groups, drawn)
    mixing = largest**2 / 4 * _steps(groups, max(1, groups // 2)) / _TUNING
    bound = math.sqrt((variance + mixing) * math.log((variance + mixing) / (mixing * _ALPHA**2)))
    radius = (groups - drawn) * bound / judged
    return max(floor, value - radius), min(ceiling, value + radius)


@lru_cache(maxsize=4096)
def _steps(groups: int, drawn: int) -> float:
    return math.fsum(1 / (groups - i) ** 2 for i in range(1, drawn + 1))
