"""The running sum of two responses, and how tokens are cut into lines, without a screen."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.export.palette import LEVELS, level_of
from engine.layout.requests import TokenScores
from engine.results.running_difference import running_difference
from engine.results.tokens import ResponseTokens, TokenView
from screens.tokens.token_text import level_style, shown, wrapped
from screens.widgets.braille import dots

WORDS = st.lists(st.sampled_from(["peas ", "water ", "the ", "path, ", "🙂", "net\n", " "]), min_size=1, max_size=12)


def cut(words: list[str], size: int, logprobs: list[float]) -> ResponseTokens:
    text = "".join(words)
    ends = [min(len(text), end) for end in range(size, len(text) + size, size)]
    values = np.array([logprobs[i % len(logprobs)] for i in range(len(ends))], np.float32)
    scores = TokenScores(values, np.ones(len(ends), np.int32), np.zeros_like(values), np.zeros_like(values))
    return ResponseTokens(text, np.array(ends), scores)


LOGPROBS = st.lists(st.floats(-12, -(2.0**-10), width=32), min_size=1, max_size=5)


@given(WORDS, WORDS, st.integers(1, 5), st.integers(1, 5), LOGPROBS, LOGPROBS)
def test_the_sum_ends_at_the_difference_of_both(a: Any, b: Any, size_a: int, size_b: int, lp_a: Any, lp_b: Any) -> None:
    view = TokenView("p", "m", "r", cut(a, size_a, lp_a), cut(b, size_b, lp_b))
    found = running_difference(view)
    independent = math.fsum(map(float, view.chosen.scores.logprob)) - math.fsum(
        map(float, view.rejected.scores.logprob)
    )
    assert found.end == pytest.approx(independent, abs=1e-6)
    assert found.sums[0] == 0
    for read, text in ((found.chosen, view.chosen.text), (found.rejected, view.rejected.text)):
        assert (np.diff(read) >= 0).all()
        assert read[-1] == len(text)
    # At every point the sum is that of what is read, token by token.
    for point in range(0, len(found.sums), 3):
        sides = []
        for tokens, place in ((view.chosen, found.chosen[point]), (view.rejected, found.rejected[point])):
            start = total = 0.0
            for end, logprob in zip(tokens.ends, tokens.scores.logprob, strict=True):
                total += float(logprob) * min(1.0, max(0.0, place - start) / (end - start))
                start = end
            sides.append(total)
        assert found.sums[point] == pytest.approx(sides[0] - sides[1], abs=1e-6)
    if abs(found.end) > 0.2:
        side = np.sign(found.end) * found.sums
        assert (side[found.turn :] > 0.05).all()
        assert found.turn == 0 or side[found.turn - 1] <= 0.05


def test_shared_words_are_passed_together() -> None:
    before, after = ["First "], [" the beds"]
    view = TokenView(
        "p", "m", "r", cut([*before, "water", *after], 1, [-1.0]), cut([*before, "flood all", *after], 1, [-1.0])
    )
    found = running_difference(view)
    assert (found.sums[: len("First ") + 1] == 0).all()
    # The rejected response has four characters more where they part, at one nat each; afterwards nothing moves.
    assert found.sums[-len(" the beds") :] == pytest.approx(4.0)
    assert found.turn == found.point(len("First "), chosen=True)


def test_steps_of_the_tint_are_told_apart_without_colour() -> None:
    assert [level_of(math.log(p)) for p in (1.0, 0.1, 0.099, 0.01, 0.0099, 0.001, 0.0009)] == [0, 0, 1, 1, 2, 2, 3]
    assert level_of(-math.inf) == 3
    looks = [level_style(step, "#14181D", "#F0904D", "#D7DCE2") for step in range(len(LEVELS))]
    assert len({(look.bold, look.underline, look.reverse, look.italic) for look in looks}) == len(LEVELS)


PIECES = st.lists(st.text(alphabet="ab c\n🙂漢\x1b\u202e\t", max_size=9), max_size=20)


@given(PIECES, st.integers(4, 30))
def test_every_token_is_shown_once_and_fits(pieces: list[str], width: int) -> None:
    texts = shown(pieces)
    lines = wrapped(texts, width)
    seen = "".join(span.text for line in lines for span in line)
    assert seen == "".join(texts).replace("\n", "")
    assert {span.token for line in lines for span in line} == set(range(len(pieces)))
    for line in lines:
        assert sum(cell_len(span.text) for span in line) <= width
        assert [span.x for span in line] == [sum(s.width for s in line[:i]) for i in range(len(line))]
        assert not any("\x1b" in span.text or "\u202e" in span.text for span in line)


def test_lines_break_between_words() -> None:
    lines = wrapped(["pen", "guin", " walks", " home"], 10)
    assert ["".join(span.text for span in line) for line in lines] == ["penguin", " walks", " home"]


def test_the_line_of_dots_never_breaks() -> None:
    values = [0.0, 10.0, -10.0, 5.0, 5.0, -10.0]
    cells = dots(values, 3, 4, -10.0, 10.0)
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    columns = [
        [row for row in range(16) if cells[row // 4][column // 2] & bits[column % 2][row % 4]] for column in range(6)
    ]
    for rows in columns:
        assert rows == list(range(rows[0], rows[-1] + 1))
    assert 0 in columns[1]
    assert 15 in columns[2]
    for before, after in itertools.pairwise(columns):
        assert after[0] - 1 <= before[-1]
        assert before[0] <= after[-1] + 1
