"""How long a ranking takes: 10,000 resamples x 16 candidates x 30,000 pairs, beside the plain bootstraps.

    python -m benchmarks.stats.speed [--quick]

`ours` is the whole ranking: values, intervals, paired tests with Holm, rank intervals, probability of being best, for
one scope and for seventeen. The rivals find the intervals only: `numpy` draws clusters in a loop, `scipy` is
scipy.stats.bootstrap (percentile, paired, vectorized), one candidate at a time, 500 resamples scaled to 10,000. Each
runs in a process of its own, so that peak memory is its own; `above` is what it takes above the data and the libraries.
OPENBLAS_NUM_THREADS=1 shows what the app sees while a run keeps the other cores busy.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.ranking import rank_many

CANDIDATES, PAIRS, RESAMPLES, FEW = 16, 30_000, 10_000, 500


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


def by_cluster(matrix: ScoreMatrix) -> tuple[np.ndarray, np.ndarray]:
    """(candidates, clusters) sums of scores, and (clusters,) pairs: what any careful bootstrap begins with."""
    sums = np.stack([np.bincount(matrix.cluster, weights=row) for row in np.nan_to_num(matrix.scores)])
    return sums, np.bincount(matrix.cluster).astype(np.float64)


def plain_numpy(matrix: ScoreMatrix) -> np.ndarray:
    """(candidates, 2): percentile intervals by a loop over resamples."""
    sums, counts = by_cluster(matrix)
    rng = np.random.default_rng(0)
    drawn = np.empty((RESAMPLES, CANDIDATES))
    for row in drawn:
        chosen = rng.integers(0, len(counts), len(counts))
        row[:] = sums[:, chosen].sum(axis=1) / counts[chosen].sum()
    return np.quantile(drawn, [0.025, 0.975], axis=0).T


def plain_scipy(matrix: ScoreMatrix) -> list[object]:
    """The same by scipy.stats.bootstrap, with `FEW` resamples."""
    from scipy.stats import bootstrap

    sums, counts = by_cluster(matrix)

    def ratio(top: np.ndarray, bottom: np.ndarray, axis: int = -1) -> np.ndarray:
        return top.sum(axis=axis) / bottom.sum(axis=axis)

    return [
        bootstrap((row, counts), ratio, paired=True, vectorized=True, n_resamples=FEW, batch=100, method="percentile")
        for row in sums
    ]


def measure(name: str, clusters: int, repeats: int) -> None:
    """Time one of them; print seconds, processor seconds, and peak memory in MB above what was there before."""
    rng = np.random.default_rng(0)
    scopes, matrix = seventeen(rng), simulated(clusters, 0.0, rng)
    calls: dict[str, Callable[[], object]] = {
        "ours, one scope": lambda: rank_many(matrix, scopes[:1], chance=0.5, resamples=RESAMPLES),
        "ours, seventeen": lambda: rank_many(matrix, scopes, chance=0.5, resamples=RESAMPLES),
        "ours, own pairs": lambda: rank_many(
            simulated(clusters, 0.01, rng), scopes[:1], chance=0.5, resamples=RESAMPLES, pairs="own"
        ),
        "numpy": lambda: plain_numpy(matrix),
        "scipy": lambda: plain_scipy(matrix),
    }
    if name == "scipy":
        import scipy.stats  # noqa: F401 - loaded before the clock starts
    scale = RESAMPLES / FEW if name == "scipy" else 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        calls[name]()
        walls.append((time.perf_counter() - wall) * scale)
        cpus.append((time.process_time() - cpu) * scale)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(statistics.median(walls), statistics.median(cpus), peak / 1024, (peak - before) / 1024)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="30,000 clusters only, each once")
    parser.add_argument("--only", nargs=3, metavar=("NAME", "CLUSTERS", "REPEATS"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.only:
        measure(told.only[0], int(told.only[1]), int(told.only[2]))
        return
    print(f"{RESAMPLES:,} resamples x {CANDIDATES} candidates x {PAIRS:,} pairs")
    print("clusters  what              seconds  processor s  against ours   peak MB  above MB")
    for clusters in (PAIRS,) if told.quick else (200, 3_000, PAIRS):
        ours = 0.0
        for name in ("ours, one scope", "ours, seventeen", "ours, own pairs", "numpy", "scipy"):
            repeats = 1 if told.quick or name == "scipy" else 3
            command = [sys.executable, "-m", "benchmarks.stats.speed", "--only", name, str(clusters), str(repeats)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            wall, cpu, peak, above = map(float, done.stdout.split())
            ours = ours or cpu
            print(
                f"{clusters:8,}  {name:16}  {wall:7.2f}  {cpu:11.2f}  {cpu / ours:11.1f} x  {peak:8.0f}  {above:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
