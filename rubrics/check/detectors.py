"""Artefact detectors: small logistic models that see both responses, and never the prompt.

Each learns weights w on the difference of features d = f(chosen) − f(rejected), by maximum likelihood of
P(first of the two is chosen) = 1 / (1 + exp(−w·d)) with a ridge penalty (no intercept: the sides have no order), and is
tried on units that it did not learn from. A suite is clean when none of them does better, or worse, than a coin.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rubrics.check.features import FEATURES, difference
from rubrics.check.report import EVEN, DetectorScore
from rubrics.check.units import find_units
from rubrics.schema import Pair
from rubrics.taxonomy import Subcategory

__all__ = ["SAMPLE", "detect", "interval"]

SAMPLE = 4_000
"""Pairs that detectors learn from and are tried on; of a larger suite a sample of whole units is taken."""

_FOLDS = 10
_LEAST_UNITS = 5
"""Units below which nothing is cross-validated."""
_OWN_PAIRS, _OWN_UNITS = 60, 10
"""Pairs and units from which a subcategory has detectors of its own."""
_RIDGE = {"length": 1e-2, "punctuation": 1e-2, "words": 1e-3, "characters": 1e-3}
"""Penalty on |w|²/2, beside the mean loss of a pair."""
_STEPS, _STILL = 500, 1e-4
"""Steps of training at most, and the relative change below which it has settled."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Trained = Literal["nothing", "all", "own"]


def detect(pairs: Sequence[Pair]) -> list[DetectorScore]:
    """Scores of every detector, overall and by subcategory; empty where there are too few units.

    Deterministic: folds depend on the pairs alone, not on their order.
    """
    sample = _sample(pairs)
    units = find_units(sample)
    numbers = np.array(units.of)
    if units.number < _LEAST_UNITS:
        return []
    scopes = {"overall": np.arange(len(sample))}
    for name in Subcategory:
        inside = np.array([at for at, pair in enumerate(sample) if name in pair.subcategories], dtype=np.int64)
        if len(np.unique(numbers[inside])) >= _LEAST_UNITS:
            scopes[name.value] = inside
    longer = np.array([_sign(len(pair.chosen) - len(pair.rejected)) for pair in sample])
    ranks = np.array([zlib.crc32(pair.id.encode()) for pair in sample])

    hits: dict[tuple[str, str, Trained], tuple[Floats, Ints]] = {}
    for scope, inside in scopes.items():
        hits["longer", scope, "nothing"] = (longer + 1)[inside] / 2, numbers[inside]
    for detector in FEATURES:
        array = difference(sample, detector)
        kernel = (array @ array.T).toarray()
        everything = _cross_validate(kernel, numbers, longer, ranks, _RIDGE[detector])
        for scope, inside in scopes.items():
            hits[detector, scope, "all"] = everything[inside], numbers[inside]
            own = numbers[inside]
            if _OWN_PAIRS <= len(inside) < len(sample) and len(np.unique(own)) >= _OWN_UNITS:
                scored = _cross_validate(
                    kernel[np.ix_(inside, inside)], own, longer[inside], ranks[inside], _RIDGE[detector]
                )
                hits[detector, scope, "own"] = scored, own
    return [_score(*key, *scored, tests=len(hits)) for key, scored in hits.items()]


def _sign(value: float) -> float:
    return float(value > 0) - float(value < 0)


def _sample(pairs: Sequence[Pair]) -> list[Pair]:
    """At most `SAMPLE` pairs in whole units, chosen by a hash, so that the same pairs give the same sample."""
    if len(pairs) <= SAMPLE:
        return list(pairs)
    units = find_units(pairs)
    members: dict[int, list[Pair]] = {}
    for number, pair in zip(units.of, pairs, strict=True):
        members.setdefault(number, []).append(pair)
    kept: list[Pair] = []
    for unit in sorted(members.values(), key=_unit_hash):
        if len(kept) + len(unit) <= SAMPLE or not kept:
            kept += unit
    return kept


def _unit_hash(unit: Sequence[Pair]) -> int:
    return min(zlib.crc32(pair.id.encode()) for pair in unit)


