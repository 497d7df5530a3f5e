"""Parts of a suite against outcomes: the study's printed numbers, the ladder's, and a person's own."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from data.published import published
from engine.correlation.by_part import groupings, in_words, matrix_view, part_of
from engine.correlation.predictor_outcome import correlation_views, outcome_names
from engine.correlation.upsets import upsets
from engine.export.figures import matrix as heat_map
from engine.export.figures import rendered
from engine.export.tables import table
from engine.outcomes.outcome import Outcome
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rubrics.errors import BadInput
from rubrics.schema import Suite
from rubrics.taxonomy import Category

PRINTED = {"AdvancedIF": 0.91, "PRBench": 0.80, "HealthBench": 0.67, "WritingBench": 0.62}


def test_the_studys_four_correlations_are_the_diagonal(store: Store) -> None:
    """As printed; every other cell, and what the diagonal is ahead by, as scipy has them."""
    view = matrix_view(store, Question(), source="published", resamples=500)
    study, cells = published(), {(c.row, c.column): c for row in view.matrix.cells for c in row}
    assert (view.by, len(cells)) == ("domain", 16)
    r = {}
    for (part, outcome), cell in cells.items():
        x = [study.rude[part][name].value for name in study.candidates]
        y = [study.post_training[outcome][name].value for name in study.candidates]
        r[part, outcome] = stats.pearsonr(x, y).statistic
        assert cell.statistic.value == pytest.approx(r[part, outcome])
        assert cell.own == (part == outcome)
    for name, printed in PRINTED.items():
        assert cells[name, name].statistic.value == pytest.approx(printed, abs=0.005)
    own = np.mean([r[name, name] for name in PRINTED])
    others = np.mean([value for (part, outcome), value in r.items() if part != outcome])
    contrast = view.matrix.contrasts[0]
    assert contrast.value == pytest.approx(own - others)
    assert "own domain foretells it" in in_words(view, contrast)
    assert [c.versus for c in view.matrix.contrasts[1:]] == [
        "mean of domains", "C-Eval", "MMLU", "SuperGPQA", "log10 parameters",
    ]  # fmt: skip


def test_the_ladder_by_category_is_what_its_card_says(store: Store) -> None:
    """Mean ρ .42 of a category's accuracy with its own outcome, .04 more than with the others' accuracies."""
    view = matrix_view(store, Question(), source="ladder", statistic="spearman", resamples=200)
    own = [cell.statistic.value for row in view.matrix.cells for cell in row if cell.own]
    assert (view.by, len(own)) == ("category", 4)
    assert np.mean(own) == pytest.approx(0.42, abs=0.005)
    assert view.matrix.contrasts[0].value == pytest.approx(0.04, abs=0.005)
    assert view.matrix.contrasts[0].ci_low < 0 < view.matrix.contrasts[0].ci_high
    with pytest.raises(BadInput, match="no accuracies by domain"):
        matrix_view(store, Question(), source="ladder", by="domain")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database of `measured` is kept once it has been made."""
    return tmp_path_factory.mktemp("built") / "rude.duckdb"


@pytest.fixture
def measured(built: Path, store: Store, add_run: Callable[..., object]) -> Store:
    """Seven candidates; an exam of each domain, a loss, and an outcome called as a category is."""
    if built.exists():
        shutil.copyfile(built, store.path)
        return store
    for name in "abcdefg":
        add_run(name)
    rng = np.random.default_rng(0)
    for outcome, domain, lower in (("exam", "d0", None), ("loss", "d1", True), ("Control", None, None)):
        scores = rng.normal(size=7)
        add_outcomes(store, [
            Outcome(name, outcome, float(score), None, None, lower, domain)
            for name, score in zip("abcdefg", scores, strict=True)
        ])  # fmt: skip
    add_outcomes(store, [Outcome("stranger", "elsewhere", 1.0)])
    shutil.copyfile(store.path, built)
    return store


def test_what_one_candidate_alone_was_trained_to_hides_nothing(measured: Store) -> None:
    add_outcomes(measured, [Outcome("a", f"a test {n}", 0.5) for n in range(3)])
    assert outcome_names(measured)[:3] == ["Control", "exam", "loss"], "those that most candidates have go first"
    view = matrix_view(measured, Question(), resamples=50)
    assert set(view.matrix.columns) == {"Control", "exam", "loss"}
    assert "3 outcomes that fewer than two of these candidates have left out" in view.notes
    assert matrix_view(measured, Question(), outcomes=["a test 1"], resamples=50).matrix.columns == ("a test 1",)
    table = upsets(measured, Question())
    assert {tally.outcome for tally in table.tallies} == {"Control", "exam", "loss"}
    assert any("4 outcomes that fewer than two" in note for note in table.notes)


