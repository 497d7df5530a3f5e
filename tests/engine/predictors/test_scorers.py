"""Scorers find what was planted, and are judged on what they have not seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.predictors.held_out import Ordered, _dealt, leave_candidates_out, leave_tasks_out
from engine.predictors.scorers import (
    SCORERS,
    Linear,
    best_single,
    rank_svm,
    rbf_rank_svm,
    score,
    standard,
    three_sparse,
)
from engine.stats.units import Units

TASKS, CANDIDATES, FEATURES = 5, 12, 9


def planted(*true: int, noise: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes that follow from some features, on scales that differ by task; feature 0 never differs."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(TASKS, CANDIDATES, FEATURES))
    x[..., 0] = 3.0
    y = sum((-1) ** i * x[..., f] for i, f in enumerate(true)) + noise * rng.normal(size=(TASKS, CANDIDATES))
    scale = np.array([1, 10, 0.1, 5, 2])[:, None]
    return x * scale[..., None], y * scale + scale


def test_the_best_single_feature_is_found_and_turned() -> None:
    x, y = planted(4)
    assert np.flatnonzero(best_single(x, y).weights).tolist() == [4]
    assert best_single(x, -y).weights[4] == -1
    assert best_single(x, y).weights[4] == 1


def test_three_features_are_found() -> None:
    x, y = planted(2, 5, 7)
    weights = three_sparse(x, y).weights
    assert np.flatnonzero(weights).tolist() == [2, 5, 7]
    assert np.sign(weights[[2, 5, 7]]).tolist() == [1, -1, 1]


def test_rank_svm_of_one_feature_is_the_closed_form() -> None:
    # Two candidates, one feature: standardised to ±1, a difference of 2. w + 2·C·(w·2 − 1)·2 = 0 → w = 4C / (1 + 8C).
    x, y = np.array([[[0.0], [10.0]]]), np.array([[1.0, 2.0]])
    for penalty in (0.1, 1.0, 7.0):
        assert rank_svm(x, y, penalty=penalty).weights == pytest.approx([4 * penalty / (1 + 8 * penalty)], rel=1e-4)
    assert rank_svm(x, -y).weights[0] == pytest.approx(-4 / 9, rel=1e-4)


def test_rbf_rank_svm_of_two_candidates_is_the_closed_form() -> None:
    # Standardised to ±1, their kernel is k = e^(−4·sharpness). f = t·(φ(b) − φ(a)) with |φ(b) − φ(a)|² = s = 2 − 2k:
    # ½t²s + C·(1 − ts)² is least at t = 2C/(1 + 2Cs), and f(b) − f(a) = ts.
    x, y = np.array([[[0.0], [10.0]]]), np.array([[1.0, 2.0]])
    for penalty, sharpness in ((0.1, 0.2), (1.0, 1.0), (7.0, 0.05)):
        s = 2 - 2 * math.exp(-4 * sharpness)
        given = score(rbf_rank_svm(x, y, penalty=penalty, sharpness=sharpness), x)[0]
        assert given[1] - given[0] == pytest.approx(2 * penalty * s / (1 + 2 * penalty * s), rel=1e-4)
        assert given[0] == pytest.approx(-given[1], rel=1e-6)


def test_rbf_rank_svm_is_that_of_an_optimiser_over_the_shares() -> None:
    """The same machine written out in the kernel's shares and given to another optimiser, by numerical slopes."""
    x, y = planted(3, 5, noise=0.5)
    x, y = x[:2, :5], y[:2, :5]
    found = rbf_rank_svm(x, y, penalty=2.0, sharpness=0.3)
    z = standard(x).reshape(-1, FEATURES)
    kernel = np.array([[math.exp(-0.3 * sum((a - b) ** 2)) for b in z] for a in z])
    pairs = [
        (5 * task + a, 5 * task + b) for task in range(2) for a in range(5) for b in range(5) if y[task, a] > y[task, b]
    ]

    def cost(shares: np.ndarray) -> float:
        f = kernel @ shares
        short = [max(0.0, 1 - (f[a] - f[b])) ** 2 for a, b in pairs]
        return 0.5 * float(shares @ f) + 2.0 * sum(short) / len(short)

    from scipy.optimize import minimize

    other = minimize(cost, np.zeros(10), method="BFGS", tol=1e-10).x
    assert cost(found.shares) == pytest.approx(cost(other), rel=1e-5)
    assert score(found, x).ravel() == pytest.approx(kernel @ other, abs=2e-3)


