"""What is said of the ladder, counted again from the rows that ship by scipy and plain loops."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr, ttest_1samp

from data.bundled import bundled_models
from data.ladder import ladder_notes
from engine.candidates.hashing import weights_hash
from engine.posttrain.ladder.analysis import LadderAnalysis, analyse
from engine.posttrain.ladder.card import report
from engine.posttrain.ladder.checks import Checks, check
from engine.posttrain.ladder.predictors import DIALOGUE_LOSS, from_rows
from engine.posttrain.ladder.rows import LadderRows, read_rows
from engine.posttrain.ladder.work import LADDER
from rubrics.errors import BadInput
from rubrics.taxonomy import Category, Subcategory, category_of

pytestmark = pytest.mark.long

BUNDLED = [path.name for path in bundled_models()]
MADE = ("card.md", "points.csv", "outcomes.csv", "notes.json", "summary.md", "rl_met.svg")


@pytest.fixture(scope="module")
def rows() -> LadderRows:
    return read_rows(LADDER)


@pytest.fixture(scope="module")
def points() -> dict[str, dict[str, float]]:
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return {row.pop("candidate"): {k: float(v) for k, v in row.items() if k != "family"} for row in found}


@pytest.fixture(scope="module")
def shares() -> dict[tuple[str, str, str], np.ndarray]:
    """(seeds,) by candidate, stage and held-out family, greedy."""
    found: dict[tuple[str, str, str], list[float]] = {}
    with (LADDER / "scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["part"], row["how"]) == ("held", "greedy"):
                key = row["candidate"], row["stage"], row["family"]
                found.setdefault(key, []).append(int(row["met"]) / int(row["judged"]))
    return {key: np.array(values) for key, values in found.items()}


@pytest.mark.long
def test_everything_comes_out_of_the_rows_byte_by_byte(tmp_path: Path) -> None:
    for path in LADDER.iterdir():
        if path.name not in MADE:
            shutil.copy(path, tmp_path)
    report(tmp_path)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (LADDER / name).read_bytes(), f"{name}: make ladder-report"


@pytest.fixture(scope="module")
def checked(rows) -> tuple[LadderAnalysis, Checks]:
    """Everything but the leagues, which take long."""
    analysis = analyse(rows, resamples=100)
    return analysis, check(rows, analysis, BUNDLED)


def test_points_are_those_that_ship(checked, points) -> None:
    analysis, _ = checked
    assert set(points) == set(analysis.names)
    shown = {name: analysis.values[name] for name in analysis.known} | dict(analysis.outcomes)
    assert list(points[analysis.names[0]]) == list(shown)
    for name, values in shown.items():
        for candidate, value in zip(analysis.names, values, strict=True):
            assert points[candidate][name] == pytest.approx(value, abs=1e-5, nan_ok=True), (candidate, name)


def test_every_base_model_has_all_of_its_rows(rows) -> None:
    assert len(rows.suite.scored) == 480
    for base in rows.bases.values():
        assert len(base.pairs.ll_chosen) == 480
        assert all(np.isfinite(column).all() for column in (base.pairs.ll_chosen, base.pairs.log_odds_chosen_first))
        assert len(base.dialogues["nats_response"]) == 400
    assert {name for name, base in rows.bases.items() if base.facts["weights"] == "bundled"} == set(BUNDLED)
    for path in bundled_models():
        assert rows.bases[path.name].facts["weights_hash"] == weights_hash(path)


def test_rows_of_the_models_that_ship_give_what_was_measured_on_them(rows) -> None:
    """`measured.csv` was written by the catalogue of predictors from a database, on another machine."""
    for name in BUNDLED:
        found = from_rows(rows.bases[name], rows.suite)
        for predictor, value in rows.measured[name].items():
            # `choice` is at chance here, and one pair may be so nearly a tie that its sign is a matter of rounding.
            close = 1.01 / 480 if predictor == "RuDE averaged" else 2e-5 * max(1, abs(value))
            assert found[predictor] == pytest.approx(value, abs=close, nan_ok=True), (name, predictor)


def test_base_models_that_ship_answer_as_they_did(rows, shares) -> None:
    for name in BUNDLED:
        for family in rows.recipe.tasks.test:
            assert rows.bases[name].answers["held", family].mean() == pytest.approx(shares[name, "base", family][0])


def test_headline_accuracy_by_a_loop(rows) -> None:
    base = rows.bases[BUNDLED[0]].pairs
    right = 0.0
    for n in range(480):
        chosen, rejected = base.ll_chosen[n] / base.bytes_chosen[n], base.ll_rejected[n] / base.bytes_rejected[n]
        right += 1.0 if chosen > rejected else 0.5 if chosen == rejected else 0.0
    assert from_rows(rows.bases[BUNDLED[0]], rows.suite)["RuDE accuracy"] == pytest.approx(right / 480)


def _outcome(shares, names, families, stage: str = "rl") -> np.ndarray:
    return np.array([np.mean([shares[name, stage, f].mean() for f in families]) for name in names]).round(12)


def test_subsets_are_those_of_scipy(rows, checked, points, shares) -> None:
    analysis, checks = checked
    families = rows.recipe.tasks.test
    kinds = {s.family: category_of(Subcategory(s.subcategory)) for s in rows.scores[analysis.names[0]][0]}
    control = [f for f in families if kinds[f] is Category.CONTROL]
    others = [f for f in families if f not in control]
    rest = [name for name in analysis.names if name not in BUNDLED]
    for subset, names, asked in (
        ("all", analysis.names, families), ("those that ship", BUNDLED, families), ("the rest", rest, families),
        ("families of Control", analysis.names, control), ("the other families", analysis.names, others),
    ):  # fmt: skip
        found = checks.subsets[subset]
        assert (found.n, found.families) == (len(names), len(asked))
        for predictor, rho in found.rho.items():
            if predictor == DIALOGUE_LOSS and subset != "those that ship":
                assert math.isnan(rho)
                continue
            turned = -1 if "bits per byte" in predictor else 1
            x = [turned * (_loss(rows, n) if predictor == DIALOGUE_LOSS else points[n][predictor]) for n in names]
            again = spearmanr(x, _outcome(shares, names, asked)).statistic
            assert rho == pytest.approx(again), (subset, predictor)


def _loss(rows, name: str) -> float:
    read = rows.bases[name].dialogues
    return sum(read["nats_response"].tolist()) / math.log(2) / sum(read["bytes_response"].tolist())


def test_reinforcement_learning_by_scipy(rows, checked, shares) -> None:
    analysis, checks = checked
    families = rows.recipe.tasks.test
    rl, sft = (_outcome(shares, analysis.names, families, stage) for stage in ("rl", "sft"))
    assert checks.gain.rho == pytest.approx(spearmanr(rl, sft).statistic)
    gains = [np.mean([(shares[n, "rl", f] - shares[n, "sft", f]).mean() for n in analysis.names]) for f in families]
    assert checks.gain.mean == pytest.approx(np.mean(gains))
    assert checks.gain.p_families == pytest.approx(ttest_1samp(gains, 0).pvalue)


def test_reliabilities_by_loops(rows, checked, shares) -> None:
    analysis, checks = checked
    families = rows.recipe.tasks.test
    table = [[shares[name, "rl", family].mean() for family in families] for name in analysis.names]
    items, sums = list(zip(*table, strict=True)), [sum(row) for row in table]
    k = len(families)
    alpha = k / (k - 1) * (1 - sum(np.var(item, ddof=1) for item in items) / np.var(sums, ddof=1))
    found = checks.reliabilities["all"]
    assert found.alpha == pytest.approx(alpha)
    assert found.noise.whole == pytest.approx(1 - alpha)
    bound = np.mean([np.mean([p * (1 - p) / 9 for p in row]) / k for row in table])
    assert found.noise.within == pytest.approx(bound / np.var([s / k for s in sums], ddof=1))


def test_what_is_left_beside_base_generation(checked, points) -> None:
    analysis, _ = checked
    x, y, z = (
        rankdata([points[n][column] for n in analysis.names])
        for column in ("RuDE accuracy", "rl_met", "base generation")
    )
    r = np.corrcoef([x, y, z])
    by_hand = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert analysis.given_base.value == pytest.approx(by_hand, abs=1e-6)


def test_the_matrix_of_categories_is_that_of_scipy(rows, checked, points, shares) -> None:
    analysis, checks = checked
    kinds = {s.family: category_of(Subcategory(s.subcategory)) for s in rows.scores[analysis.names[0]][0]}
    for n, of in enumerate(Category):
        asked = [f for f in rows.recipe.tasks.test if kinds[f] is of]
        assert checks.categories.families[n] == len(asked)
        for m, by in enumerate(Category):
            x = [points[name][f"RuDE {by}"] for name in analysis.names]
            again = spearmanr(x, _outcome(shares, analysis.names, asked)).statistic
            assert checks.categories.rho[n, m] == pytest.approx(again)


def test_the_recipe_is_known_before_anything_is_trained(checked, points) -> None:
    analysis, _ = checked
    recipe = next(r for r in analysis.recipes if r["name"] == "llama-wide")
    size = 10 ** points["llama-wide"]["log10 parameters"]
    assert (recipe["tokens"], recipe["rote"]) == (2_000_000, 400_000)
    tokens = 1_600_000 * 0.5 * (1 - 0.5)
    assert points["llama-wide"]["clean dialogue × parameters"] == pytest.approx(math.log10(tokens * size), abs=1e-5)


def test_every_family_of_the_outcome_is_a_cluster_of_the_suite(rows, checked) -> None:
    clusters = {pair.cluster for pair in rows.suite.scored}
    assert checked[1].shared == (len([f for f in rows.recipe.tasks.test if f in clusters]), 19, len(clusters))


def test_what_the_app_says_of_categories_holds() -> None:
    notes = ladder_notes()
    assert "no better than the other categories' did" in notes.by_category_in_short
    assert "does not support choosing by category" in notes.by_category


def test_rows_of_another_suite_are_refused(tmp_path: Path) -> None:
    for path in LADDER.iterdir():
        shutil.copy(path, tmp_path)
    models = (tmp_path / "models.csv").read_text(encoding="utf-8")
    suite = read_rows(tmp_path).suite.hash
    (tmp_path / "models.csv").write_text(models.replace(suite, "0" * 64), encoding="utf-8")
    with pytest.raises(BadInput, match="which is now"):
        read_rows(tmp_path)
    (tmp_path / "models.csv").unlink()
    with pytest.raises(BadInput, match="write the rows first"):
        read_rows(tmp_path)


def test_the_notes_are_json_with_the_figures_of_the_card() -> None:
    notes = json.loads((LADDER / "notes.json").read_text(encoding="utf-8"))
    card = (LADDER / "card.md").read_text(encoding="utf-8")
    assert notes["by_category"] in card
    assert "is withdrawn" in card
    assert "is withdrawn" in (LADDER / "summary.md").read_text(encoding="utf-8")
