"""The matrix by keys: cells, ties, other parts, and the way to a scatter."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.correlation.by_part import matrix_view
from engine.outcomes.outcome import Outcome
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes, stored_outcomes
from rude_tui.matrix_table import print_matrix
from screens.matrix.drawing import words
from screens.matrix.state import MatrixData, MatrixState, Window

NAMES = ("oak-7m", "birch-3m", "alder-1m", "moss-200k")


@pytest.fixture
def measured(garden: Path) -> Path:
    """Two outcomes of every candidate, tied to nothing."""
    for outcome in ("exam", "essay"):
        bent = 0.05 if outcome == "exam" else 0.0
        scores = [Outcome(name, outcome, 0.1 * n + bent * (n % 2)) for n, name in enumerate(NAMES)]
        add_outcomes(Store(garden), scores)
    return garden


@pytest.mark.long
async def test_an_outcome_is_tied_and_its_scatter_opened(measured: Path, make_app, settle, screen_text) -> None:
    app = make_app(measured, start="correlation")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await pilot.press("M")
        await settle(pilot)
        text = screen_text(app)
        assert "RuDE by domain against outcomes" in text
        assert "more" not in next(line for line in text.splitlines() if "RuDE by domain" in line)
        assert "No outcome is tied to a domain" in text
        await pilot.press("right")
        await settle(pilot)
        assert "garden × exam" in screen_text(app)
        await pilot.press("ampersand")
        await settle(pilot)
        await pilot.press(*"kitchen", "enter")
        await settle(pilot)
        assert {one.outcome: one.domain for one in stored_outcomes(Store(measured))}["exam"] == "kitchen"
        assert "▸" in screen_text(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "exam · against RuDE kitchen (garden, " in screen_text(app)


def test_nobody_is_told_to_tie_an_outcome_to_a_number(measured: Path) -> None:
    """An outcome is of a domain or a category; by numbers of violations there is no diagonal to speak of."""
    view = matrix_view(Store(measured), Question(), by="violations", resamples=50)
    data = MatrixData(view, ("violations",))
    said = str(words(data, data.rows[0][0], str))
    assert "An outcome is not of a number of violations" in said
    assert "ties the one" not in said
    assert "own number" not in said


def test_nor_by_a_command(measured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_matrix(matrix_view(Store(measured), Question(), by="violations", resamples=50))
    told = capsys.readouterr()
    assert "own number" not in told.out + told.err
    assert "note: an outcome is not of a number of violations: nothing is on a diagonal" in told.err


@pytest.mark.long
async def test_the_published_matrix_by_keys(garden: Path, make_app, settle, screen_text) -> None:
    """A database without outcomes leads to the study's points; b and t have nothing to do there."""
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("M", "O")
        await settle(pilot)
        text = screen_text(app)
        for printed in ("▸ .91∗", "▸ .80∗", "▸ .67", "▸ .62"):
            assert printed in text
        await pilot.press("tilde")
        await settle(pilot)
        assert "Spearman" in screen_text(app)
        await pilot.press("ampersand", "enter")
        await settle(pilot)
        assert "published study" in screen_text(app)


async def test_outcomes_out_of_view_are_said_to_be_there(measured: Path, make_app, settle, screen_text) -> None:
    for number in range(9):
        add_outcomes(Store(measured), [Outcome(name, f"test {number}", 0.1 * n) for n, name in enumerate(NAMES)])
    app = make_app(measured, start="correlation")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("M")
        await settle(pilot)
        assert "← → " in next(line for line in screen_text(app).splitlines() if "RuDE by domain" in line)


def test_the_column_under_the_cursor_is_in_view() -> None:
    for columns in (1, 4, 40):
        for cursor in range(columns):
            window = Window.fitting(60, ["a part", "another"], ["outcome"] * columns, cursor)
            assert window.first <= cursor < window.first + window.count <= columns
            assert window.name + 2 + sum(window.widths) <= 60


def test_nothing_moves_in_no_matrix() -> None:
    state = MatrixState()
    state.move(1)
    state.next_grouping()
    assert (state.cell, state.column) == (None, 0)
