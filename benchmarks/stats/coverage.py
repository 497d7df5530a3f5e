"""How often the 95 % intervals hold the truth, by simulation.

    python -m benchmarks.stats.coverage [--trials 2000]

Clusters of uneven size whose accuracies vary (beta, with the given correlation within a cluster) around a true
accuracy; for each setting the share of intervals that hold the truth, which method was used, and the mean width.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np

from engine.stats.intervals import Estimate, proportion


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    clusters: int
    accuracy: float
    correlation: float
    largest: int


def draw(setting: Setting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores and cluster labels of one simulated candidate."""
    sizes = rng.integers(1, setting.largest + 1, setting.clusters)
    rate = np.full(setting.clusters, setting.accuracy)
    if setting.correlation > 0:
        strength = 1 / setting.correlation - 1
        rate = rng.beta(setting.accuracy * strength, (1 - setting.accuracy) * strength, setting.clusters)
    labels = np.repeat(np.arange(setting.clusters, dtype=np.int32), sizes)
    return (rng.random(len(labels)) < rate[labels]).astype(np.float64), labels


def simulate(setting: Setting, trials: int, seed: int = 0, resamples: int = 2_000) -> tuple[float, float, Counter[str]]:
    """Coverage, mean width and how often each method was used."""
    rng = np.random.default_rng(seed)
    held, width, methods = 0, 0.0, Counter[str]()
    for trial in range(trials):
        found: Estimate = proportion(*draw(setting, rng), seed=trial, resamples=resamples)
        held += found.ci_low <= setting.accuracy <= found.ci_high
        width += found.ci_high - found.ci_low
        methods[found.method] += 1
    return held / trials, width / trials, methods


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=2_000)
    trials = parser.parse_args().trials
    start = time.perf_counter()
    print(f"nominal 95 %, {trials} trials a row")
    print("clusters  largest  accuracy  within  coverage  width  methods")
    worst = 1.0
    for clusters in (15, 50, 200):
        for largest in (1, 10):
            for accuracy in (0.5, 0.8, 0.95):
                for correlation in (0.0,) if largest == 1 else (0.0, 0.1, 0.3):
                    setting = Setting(clusters, accuracy, correlation, largest)
                    coverage, width, methods = simulate(setting, trials)
                    worst = min(worst, coverage)
                    used = ", ".join(f"{name} {count / trials:.0%}" for name, count in methods.most_common())
                    row = f"{clusters:8}  {largest:7}  {accuracy:8}  {correlation:6}  {coverage:8.1%}  {width:5.3f}"
                    print(f"{row}  {used}", flush=True)
    print(f"worst {worst:.1%}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
