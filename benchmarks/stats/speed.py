"""How long a ranking takes: 16 candidates × 30,000 pairs, one scope and seventeen.

    python -m benchmarks.stats.speed

Run with OPENBLAS_NUM_THREADS=1 to see what the app sees while a run keeps the other cores busy.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.ranking import rank_many

CANDIDATES, PAIRS = 16, 30_000


def simulated(clusters: int, missing: float, rng: np.random.Generator) -> ScoreMatrix:
    """Candidates from .5 to .8 whose accuracy varies by cluster."""
    labels = rng.integers(0, clusters, PAIRS).astype(np.int32) if clusters < PAIRS else np.arange(PAIRS, dtype=np.int32)
    rate = np.linspace(0.5, 0.8, CANDIDATES)[:, None] + rng.normal(0, 0.1, clusters)[labels]
    scores = (rng.random((CANDIDATES, PAIRS)) < rate).astype(np.float32)
    scores[rng.random(scores.shape) < missing] = np.nan
    names = tuple(f"m{i}" for i in range(CANDIDATES))
    return ScoreMatrix(names, tuple(map(str, range(PAIRS))), labels, labels, scores)


def seventeen(rng: np.random.Generator) -> list[Scope]:
    """All pairs, four categories, twelve subcategories; each pair lies in one to three of the twelve."""
    inside = rng.random((12, PAIRS)).argsort(axis=0) < rng.integers(1, 4, PAIRS)
    category = inside.reshape(4, 3, PAIRS).any(axis=1)
    weights = [np.ones((1, PAIRS)), category / category.sum(axis=0), inside / inside.sum(axis=0)]
    return [Scope(str(i), row) for i, row in enumerate(np.concatenate(weights).astype(np.float32))]


def seconds(call: Callable[[], object]) -> float:
    """Median of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    scopes = seventeen(rng)
    print("clusters  resamples  pairs   one scope  seventeen")
    for clusters in (200, 3_000, PAIRS):
        for resamples in (2_000, 10_000):
            matrix = simulated(clusters, 0.0, rng)
            one = seconds(lambda: rank_many(matrix, scopes[:1], chance=0.5, resamples=resamples))  # noqa: B023
            all_ = seconds(lambda: rank_many(matrix, scopes, chance=0.5, resamples=resamples))  # noqa: B023
            print(f"{clusters:8,}  {resamples:9,}  common  {one:7.2f} s  {all_:7.2f} s", flush=True)
    matrix = simulated(3_000, 0.01, rng)
    one = seconds(lambda: rank_many(matrix, scopes[:1], chance=0.5, resamples=2_000, pairs="own"))
    all_ = seconds(lambda: rank_many(matrix, scopes, chance=0.5, resamples=2_000, pairs="own"))
    print(f"{3_000:8,}  {2_000:9,}  own     {one:7.2f} s  {all_:7.2f} s")
    print(f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
