"""What item response can and cannot tell with so many candidates, and how long it takes.

    python -m benchmarks.stats.items

For 16 to 200 candidates: the share of sound pairs whose item-rest correlation is negative by chance, the share of the
spread of 2PL slopes that is real (as the fit says, and as the truth has it), and whether planted reversals are found.
Then the time of each step at 16 candidates × 30,000 pairs.
"""

from __future__ import annotations

import time

import numpy as np

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.item_tests import benjamini_hochberg, item_rest, negative_by_chance, reversed_p
from engine.stats.irt.rasch import fit_rasch
from engine.stats.irt.short_form import most_informative
from engine.stats.irt.twopl import fit_twopl


def draw(candidates: int, pairs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Verdicts whose slopes vary log-normally (0.5), and the slopes."""
    ability, difficulty = rng.normal(0.4, 1.0, candidates), rng.normal(0, 1.2, pairs)
    slope = rng.lognormal(-0.1, 0.5, pairs)
    right = logistic(slope * (ability[:, None] - difficulty))
    return (rng.random(right.shape) < right).astype(np.float64), slope


def main() -> None:
    """Print both tables."""
    rng = np.random.default_rng(0)
    print("candidates  negative, sound  expected  slopes real, told  in truth  reversed found of 100 (others)")
    for candidates in (16, 30, 50, 100, 200):
        scores, slope = draw(candidates, 4000, rng)
        singles = np.arange(4000, dtype=np.int32)
        fitted = fit_rasch(scores, singles)
        rest = item_rest(scores)
        negative = float((rest[~np.isnan(rest)] < 0).mean())
        two = fit_twopl(scores, fitted.ability)
        truth = float(np.corrcoef(two.slope, slope)[0, 1] ** 2)
        planted = scores.copy()
        planted[:, :100] = 1 - planted[:, :100]
        q = benjamini_hochberg(reversed_p(planted, fit_rasch(planted, singles).ability)) <= 0.05
        print(
            f"{candidates:10}  {negative:15.1%}  {negative_by_chance(fitted, scores):8.1%}  {two.reliability:17.2f}  "
            f"{truth:8.2f}  {q[:100].sum()} ({q[100:].sum()})"
        )
    scores, _ = draw(16, 30_000, rng)
    singles = np.arange(30_000, dtype=np.int32)
    fitted = fit_rasch(scores, singles)
    for name, call in (
        ("Rasch", lambda: fit_rasch(scores, singles)),
        ("item-rest", lambda: item_rest(scores)),
        ("reversed", lambda: reversed_p(scores, fitted.ability)),
        ("by chance", lambda: negative_by_chance(fitted, scores)),
        ("short, 3,000 pairs", lambda: most_informative(fitted.information(), singles // 6, 3000)),
    ):
        start = time.perf_counter()
        call()
        print(f"16 × 30,000, {name}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
