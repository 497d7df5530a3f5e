"""A fit as a file, and what it says where it was not made: against plain loops and a case by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from engine.correlation.fit_file import FittedForm, read_form, read_scorer, save_fit
from engine.correlation.form_transfer import apply_form, form_to_keep
from engine.correlation.proxies import judge_proxies
from engine.correlation.scaling import ProxyRow, read_proxies
from engine.correlation.scorer_tasks import ladder_tasks
from engine.correlation.scorer_transfer import apply_scorer, scorer_to_keep
from engine.predictors.held_out import chance_of_tasks, leave_tasks_out
from engine.predictors.judged import gather
from engine.predictors.proxy import FEATURES, Constants
from engine.predictors.scorers import SCORERS, best_single
from engine.stats.forms import FORMS, fit_form, height
from engine.stats.intervals import Estimate
from engine.stats.units import Units
from rubrics.errors import BadInput

TRUE = FEATURES.index("rank, uniform")


def features(names: list[str], seed: int) -> tuple[dict[str, list[Estimate]], np.ndarray]:
    values = np.random.default_rng(seed).normal(size=(len(names), len(FEATURES)))
    return {
        name: [Estimate(value, math.nan, math.nan, "") for value in row]
        for name, row in zip(names, values.tolist(), strict=True)
    }, values


def test_a_scorer_fitted_here_orders_candidates_there(tmp_path: Path) -> None:
    """Best single feature, planted: through a file, on eight others and one that was fitted on."""
    old, new = [f"m{i}" for i in range(7)], [f"n{i}" for i in range(8)]
    table, values = features(old, 0)
    outcomes = {f"o{t}": dict(zip(old, (-values[:, TRUE] + t).tolist(), strict=True)) for t in range(2)}
    tasks = gather(dict.fromkeys(outcomes, table), outcomes)
    kept = scorer_to_keep(tasks, "best single", Constants(last=7))
    save_fit(kept, tmp_path / "fit.json")
    fit = read_scorer(tmp_path / "fit.json")
    assert (fit.constants.last, fit.outcomes, fit.candidates, fit.fitted) == (7, ("o0", "o1"), tuple(old), 1.0)
    others, there = features(new, 5)
    noisy = -there[:, TRUE] + np.random.default_rng(2).normal(size=8)
    known = {"p": {**dict(zip(new, noisy.tolist(), strict=True)), "m0": 99.0}}
    applied = apply_scorer(fit, {**others, "m0": table["m0"]}, known, of="suite")
    order = np.argsort(np.append(there[:, TRUE], values[0, TRUE]), kind="stable")
    assert list(applied.standing) == [[*new, "m0"][i] for i in order]
    assert np.std(list(applied.standing.values())) == pytest.approx(1)
    assert applied.seen == ("m0",)
    (error,) = applied.errors
    assert error.unseen
    assert error.rank.n == 8, "the one it was fitted on is no test of it"
    assert error.rank.value == pytest.approx(stats.spearmanr(-there[:, TRUE], noisy).statistic)
    right = [(noisy[a] > noisy[b]) == (there[a, TRUE] < there[b, TRUE]) for a in range(8) for b in range(a)]
    assert error.decision.accuracy == pytest.approx(sum(right) / len(right))
    seen_alone = apply_scorer(fit, table, {"o0": outcomes["o0"]}).errors[0]
    assert not seen_alone.unseen
    assert any("no test of it" in words for words in apply_scorer(fit, table, {"o0": outcomes["o0"]}).words())


def test_over_families_kin_of_whom_it_was_fitted_on_are_no_test_of_it(tmp_path: Path) -> None:
    old, new = [f"m{i}" for i in range(10)], [f"n{i}" for i in range(12)]
    table, values = features(old, 0)
    outcomes = {"o": dict(zip(old, (-values[:, TRUE]).tolist(), strict=True))}
    families = {name: f"old {at // 2}" for at, name in enumerate(old)}
    families |= {name: f"new {at // 2}" for at, name in enumerate(new)} | {"n0": "old 0", "n1": "old 1"}
    tasks = gather({"o": table}, outcomes)
    kept = scorer_to_keep(tasks, "best single", units=Units.of(10, list(families.values())[:10], "families"))
    save_fit(kept, tmp_path / "fit.json")
    fit = read_scorer(tmp_path / "fit.json")
    assert fit.over == "families"
    assert "candidates of left-out families in the right order" in fit.words()
    others, there = features(new, 5)
    noisy = -there[:, TRUE] + np.random.default_rng(2).normal(size=12)
    applied = apply_scorer(fit, others, {"p": dict(zip(new, noisy.tolist(), strict=True))}, families=families)
    (error,) = applied.errors
    assert (error.over, error.unseen, error.rank.n) == ("families", True, 10)
    assert error.rank.value == pytest.approx(stats.spearmanr(-there[2:, TRUE], noisy[2:]).statistic)
    assert "families" in error.rank.method
    assert "families" in error.decision.method
    assert any("10 candidates of families it has not seen" in words for words in applied.words())
    with pytest.raises(BadInput, match="these candidates are of 4 families: 5 are needed"):
        scorer_to_keep(tasks, "best single", units=Units.of(10, [f"f{i % 4}" for i in range(10)], "families"))


@pytest.mark.long
@pytest.mark.parametrize("name", SCORERS)
def test_every_scorer_goes_through_a_file(tmp_path: Path, name: str) -> None:
    old = [f"m{i}" for i in range(6)]
    table, values = features(old, 1)
    outcomes = {"o": dict(zip(old, values[:, TRUE].tolist(), strict=True))}
    tasks = gather({"o": table}, outcomes)
    kept = scorer_to_keep(tasks, name)
    save_fit(kept, tmp_path / "fit.json")
    before = apply_scorer(kept, table).standing
    assert apply_scorer(read_scorer(tmp_path / "fit.json"), table).standing == pytest.approx(dict(before))


def test_forms_are_applied_as_they_were_fitted(tmp_path: Path) -> None:
    """y = 3 − 2x fitted on four points; on new ones off by 1, 0 and 3: mean 4/3, root mean square √(10/3)."""
    view = judge_proxies([ProxyRow(f"a{x}", x, 3 - 2 * x) for x in (1.0, 2.0, 4.0, 5.0)], lower_is_better=True)
    save_fit(form_to_keep(view, "linear"), tmp_path / "form.json")
    form = read_form(tmp_path / "form.json")
    assert form.constants == pytest.approx((3, -2))
    assert (form.low, form.high, form.points) == (1, 5, ("a1.0", "a2.0", "a4.0", "a5.0"))
    points = [
        ProxyRow("b", 3, -2), ProxyRow("c", 2, -1), ProxyRow("d", 10, -20), ProxyRow("e", 4, math.nan),
        ProxyRow("a1.0", 1, 50),
    ]  # fmt: skip
    applied = apply_form(form, points)
    assert [row.expected for row in applied.rows] == pytest.approx([-3, -1, -17, -5, 1])
    assert [row.beyond for row in applied.rows] == [False, False, True, False, False]
    assert (applied.known, applied.mae, applied.bias) == (3, pytest.approx(4 / 3), pytest.approx(2 / 3))
    assert applied.rmse == pytest.approx(math.sqrt(10 / 3))
    assert applied.decision is not None
    assert applied.decision.accuracy == 1
    assert any("made on 1 of these (a1.0)" in note for note in applied.notes)
    with pytest.raises(BadInput, match="no form 'cubic'"):
        form_to_keep(view, "cubic")


@pytest.mark.parametrize("name", FORMS)
def test_constants_give_the_fitted_heights(name: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(1, 9, 12)
    y = 0.3 * x + rng.normal(size=12)
    form = fit_form(name, x, y)
    got = [height(name, form.constants, value) for value in x]
    assert 1 - sum((y - got) ** 2) / sum((y - y.mean()) ** 2) == pytest.approx(form.r2, abs=1e-6)


def test_an_exponential_without_a_bend_is_a_line() -> None:
    x = np.array([1.0, 2, 3, 5, 8])
    form = fit_form("exponential", x, 2 * x + 1)
    assert [height("exponential", form.constants, v) for v in (0.0, 10.0)] == pytest.approx([1, 21], abs=1e-3)
    assert math.isnan(height("logarithmic", (0, 1), -1))


def test_targets_may_lack_where_a_form_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("name,proxy\na,1\n")
    assert math.isnan(read_proxies(path, lacking=True)[0].target)
    path.write_text("name,proxy,target\na,1,\nb,2,3\n")
    assert [row.target for row in read_proxies(path, lacking=True)][1] == 3
    with pytest.raises(BadInput, match="target is empty"):
        read_proxies(path)
    path.write_text("name,proxy,target\na,,1\n")
    with pytest.raises(BadInput, match="proxy is empty"):
        read_proxies(path, lacking=True)


FORM = FittedForm("linear", (3.0, -2.0), "p", "t", 1, 5, ("a",), math.nan, True, False)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"kind": "scorer"}, "of the kind 'scorer', not a form"),
        ({"rude-tui fit": 9}, "no fit of this program"),
        ({"name": "cubic"}, "name is 'cubic'"),
        ({"constants": [1]}, "constants are not the 2"),
        ({"constants": [1, "2"]}, "no list of numbers"),
        ({"low": None}, "low is no number"),
        ({"points": "a"}, "no list of names"),
        ({"lower_is_better": 1}, "neither true nor false"),
    ],
)
def test_what_is_no_fit_is_refused(tmp_path: Path, change: dict[str, object], what: str) -> None:
    path = tmp_path / "f.json"
    save_fit(FORM, path)
    assert math.isnan(read_form(path).error)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BadInput, match=what):
        read_form(path)


def test_a_scorer_for_other_metrics_is_refused(tmp_path: Path) -> None:
    old = [f"m{i}" for i in range(5)]
    table, values = features(old, 1)
    tasks = gather({"o": table}, {"o": dict(zip(old, values[:, TRUE].tolist(), strict=True))})
    path = tmp_path / "f.json"
    with pytest.raises(BadInput, match="no scorer 'worst single'"):
        scorer_to_keep(tasks, "worst single")
    save_fit(scorer_to_keep(tasks, "best single"), path)
    good = json.loads(path.read_text())
    for change, what in (
        ({"features": ["luck", *good["features"][1:]]}, "'luck', which is none of ours"),
        ({"features": good["features"][1:]}, "not those of 79 features"),
        ({"weights": [[1, 2], [3]]}, "no table of numbers"),
        ({"constants": {**good["constants"], "width": 0}}, "out of bounds"),
    ):
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(BadInput, match=what):
            read_scorer(path)
    for name, what in (("f.txt", ".json"), ("no/such/f.json", "no such folder")):
        with pytest.raises(BadInput, match=what):
            save_fit(FORM, tmp_path / name)


def test_the_ladder_as_tasks() -> None:
    tasks = ladder_tasks()
    assert tasks.x.shape == (12, 26, 10)
    assert {FEATURES[i] for i in tasks.complete} == {name for name in FEATURES if name.endswith(", uniform")}
    found = leave_tasks_out(best_single, tasks.x, tasks.y)
    assert found.spearman.shape == (66, 2)
    assert 0.2 < found.mean < 0.5


def test_chance_knows_that_tasks_resemble_each_other() -> None:
    """Ability that all tasks share is remembered by any feature that happens to go with it: chance is far above 0."""
    rng = np.random.default_rng(0)
    ability = rng.normal(size=12)
    x = np.repeat(rng.normal(size=(1, 12, 20)), 5, axis=0)
    y = ability + 0.1 * rng.normal(size=(5, 12))
    useless = leave_tasks_out(best_single, x, y).mean
    assert useless > 0.3, "though no feature knows anything"
    assert chance_of_tasks(best_single, x, y) > useless
    assert chance_of_tasks(best_single, np.concatenate([x, y[..., None]], axis=2), y) < 0.95
