"""Correlations, lines, rivals and leagues against scipy, plain loops and published values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from data.published import published
from engine.stats.association import STATISTICS, bootstrap_weights, jackknife_weights, permutation_null
from engine.stats.correlation import compare_predictors, correlate, fisher_interval, fit_line, league, partial
from engine.stats.estimates import jackknife_z
from engine.stats.rivals import williams

_SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
_NAMES = [f"m{i}" for i in range(16)]


def _points(n: int = 16, seed: int = 0, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 0.7 * x + rng.normal(size=n)
    return (np.round(x), np.round(y)) if ties else (x, y)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", STATISTICS)
def test_values_equal_scipy(name: str, ties: bool) -> None:
    x, y = _points(ties=ties)
    assert getattr(correlate(x, y, _NAMES, resamples=50), name).value == pytest.approx(_SCIPY[name](x, y).statistic)


@pytest.mark.parametrize("name", STATISTICS)
def test_weights_equal_repeated_points(name: str) -> None:
    x, y = _points(ties=True)
    weights = bootstrap_weights(16, 20, np.random.default_rng(0))
    for row, value in zip(weights, STATISTICS[name](weights, x, y), strict=True):
        times = row.astype(int)
        assert value == pytest.approx(_SCIPY[name](np.repeat(x, times), np.repeat(y, times)).statistic)


@pytest.mark.parametrize("name", STATISTICS)
def test_permutation_p(name: str) -> None:
    x, y = _points(12, seed=2)
    reference = _SCIPY[name](x, y)
    assert getattr(correlate(x, y, _NAMES[:12]), name).p_value == pytest.approx(reference.pvalue, abs=0.02)


@pytest.mark.parametrize("name", STATISTICS)
def test_few_points_try_every_order(name: str) -> None:
    x, y = _points(5, seed=3)
    null, exact = permutation_null(name, x, y, 10, 0)
    expected = [_SCIPY[name](x, np.random.default_rng(i).permutation(y)).statistic for i in range(30)]
    assert exact
    assert len(null) == 120
    assert all(np.abs(null - value).min() < 1e-9 for value in expected)


@pytest.mark.long
def test_rank_interval_against_scipys_bca() -> None:
    x, y = _points(40)
    found = correlate(x, y, [str(i) for i in range(40)])
    reference = stats.bootstrap(
        (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False, n_resamples=4_000, rng=0
    ).confidence_interval
    assert (found.spearman.ci_low, found.spearman.ci_high) == pytest.approx((reference.low, reference.high), abs=0.02)
    fisher = stats.pearsonr(x, y).confidence_interval()
    assert (found.fisher_low, found.fisher_high) == pytest.approx((fisher.low, fisher.high))


def test_pearson_interval_is_the_jackknife_of_fishers_z() -> None:
    x, y = _points(16, seed=4)
    z = np.array([math.atanh(stats.pearsonr(np.delete(x, i), np.delete(y, i)).statistic) for i in range(16)])
    terms = (z - z.mean()) ** 2
    error = math.sqrt(15 / 16 * terms.sum())
    freedom = min(14, 2 * terms.sum() ** 2 / ((terms - terms.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, round(freedom, 1)) * error
    middle = math.atanh(stats.pearsonr(x, y).statistic)
    found = correlate(x, y, _NAMES, resamples=50).pearson
    assert (found.ci_low, found.ci_high) == pytest.approx((math.tanh(middle - half), math.tanh(middle + half)))
    assert "jackknife" in found.method


@pytest.mark.parametrize("heavy", [False, True])
def test_pearson_interval_holds_the_truth(heavy: bool) -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        x, noise = rng.normal(size=(2, 16))
        y = 0.5 * x + math.sqrt(0.75) * noise
        scale = np.where(rng.random(16) < 0.1, 4, 1) if heavy else 1
        r = float(STATISTICS["pearson"](np.ones((1, 16)), x * scale, y * scale)[0])
        low, high = jackknife_z(r, STATISTICS["pearson"](jackknife_weights(16), x * scale, y * scale))
        held += low <= 0.5 <= high
    assert held / 400 > 0.925


def test_points_on_a_line_but_for_one() -> None:
    x = np.arange(6.0)
    y = np.array([0.0, 1, 2, 3, 4, 0])
    found = correlate(x, y, _NAMES[:6]).pearson
    assert -1 <= found.ci_low <= found.value <= found.ci_high <= 1
    assert found.ci_high - found.ci_low > 1
    assert (correlate(x, 2 * x, _NAMES[:6]).pearson.ci_low, correlate(x, -x, _NAMES[:6]).pearson.ci_high) == (1, -1)


def test_leaving_out_one_and_a_family() -> None:
    x, y = _points(8)
    families = ["a", "a", "b", "b", "b", "c", "c", "c"]
    found = correlate(x, y, _NAMES[:8], families=families, resamples=50)
    for i, left in enumerate(found.leave_one_out):
        assert left.name == _NAMES[i]
        assert left.n == 7
        assert left.spearman == pytest.approx(stats.spearmanr(np.delete(x, i), np.delete(y, i)).statistic)
    rest = np.array([f != "b" for f in families])
    left = next(out for out in found.leave_family_out if out.name == "b")
    assert left.kendall == pytest.approx(stats.kendalltau(x[rest], y[rest]).statistic)


@pytest.mark.parametrize(
    ("n", "said", "known"),
    [
        (0, "fewer than two", "no candidate has both numbers: nothing can be said"),
        (1, "fewer than two", "one candidate has both numbers: nothing can be said"),
        (2, "two points", "two candidates have both numbers: whether they stand in the same order, and no more"),
        (3, "p cannot fall below .333", "only 3 candidates have both numbers: an order can be seen"),
    ],
)
def test_few_points_say_what_can_be_said(n: int, said: str, known: str) -> None:
    x, y = _points(n) if n else (np.array([]), np.array([]))
    found = correlate(x, y, _NAMES[:n])
    assert said in found.pearson.note
    assert known in found.note
    assert all(math.isnan(left.spearman) for left in found.leave_one_out), "two points always lie on a line"
    assert math.isnan(found.pearson.ci_low)
    assert math.isnan(found.pearson.value) == (n < 3)


def test_resamples_that_cannot_vary_give_no_interval() -> None:
    """Four of five alike: what resamples are left agree, and an interval from them would be a point."""
    x, y = np.array([1.0, 2, 2, 2, 2]), np.array([1.0, 3, 2, 5, 4])
    alike = correlate(x, y, _NAMES[:5])
    assert alike.spearman.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert math.isnan(alike.spearman.ci_low)
    share = float(alike.kendall.note.removeprefix("no interval: ").split()[0])
    assert share == pytest.approx(100 * (0.8**5 + 0.2**5), abs=2)
    perfect = correlate(np.arange(8.0), np.arange(8.0) ** 3, _NAMES[:8])
    assert (perfect.spearman.value, perfect.kendall.value) == pytest.approx((1, 1))
    assert math.isnan(perfect.spearman.ci_high)
    assert "a perfect order stays perfect" in perfect.kendall.note
    kin = list("abcdefgg")
    over = correlate(np.arange(8.0), np.arange(8.0) ** 3, _NAMES[:8], families=kin, over="families")
    assert math.isnan(over.spearman.ci_low), "nor is it certain where families are left out"
    assert "a perfect order stays perfect" in over.spearman.note
    assert perfect.pearson.ci_low < perfect.pearson.value < perfect.pearson.ci_high
    given = partial(x, y, np.array([1.0, 4, 2, 3, 5]), ranks=True)
    assert math.isnan(given.ci_low)
    assert "no interval" in given.note


def test_constant_columns_ceilings_and_gaps_are_named() -> None:
    x, y = _points(12)
    constant = correlate(x, np.full(12, 0.1), _NAMES[:12])
    assert "outcome is the same for every candidate" in constant.spearman.note
    assert math.isnan(constant.pearson.value)
    assert all(math.isnan(left.pearson) for left in constant.leave_one_out)
    ceiling = correlate(x, np.minimum(y, np.sort(y)[5]), _NAMES[:12], resamples=100)
    assert "7 of 12 share the highest outcome" in ceiling.note
    y[3], x[5] = math.nan, math.inf
    gaps = correlate(x, y, _NAMES[:12], resamples=100)
    assert gaps.missing == ("m3", "m5")
    assert gaps.n == 10


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one entry per candidate"):
        correlate([1, 2], [1, 2, 3], ["a", "b"])


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 2.5, math.nan]), st.floats(-1e6, 1e6, width=32)), min_size=0, max_size=14
    )
)
def test_any_columns_give_bounds_or_a_note(points: list[tuple[float, float]]) -> None:
    x, y = [p[0] for p in points], [p[1] for p in points]
    found = correlate(x, y, [str(i) for i in range(len(points))], resamples=60)
    for statistic in found.statistics:
        if math.isnan(statistic.value):
            assert statistic.note
        else:
            assert -1 - 1e-9 <= statistic.value <= 1 + 1e-9
            assert 0 < statistic.p_value <= 1
            if not math.isnan(statistic.ci_low):
                assert statistic.ci_low <= statistic.value <= statistic.ci_high


def residual(v: np.ndarray, on: np.ndarray) -> np.ndarray:
    fit = stats.linregress(on, v)
    return v - fit.intercept - fit.slope * on


def test_partial_interval_spends_a_degree_of_freedom_on_the_control() -> None:
    x, y, size = np.random.default_rng(1).normal(size=(3, 8))

    def z(keep: np.ndarray) -> float:
        a, b = (residual(v[keep], size[keep]) for v in (x, y))
        return math.atanh(stats.pearsonr(a, b).statistic)

    without = np.array([z(np.arange(8) != i) for i in range(8)])
    terms = (without - without.mean()) ** 2
    assert 2 * terms.sum() ** 2 / ((terms - terms.mean()) ** 2).sum() > 6, "the scatter alone would allow more"
    half = stats.t.ppf(0.975, 8 - 3) * math.sqrt(7 / 8 * terms.sum())
    middle = z(np.full(8, True))
    found = partial(x, y, size, resamples=50)
    assert (found.ci_low, found.ci_high) == pytest.approx((math.tanh(middle - half), math.tanh(middle + half)))


def test_partial_equals_correlated_residuals() -> None:
    x, y = _points(20)
    size = np.random.default_rng(9).normal(size=20) + x
    found = partial(x, y, size, resamples=500)
    assert found.value == pytest.approx(stats.pearsonr(residual(x, size), residual(y, size)).statistic)
    rx, ry, rz = (stats.rankdata(v) for v in (x, y, size))
    ranked = partial(x, y, size, ranks=True, resamples=500)
    assert ranked.value == pytest.approx(stats.pearsonr(residual(rx, rz), residual(ry, rz)).statistic)
    assert found.ci_low < found.value < found.ci_high


@pytest.mark.parametrize(
    ("control", "said"), [("same", "the same for every candidate"), ("x", "accounts for"), ("short", "five are needed")]
)
def test_partial_says_why_not(control: str, said: str) -> None:
    x, y = _points(10)
    columns = {"same": np.ones(10), "x": 2 * x + 1, "short": np.where(np.arange(10) < 4, y, np.nan)}
    assert said in partial(x, y, columns[control]).note


@pytest.mark.parametrize("n", [6, 12, 20])
def test_what_a_control_leaves_of_a_column_is_not_rounding(n: int) -> None:
    """FLOPs at equal tokens are parameters in another unit: what is left of them is nothing, not .00 (.00 to .00)."""
    rng = np.random.default_rng(n)
    for factor, more in [(math.log(10), 0.0), (3.7, -2.1), (1e-3, 5.0)] * 4:
        control, y = rng.normal(size=(2, n))
        found = partial(factor * control + more, y, control, resamples=100)
        assert math.isnan(found.value)
        assert "accounts for a column entirely" in found.note


def test_line_band_and_prediction() -> None:
    x, y = _points(10)
    line = fit_line(np.r_[x, 5.0], np.r_[y, np.nan])
    assert line is not None
    fit = stats.linregress(x, y)
    assert (line.slope, line.intercept) == pytest.approx((fit.slope, fit.intercept))
    residual = y - fit.intercept - fit.slope * x
    s, width = math.sqrt((residual**2).sum() / 8), ((x - x.mean()) ** 2).sum()
    for at in (0.0, 2.0):
        for own, (low, high) in ((0, line.band(at)), (1, line.interval(at))):
            half = stats.t.ppf(0.975, 8) * s * math.sqrt(own + 1 / 10 + (at - x.mean()) ** 2 / width)
            assert (low, high) == pytest.approx((line.at(at) - half, line.at(at) + half))


def test_a_line_over_families_by_leaving_each_out() -> None:
    """Six families of two: the jackknife's error and Satterthwaite's freedom from twelve points, by hand."""
    x, y = _points(12)
    family = np.repeat(np.arange(6), 2)
    line = fit_line(np.r_[x, 5.0], np.r_[y, np.nan], families=[*map(str, family), "another"])
    assert line is not None
    slope, intercept = np.polyfit(x, y, 1)
    scatter = math.sqrt(((y - intercept - slope * x) ** 2).sum() / 10)
    for at in (0.0, 2.0):
        heights = np.array([np.polyval(np.polyfit(x[family != f], y[family != f], 1), at) for f in range(6)])
        terms = 5 * (heights - heights.mean()) ** 2
        error = math.sqrt(terms.sum() / 6)
        freedom = min(2 * terms.sum() ** 2 / ((terms**2).sum() - terms.sum() ** 2 / 6), 4)
        height = intercept + slope * at
        half = stats.t.ppf(0.975, max(round(freedom, 1), 1)) * error
        assert line.band(at) == pytest.approx((height - half, height + half))
        half = stats.t.ppf(0.975, 4) * math.hypot(error, scatter)
        assert line.interval(at) == pytest.approx((height - half, height + half))


def test_four_families_give_a_line_and_no_band() -> None:
    x, y = _points(12)
    line = fit_line(x, y, families=list("aabbccddddcc"))
    assert line is not None
    assert line.at(1.0) == pytest.approx(np.polyval(np.polyfit(x, y, 1), 1.0))
    assert all(math.isnan(end) for end in (*line.band(1.0), *line.interval(1.0)))


def test_line_without_enough() -> None:
    assert fit_line([1.0], [2.0]) is None
    assert fit_line([1.0, 1.0], [2.0, 3.0]) is None
    two = fit_line([0.0, 1.0], [0.0, 2.0])
    assert two is not None
    assert two.at(3) == 6
    assert all(math.isnan(edge) for edge in two.interval(3))


def test_prediction_intervals_hold_the_next_point() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        x = rng.normal(size=9)
        y = 2 * x + rng.normal(size=9)
        line = fit_line(x[:8], y[:8])
        assert line is not None
        low, high = line.interval(x[8])
        held += low <= y[8] <= high
    assert 0.92 <= held / 600 <= 0.98


def test_williams_by_hand() -> None:
    """Steiger 1980, p. 246 ff.: r = .40, .50, between .10, n = 103: Williams' T2 = −.89."""
    t, p = williams(0.4, 0.5, 0.1, 103)
    determinant = 1 - 0.16 - 0.25 - 0.01 + 2 * 0.4 * 0.5 * 0.1
    expected = -0.1 * math.sqrt(102 * 1.1 / (2 * 102 / 100 * determinant + 0.45**2 * 0.9**3))
    assert t == pytest.approx(expected)
    assert t == pytest.approx(-0.89, abs=0.01)
    assert p == pytest.approx(2 * stats.t.sf(-expected, 100))


