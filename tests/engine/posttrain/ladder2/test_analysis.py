"""Every figure of the card against a plain loop or scipy, on rows whose truth is known."""

from __future__ import annotations

import math
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from simulated_ladder import CATEGORIES

from engine.posttrain.ladder2 import analysis
from engine.posttrain.ladder2.evidence import Measured, measured, outcome, read_claims, read_shared
from engine.posttrain.ladder2.rows import read_finished
from engine.posttrain.ladder2.worked_out import Ladder2
from engine.stats.holm import holm

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def ladder(simulated: Path) -> Ladder2:
    return Ladder2(read_finished(simulated), read_shared(simulated), read_claims())


def test_the_difference_in_differences_is_that_of_a_loop(ladder: Ladder2) -> None:
    pairs = ladder.shared.pairs
    for model, value in zip(ladder.models, ladder.primary.values(), strict=True):
        own = model.tables["pairs"]
        right = []
        for mirror in sorted(set(pairs["mirror"].tolist())):
            a, b = np.flatnonzero(pairs["mirror"] == mirror)
            # a is chosen under the first prompt, b under the second: [ll(a|P) − ll(b|P)] − [ll(a|Q) − ll(b|Q)].
            first = float(own["ll_chosen"][a]) - float(own["ll_rejected"][a])
            second = float(own["ll_rejected"][b]) - float(own["ll_chosen"][b])
            right.append(1.0 if first > second else 0.5 if first == second else 0.0)
        assert value == pytest.approx(np.mean(right))


def test_other_predictors_are_those_of_loops(ladder: Ladder2) -> None:
    pairs, model = ladder.shared.pairs, ladder.models[3]
    own, texts = model.tables["pairs"], model.tables["texts"]
    value = {name: quantity.values()[3] for name, quantity in ladder.predictors.items()}
    margin = own["ll_chosen"] / own["tokens_chosen"] - own["ll_rejected"] / own["tokens_rejected"]
    assert value["rude_per_token"] == pytest.approx(np.mean(margin > 0))
    odds = (own["log_odds_chosen_first"] + own["log_odds_rejected_first"]) / 2
    assert value["rude_choice"] == pytest.approx(np.mean(odds > 0))
    nats = -own["ll_chosen"].astype(float).sum() / pairs["bytes_chosen"].astype(float).sum()
    assert value["bits_suite"] == pytest.approx(-nats / math.log(2), rel=1e-6)
    for name, kind in (("bits_text", "plain"), ("bits_dialogue", "response")):
        mine = texts["kind"] == kind
        assert value[name] == pytest.approx(-texts["bits"][mine].sum() / texts["bytes"][mine].sum(), rel=1e-6)
    assert value["rbridge"] == pytest.approx(-model.tables["traces"]["rbridge"].mean(), rel=1e-6)
    assert value["proxy_wrong_confidence"] == pytest.approx(own["wrong_confidence"].mean(), rel=1e-5)
    answers = model.tables["answers"]
    mine = (answers["stage"] == "base") & (answers["set"] == "suite")
    assert value["base_generation"] == pytest.approx(answers["met"][mine].mean())
    recipe = model.facts["recipe"]
    clean = recipe["tokens"] * recipe["dialogue"] * (1 - recipe["noise"])
    assert value["recipe"] == pytest.approx(math.log10(model.facts["parameters"] * clean))
    assert set(value) == {named.name for named in read_claims().predictors}


def test_an_outcome_is_the_mean_over_families(ladder: Ladder2) -> None:
    model, prompts = ladder.models[5], ladder.shared.prompts
    family = {
        int(n): f
        for s, n, f in zip(prompts["set"], prompts["prompt"], prompts["family"], strict=True)
        if s == "outcome"
    }
    shares: dict[str, list[bool]] = {}
    answers = model.tables["answers"]
    for stage, of, how, n, met in zip(*(answers[c] for c in ("stage", "set", "how", "prompt", "met")), strict=True):
        if (stage, of, how) == ("rft", "outcome", "greedy"):
            shares.setdefault(family[int(n)], []).append(bool(met))
    assert len(shares) == 12
    assert ladder.y.values()[5] == pytest.approx(np.mean([np.mean(own) for own in shares.values()]))
    part = ladder.y.of("Control")
    assert part.items == 3
    assert set(ladder.y.groups) == set(CATEGORIES)