@pytest.mark.long
def test_own_outcomes_meet_the_rankings_values(measured: Store) -> None:
    view = matrix_view(measured, Question(), resamples=200)
    assert view.by == "domain"
    assert view.lower == {"loss"}
    assert any("1 outcome of no ranked candidate" in note for note in view.notes)
    ranked = rankings(measured, Question(by="domain"))
    (exam,) = correlation_views(measured, Question(), ["RuDE d0"], ["exam"])
    by_name = {point.name: point for point in exam.points}
    values = {row.candidate: row.value for row in ranked.scopes["d0"].rows}
    assert {name: point.x for name, point in by_name.items()} == pytest.approx(values)
    cells = {(c.row, c.column): c for row in view.matrix.cells for c in row}
    assert cells["d0", "exam"].statistic.value == pytest.approx(exam.statistics.pearson.value)
    (loss,) = correlation_views(measured, Question(), ["RuDE d1"], ["loss"])
    assert cells["d1", "loss"].statistic.value == pytest.approx(-loss.statistics.pearson.value), "turned"
    assert {key for key, cell in cells.items() if cell.own} == {("d0", "exam"), ("d1", "loss")}
    beside = {row[0].row: row for row in view.matrix.references}
    assert list(beside) == ["mean of domains", "overall", "log10 parameters"]
    assert math.isnan(beside["log10 parameters"][0].statistic.value), "sizes are not known here"
    means = [sum(values) / 2 for values in zip(*(
        [row.value for row in sorted(ranked.scopes[d].rows, key=lambda row: row.candidate)] for d in ("d0", "d1")
    ), strict=True)]  # fmt: skip
    outcome = [by_name[name].y for name in "abcdefg"]
    at = view.matrix.columns.index("exam")
    assert beside["mean of domains"][at].statistic.value == pytest.approx(stats.pearsonr(means, outcome).statistic)


def test_a_suite_is_split_by_whatever_outcomes_are_of(measured: Store) -> None:
    assert groupings(measured, Question(), "own")[0] == "domain"
    by_category = matrix_view(measured, Question(), by="category", tied=True, resamples=200)
    assert by_category.matrix.columns == ("Control",)
    with pytest.raises(BadInput, match="no outcome is tied to a subcategory"):
        matrix_view(measured, Question(), by="subcategory", tied=True)
    with pytest.raises(BadInput, match="no outcome 'exams'"):
        matrix_view(measured, Question(), outcomes=["exams"])


@pytest.mark.parametrize(
    ("domain", "parts", "expected"),
    [
        ("law", ["law", "health"], "law"),
        ("Format", [str(c) for c in Category], "Control"),
        ("Format", ["law"], ""),
        (None, ["law", "exam"], "exam"),
        ("health", ["law", "exam"], ""),
    ],
)
def test_what_an_outcome_belongs_to(domain: str | None, parts: list[str], expected: str) -> None:
    assert part_of("exam", domain, parts) == expected


@pytest.mark.long
def test_every_part_is_a_predictor(measured: Store, suite: Suite) -> None:
    """Domains, subcategories, numbers of violations and the mean of domains, as the rankings have them."""
    for by in ("domain", "subcategory", "violations"):
        ranked = rankings(measured, Question(by=by))
        parts = [scope for scope in ranked.scopes if scope != "overall"]
        views = correlation_views(measured, Question(), [f"RuDE {part}" for part in parts], ["exam"])
        for part, view in zip(parts, views, strict=True):
            assert view.variant
            values = {row.candidate: row.value for row in ranked.scopes[part].rows}
            assert {point.name: point.x for point in view.points} == pytest.approx(values)


@pytest.mark.long
def test_the_matrix_leaves_as_a_table_and_as_a_figure(measured: Store, tmp_path: Path) -> None:
    rows = list(table(measured, "matrix", Question()).records())
    assert {row["by"] for row in rows} == {"domain", "category", "subcategory", "violations"}
    (only,) = {row["by"] for row in table(measured, "matrix", Question(), by="violations").records()}
    assert only == "violations"
    assert {row["statistic"] for row in rows} == {"pearson", "spearman", "kendall"}
    view = matrix_view(measured, Question())
    cell = view.matrix.cells[0][0]
    (row,) = (
        row for row in rows
        if (row["by"], row["kind"], row["part"], row["outcome"], row["statistic"])
        == ("domain", "cell", cell.row, cell.column, "pearson")
    )  # fmt: skip
    assert (row["value"], row["p_adjusted"]) == (cell.statistic.value, cell.p_holm)
    assert (row["own"], row["n"]) == (cell.own, 7)
    assert {row["part"] for row in rows if row["kind"] == "own less"} >= {"another's", "overall"}
    drawn = rendered(heat_map(view), "svg").decode()
    assert "exam" in drawn
    assert f"{cell.statistic.value:.2f}".replace("-", "−") in drawn
