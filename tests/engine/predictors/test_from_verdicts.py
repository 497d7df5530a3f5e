"""Predictors from stored verdicts, against plain loops over pairs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.correlation.predictor_outcome import (
    correlation_view,
    correlation_views,
    predictor_names,
    predictor_values,
    verdict,
)
from engine.export.tables import table
from engine.predictors.assays.catalogue import ASSAYED
from engine.predictors.catalogue import catalogue
from engine.predictors.column import read_columns
from engine.predictors.from_verdicts import RUDE, SIZE, STORED
from engine.predictors.interface import Evidence
from engine.predictors.means import ratio
from engine.predictors.spectral import SPECTRAL
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.connection import Store
from engine.store.predictors import FITTED_ON, StoredPredictor, add_predictors, stored_predictors
from rubrics.errors import BadInput
from rubrics.taxonomy import Category

CHOICE, LIKELIHOOD = Question(protocol="choice"), Question(protocol="likelihood")


@pytest.mark.long
def test_losses_are_over_the_pairs_that_all_could_score(store: Store, scored: Any) -> None:
    evidence = Evidence(store, CHOICE)
    per_token = predictor_values(evidence, "NLL per token")
    per_byte = predictor_values(evidence, "bits per byte")
    assert set(per_token) == {"a", "b", "c"}
    for name, found in scored.likelihood.items():
        kept = [v for v in found.values() if v.pair_id in scored.likelihood["c"]]
        loss = -sum(v.ll_chosen for v in kept)
        assert per_token[name].value == pytest.approx(loss / sum(v.tokens_chosen for v in kept))
        assert per_byte[name].value == pytest.approx(loss / math.log(2) / sum(v.bytes_chosen for v in kept))
        assert per_token[name].ci_low < per_token[name].value < per_token[name].ci_high


def test_the_margin_is_a_mean_over_pairs(store: Store, scored: Any) -> None:
    own = Question(protocol="likelihood", pairs="own")
    for name, found in predictor_values(Evidence(store, own), "likelihood margin").items():
        margins = [
            v.ll_chosen / v.bytes_chosen - v.ll_rejected / v.bytes_rejected for v in scored.likelihood[name].values()
        ]
        assert found.value == pytest.approx(sum(margins) / len(margins))


def test_choice_freed_of_position(store: Store, scored: Any) -> None:
    evidence = Evidence(store, LIKELIHOOD)
    for name, verdicts in scored.choice.items():
        both = [(v.log_odds_chosen_first, v.log_odds_rejected_first) for v in verdicts.values()]
        bias = sum((first - second) / 2 for first, second in both) / len(both)
        right = sum((first > bias) + (second > -bias) for first, second in both) / 2 / len(both)
        assert predictor_values(evidence, "debiased choice")[name].value == pytest.approx(right)
        same = [first > 0 for first, second in both if (first > 0) == (second > 0)]
        assert predictor_values(evidence, "consistent choice")[name].value == pytest.approx(sum(same) / len(same))


def test_rude_under_every_metric_and_category(store: Store, scored: Any) -> None:
    evidence = Evidence(store, LIKELIHOOD)
    by_category = rankings(store, Question(protocol="likelihood", by="category"))
    for category in Category:
        found = predictor_values(evidence, f"RuDE {category}")
        for row in by_category.scopes[str(category)].rows:
            assert (found[row.candidate].value, found[row.candidate].ci_low) == (row.value, row.ci_low)
    for metric, protocol in (("sum", "likelihood"), ("strict", "choice")):
        found = predictor_values(evidence, f"RuDE {metric}")
        for row in rankings(store, Question(protocol=protocol, metric=metric)).overall.rows:
            assert found[row.candidate].value == row.value


def test_names_are_what_can_be_had(store: Store, scored: Any) -> None:
    names = predictor_names(store, LIKELIHOOD)
    assert names[:2] == [RUDE, SIZE]
    assert "RuDE per_byte" not in names  # the headline by another name
    assert {"RuDE averaged", "bits per byte"} <= set(names)
    assert not set(SPECTRAL) & set(names), "no weights were measured"
    assert not set(ASSAYED) & set(names), "nobody asked for an assay"
    assert predictor_names() == [*(name for name, about in STORED.items() if about.listed), *SPECTRAL, *ASSAYED]
    every = predictor_names(store, LIKELIHOOD, parts=True)
    assert {"RuDE Logic", "RuDE d", "RuDE |V| = 1"} <= set(every) - set(names), "many, so looked at when asked for"
    assert "RuDE mean of domains" not in every, "of one domain it is the accuracy"


def test_sizes_that_are_not_known_are_left_out(store: Store, scored: Any) -> None:
    found = predictor_values(Evidence(store, CHOICE), SIZE)
    assert {name: one.value for name, one in found.items()} == {"a": 3.0, "b": 5.0}


def test_what_was_not_run_is_said(store: Store, scored: Any) -> None:
    with store.writing() as connection:
        connection.execute("delete from verdicts_raw where run_id like 'choice%'")
    with pytest.raises(BadInput, match="needs a choice run"):
        predictor_values(Evidence(store, Question()), "RuDE strict")


@pytest.mark.long
def test_own_columns_stand_beside_the_others(store: Store, scored: Any, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("candidate,luck\na,1\nb,2.5\nc,\n")
    add_predictors(store, read_columns(file, lower_is_better=["luck"]))
    assert not catalogue(store)["luck"].higher_is_better
    assert add_predictors(store, [StoredPredictor("a", "luck", 7.0, 6.0, 8.0)]) == 1
    assert [(one.candidate, one.value) for one in stored_predictors(store)] == [("a", 7.0), ("b", 2.5)]
    assert predictor_names(store, CHOICE)[-1] == "luck"
    found = predictor_values(Evidence(store, CHOICE), "luck")
    assert (found["a"].ci_low, found["b"].value, set(found)) == (6.0, 2.5, {"a", "b"})
    exported = table(store, "predictors", Question()).rows
    assert ("a", "luck", 7.0, 6.0, 8.0) in exported
    assert len(exported) == len({row[:2] for row in exported}), "one value for each candidate and predictor"


def test_what_was_fitted_on_candidates_here_is_no_test_of_it(store: Store, scored: Any) -> None:
    note = f"fit.json{FITTED_ON}sft"
    rows = [
        StoredPredictor(name, "learned", float(i), note=note if name != "c" else "fit.json")
        for i, name in enumerate("abc")
    ]
    add_predictors(store, rows)
    with store.writing() as connection:
        for i, name in enumerate("abc"):
            connection.execute("insert into outcomes (candidate, outcome, score) values (?, 'sft', ?)", [name, i])
    about = catalogue(store)["learned"]
    assert (about.fitted, about.variant, about.source) == (True, True, "fit.json")
    view = correlation_view(store, CHOICE, "learned", "sft")
    assert view.predictor == "learned (fitted on some of these)"
    assert "learned was fitted on sft of 2 of these candidates: no test of it" in view.notes
    assert view.variant, "no rival of RuDE"


@pytest.mark.long
def test_a_scatter_of_each(store: Store, scored: Any) -> None:
    with store.writing() as connection:
        for i, name in enumerate("abc"):
            connection.execute("insert into outcomes (candidate, outcome, score) values (?, 'sft', ?)", [name, i])
    names = [RUDE, SIZE, "bits per byte", "RuDE Content"]
    views = correlation_views(store, CHOICE, names, ["sft"])
    alone = [correlation_view(store, CHOICE, name, "sft") for name in names]
    assert repr(views) == repr(alone)
    loss = views[names.index("bits per byte")]
    assert not loss.higher_is_better
    assert any("lower is better" in note for note in loss.notes)
    with pytest.raises(BadInput, match="no predictor 'tea leaves'"):
        correlation_view(store, CHOICE, "tea leaves", "sft")


def test_a_loss_is_turned_before_it_is_compared(store: Store, scored: Any) -> None:
    from dataclasses import replace

    from engine.correlation.predictor_outcome import CorrelationView, Point
    from engine.stats.correlation import correlate

    x = np.random.default_rng(0).normal(size=12)
    y = np.arange(12.0)

    def view(name: str, values: Any, higher: bool) -> CorrelationView:
        points = tuple(
            Point(f"m{i:02}", v, math.nan, math.nan, o) for i, (v, o) in enumerate(zip(values, y, strict=True))
        )
        return CorrelationView(name, "sft", "", math.nan, points, correlate(values, y, [""] * 12), (), higher)

    good = view("good", y + 0.1 * x, True)
    assert "cannot be told from loss" in verdict([good, view("loss", -y + 0.1 * x[::-1], False)])
    # The noise of this seed is below zero; turned, it is a rival like any other.
    assert "better than noise" in verdict([good, view("noise", -x, True)])
    bad = view("noise", x, True)
    assert "noise correlates below zero" in verdict([good, bad])
    assert "no rival" in verdict([good, replace(bad, variant=True)])


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 9), st.integers(0, 12)), min_size=1, max_size=40))
def test_a_ratio_lies_in_its_interval(rows: list[tuple[float, int, int]]) -> None:
    top, bottom, cluster = (
        np.array(column, dtype=kind)
        for column, kind in zip(zip(*rows, strict=True), (float, float, np.int32), strict=True)
    )
    found = ratio(top, bottom, cluster)
    assert found.value == pytest.approx(top.sum() / bottom.sum(), abs=1e-9)
    if len(set(cluster.tolist())) > 1:
        assert found.ci_low - 1e-9 <= found.value <= found.ci_high + 1e-9


def test_a_ratio_over_many_clusters_is_resampled() -> None:
    rng = np.random.default_rng(1)
    bottom = rng.integers(5, 50, 400).astype(float)
    top = bottom * 2 + rng.normal(0, 5, 400)
    found = ratio(top, bottom, np.arange(400, dtype=np.int32))
    error = np.sqrt(np.sum((top - found.value * bottom) ** 2)) / bottom.sum()
    assert found.method == "cluster bootstrap"
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.96 * error, rel=0.05)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one column named candidate"),
        ("name,x\na,1\n", "one column named candidate"),
        ("candidate\na\n", "a name for each column"),
        ("candidate,x,x\na,1,2\n", "stands twice"),
        ("candidate,bits per byte\na,1\n", "is computed here"),
        ("candidate,rBridge (mine)\na,1\n", "is computed here"),
        ("candidate,x\na,nan\n", "line 2, x: 'nan' is not a finite number"),
        ("candidate,x\na,1_0\n", "line 2, x"),
        ("candidate,x\na,1\na,2\n", "line 3, x: 'a' has a value further up"),
        ("candidate,x\na,1,2\n", "line 2: has 3 fields"),
        ("candidate,x\n,1\n", "line 2, candidate: is empty"),
        ("candidate,x\na,\n", "holds no values"),
        ('candidate,x\n"a,1\n', "is not CSV"),
        ("candidate,x\na\0b,1\n", "line 2, candidate: holds a NUL character"),
        ("candidate,x\0y\na,1\n", "line 1: a name holds a NUL character"),
    ],
)
def test_columns_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_columns(file)


def test_a_loss_has_to_be_a_column(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("candidate,x\na,1\n")
    with pytest.raises(BadInput, match="no column 'y'"):
        read_columns(tmp_path / "own.csv", lower_is_better=["y"])


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(b"candidate,x\n\xff,1\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read_columns(tmp_path / "own.csv")
    with pytest.raises(BadInput, match="is a folder"):
        read_columns(tmp_path)
