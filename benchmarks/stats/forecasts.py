"""How often the 95 % intervals of `scaling forecast` and `scaling tuning` hold the truth, by simulation.

    python -m benchmarks.stats.forecasts [--trials 1000]

`chain`: a predictor on .8 − .35·t^−c with a checkpoint's own normal noise, an outcome 2·predictor − .5 with noise of
its own, at tokens spread evenly in their logarithm over two powers of ten; held is where one more checkpoint is found
at four and at eighteen times the tokens seen. `alone`: the outcome's own curve. `crossing`: two candidates tuned on 8
to 8,000 examples, .5 − .4·n^−.5 and E − .5·n^−.3, for two E; held is the crossing itself.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from engine.stats.chained import fit_chain, foretell
from engine.stats.crossing import crossing
from engine.stats.curves import fit_power_law

SPAN, TARGETS = 100.0, (4.0, 18.0)


def chains(points: int, c: float, noise: float, trials: int) -> np.ndarray:
    """(2, targets): shares of trials in which one more checkpoint lay within, by the chain and by the outcome alone."""
    rng = np.random.default_rng(points)
    tokens = np.geomspace(1, SPAN, points)
    held = np.zeros((2, len(TARGETS)))
    for _ in range(trials):
        x = 0.8 - 0.35 * tokens**-c + rng.normal(0, noise, points)
        y = 2 * x - 0.5 + rng.normal(0, noise, points)
        chain, alone = fit_chain(tokens, x, y), fit_power_law(tokens, y)
        assert chain is not None
        assert alone is not None
        for k, times in enumerate(TARGETS):
            new = 2 * (0.8 - 0.35 * (times * SPAN) ** -c + rng.normal(0, noise)) - 0.5 + rng.normal(0, noise)
            for row, found in enumerate((chain.at(times * SPAN), foretell(alone, times * SPAN))):
                held[row, k] += found.ci_low <= new <= found.ci_high
    return held / trials


def crossings(points: int, end: float, noise: float, trials: int) -> tuple[float, float, float]:
    """Where the curves truly cross, the share of trials whose interval holds it, and that without a crossing."""
    rng = np.random.default_rng(points)
    examples = np.geomspace(8, 8_000, points)
    grid = np.geomspace(8, 18 * 8_000, 200_000)
    lead = end - 0.5 * grid**-0.3 - (0.5 - 0.4 * grid**-0.5)
    truth = float(grid[np.flatnonzero(lead <= 0)[-1]])
    held = none = 0
    for _ in range(trials):
        one = fit_power_law(examples, 0.5 - 0.4 * examples**-0.5 + rng.normal(0, noise, points))
        other = fit_power_law(examples, end - 0.5 * examples**-0.3 + rng.normal(0, noise, points))
        assert one is not None
        assert other is not None
        found = crossing(one, other)
        if math.isnan(found.at) or not found.ahead:
            none += 1
            continue
        held += found.ci_low <= truth <= found.ci_high
    return truth, held / max(trials - none, 1), none / trials


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    start = time.perf_counter()
    print(f"nominal 95 %, {trials} trials a row")
    print("points    c  noise   chain: 4 x  18 x   alone: 4 x  18 x")
    for points in (4, 6, 8, 12):
        for c in (0.1, 0.5):
            for noise in (0.003, 0.02):
                found = chains(points, c, noise, trials)
                rows = ("  ".join(f"{share:5.1%}" for share in row) for row in found)
                print(f"{points:6}  {c:3.1f}  {noise:5.3f}  {'   '.join(f'{row:>16}' for row in rows)}", flush=True)
    print("points   crossing at  noise   held  none found")
    for points in (5, 8, 12):
        for end in (0.6, 0.545):
            for noise in (0.002, 0.01):
                truth, held, none = crossings(points, end, noise, trials // 5)
                print(f"{points:6}  {truth:12,.0f}  {noise:5.3f}  {held:5.1%}  {none:5.1%}", flush=True)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
