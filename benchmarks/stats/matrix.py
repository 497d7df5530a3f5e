"""How often the matrix finds that a domain's own accuracy foretells its outcome better, where it does and where not.

python -m benchmarks.stats.matrix [--trials 1000]
"""

from __future__ import annotations

import argparse

import numpy as np

from engine.stats.correlation_matrix import CorrelationMatrix, correlation_matrix

PARTS = ("a", "b", "c", "d")


def study(
    candidates: int, *, own: bool, shared: float, rng: np.random.Generator, noise: tuple[float, ...] = (0.5,) * 4
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Accuracies and outcomes by part: what all parts share, what is the part's own, and noise.

    Args:
        own: whether what is a part's own is in its outcome too, or the outcome has something else of its own.
        shared: share of the variance that all parts have in common.
        noise: variance of what is measured wrongly in accuracy and outcome, by part; the rest has variance 1.
    """
    general = rng.normal(size=candidates)
    x, y = {}, {}
    for part, error in zip(PARTS, noise, strict=True):
        specific, other = rng.normal(size=(2, candidates))
        ends = specific if own else other
        for values, is_in in ((x, specific), (y, ends)):
            true = np.sqrt(shared) * general + np.sqrt(1 - shared) * is_in
            values[part] = true + np.sqrt(error) * rng.normal(size=candidates)
    return x, y


def matrix_of(x: dict[str, np.ndarray], y: dict[str, np.ndarray], statistic: str, resamples: int) -> CorrelationMatrix:
    """The matrix, with the mean of the parts as its reference."""
    mean = {"mean": np.mean(list(x.values()), axis=0)}
    return correlation_matrix(
        x, y, {part: part for part in PARTS}, references=mean, statistic=statistic, resamples=resamples
    )


def rates(trials: int, candidates: int, statistic: str, resamples: int = 500, **how: object) -> list[float]:
    """Shares of studies in which: another's p ≤ .05; its interval lies above 0; below 0; the same of the mean; any cell
    of the matrix has p ≤ .05 after Holm."""
    rng = np.random.default_rng(candidates)
    found = np.zeros(6)
    for _ in range(trials):
        matrix = matrix_of(*study(candidates, rng=rng, **how), statistic, resamples)
        others, mean = matrix.contrasts
        found += [
            others.p_value <= 0.05, others.ci_low > 0, others.ci_high < 0, mean.ci_low > 0, mean.ci_high < 0,
            any(cell.p_holm <= 0.05 for row in matrix.cells for cell in row),
        ]  # fmt: skip
    return (found / trials).tolist()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    uneven = (0.1, 0.3, 1.0, 5.0)
    studies: dict[str, dict[str, object]] = {
        "the diagonal is true": {"own": True, "shared": 0.5},
        "nothing is a domain's own": {"own": False, "shared": 0.5},
        "nothing is shared either": {"own": False, "shared": 0.0},
        "one ability, domains measured unequally well": {"own": True, "shared": 1.0, "noise": uneven},
    }
    print(
        "four domains: own less another's p ≤ .05, interval above 0, below 0; own less mean above 0, below 0; any cell"
    )
    for title, how in studies.items():
        for candidates in (8, 16, 32):
            for statistic in ("pearson", "spearman"):
                shares = ", ".join(f"{share:6.1%}" for share in rates(trials, candidates, statistic, **how))
                print(f"  {title}, {candidates:2} candidates, {statistic:8}: {shares}", flush=True)


if __name__ == "__main__":
    main()
