"""Stopping a queue of runs once its best candidate seems settled: how often that is wrong, by simulation.

    python -m benchmarks.stats.stopping [--trials 2000] [--looks 12] [--only 4x0.8x240]

Candidates are scored one after another, as a queue does; while the last one is, somebody looks again and again and
stops as soon as the rule allows. Four rules, in the same trials: what the Run screen offers (the race's test, and the
verdict takes the same one at the level of an early look), both at the level of one look, the race's test alone, and the
rival, the verdict alone looked at again and again. Wrong of the suite: another one is as good or better once all of it
is scored. Wrong of others like it: the verdict on what had been scored takes one that is not abler than every other.
Where two are equally able, every verdict is wrong.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.stats.picks import simulated
from engine.jobs.standing import Draw, standing
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.pick import pick
from engine.stats.ranking import rank
from engine.stats.sequential import early_level

SETTINGS = [(k, gap, clusters) for k in (2, 4) for gap in (0.0, 0.3, 0.8) for clusters in (60, 240)]
"""Candidates, lead of the best in logits, clusters of four pairs."""
RULES = ("offered", "one level", "race's test", "verdict")
_SIZE = 4


def looks(count: int, clusters: int) -> Iterator[int]:
    """Clusters of the last candidate that are read at each look."""
    for look in range(1, count + 1):
        yield max(1, clusters * look // count)


def taken(matrix: ScoreMatrix, read: int) -> tuple[str | None, float]:
    """Whom the verdict takes on the clusters that all have been read on, and its largest adjusted p."""
    scores = np.where(np.arange(matrix.scores.shape[1]) < read * _SIZE, matrix.scores, np.nan).astype(np.float32)
    seen = ScoreMatrix(matrix.candidates, matrix.pair_ids, matrix.group, matrix.cluster, scores)
    everything = Scope("overall", np.ones(scores.shape[1], dtype=np.float32))
    ranking = rank(seen, everything, chance=0.5, resamples=100)
    picked = pick(ranking, matrix.candidates)
    if picked.state != "take":
        return None, 1.0
    first = picked.leaders[0]
    return first, max(duel.p_adjusted for duel in ranking.duels if first in (duel.a, duel.b))


def stops(matrix: ScoreMatrix, clusters: int, count: int) -> dict[str, tuple[str, int]]:
    """By rule, whom it stops for, and after how many clusters of the last candidate; nothing where it does not."""
    drawn = Draw(tuple(tuple(f"{c}.{i}" for i in range(_SIZE)) for c in range(clusters)), 0)
    ended: dict[str, tuple[str, int]] = {}
    for read in looks(count, clusters):
        if read == clusters or len(ended) == len(RULES):
            # Once all is scored, nothing is stopped any more.
            break
        scores = matrix.scores.copy()
        scores[-1, read * _SIZE :] = np.nan
        decision = standing(matrix.candidates, scores, drawn, "best", 0.05)
        first = decision.order[0] if decision.state == "decided" else None
        verdict, p = taken(matrix, read)
        both = verdict if verdict == first else None
        early = both if p <= early_level(read / clusters) else None
        for rule, found in zip(RULES, (early, both, first, verdict), strict=True):
            if found is not None:
                ended.setdefault(rule, (found, read))
    return ended


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2_000, help="of each setting")
    parser.add_argument("--looks", type=int, default=12, help="while the last candidate is scored")
    parser.add_argument("--only", action="append", help="a setting as CANDIDATESxLEADxCLUSTERS; all by default")
    given = parser.parse_args()
    start = time.perf_counter()
    print(f"{given.trials} trials a row, {given.looks} looks; per cent of the trials, and the share of the last "
          "candidate that was read where it stopped")  # fmt: skip
    heads = "".join(f"{rule:>14} {'suite':>6} {'others':>7} {'read':>5}" for rule in RULES)
    print(f"{'candidates':>10} {'lead':>5} {'pairs':>6}{heads}")
    for candidates, gap, clusters in SETTINGS:
        if given.only and f"{candidates}x{gap}x{clusters}" not in given.only:
            continue
        row(candidates, gap, clusters, given)
    print(f"{time.perf_counter() - start:.0f} s")


def row(candidates: int, gap: float, clusters: int, given: argparse.Namespace) -> None:
    """Simulate one setting; the best one is scored at a place drawn at random."""
    rng = np.random.default_rng([candidates, round(10 * gap), clusters])
    counts: Counter[tuple[str, str]] = Counter()
    for _ in range(given.trials):
        ability: npt.NDArray[np.float64] = np.full(candidates, 0.6)
        ability[rng.integers(candidates)] += gap
        matrix = simulated(rng, ability, clusters, _SIZE)
        totals = matrix.scores.sum(axis=1)
        best = {name for name, able in zip(matrix.candidates, ability, strict=True) if gap and able == ability.max()}
        for rule, (name, read) in stops(matrix, clusters, given.looks).items():
            others = np.delete(totals, matrix.candidates.index(name))
            counts[rule, "stopped"] += 1
            counts[rule, "suite"] += bool(totals[matrix.candidates.index(name)] <= others.max())
            verdict = name if rule != RULES[2] else taken(matrix, read)[0]
            counts[rule, "others"] += verdict is not None and verdict not in best
            counts[rule, "read"] += read
    cells = ""
    for rule in RULES:
        stopped, wrong, others, read = (counts[rule, what] for what in ("stopped", "suite", "others", "read"))
        each = [100 * number / given.trials for number in (stopped, wrong, others)]
        cells += f"{each[0]:>14.1f} {each[1]:>6.2f} {each[2]:>7.2f} {read / clusters / max(1, stopped):>5.0%}"
    print(f"{candidates:>10} {gap:>5} {clusters * _SIZE:>6}{cells}", flush=True)


if __name__ == "__main__":
    main()