def _folds(units: Ints, longer: Floats, ranks: Ints) -> Ints:
    """A fold for each pair: whole units, dealt out by how often the longer response is chosen in them.

    Dealing keeps that share equal in all folds. Otherwise a suite that balances length exactly would come out below
    one half: what a fold has too much of the others have too little of, and a detector learns the opposite of what it
    meets.
    """
    names, at = np.unique(units, return_inverse=True)
    leaning = np.bincount(at, weights=longer)
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, at, ranks)
    order = np.lexsort((first, leaning))
    fold = np.empty(len(names), dtype=np.int64)
    fold[order] = np.arange(len(names)) % min(_FOLDS, len(names))
    return fold[at]


def _cross_validate(kernel: Floats, units: Ints, longer: Floats, ranks: Ints, ridge: float) -> Floats:
    """For each pair 1 if a detector trained on other units prefers the chosen response, ½ for no preference, else 0."""
    folds = _folds(units, longer, ranks)
    learnt = folds[:, None] != np.arange(folds.max() + 1)
    margins = kernel @ _fit(kernel, learnt, ridge)
    # Margins that are nothing but rounding say nothing.
    own = np.round(margins[np.arange(len(folds)), folds], 9)
    return (np.sign(own) + 1) / 2


def _fit(kernel: Floats, learnt: NDArray[np.bool_], ridge: float) -> Floats:
    """Logistic models of all folds at once: array [pairs, folds] of a with w = Σ aᵢ dᵢ over the pairs each learnt from.

    Accelerated gradient descent on the weights (Nesterov 2004, 2.2.1), written in a: only products of differences are
    needed, so the number of features does not matter.
    """
    from scipy.special import expit

    counts = learnt.sum(axis=0)
    steepest = float(_largest_eigenvalue(kernel)) / (4 * counts.min()) + ridge
    root = math.sqrt(steepest / ridge)
    momentum = (root - 1) / (root + 1)
    now = ahead = np.zeros(learnt.shape)
    for _ in range(_STEPS):
        gradient = ridge * ahead - learnt * expit(-(kernel @ ahead)) / counts
        after = ahead - gradient / steepest
        ahead = after + momentum * (after - now)
        change, now = float(np.abs(after - now).max()), after
        if change <= _STILL * float(np.abs(after).max()):
            break
    return now


def _largest_eigenvalue(kernel: Floats) -> float:
    """An upper estimate by power iteration."""
    vector = np.ones(len(kernel)) + np.arange(len(kernel)) % 7
    for _ in range(30):
        vector = kernel @ (vector / max(float(np.linalg.norm(vector)), 1e-300))
    return 1.1 * float(np.linalg.norm(vector))


def _score(detector: str, scope: str, trained: Trained, hits: Floats, units: Ints, *, tests: int) -> DetectorScore:
    accuracy = float(hits.mean())
    low, high = interval(hits, units, 0.95)
    if EVEN[0] <= accuracy <= EVEN[1]:
        verdict: Literal["even", "unsure", "artefact"] = "even"
    else:
        # Bonferroni: among a hundred scores of a clean suite some lie outside by chance.
        sure = interval(hits, units, 1 - 0.05 / tests)
        verdict = "unsure" if sure[0] <= 0.5 <= sure[1] else "artefact"
    return DetectorScore(detector, scope, trained, accuracy, low, high, len(hits), len(np.unique(units)), verdict)


def interval(hits: Floats, units: Ints, level: float) -> tuple[float, float]:
    """Wilson's interval for a share of correlated trials, with the effective number of trials.

    The number of pairs is divided by the design effect (Kish 1965): the variance of the share by units over that of
    independent trials, never below 1; where all trials agree, units count instead of pairs.
    """
    count, share = len(hits), float(hits.mean())
    _, at = np.unique(units, return_inverse=True)
    number = int(at.max()) + 1
    if share in (0.0, 1.0) or number == 1:
        effective = float(number)
    else:
        sums = np.bincount(at, weights=hits - share)
        variance = number / (number - 1) * float(sums @ sums) / count**2
        effective = count / max(1.0, variance / (share * (1 - share) / (count - 1)))
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (share + z * z / (2 * effective)) / (1 + z * z / effective)
    half = z / (1 + z * z / effective) * math.sqrt(share * (1 - share) / effective + (z / (2 * effective)) ** 2)
    return max(0.0, centre - half), min(1.0, centre + half)