def test_a_kernel_finds_what_no_line_can() -> None:
    """The best candidates lie in the middle of a feature: no weight orders them."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 30, 2))
    y = -np.abs(x[..., 0])
    assert leave_tasks_out(rbf_rank_svm, x, y, out=1).mean > 0.6
    assert abs(leave_tasks_out(rank_svm, x, y, out=1).mean) < 0.4


@pytest.mark.parametrize("name", SCORERS)
def test_held_out_tasks_are_ranked(name: str) -> None:
    x, y = planted(3)
    found = leave_tasks_out(SCORERS[name], x, y)
    assert found.spearman.shape == (math.comb(TASKS, 2), 2)
    assert found.mean > 0.8
    shuffled = np.random.default_rng(9).permuted(y, axis=1)
    assert abs(leave_tasks_out(SCORERS[name], x, shuffled).mean) < 0.5


def test_the_figures_are_those_of_a_plain_loop() -> None:
    x, y = planted(3, noise=1.0)
    found = leave_tasks_out(best_single, x, y, out=1).spearman
    for task in range(TASKS):
        kept = [t for t in range(TASKS) if t != task]
        weights = best_single(x[kept], y[kept]).weights
        z = (x[task] - x[task].mean(axis=0)) / np.where(x[task].std(axis=0) > 0, x[task].std(axis=0), 1)
        given = z @ weights
        assert found[task, 0] == pytest.approx(stats.spearmanr(given, y[task]).statistic)


@pytest.mark.parametrize("name", SCORERS)
def test_nothing_to_learn_is_no_crash(name: str) -> None:
    x, y = np.ones((3, 4, 5)), np.ones((3, 4))
    assert math.isnan(leave_tasks_out(SCORERS[name], x, y).mean)


def test_what_does_not_fit_is_refused() -> None:
    x, y = planted(1)
    with pytest.raises(ValueError, match="outcomes are"):
        leave_tasks_out(best_single, x, y[:, :3])
    with pytest.raises(ValueError, match="hold out 5 of 5"):
        leave_tasks_out(best_single, x, y, out=TASKS)
    x[0, 0, 0] = math.nan
    with pytest.raises(ValueError, match="finite"):
        leave_tasks_out(best_single, x, y)


@pytest.mark.long
@pytest.mark.parametrize("name", SCORERS)
def test_left_out_candidates_are_ordered(name: str) -> None:
    x, y = planted(3)
    found = leave_candidates_out(SCORERS[name], x, y)
    assert found.tried == math.comb(CANDIDATES, 2)
    assert found.share > 0.8
    low, high = found.interval()
    assert 0.5 < low <= found.share <= high <= 1
    shuffled = np.random.default_rng(9).permuted(y, axis=1)
    assert abs(leave_candidates_out(SCORERS[name], x, shuffled).share - 0.5) < 0.2


def test_left_out_candidates_by_a_plain_loop() -> None:
    x, y = planted(3, noise=1.0)
    x, y = x[:1], y[:1]
    found = leave_candidates_out(rank_svm, x, y)
    for a, b in ((0, 1), (4, 9)):
        kept = [i for i in range(CANDIDATES) if i not in (a, b)]
        machine = rank_svm(x[:, kept], y[:, kept])
        assert isinstance(machine, Linear)
        known = x[0][kept]
        spread = np.where(known.std(axis=0) > 0, known.std(axis=0), 1)
        given = ((x[0] - known.mean(axis=0)) / spread) @ machine.weights
        assert found.right[a, b] == found.right[b, a] == ((given[a] > given[b]) == (y[0, a] > y[0, b]))


FAMILIES = Units.of(18, [f"f{i // 3}" for i in range(18)], "families")


def test_of_a_family_nobody_is_on_both_sides() -> None:
    """By a plain loop: a machine that judges two candidates has seen nobody that is kin to either."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(1, 18, 4)), rng.normal(size=(1, 18))
    found = leave_candidates_out(rank_svm, x, y, splits=1000, units=FAMILIES)
    assert found.tried == math.comb(18, 2) - 6 * math.comb(3, 2), "two of one family are no two families"
    assert math.isnan(found.right[0, 1])
    for a, b in ((0, 3), (5, 17)):
        kept = [i for i in range(18) if i // 3 not in (a // 3, b // 3)]
        machine = rank_svm(x[:, kept], y[:, kept])
        assert isinstance(machine, Linear)
        given = ((x[0] - x[0][kept].mean(axis=0)) / x[0][kept].std(axis=0)) @ machine.weights
        assert found.right[a, b] == ((given[a] > given[b]) == (y[0, a] > y[0, b]))
    with pytest.raises(ValueError, match="4 families: 5 are needed"):
        leave_candidates_out(rank_svm, x, y, units=Units.of(18, [f"f{i % 4}" for i in range(18)], "families"))


def test_whoever_knows_families_by_sight_knows_nothing_of_others() -> None:
    """Features that tell families apart and nothing else: a machine remembers their outcomes, and only that."""
    rng = np.random.default_rng(4)
    x = np.repeat(rng.normal(size=(1, 6, 10)), 3, axis=1) + 0.01 * rng.normal(size=(1, 18, 10))
    y = np.repeat(rng.normal(size=(1, 6)), 3, axis=1) + 0.01 * rng.normal(size=(1, 18))
    over_candidates = leave_candidates_out(rbf_rank_svm, x, y, splits=1000)
    over_families = leave_candidates_out(rbf_rank_svm, x, y, splits=1000, units=FAMILIES)
    assert over_candidates.share > 0.8
    low, high = over_families.interval()
    assert low < 0.5 < high
    assert high - low > np.subtract(*over_candidates.interval()[::-1])


def test_a_few_pairs_that_all_come_out_right_are_no_certainty() -> None:
    """Six candidates, fifteen pairs: what three pairs that share nobody could tell, by Wilson."""
    right = np.where(np.eye(6) > 0, math.nan, 1.0)
    low, high = Ordered(right, Units.of(6, None, "candidates")).interval()
    z = stats.norm.ppf(0.975)
    assert (low, high) == (pytest.approx(1 - z**2 / (3 + z**2)), 1.0)


def test_families_are_dealt_in_one_piece() -> None:
    """Outcomes that are a family's: dealt out, each family has those of one family, so chance stays what kin allow."""
    for seed in range(5):
        dealt = _dealt(FAMILIES, np.random.default_rng(seed))
        assert sorted(dealt.tolist()) == list(range(18))
        assert all(len({whose // 3 for whose in dealt[at : at + 3].tolist()}) == 1 for at in range(0, 18, 3))
    odd = Units.of(6, ["a", "b", "a", "c", "b", "a"], "families")
    assert sorted(_dealt(odd, np.random.default_rng(0)).tolist()) == list(range(6))


def test_some_of_many_pairs_and_none_of_equal_ones() -> None:
    x, y = planted(3)
    assert leave_candidates_out(best_single, x, y, splits=7).tried == 7
    y[:] = y[:, :1]
    nothing = leave_candidates_out(best_single, x, y)
    assert nothing.tried == 0
    assert math.isnan(nothing.share)
    assert all(math.isnan(end) for end in nothing.interval())
    with pytest.raises(ValueError, match="5 are needed"):
        leave_candidates_out(best_single, x[:, :4], y[:, :4])
