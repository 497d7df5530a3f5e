"""What a suite can tell, against scipy's binomial and simulated candidates."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from rubrics.check import check_suite
from rubrics.check.power import DIFFER, POWER, detectable, effective_pairs, reaches
from rubrics.schema import Pair, Suite


def by_scipy(pairs: int, difference: float) -> float:
    """Power of the sign test over the pairs that differ, whose number is binomial itself."""
    wins, power = (DIFFER + difference) / (2 * DIFFER), 0.0
    for differing in range(1, pairs + 1):
        won = np.arange(differing + 1)
        p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(won, differing - won), differing, 0.5))
        found = stats.binom.pmf(won, differing, wins)[p <= 0.05].sum()
        power += stats.binom.pmf(differing, pairs, DIFFER) * found
    return power


@pytest.mark.parametrize("pairs", [12, 40, 150, 400])
def test_the_least_difference_that_is_found_with_80_percent(pairs: int) -> None:
    found = detectable(pairs)
    if pairs == 12:
        assert by_scipy(12, 0.5) < POWER
        assert found is None
        return
    assert found is not None
    assert by_scipy(pairs, found) >= POWER > by_scipy(pairs, found - 0.001)


def test_many_pairs_by_the_normal_limit() -> None:
    """The formula, put to itself; and near the exact number where both can be had."""
    found = detectable(2000)
    assert found is not None
    test, power = stats.norm.ppf(0.975), stats.norm.ppf(0.8)

    def needed(d: float) -> float:
        return (test * math.sqrt(0.5) + power * math.sqrt(0.5 - d * d)) ** 2 / d**2

    assert needed(found) <= 2000 < needed(found - 0.001), "to a tenth of a point"
    assert detectable(1001) == pytest.approx(detectable(1000), abs=0.0011)


def test_a_simulated_pair_of_candidates_is_told_apart_as_often() -> None:
    pairs, trials = 100, 4000
    difference = detectable(pairs)
    rng = np.random.default_rng(0)
    ahead, behind, _ = rng.multinomial(
        pairs, [(DIFFER + difference) / 2, (DIFFER - difference) / 2, 1 - DIFFER], trials
    ).T
    differing = ahead + behind
    p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(ahead, behind), differing, 0.5))
    assert (p <= 0.05).mean() == pytest.approx(POWER, abs=0.02)


def test_clusters_and_weights_cost_pairs() -> None:
    assert effective_pairs([f"c{i}" for i in range(30)], [1.0] * 30) == 30
    assert effective_pairs(["c"] * 30, [1.0] * 30) == pytest.approx(30 / (1 + 29 * 0.1)), "Kish's design effect"
    assert effective_pairs([f"c{i}" for i in range(4)], [1, 1, 0.5, 0.5]) == pytest.approx(9 / 2.5)
    assert effective_pairs([], []) == 0


def pair(number: int, domain: str, *kinds: str) -> Pair:
    criteria = [{"id": kind, "text": f"Meets {kind}.", "subcategory": kind} for kind in kinds]
    return Pair.model_validate({
        "id": f"p{number}", "domain": domain, "prompt": "é" * 8, "chosen": "yes " * 2, "rejected": "no no no",
        "criteria": criteria, "violated": [c["id"] for c in criteria], "group": f"g{number // 2}",
    })  # fmt: skip


def test_every_domain_and_subcategory_is_counted() -> None:
    pairs = [pair(n, "law", "Logic") for n in range(6)] + [pair(6, "health", "Logic", "Format")]
    found = {(part.domain, part.subcategory): part for part in reaches(pairs)}
    assert {key: (part.pairs, part.clusters) for key, part in found.items()} == {
        ("", ""): (7, 4), ("law", ""): (6, 3), ("health", ""): (1, 1), ("", "Logic"): (7, 4), ("", "Format"): (1, 1),
        ("law", "Logic"): (6, 3), ("health", "Logic"): (1, 1), ("law", "Format"): (0, 0), ("health", "Format"): (1, 1),
    }  # fmt: skip
    assert found["", ""].tokens == 7 * 8, "16, 8 and 8 bytes a pair"
    assert found["law", ""].detectable is None
    assert all(part.domain == "law" or not part.domain for part in reaches(pairs[:6])), "one domain has no cells"


def test_the_report_says_it() -> None:
    pairs = [pair(n, ("law", "health")[n % 2], "Logic") for n in range(80)]
    report = check_suite(Suite("s", tuple(pairs)), detectors=False)
    text = report.render()
    (line,) = (line for line in text.splitlines() if line.startswith("law "))
    law = next(part for part in report.reach if (part.domain, part.subcategory) == ("law", ""))
    assert law.detectable is not None
    assert line.split()[1:3] == ["40", str(law.clusters)]
    assert line.endswith(f"{100 * law.detectable:.1f}")
    assert json.loads(json.dumps(report.to_json()))["reach"][0]["pairs"] == 80