def test_correlation_is_scipys_and_finds_the_truth(ladder: Ladder2) -> None:
    x, y = ladder.primary.values(), ladder.y.values()
    assert ladder.claim.rho == pytest.approx(stats.spearmanr(x, y).statistic)
    x_drawn, y_drawn = (ladder.again.values(q) for q in (ladder.primary, ladder.y))
    drawn = [stats.spearmanr(a, b).statistic for a, b in zip(x_drawn[:300], y_drawn[:300], strict=True)]
    half = 1.96 * np.std(np.arctanh(drawn), ddof=1)
    z = np.arctanh([ladder.claim.low, ladder.claim.rho, ladder.claim.high])
    assert (z[2] - z[0]) / 2 == pytest.approx(half, rel=0.15)
    assert z[1] == pytest.approx((z[0] + z[2]) / 2)
    assert ladder.claim.low > 0.3
    assert ladder.verdict() == "confirmed"
    # Nothing is in `rude_choice` of these models.
    nothing = analysis.correlated(ladder.predictors["rude_choice"], ladder.y, ladder.again)
    assert nothing.low < 0 < nothing.high


def test_resampling_draws_models_and_items() -> None:
    rng = np.random.default_rng(5)
    quantity = Measured("q", rng.random((6, 4)), rng.random((6, 4)) + 1)
    again = analysis.resample(6, resamples=50)
    drawn = again.values(quantity)
    assert drawn.shape == (50, 6)
    weights = np.random.default_rng([0, *b"q"])
    from engine.stats.association import bootstrap_weights

    counts = bootstrap_weights(4, 50, weights)
    for n in (0, 17, 49):
        for m in range(6):
            model = again.drawn[n, m]
            top = sum(counts[n, i] * quantity.top[model, i] for i in range(4))
            bottom = sum(counts[n, i] * quantity.bottom[model, i] for i in range(4))
            assert drawn[n, m] == pytest.approx(top / bottom)
    assert min(len(set(row)) for row in analysis.resample(3, resamples=40).drawn.tolist()) == 3


def test_rivals_are_compared_on_the_same_draws(ladder: Ladder2) -> None:
    names = [named.name for named in ladder.claims.rivals]
    assert list(ladder.rivalry) == names
    y = ladder.y.values()
    for name, found in ladder.rivalry.items():
        mine, theirs = (stats.spearmanr(q.values(), y).statistic for q in (ladder.primary, ladder.predictors[name]))
        assert found.difference == pytest.approx(mine - theirs)
        assert found.low < found.difference < found.high
    assert [v.p_holm for v in ladder.rivalry.values()] == pytest.approx(holm([v.p for v in ladder.rivalry.values()]))
    assert ladder.rivalry["bits_text"].p_holm < 0.05
    itself = analysis.versus(ladder.primary, [ladder.primary], ladder.y, ladder.again)[0]
    assert (itself.difference, itself.p) == (0.0, 1.0)
    columns = [ladder.again.values(q)[:300] for q in (ladder.primary, ladder.predictors["recipe"], ladder.y)]
    drawn = [
        stats.spearmanr(a, y).statistic - stats.spearmanr(b, y).statistic for a, b, y in zip(*columns, strict=True)
    ]
    found = ladder.rivalry["recipe"]
    assert found.high - found.difference == pytest.approx(1.96 * np.std(drawn, ddof=1), rel=0.15)
    assert found.p == pytest.approx(2 * stats.norm.sf(found.difference / np.std(drawn, ddof=1)), rel=1.0, abs=1e-9)


def test_partial_correlation_is_that_of_residuals(ladder: Ladder2) -> None:
    given = [ladder.predictors[name] for name in ("log_parameters", "log_flops")]
    found = analysis.partial(ladder.primary, ladder.y, given, ladder.again)
    columns = [stats.rankdata(q.values()) for q in (ladder.primary, ladder.y, *given)]
    matrix = np.corrcoef(columns)
    inverse = np.linalg.inv(matrix)
    assert found.rho == pytest.approx(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]))
    assert found.low < found.rho < found.high


