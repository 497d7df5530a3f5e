"""Two candidates on the same pairs and tokens, against plain loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.layout.requests import TokenScores
from engine.results.board import Question, load_board
from engine.results.comparison import differing_pairs, relation
from engine.results.side_by_side import side_by_side
from engine.results.tokens import ResponseTokens, TokenView
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]


def made(text: str, ends: list[int], logprobs: list[float], wanted: tuple[str, ...] = ()) -> ResponseTokens:
    values = np.array(logprobs, np.float32)
    margin = np.array([0.25 if text else 0.0 for text in wanted or [""] * len(ends)], np.float32)
    scores = TokenScores(values, np.ones(len(values), np.int32), np.zeros_like(values), margin, wanted=wanted)
    return ResponseTokens(text, np.array(ends), scores)


def view(name: str, chosen: ResponseTokens, rejected: ResponseTokens) -> TokenView:
    return TokenView("p", name, f"{name}-run", chosen, rejected)


def test_steps_are_what_both_read_in_whole_tokens_and_add_up() -> None:
    # The first reads “ab c|d”, the second “a|b c|d”: both end a token at 4 and at 5 of the chosen one.
    a = view("a", made("ab cd", [2, 4, 5], [-1, -2, -0.5], ("", " d", "")), made("xy", [1, 2], [-3, -1]))
    b = view("b", made("ab cd", [1, 4, 5], [-0.5, -1, -4], ("b", "", "e")), made("xy", [2], [-2]))
    found = side_by_side(a, b)
    steps = {(step.side, step.start, step.text): step for step in found.steps}
    assert set(steps) == {("chosen", 0, "ab c"), ("chosen", 4, "d"), ("rejected", 0, "xy")}
    first, second, third = (steps[key] for key in sorted(steps))
    assert (first.a, first.b, first.swing) == (-3, -1.5, -1.5)
    assert (second.a, second.b, second.swing) == (-0.5, -4, 3.5)
    assert (third.a, third.b, third.swing) == (-4, -2, 2)
    assert [step.swing for step in found.steps] == [3.5, 2, -1.5]
    assert first.wanted_a is None
    assert first.wanted_b is not None
    assert (first.wanted_b.text, first.wanted_b.logprob) == ("b", pytest.approx(math.log(0.25 + math.exp(-0.5))))
    assert second.wanted_b is not None
    assert second.wanted_b.text == "e"
    assert third.wanted_a is None
    assert sum(step.swing for step in found.steps) == pytest.approx(found.gap)
    assert found.gap == pytest.approx((-3.5 + 4) - (-5.5 + 2))
    assert found.curve_a.chosen[found.point_of(second)] == 5
    with pytest.raises(ValueError, match="different texts"):
        side_by_side(a, replace(b, chosen=made("ab ce", [5], [-1])))


def test_pairs_that_differ_are_those_of_a_loop(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    margins = {name: add_run(name) for name in ("a", "b", "c")}
    board = load_board(store, Question())
    means = {name: {pair: (m[0] + m[1]) / 2 for pair, m in row.items()} for name, row in margins.items()}
    for part in ("", "Format"):
        expected = [
            (pair.id, means["a"][pair.id] - means["b"][pair.id])
            for pair in suite.scored
            if np.sign(means["a"][pair.id]) != np.sign(means["b"][pair.id])
            and (not part or part in map(str, pair.subcategories))
        ]
        expected.sort(key=lambda entry: (-abs(entry[1]), entry[0]))
        found = differing_pairs(board, "a", "b", by="subcategory", part=part)
        assert [pair.pair_id for pair in found] == [pair_id for pair_id, _ in expected]
        assert [pair.gap for pair in found] == pytest.approx([gap for _, gap in expected])
        assert all({pair.score_a, pair.score_b} <= {0.0, 0.5, 1.0} for pair in found)
    assert expected
    with pytest.raises(BadInput, match="no pair is in"):
        differing_pairs(board, "a", "b", by="domain", part="nowhere")


def test_what_two_entrants_are_to_each_other(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    add_run("a")
    add_run("a", precision="int8")
    add_run("b")
    board = load_board(store, Question())
    first, second, other = board.entrants
    assert relation(first, second) == "the same weights, fp32 against int8"
    assert relation(first, other) == ""
    run = replace(first.run, config_hash="c")
    checkpoints = replace(first, run=run), replace(other, run=replace(other.run, config_hash="c"))
    assert relation(*checkpoints).startswith("two checkpoints")
    assert relation(first, replace(first, run=run)) == "the same weights, other files beside"
