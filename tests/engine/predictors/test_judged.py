"""Scorers over proxy metrics: what was planted is found, and nothing is claimed where nothing was."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.predictors.judged import gather, judge_scorers
from engine.predictors.proxy import FEATURES
from engine.predictors.scorers import best_single
from engine.stats.intervals import Estimate
from rubrics.errors import BadInput

NAMES = [f"m{i}" for i in range(7)]
TRUE = FEATURES.index("rank, uniform")


def features(seed: int = 0) -> tuple[dict[str, list[Estimate]], np.ndarray]:
    values = np.random.default_rng(seed).normal(size=(len(NAMES), len(FEATURES)))
    values[:, 5] = math.nan
    table = {
        name: [Estimate(value, math.nan, math.nan, "") for value in row]
        for name, row in zip(NAMES, values.tolist(), strict=True)
    }
    return table, values


@pytest.mark.long
def test_a_planted_feature_is_found_and_holds_on_others() -> None:
    table, values = features()
    outcomes = {
        f"o{task}": {name: -value + 0.001 * task for name, value in zip(NAMES, values[:, TRUE].tolist(), strict=True)}
        for task in range(3)
    }
    found = judge_scorers(gather(dict.fromkeys(outcomes, table), outcomes))
    assert (found.features, found.candidates) == (79, tuple(NAMES))
    feature, best = found.best["o0"]
    assert (feature, best.value) == ("rank, uniform", pytest.approx(-1.0))
    single = found.scorers[0]
    assert single.uses == ("−rank, uniform",)
    assert (single.fitted, single.tasks) == pytest.approx((1.0, 1.0))
    # Of eighty features a useless one may order five candidates as well, and be taken instead.
    assert single.ordered > 0.7


@pytest.mark.long
def test_noise_fits_and_does_not_hold() -> None:
    table, values = features(1)
    luck = dict(zip(NAMES, np.random.default_rng(5).normal(size=len(NAMES)).tolist(), strict=True))
    found = judge_scorers(gather({"o": table}, {"o": luck}))
    known = [i for i in range(len(FEATURES)) if i != 5]
    strongest = max(abs(stats.spearmanr(values[:, i], list(luck.values())).statistic) for i in known)
    assert abs(found.best["o"][1].value) == pytest.approx(strongest)
    assert found.best["o"][1].p_value > 0.05
    for row in found.scorers:
        assert row.fitted > 0.6, "among eighty something always fits"
        assert row.ordered_low < 0.5 < row.ordered_high
        assert math.isnan(row.tasks), "one outcome: none to leave out"


def test_too_few_candidates() -> None:
    table, _ = features()
    with pytest.raises(BadInput, match="4 candidates"):
        gather({"o": table}, {"o": dict.fromkeys(NAMES[:4], 1.0)})


def test_each_task_has_features_of_its_own() -> None:
    """What foretells one outcome in its own solutions foretells the other in the other's."""
    first, values = features(0)
    second, others = features(1)
    outcomes = {
        "a": dict(zip(NAMES, values[:, TRUE].tolist(), strict=True)),
        "b": dict(zip(NAMES, others[:, TRUE].tolist(), strict=True)),
    }
    tasks = gather({"a": first, "b": second}, outcomes)
    own = tasks.complete.tolist().index(TRUE)
    assert tasks.x[0, :, own].tolist() == values[:, TRUE].tolist()
    assert tasks.x[1, :, own].tolist() == others[:, TRUE].tolist()
    assert best_single(tasks.x, tasks.y).weights[own] == 1
    swapped = gather({"a": second, "b": first}, outcomes)
    rhos = [stats.spearmanr(swapped.x[t, :, own], swapped.y[t]).statistic for t in (0, 1)]
    assert max(map(abs, rhos)) < 0.9, "with the other's features it does not"
