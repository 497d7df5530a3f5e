"""How far a person's blind readings agree with the labels: the share, and Cohen's κ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.store.construct_review import BlindReading

__all__ = ["Agreement", "agreement", "kappa"]


@dataclass(frozen=True)
class Agreement:
    """Readings of people set against labels."""

    readings: int
    examples: int
    readers: int
    share: float
    ci_low: float
    ci_high: float
    """95 % interval of the share, resampling responses."""
    kappa: float
    """NaN where chance alone explains everything, as when all labels are alike."""
    disagreements: tuple[BlindReading, ...]


def agreement(readings: Sequence[BlindReading], labels: Mapping[tuple[str, str], bool]) -> Agreement:
    """Set readings against the pipeline's labels.

    Args:
        readings: of any number of readers; those about examples without a label are passed over.
        labels: by example and criterion, whether the pipeline says it is met.
    """
    kept = [r for r in readings if (r.example_id, r.criterion) in labels]
    pairs = [(r.met, labels[r.example_id, r.criterion]) for r in kept]
    share, low, high = _share([a == b for a, b in pairs], [r.example_id for r in kept])
    return Agreement(
        len(kept),
        len({r.example_id for r in kept}),
        len({r.reader for r in kept}),
        share,
        low,
        high,
        kappa(pairs),
        tuple(r for r, (a, b) in zip(kept, pairs, strict=True) if a != b),
    )


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Cohen's κ = (p_o − p_e) / (1 − p_e) (Cohen 1960, Educ. Psychol. Meas. 20(1)); NaN where p_e is 1."""
    if not pairs:
        return math.nan
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    expected = first * second + (1 - first) * (1 - second)
    return (observed - expected) / (1 - expected) if expected < 1 else math.nan


def _share(agreed: Sequence[bool], clusters: Sequence[str]) -> tuple[float, float, float]:
    if not agreed:
        return math.nan, math.nan, math.nan
    import numpy as np

    from engine.stats.intervals import proportion

    names = {name: number for number, name in enumerate(sorted(set(clusters)))}
    estimate = proportion(np.array(agreed, dtype=float), np.array([names[c] for c in clusters], dtype=np.int32))
    return estimate.value, estimate.ci_low, estimate.ci_high
