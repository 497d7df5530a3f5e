"""How often the 95 % intervals of `scaling checkpoints` hold the truth, by simulation.

    python -m benchmarks.stats.curves [--trials 1000]

Checkpoints of a run at tokens spread evenly in their logarithm over two powers of ten, accuracy .8 − .35·t^−c with a
checkpoint's own normal noise. `curve`: accuracies are known exactly, so only that noise counts and the interval is the
profile likelihood's. `pairs`: each checkpoint answers the same 300 pairs in 75 clusters, whose difficulties (logistic,
sd 1, half of it shared within a cluster) and verdicts are drawn anew, and the interval is the one shown. Targets: four
times the tokens of the last checkpoint, tokens without end, and the last checkpoint itself.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from engine.correlation.curves import _widened
from engine.stats.curves import fit_power_law

SPAN, CLUSTERS, SIZE, RESAMPLES = 100.0, 75, 4, 300
TARGETS = (4 * SPAN, math.inf, SPAN)
_NODES = np.linspace(-4, 4, 41)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.exp(-(_NODES**2) / 2).sum()


def truth(tokens: float, c: float) -> float:
    """The curve's height."""
    return 0.8 - (0.35 * tokens**-c if math.isfinite(tokens) else 0)


def abilities(rates: np.ndarray) -> np.ndarray:
    """The logits at which pairs of standard normal difficulty are won at these rates, by bisection."""
    low, high = np.full(rates.shape, -12.0), np.full(rates.shape, 12.0)
    for _ in range(40):
        middle = (low + high) / 2
        above = (1 / (1 + np.exp(_NODES - middle[..., None]))) @ _WEIGHTS > rates
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def simulate(points: int, c: float, noise: float, trials: int) -> np.ndarray:
    """(2, targets): shares of trials in which the truth is held, by `curve` and by `pairs`."""
    rng = np.random.default_rng(points)
    tokens = np.geomspace(1, SPAN, points)
    height = np.array([truth(t, c) for t in tokens])
    held = np.zeros((2, len(TARGETS)))
    for _ in range(trials):
        rates = np.clip(height + rng.normal(0, noise, points), 0.01, 0.99)
        law = fit_power_law(tokens, rates)
        shared, own = rng.normal(0, math.sqrt(0.5), (2, CLUSTERS, SIZE))
        hard = shared[:, :1] + own
        right = rng.random((points, CLUSTERS, SIZE)) < 1 / (1 + np.exp(hard - abilities(rates)[:, None, None]))
        sums = right.sum(axis=2)
        weights = rng.multinomial(CLUSTERS, np.full(CLUSTERS, 1 / CLUSTERS), RESAMPLES)
        drawn = weights @ sums.T / (CLUSTERS * SIZE)
        seen = fit_power_law(tokens, sums.sum(axis=1) / (CLUSTERS * SIZE))
        assert law is not None
        assert seen is not None
        for k, target in enumerate(TARGETS):
            plain, shown = law.interval(target), _widened(seen, target, drawn)
            held[0, k] += plain.ci_low <= truth(target, c) <= plain.ci_high
            held[1, k] += shown.ci_low <= truth(target, c) <= shown.ci_high
    return held / trials


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    start, worst = time.perf_counter(), np.ones(2)
    print(f"nominal 95 %, {trials} trials a row; targets: 4 x the last, without end, the last")
    print("points    c  noise   curve: 4 x   end  last   pairs: 4 x   end  last")
    for points in (4, 5, 7, 10, 15):
        for c in (0.1, 0.5, 1.0):
            for noise in (0.003, 0.02):
                found = simulate(points, c, noise, trials)
                worst = np.minimum(worst, found.min(axis=1))
                curve, pairs = (" ".join(f"{share:5.1%}" for share in row) for row in found)
                print(f"{points:6}  {c:3.1f}  {noise:5.3f}  {curve:>22}  {pairs:>22}", flush=True)
    print(f"worst: curve {worst[0]:.1%}, pairs {worst[1]:.1%}; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
