"""Deciding early, by simulation: how often the claim is wrong, and how many pairs it takes.

    python -m benchmarks.stats.sequential [--trials 2000] [--groups 3000]

Suites whose groups have one to four pairs. Candidates get a pair right by chance of their own, alike in each group as
far as the disagreement says. The claim is about the suite, so it is wrong where the suite's own totals say otherwise.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise

import numpy as np

from engine.stats.sequential import Decision, decide


def draw(rates: list[float], shared: float, groups: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sums by candidate and group, and sizes.

    Args:
        rates: accuracy of each candidate.
        shared: chance that all candidates look at a pair with the same eyes, and so differ only where rates do.
    """
    sizes = rng.integers(1, 5, groups)
    group = np.repeat(np.arange(groups), sizes)
    same, own = rng.random(len(group)), rng.random((len(rates), len(group)))
    seen = np.where(rng.random(len(group)) < shared, same, own)
    right = seen < np.array(rates)[:, None]
    return np.stack([np.bincount(group, row, groups) for row in right]), sizes


def wrong(found: Decision, totals: dict[str, float]) -> bool:
    """Whether a decided claim is false of the suite."""
    claimed = [totals[name] for name in found.order]
    if found.goal == "best":
        return claimed[0] < max(claimed)
    return any(a <= b for a, b in pairwise(claimed))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--groups", type=int, default=3_000)
    parser.add_argument("--alpha", type=float, default=0.05)
    given = parser.parse_args()
    start = time.perf_counter()
    print(f"alpha {given.alpha}, {given.trials} trials a row, suites of {given.groups} groups of 1 to 4 pairs")
    print("goal   candidates  gap   shared  disagree  wrong    decided  pairs: median   90 %")
    for goal in ("best", "order"):
        for count in (2, 6):
            for gap in (0.0, 0.01, 0.03, 0.1):
                for shared in (0.3, 0.8):
                    row(goal, count, gap, shared, given)
    print(f"{time.perf_counter() - start:.0f} s")


def row(goal: str, count: int, gap: float, shared: float, given: argparse.Namespace) -> None:
    """Simulate one setting: the first candidate ahead by the gap, under `order` each ahead of the next."""
    rng = np.random.default_rng([count, int(gap * 1000), int(shared * 10), goal == "best"])
    rates = [0.7 - gap * (i if goal == "order" else min(i, 1)) for i in range(count)]
    names = [f"m{i}" for i in range(count)]
    errors = decided = 0
    pairs, differing = [], 0.0
    for _ in range(given.trials):
        sums, sizes = draw(rates, shared, given.groups, rng)
        largest = int(sizes.max())
        found = decide(names, sums, sizes, groups=given.groups, largest=largest, goal=goal, alpha=given.alpha)  # type: ignore[arg-type]
        differing += shared * gap + (1 - shared) * (rates[0] * (1 - rates[1]) + rates[1] * (1 - rates[0]))
        pairs.append(int(sizes[: found.read].sum()))
        if found.state == "decided":
            decided += 1
            errors += wrong(found, dict(zip(names, sums.sum(axis=1).tolist(), strict=True)))
    middle, late = np.quantile(pairs, [0.5, 0.9])
    print(
        f"{goal:5}  {count:10}  {gap:4}  {shared:6}  {differing / given.trials:8.2f}  {errors / given.trials:6.2%}"
        f"  {decided / given.trials:7.0%}  {middle:13.0f}  {late:5.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