def test_rivals_that_are_equal_and_that_are_not() -> None:
    x, y = _points(30)
    noise = np.random.default_rng(5).normal(size=30)
    same = compare_predictors(x, 2 * x + 3, y, resamples=500)
    assert same.pearson.difference == pytest.approx(0, abs=1e-12)
    assert same.pearson.p_value == 1
    assert same.williams_p == 1
    close = compare_predictors(y + noise / 5, noise, y, resamples=2_000)
    assert close.spearman.difference > 0.5
    assert close.spearman.p_value < 0.01
    assert close.spearman.ci_low > 0
    assert close.williams_p < 0.001
    assert "five are needed" in compare_predictors(x[:4], y[:4], y[:4]).note
    assert "nothing to compare" in compare_predictors(np.ones(9), y[:9], y[:9]).note


def test_the_published_study() -> None:
    """Values and Fisher intervals as restated from the study's own points."""
    table = published()
    expected = {
        "AdvancedIF": (0.907, 0.86, 0.75, (0.75, 0.97)),
        "PRBench": (0.796, 0.80, 0.76, (0.50, 0.93)),
        "HealthBench": (0.671, 0.56, 0.54, (0.26, 0.88)),
        "WritingBench": (0.619, 0.68, 0.53, (0.18, 0.85)),
    }
    for benchmark, (rude, knowledge, size, fisher) in expected.items():
        predictors = table.predictors(benchmark)
        found = league(
            predictors,
            table.column(table.post_training[benchmark]),
            control=predictors["log10 parameters"],
            statistic="pearson",
            resamples=2_000,
        )
        rows = {row.predictor: row for row in found.rows}
        assert rows["RuDE (published)"].pearson.value == pytest.approx(rude, abs=0.0005)
        assert rows["SuperGPQA"].pearson.value == pytest.approx(knowledge, abs=0.005)
        assert rows["log10 parameters"].pearson.value == pytest.approx(size, abs=0.005)
        assert fisher_interval(rows["RuDE (published)"].pearson.value, 16) == pytest.approx(fisher, abs=0.005)
        for rival in ("SuperGPQA", "log10 parameters"):
            versus = rows[rival].versus
            assert versus is not None
            assert versus.spearman.p_value > 0.05
            assert versus.williams_p > 0.05
            assert rival in found.verdict.split("cannot be told from")[1]
        assert rows["log10 parameters"].given_control is None


