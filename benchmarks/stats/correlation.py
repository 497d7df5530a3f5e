"""How often the 95 % intervals of correlations hold the truth, by simulation.

    python -m benchmarks.stats.correlation [--trials 2000]

Points are normal, Student's t (5 and 3 degrees of freedom), normal with one in ten at four times the distance, and
log-normal in both columns; true r before the last transformation 0, .5 and .9. Beside Pearson's interval stands
Fisher's, which supposes normal points, and the BCa bootstrap of r; Spearman's and Kendall's are BCa. The rank
statistics' truths are computed where they are known in closed form (elliptical points: Kendall's; normal: both).
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from engine.stats.association import STATISTICS, bootstrap_weights, jackknife_weights
from engine.stats.estimates import _bca, fisher_interval, jackknife_z

KINDS = ("normal", "t5", "t3", "contaminated", "log-normal")


def draw(kind: str, n: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """(2, n) points."""
    first, second = rng.normal(size=(2, n))
    points = np.stack([first, rho * first + math.sqrt(1 - rho**2) * second])
    if kind in ("t5", "t3"):
        freedom = int(kind[1])
        points = points / np.sqrt(rng.chisquare(freedom, n) / freedom)
    if kind == "contaminated":
        points = points * np.where(rng.random(n) < 0.1, 4, 1)
    return np.exp(0.7 * points) if kind == "log-normal" else points


def truths(kind: str, rho: float) -> dict[str, float]:
    """The population's correlations; NaN where none is known in closed form."""
    kendall = 2 / math.pi * math.asin(rho)
    spearman = 6 / math.pi * math.asin(rho / 2) if kind in ("normal", "log-normal") else math.nan
    pearson = math.expm1(0.49 * rho) / math.expm1(0.49) if kind == "log-normal" else rho
    return {"pearson": pearson, "spearman": spearman, "kendall": kendall}


def simulate(kind: str, n: int, rho: float, trials: int, resamples: int = 600) -> np.ndarray:
    """Shares that hold the truth: Pearson, by Fisher's z, by BCa; Spearman; Kendall; and Pearson's mean width."""
    rng = np.random.default_rng(n)
    truth, one, left = truths(kind, rho), np.ones((1, n)), jackknife_weights(n)
    found = np.zeros(6)
    for _ in range(trials):
        x, y = draw(kind, n, rho, rng)
        weights = bootstrap_weights(n, resamples, rng)
        values = {name: float(compute(one, x, y)[0]) for name, compute in STATISTICS.items()}
        bca = {
            name: _bca(compute(weights, x, y), values[name], compute(left, x, y), 0.95)
            for name, compute in STATISTICS.items()
        }
        own = jackknife_z(values["pearson"], STATISTICS["pearson"](left, x, y))
        fisher = fisher_interval(values["pearson"], n)
        intervals = (own, fisher, bca["pearson"], bca["spearman"], bca["kendall"])
        names = ("pearson", "pearson", "pearson", "spearman", "kendall")
        for k, (name, (low, high)) in enumerate(zip(names, intervals, strict=True)):
            found[k] += low <= truth[name] <= high if not math.isnan(truth[name]) else math.nan
        found[5] += own[1] - own[0]
    return found / trials


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=2_000)
    trials = parser.parse_args().trials
    start, worst = time.perf_counter(), 1.0
    print(f"nominal 95 %, {trials} trials a row")
    print("points          n    r   Pearson  (width)  by Fisher  by BCa  Spearman  Kendall")
    for kind in KINDS:
        for n in (8, 16, 40):
            for rho in (0.0, 0.5, 0.9):
                own, fisher, bca, spearman, kendall, width = simulate(kind, n, rho, trials)
                worst = min(worst, own)
                ranks = "       –" if math.isnan(spearman) else f"{spearman:8.1%}"
                rest = f"{fisher:9.1%}  {bca:6.1%}  {ranks}  {kendall:7.1%}"
                print(f"{kind:13} {n:3}  {rho:3.1f}  {own:7.1%}   {width:5.2f}   {rest}", flush=True)
    print(f"Pearson's worst {worst:.1%}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
