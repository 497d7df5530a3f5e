"""Answers as typed rows: the rows that are exported, and numbers that can be counted again from the verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.export.answers import correlation, decision, ranking, table_of
from engine.export.rows import FailureRow, VerdictRow
from engine.export.tables import table
from engine.results.board import Question
from engine.store.connection import Store

QUESTION = Question(protocol="likelihood")


@pytest.fixture(scope="module")
def store(study: Callable[..., Store]) -> Store:
    return study(4)


@pytest.mark.long
def test_rows_are_those_of_the_export(store: Store) -> None:
    for what, kind in (("verdicts", VerdictRow), ("failures", FailureRow)):
        exported = table(store, what, QUESTION)
        answer = table_of(store, kind, QUESTION)
        assert list(answer.columns) == list(exported.columns)
        assert [tuple(row) for row in answer] == [tuple(row) for row in exported.rows]
        assert {type(row) for row in answer} == {kind}


def test_a_ranking_has_the_accuracy_that_its_verdicts_give(store: Store) -> None:
    """One pair is excluded there, `p00`."""
    answer = ranking(store, QUESTION)
    verdicts = table_of(store, VerdictRow, QUESTION)
    for row in answer.scope("overall"):
        own = [v.per_byte for v in verdicts if v.candidate == row.candidate and v.pair_id != "p00"]
        assert len(own) == row.n_pairs == 23
        assert row.value == pytest.approx(math.fsum(filter(None, own)) / len(own))


def test_a_decision_says_in_rows_what_it_says_in_words(store: Store) -> None:
    answer = decision(store, QUESTION)
    assert (answer.take is None) == all(row.standing != "take" for row in answer)
    assert {row.headline for row in answer} == {answer.headline}
    assert set(answer.leaders) <= {row.candidate for row in answer}


def test_over_families_a_correlation_is_that_of_the_families(store: Store) -> None:
    over = replace(QUESTION, over="families")
    told = correlation(store, over, "RuDE accuracy", "rl_met", source="ladder")
    plain = correlation(store, QUESTION, "RuDE accuracy", "rl_met", source="ladder")
    assert [row.value for row in told] == [row.value for row in plain]
    # The ladder has three families: no interval, and p by turning three signs.
    assert [row.ci_low for row in told] == [None] * 3
    assert {row.p_value for row in told} <= {2 / 8, 4 / 8, 6 / 8, 1.0}


def test_a_correlation_comes_with_its_points(store: Store) -> None:
    answer = correlation(store, QUESTION, "RuDE accuracy", "sft <i>")
    assert [row.statistic for row in answer] == ["pearson", "spearman", "kendall"]
    known = {point.candidate: point for point in answer.points if point.y is not None}
    assert {row.n for row in answer} == {len(known)} == {3}
    values = {row.candidate: row.value for row in ranking(store, QUESTION).scope("overall")}
    assert all(point.x == values[name] for name, point in known.items())