def test_nobody_is_better_than_what_points_the_wrong_way() -> None:
    _, y = _points(16)
    noise = np.random.default_rng(3).normal(size=(2, 16))
    found = league({"good": y + noise[0] / 4, "bad": -y + noise[1] / 4}, y, reference="good", resamples=500)
    assert found.verdict.startswith("good has no rival; bad correlates below zero and is no rival")
    assert "better" not in found.verdict
    useless = league({"good": y + noise[0] / 4, "none": noise[1], "bad": -y}, y, reference="good", resamples=500)
    assert "predicts better than none; bad correlates below zero" in useless.verdict


def test_league_orders_adjusts_and_refuses() -> None:
    x, y = _points(16)
    noise = np.random.default_rng(3).normal(size=16)
    found = league({"good": y + noise / 4, "loss": -x, "none": np.ones(16)}, y, reference="good", resamples=500)
    assert [row.predictor for row in found.rows] == ["good", "loss", "none"]
    good, loss, none = found.rows
    assert good.versus is None
    assert good.p_holm == pytest.approx(min(1, 2 * good.spearman.p_value))
    assert loss.p_holm >= loss.spearman.p_value
    assert math.isnan(none.p_holm)
    assert abs(good.weakest) <= abs(good.spearman.value)
    assert "none" not in found.verdict
    with pytest.raises(ValueError, match="no predictor named 'other'"):
        league({"good": x}, y, reference="other")
    with pytest.raises(ValueError, match="one entry per candidate"):
        league({"good": x[:3]}, y)
