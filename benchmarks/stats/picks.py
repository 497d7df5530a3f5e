"""How often a recommendation is wrong, how often it is missed, and what `p_best` is worth.

    python -m benchmarks.stats.picks [--trials 2000] [--only 16x300]

Candidates of known strength answer pairs in clusters whose difficulty they share; a pick is wrong if another candidate
is as able or abler. The rival in the same run takes whoever comes first. Calibration: of all resampling shares of .9
and more, how often was that candidate truly the best?
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.pick import pick
from engine.stats.ranking import Ranking, rank

SETTINGS = [(k, clusters, size) for k in (2, 4, 8, 16) for clusters, size in ((12, 10), (60, 4), (300, 2))]
"""Candidates, clusters, pairs in each."""


def simulated(rng: np.random.Generator, ability: npt.NDArray[np.float64], clusters: int, size: int) -> ScoreMatrix:
    """Verdicts: logits of ability plus the cluster's ease, plus what this candidate makes of this cluster."""
    label = np.repeat(np.arange(clusters, dtype=np.int32), size)
    ease = rng.normal(0, 0.8, clusters)[label] + rng.normal(0, 0.4, (len(ability), clusters))[:, label]
    right = rng.random((len(ability), len(label))) < 1 / (1 + np.exp(-(ability[:, None] + ease)))
    scores = np.where(rng.random(right.shape) < 0.02, 0.5, right).astype(np.float32)
    names = tuple(f"m{i:02}" for i in range(len(ability)))
    return ScoreMatrix(names, tuple(f"p{i}" for i in range(len(label))), label, label, scores)


def abilities(rng: np.random.Generator, candidates: int, tied: bool) -> npt.NDArray[np.float64]:
    """Strengths drawn at random; where `tied`, the two best are equally able."""
    drawn = np.sort(rng.normal(0.6, 0.5, candidates))[::-1].copy()
    if tied:
        drawn[1] = drawn[0]
    return rng.permutation(drawn)


def trials(candidates: int, clusters: int, size: int, count: int, tied: bool) -> Iterator[tuple[Ranking, set[str]]]:
    """Rankings, each with the names of the truly best."""
    rng = np.random.default_rng([candidates, clusters, tied])
    for _ in range(count):
        ability = abilities(rng, candidates, tied)
        matrix = simulated(rng, ability, clusters, size)
        everything = Scope("overall", np.ones(clusters * size, dtype=np.float32))
        best = {name for name, value in zip(matrix.candidates, ability, strict=True) if value == ability.max()}
        yield rank(matrix, everything, chance=0.5, resamples=400), best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2_000, help="of each setting")
    parser.add_argument("--only", action="append", help="a setting as CANDIDATESxCLUSTERS; all by default")
    given = parser.parse_args()
    count = given.trials
    print(f"{count:,} rankings of each kind")
    print(f"{'':36}{'two equally best':>22}{'one best':>44}")
    print(
        f"{'candidates':>10} {'clusters':>9} {'pairs':>6} {'wrong takes %':>16} {'first wrong %':>15}"
        f" {'wrong takes %':>14} {'missed %':>9} {'first wrong %':>14} {'p_best ≥ .9: best %':>20}"
    )
    for candidates, clusters, size in SETTINGS:
        if given.only and f"{candidates}x{clusters}" not in given.only:
            continue
        cells = []
        for tied in (True, False):
            taken = wrong = first_wrong = sure = sure_best = 0
            for ranking, best in trials(candidates, clusters, size, count, tied):
                picked = pick(ranking, ranking_names := [row.candidate for row in ranking.rows])
                alone = best if len(best) == 1 else set()
                took = picked.leaders[0] if picked.state == "take" else None
                taken += took is not None
                wrong += took is not None and took not in alone
                first_wrong += ranking_names[0] not in alone
                leading = [row for row in ranking.rows if row.p_best >= 0.9]
                sure += len(leading)
                sure_best += sum(row.candidate in alone for row in leading)
            cells += [100 * wrong / count, 100 * first_wrong / count]
            if not tied:
                cells[-1:] = [100 * (count - taken) / count, cells[-1], 100 * sure_best / max(1, sure)]
        print(
            f"{candidates:>10} {clusters:>9} {clusters * size:>6} {cells[0]:>16.1f} {cells[1]:>15.1f}"
            f" {cells[2]:>14.1f} {cells[3]:>9.1f} {cells[4]:>14.1f} {cells[5]:>20.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
