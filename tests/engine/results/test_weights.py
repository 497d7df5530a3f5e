"""Weights on parts of a suite: the values of a plain loop, one decision everywhere, and what cannot be weighed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import rude_tui.api as rude
from engine.results.board import Question, load_board
from engine.results.comparison import compare_candidates
from engine.results.controls import control_table
from engine.results.rankings import rankings, rankings_of
from engine.results.recommendation import recommend
from engine.results.weights import Weights, read_weights
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]


def won(margin: tuple[float, float]) -> float:
    total = margin[0] + margin[1]
    return 0.5 if total == 0 else float(total > 0)


def test_a_value_is_the_shares_of_the_values_of_the_parts(
    store: Store, suite: Suite, add_run: Callable[..., Margins]
) -> None:
    # The second has not scored all: parts are what both have.
    margins = {"a": add_run("a"), "b": add_run("b", skip=7)}
    both = set(margins["a"]) & set(margins["b"])
    table = rankings(store, Question(weights=read_weights("d1 3, d0 1")), resamples=200)
    for candidate, own in margins.items():
        parts = {
            domain: [won(own[pair.id]) for pair in suite.scored if pair.domain == domain and pair.id in both]
            for domain in ("d0", "d1")
        }
        wanted = sum(share * sum(parts[name]) / len(parts[name]) for name, share in (("d0", 0.25), ("d1", 0.75)))
        (row,) = (row for row in table.overall.rows if row.candidate == candidate)
        assert row.value == pytest.approx(wanted, abs=1e-6)
        assert row.ci_low <= row.value <= row.ci_high
    assert list(table.scopes)[:2] == ["d1 75 %, d0 25 %", "overall"]
    assert any("d1 75 %, d0 25 %" in note for note in table.notes)


def test_pairs_of_several_subcategories_belong_to_each_in_part(
    store: Store, suite: Suite, add_run: Callable[..., Margins]
) -> None:
    own = add_run("a")
    names = sorted({str(name) for pair in suite.scored for name in pair.subcategories})
    table = rankings(store, Question(weights=read_weights(", ".join(f"{name} 1" for name in names))), resamples=200)
    values = []
    for name in names:
        part = [(1 / len(pair.subcategories), won(own[pair.id])) for pair in suite.scored if name in pair.subcategories]
        values.append(sum(weight * score for weight, score in part) / sum(weight for weight, _ in part))
    assert table.overall.rows[0].value == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_ranking_comparison_and_recommendation_go_by_the_same_weights(
    store: Store, add_run: Callable[..., Margins]
) -> None:
    for name in ("a", "b", "c"):
        add_run(name)
    question = Question(weights=read_weights("Competence 20, Control 80"))
    board = load_board(store, question)
    table = rankings_of(board, question, resamples=200)
    advice = recommend(store, board, table, control_table(store, board))
    first, second = (row.candidate for row in table.overall.rows[:2])
    (compared,) = list(compare_candidates(board, first, second, weights=question.weights).values())[:1]
    rows = {row.candidate: row.value for row in table.overall.rows}
    assert compared.difference == pytest.approx(rows[first] - rows[second], abs=1e-6)
    (duel,) = (duel for duel in table.overall.duels if {duel.a, duel.b} == {first, second})
    assert (compared.p_value, compared.p_adjusted) == (duel.p_value, duel.p_adjusted)
    assert advice.pick.leaders[0] == first


def test_equal_weights_on_equal_parts_change_nothing(store: Store, add_run: Callable[..., Margins]) -> None:
    add_run("a")
    add_run("b")
    plain = rankings(store, Question(by="domain"), resamples=200).overall
    weighed = rankings(store, Question(by="domain", weights=read_weights("d0 1, d1 1")), resamples=200).overall
    for one, other in zip(plain.rows, weighed.rows, strict=True):
        assert (one.candidate, one.rank) == (other.candidate, other.rank)
        assert (one.value, one.ci_low, one.p_adjusted) == pytest.approx((other.value, other.ci_low, other.p_adjusted))


@pytest.mark.parametrize("text", ["Control 60, Content 40", " control=.6,content = .4", "Control: 3, Content: 2 "])
def test_as_people_write_them(text: str) -> None:
    assert [round(share, 6) for _, share in read_weights(text).shares] == [0.6, 0.4]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not a part"),
        ("Control", "not a part"),
        ("Control 60; Content", "not a part"),
        ("Control -1", "from 0"),
        ("Control 1e999", "from 0"),
        ("Control 0, Content 0", "all weights are 0"),
        ("Control 1, control 2", "two weights"),
        ("Control 1e308, Content 1e308", "too large"),
    ],
)
def test_what_are_no_weights(text: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read_weights(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [("Kontrol 1", "no part of this suite"), ("Control 1, d0 1", "different levels")],
)
def test_weights_on_what_is_not_there(store: Store, add_run: Callable[..., Margins], text: str, what: str) -> None:
    add_run("a")
    with pytest.raises(BadInput, match=what):
        rankings(store, Question(weights=read_weights(text)), resamples=200)


def test_they_name_themselves() -> None:
    assert str(Weights((("a", 2 / 3), ("b", 1 / 3)))) == "a 66.7 %, b 33.3 %"


@pytest.mark.long
def test_the_api_weighs_as_the_command_does(store: Store, add_run: Callable[..., Margins]) -> None:
    for name in ("a", "b"):
        add_run(name)
    told = rude.rankings(rude.open_store(store.path), weights="Competence 20, Control 80")
    (leading, *_) = rankings(store, Question(weights=read_weights("Competence 20, Control 80"))).scopes.values()
    assert [(row.candidate, row.value) for row in told.scope("Competence 20 %, Control 80 %")] == [
        (row.candidate, row.value) for row in leading.rows
    ]
    assert rude.decision(rude.open_store(store.path), weights="Control 1").reasons[0].endswith("weights: Control 100 %")
