"""From a ranking to the token on which two candidates part, by keys alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.results.board import Question, load_board
from engine.results.comparison import differing_pairs
from engine.results.side_by_side import Step, Wanted, side_by_side
from engine.results.tokens import token_view
from engine.store.connection import Store
from screens.duel.lines import piece_width, step_heading, step_line
from screens.duel.screen import DuelScreen
from screens.shell.jump import LETTERS
from screens.widgets.rows import Rows


@pytest.fixture
def scored(garden, keep_tokens):
    for name in ("oak-7m", "moss-200k"):
        keep_tokens(garden, name)
    return garden


def _letter_of(app, part: str) -> str:
    """The letter that jump mode lays on a line of the focused list."""
    lines = [str(app.screen.focused.line(number, 80)) for number in range(app.screen.focused.count)]
    return LETTERS[next(number for number, line in enumerate(lines) if part in line)]


def test_what_was_wanted_has_the_cells_that_short_tokens_leave() -> None:
    wanted = Wanted(" and", -0.5), Wanted(" not", -0.1)
    step = Step("chosen", 0, " in", -16.82, -5.45, 11.36, *wanted)
    piece = piece_width([step])
    line = step_line(step, 58, piece, lambda name: "red").plain
    assert line.endswith("A “␣and” 61%  B “␣not” 90%")
    assert len(line) <= 58
    assert line.index("−16.82") + 6 == step_heading(58, piece).index("A") + 1
    assert piece_width([replace(step, text="antidisestablishmentarian")]) == 16


async def test_why_a_lost_to_b_on_format_takes_five_keys(scored, make_app, settle, screen_text) -> None:
    app = make_app(scored)
    pressed = []
    async with app.run_test(size=(120, 36)) as pilot:

        async def press(key: str) -> None:
            pressed.append(key)
            await pilot.press(key)
            await settle(pilot)

        await settle(pilot)
        await press("end")
        await press("c")
        assert "A  oak-7m" in screen_text(app)
        assert "B  moss-200k" in screen_text(app)
        letter = _letter_of(app, "Format")
        await press("apostrophe")
        await press(letter)
        await press("enter")
        assert len(pressed) == 5
        assert isinstance(app.screen, DuelScreen)
        store = Store(scored)
        board = load_board(store, Question())
        pairs = differing_pairs(board, "oak-7m", "moss-200k", by="subcategory", part="Format")
        assert pairs
        assert [pair.pair_id for pair in app.screen.state.pairs] == [pair.pair_id for pair in pairs]
        views = (token_view(store, board, name, pairs[0].pair_id) for name in ("oak-7m", "moss-200k"))
        (step, *_) = side_by_side(*views).steps
        text = screen_text(app)
        (line,) = [line for line in text.splitlines() if f"{step.swing:+.2f}".replace("-", "−") in line]
        assert step.text.strip() in line


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_pairs_and_tokens_of_a_duel_are_walked(scored, make_app, settle, screen_text, size) -> None:
    app = make_app(scored)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("end", "c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        screen = app.screen
        everything = list(screen.state.everything)
        await pilot.press("A")
        await settle(pilot)
        assert screen.query_one("#pairs", Rows).count == sum(pair.score_a > pair.score_b for pair in everything)
        await pilot.press("B")
        await settle(pilot)
        assert screen.query_one("#pairs", Rows).count == sum(pair.score_a < pair.score_b for pair in everything)
        await pilot.press("B", "down")
        await settle(pilot)
        assert screen.state.read.pair_id == everything[1].pair_id
        await pilot.press("tab", "down", "y")
        assert app.clipboard.startswith("side\ttext")
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert f"2 of {len(everything)}" in screen_text(app)
        await pilot.press("n", "escape", "t")
        await settle(pilot)
        assert f"3 of {len(everything)}" in screen_text(app)
        await pilot.press("escape", "f")
        await settle(pilot)
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert app.current_mode == "rankings"


async def test_without_token_scores_it_is_said_whose_are_missing(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("end", "c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(app)
        assert "oak-7m has no token scores of this pair" in text
        assert "s score it now" in text
        assert "A − B" in text


@pytest.mark.long
async def test_jump_mode_goes_to_widgets_and_gives_up_on_other_keys(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        rows = app.screen.query_one("#pairs", Rows)
        assert rows.has_focus
        await pilot.press("apostrophe", "s")
        await settle(pilot)
        assert rows.cursor == 1
        await pilot.press("apostrophe", "escape")
        await settle(pilot)
        assert rows.cursor == 1
        await pilot.press("apostrophe", LETTERS[rows.count])
        await settle(pilot)
        assert app.screen.query_one("#tree").has_focus
        await pilot.press("apostrophe", "d")
        await settle(pilot)
        assert app.screen.query_one("#tree").cursor_line == 2
        await pilot.press("f10")
        await settle(pilot)
        assert app.screen.maximized is not None
        assert app.screen.query_one("#tree").size.width > 100
        await pilot.press("f10")
        await settle(pilot)
        assert app.screen.maximized is None
        # A list alone would stand without the names of its columns.
        for place, heading in (("3", "rank"), ("5", "margin")):
            await pilot.press(place)
            await settle(pilot)
            app.screen.query_one(Rows).focus()
            await pilot.press("f10")
            await settle(pilot)
            assert screen_text(app).splitlines()[0].split()[0].startswith(heading)
            await pilot.press("f10")
        await pilot.press("3", "M")
        await settle(pilot)
        await pilot.press("f10")
        await settle(pilot)
        assert screen_text(app).splitlines()[0].split()[0].startswith("over")
