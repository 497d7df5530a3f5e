"""How often the tests cry wolf, and what the correlation's intervals hold, by simulation.

python -m benchmarks.stats.errors [--trials 1000]
"""

from __future__ import annotations

import argparse

import numpy as np

from engine.stats.correlation import compare_predictors, correlate
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.paired import compare
from engine.stats.ranking import rank


def equal_candidates(candidates: int, clusters: int, rng: np.random.Generator) -> ScoreMatrix:
    """Candidates of one accuracy, alike within clusters of one to ten pairs."""
    labels = np.repeat(np.arange(clusters, dtype=np.int32), rng.integers(1, 11, clusters))
    # Each candidate has its own strong and weak clusters, so that clustering matters to the difference.
    rate = rng.beta(1.5, 1.5, (candidates, clusters))[:, labels]
    scores = (rng.random(rate.shape) < rate).astype(np.float32)
    names = tuple(f"m{i}" for i in range(candidates))
    return ScoreMatrix(names, tuple(map(str, range(len(labels)))), labels, labels, scores)


def rankings(trials: int) -> None:
    """Any candidate told apart from another, though all are equal; nominal at most 5 %."""
    print("equal candidates: share of rankings that tell any two apart")
    for candidates, clusters in ((2, 15), (6, 15), (6, 50), (16, 50), (16, 200)):
        rng = np.random.default_rng(candidates * clusters)
        wrong = 0
        for trial in range(trials):
            matrix = equal_candidates(candidates, clusters, rng)
            scope = Scope("overall", np.ones(len(matrix.pair_ids), dtype=np.float32))
            rows = rank(matrix, scope, chance=0.5, resamples=100, seed=trial).rows
            wrong += any(len(row.tied_with) < candidates - 1 for row in rows)
        print(f"  {candidates:2} candidates, {clusters:3} clusters: {wrong / trials:.1%}", flush=True)


def comparisons(trials: int) -> None:
    """Two equal candidates: p at most .05, and the interval of the difference without zero; nominal 5 %."""
    print("two equal candidates: p ≤ .05; interval without zero")
    for clusters in (8, 15, 50, 200):
        rng = np.random.default_rng(clusters)
        wrong = missed = 0
        for trial in range(trials):
            matrix = equal_candidates(2, clusters, rng)
            scope = Scope("overall", np.ones(len(matrix.pair_ids), dtype=np.float32))
            found = compare(matrix, "m0", "m1", scope, resamples=1_000, seed=trial)
            wrong += found.p_value <= 0.05
            missed += not found.ci_low <= 0 <= found.ci_high
        print(f"  {clusters:3} clusters: {wrong / trials:.1%}; {missed / trials:.1%}", flush=True)


def correlations(trials: int) -> None:
    """Normal points: coverage of BCa and Fisher intervals for r, and two predictors that are equally good."""
    print("16 normal points: coverage of r by BCa, by Fisher's z")
    rng = np.random.default_rng(0)
    for r in (0.0, 0.5, 0.8, 0.9):
        held = fisher = 0
        for trial in range(trials):
            x, noise = rng.normal(size=(2, 16))
            found = correlate(x, r * x + np.sqrt(1 - r * r) * noise, [""] * 16, resamples=1_000, seed=trial)
            held += found.pearson.ci_low <= r <= found.pearson.ci_high
            fisher += found.fisher_low <= r <= found.fisher_high
        print(f"  r = {r}: {held / trials:.1%}, {fisher / trials:.1%}", flush=True)
    print("two equally good predictors of 16 outcomes: p ≤ .05 by paired bootstrap of r, of ρ, by Williams")
    for shared in (0.3, 0.7):
        wrong = np.zeros(3)
        for trial in range(trials):
            y = rng.normal(size=16)
            common = rng.normal(size=16)
            x1, x2 = (y + np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=16) for _ in range(2))
            found_ = compare_predictors(x1, x2, y, resamples=1_000, seed=trial)
            wrong += np.array([found_.pearson.p_value, found_.spearman.p_value, found_.williams_p]) <= 0.05
        print(f"  noise shared {shared}: " + ", ".join(f"{share:.1%}" for share in wrong / trials), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    rankings(trials)
    comparisons(trials)
    correlations(trials)


if __name__ == "__main__":
    main()
