"""The scatter by keys: what it says without outcomes, what a point leads to, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
from taking import take_away
from textual.widgets import Input
from waiting import until

from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes


@pytest.mark.long
async def test_a_point_leads_to_its_failures_and_what_is_none_of_ones_own_says_so(
    garden, make_app, settle, screen_text
) -> None:
    names = ("moss-200k", "alder-1m", "birch-3m", "oak-7m")
    add_outcomes(Store(garden), [Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(names)])
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "No outcomes of your own yet" not in screen_text(app)
        name = app.screen.state.data.points[-1].name
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.current_mode == "failures")
        assert app.session.subject == name
        await pilot.press("4", "O")
        await settle(pilot)
        await pilot.press("left", "enter")
        await settle(pilot)
        assert app.current_mode == "correlation"


@pytest.mark.long
async def test_without_outcomes_it_says_what_to_bring_over_the_ladder_in_words(
    tmp_path, make_app, settle, screen_text
) -> None:
    app = make_app(tmp_path / "new.duckdb", start="correlation")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "An example. Press a to add your own outcomes, measured after" in text
        assert "↑ criteria met after RL, held-out families" in text
        assert "rl_met" not in text
        await pilot.press("Y")
        await settle(pilot)
        assert "criteria met after RL, held-out families  (rl_met)" in screen_text(app)


@pytest.mark.long
async def test_a_point_is_left_out_and_a_family_lifted(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        whole = app.screen.state.data.view.statistics
        line = app.screen.state.data.line()
        await pilot.press("left")
        await settle(pilot)
        name = app.screen.state.data.points[-1].name
        assert f"{name}  x " in screen_text(app)
        await pilot.press("l")
        await settle(pilot)
        text = screen_text(app)
        (left,) = [one for one in whole.leave_one_out if one.name == name]
        assert f"without it: r {left.pearson:.2f}".replace("0.", ".") in text
        assert f"n = {whole.n - 1}" in text
        assert "○" in text
        known = [point for point in app.screen.state.data.points if point.name != name]
        refit = np.polyfit([point.x for point in known], [point.y for point in known], 1)
        assert app.screen.state.data.line(name).slope == pytest.approx(refit[0])
        assert app.screen.state.data.line(name).slope != pytest.approx(line.slope)
        await pilot.press("l", "h", "down", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "○" not in text
        family, members = next(iter(app.screen.state.data.families.items()))
        assert f"◆ {family}, {members} of {whole.n}" in text
        assert "without them: r" in text
        assert text.count("◆") >= 2


@pytest.mark.long
@pytest.mark.parametrize(("place", "ending"), [("correlation", "svg"), ("rankings", "svg"), ("rankings", "png")])
async def test_a_figure_is_written_where_the_ending_asks_for_one(
    garden, make_app, settle, tmp_path, place: str, ending: str
) -> None:
    names = ("moss-200k", "alder-1m", "birch-3m", "oak-7m")
    add_outcomes(Store(garden), [Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(names)])
    app = make_app(garden, start=place)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        if place == "rankings":
            await pilot.press("slash")
            await pilot.pause()
            app.screen.query_one(Input).value = "oak"
            await pilot.press("enter")
            await settle(pilot)
        await take_away(pilot, settle, tmp_path / f"figure.{ending}")
    drawn = (tmp_path / f"figure.{ending}").read_bytes()
    assert drawn.startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    if ending == "svg":
        assert b"oak-7m" in drawn
        assert (b"birch-3m" in drawn) is (place == "correlation"), "the filter holds for the figure too"
