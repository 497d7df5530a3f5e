"""What is read ahead arrives before a screen's first layout, when no width is right yet."""

from __future__ import annotations

import pytest

from screens.correlation.state import Axes, read_scatter
from screens.rankings.state import read_standings


@pytest.mark.long
@pytest.mark.parametrize("size", [(160, 48), (250, 70)], ids=["160x48", "250x70"])
async def test_screens_are_drawn_first_as_they_are_after_a_resize(garden, make_app, settle, screen_text, size) -> None:
    app = make_app(garden, start="failures")
    read_standings(app.session)
    read_scatter(app.session, Axes(source="published"))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in (["3"], ["4", "o"], ["2"], ["1"], ["6"], ["n"], ["5", "enter"], ["escape", "t"]):
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            first = screen_text(app)
            for other in ((100, 30), size):
                await pilot.resize_terminal(*other)
                await settle(pilot)
            assert screen_text(app) == first


@pytest.mark.long
async def test_a_screen_that_was_not_in_front_is_drawn_for_the_size_it_comes_back_to(
    garden, make_app, settle, screen_text
) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        first = screen_text(app)
        assert "▸ RuDE accuracy" in first
        await pilot.press("5")
        await settle(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        await pilot.press("5")
        await pilot.resize_terminal(160, 48)
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert screen_text(app) == first
