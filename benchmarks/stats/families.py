"""How often intervals and p over families hold and reject, where candidates of a family are alike, by simulation.

    python -m benchmarks.stats.families [--trials 600]

Predictor and outcome have nothing to do with each other; in both, .64 of the variance is the family's. Families are of
unlike size. Beside what is taken over families stands what is taken over candidates, which rejects too often. The last
rows are prediction intervals: how often they hold the outcome of a candidate of a family that is not among the points.
"""

from __future__ import annotations

import argparse

import numpy as np

from engine.stats.estimates import estimate
from engine.stats.least_squares import fit_line
from engine.stats.units import Units

SIZES = ([5, 4, 4, 2, 2, 1], [4, 3, 3, 2, 2, 1, 1, 1], [3] * 12)


def simulate(name: str, sizes: list[int], trials: int) -> np.ndarray:
    """Shares: over families holding 0 and rejecting it at 5 %, over candidates holding and rejecting it."""
    rng, found = np.random.default_rng(len(sizes)), np.zeros(4)
    family = np.repeat(np.arange(len(sizes)), sizes)
    units = Units.of(len(family), [str(number) for number in family], "families")
    for _ in range(trials):
        x, y = (
            0.8 * rng.normal(size=len(sizes))[family] + 0.6 * rng.normal(size=len(family)) for _ in range(2)
        )  # fmt: skip
        for k, own in enumerate((units, None)):
            statistic = estimate(name, x, y, resamples=400, units=own)
            found[2 * k] += statistic.ci_low <= 0 <= statistic.ci_high
            found[2 * k + 1] += statistic.p_value <= 0.05
    return found / trials


def foretold(sizes: list[int], trials: int) -> tuple[float, float]:
    """Shares of new families' candidates inside the prediction interval: over families, over candidates."""
    rng, held = np.random.default_rng(len(sizes)), np.zeros(2)
    family = np.repeat(np.arange(len(sizes)), sizes)
    labels = [str(number) for number in family]
    for _ in range(trials):
        x, left = (0.8 * rng.normal(size=len(sizes))[family] + 0.6 * rng.normal(size=len(family)) for _ in range(2))
        new, own = rng.normal(size=2)
        for k, line in enumerate((fit_line(x, 0.7 * x + left, families=labels), fit_line(x, 0.7 * x + left))):
            low, high = line.interval(new)
            held[k] += low <= 0.7 * new + own <= high
    return tuple(held / trials)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=600)
    trials = parser.parse_args().trials
    print(f"nominal 95 % and 5 %, {trials} trials a row")
    print("families  candidates  statistic   over families: holds  rejects   over candidates: holds  rejects")
    for sizes in SIZES:
        for name in ("pearson", "spearman", "kendall"):
            shares = "".join(f"{100 * share:>12.1f}" for share in simulate(name, sizes, trials))
            print(f"{len(sizes):>8}{sum(sizes):>12}  {name:<12}{shares}", flush=True)
    print("families  candidates  prediction interval, of a new family: over families holds  over candidates holds")
    for sizes in SIZES:
        over, plain = foretold(sizes, trials)
        print(f"{len(sizes):>8}{sum(sizes):>12}{100 * over:>60.1f}{100 * plain:>23.1f}", flush=True)


if __name__ == "__main__":
    main()