def test_pairs_of_models(ladder: Ladder2) -> None:
    x, y = ladder.primary.values(), ladder.y.values()
    found = analysis.pairwise(ladder.primary, ladder.y, ladder.again, (0.0, 1.0))
    for lead, one in zip((0.0, x.std(ddof=1)), found, strict=True):
        wins = []
        for a, b in combinations(range(len(x)), 2):
            high, low = (a, b) if x[a] > x[b] else (b, a)
            if x[high] - x[low] >= lead and x[high] > x[low]:
                wins.append(1.0 if y[high] > y[low] else 0.5 if y[high] == y[low] else 0.0)
        assert one.pairs == len(wins)
        assert one.right == pytest.approx(np.mean(wins))
        assert one.low < one.right < one.high
    assert found[1].right > found[0].right


def test_regret_over_every_choice() -> None:
    y = np.array([0.1, 0.5, 0.3, 0.9])
    x = {"right": y, "wrong": -y, "tied": np.ones(4)}
    found = analysis.regret(x, y, among=3, draws=20_000)
    exact: dict[str, list[float]] = {name: [] for name in ("right", "wrong", "tied")}
    for some in {tuple(sorted(order[:3])) for order in permutations(range(4))}:
        best = max(y[n] for n in some)
        exact["right"].append(0.0)
        exact["wrong"].append(best - min(y[n] for n in some))
        exact["tied"].append(best - np.mean([y[n] for n in some]))
    for name, values in exact.items():
        assert found[name] == pytest.approx(np.mean(values), abs=0.01)
    assert found["chance"] == pytest.approx(found["tied"])


def test_reliability_of_known_noise() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    # Items with as much noise as truth: the mean of 9 has a reliability of 9/(9 + 1).
    noisy = Measured("q", truth[:, None] + rng.normal(size=(400, 9)), np.ones((400, 9)))
    assert analysis.reliability(noisy) == pytest.approx(0.9, abs=0.03)
    assert analysis.reliability(Measured("one", truth[:, None], np.ones((400, 1)))) == 1.0


def test_a_category_that_foretells_itself_alone() -> None:
    rng = np.random.default_rng(2)
    truths = rng.normal(size=(4, 40))
    groups = tuple(category for category in CATEGORIES for _ in range(6))
    top = np.concatenate([truth[:, None] + 0.3 * rng.normal(size=(40, 6)) for truth in truths], axis=1)
    x, y = (Measured(name, top + 0.3 * rng.normal(size=top.shape), np.ones_like(top), groups) for name in "xy")
    cells, lead = analysis.matrix(x, y, analysis.resample(40, resamples=300))
    assert len(cells) == 16
    for a, b in cells:
        rho = stats.spearmanr(x.of(a).values(), y.of(b).values()).statistic
        assert cells[a, b].rho == pytest.approx(rho)
    assert lead.low > 0.3
    assert cells["Control", "Control"].low > 0.6


def test_what_is_named_is_what_is_computed(simulated: Path) -> None:
    models = read_finished(simulated, ["01-m-llama"])
    found = measured(models, read_shared(simulated), read_claims())
    assert next(iter(found)) == "rude_difference"
    assert all(np.isfinite(quantity.values()).all() for quantity in found.values())
    assert outcome(models, read_shared(simulated), "rft", how="sampled").values().shape == (1,)


def test_ridge_sees_nothing_of_a_design_that_it_foretells() -> None:
    rng = np.random.default_rng(3)
    x, noise = rng.normal(size=(30, 3)), rng.normal(size=30)
    y = x @ np.array([2.0, -1.0, 0.0]) + 0.1 * noise
    designs = [f"d{n % 6}" for n in range(30)]
    told = analysis.ridge(list(x.T), y, designs)
    for n in (0, 17):
        seen = [m for m in range(30) if designs[m] != designs[n]]
        mean, scale = x[seen].mean(axis=0), x[seen].std(axis=0)
        a = np.vstack([(x[seen] - mean) / scale, np.eye(3)])
        weights = np.linalg.lstsq(a, np.concatenate([y[seen] - y[seen].mean(), np.zeros(3)]), rcond=None)[0]
        assert told[n] == pytest.approx(y[seen].mean() + (x[n] - mean) / scale @ weights)
    changed = y.copy()
    changed[0] = 99.0
    assert analysis.ridge(list(x.T), changed, designs)[6] == pytest.approx(told[6])
    assert stats.spearmanr(told, y).statistic > 0.95
