"""What a decision rests on, as text: figures stand below each other whatever the names are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from screens.rankings.reasons import reasons_text
from screens.rankings.state import read_standings
from screens.shell.session import Session


def test_wide_names_shift_nothing(garden: Path) -> None:
    standings = read_standings(Session(store_path=garden))
    assert standings.advice is not None
    *others, last = standings.advice.rivals
    advice = replace(standings.advice, rivals=(*others, replace(last, b="模型-七")))
    lines = reasons_text(standings, advice, lambda _: "").plain.splitlines()
    rows = [line for line in lines if " to " in line and "(" in line and not line.startswith(("Not", "·"))]
    assert len(rows) == 1 + len(others)
    assert len({cell_len(row.partition("(")[0]) for row in rows}) == 1


def test_what_it_rests_on_is_said_by_what_settled_it(garden: Path) -> None:
    standings = read_standings(Session(store_path=garden))
    advice = standings.advice
    assert advice is not None

    def last(state: Any) -> str:
        now = replace(advice, pick=replace(advice.pick, state=state))
        return reasons_text(standings, now, lambda _: "").plain.splitlines()[-1]

    assert "paired tests" in last("take")
    assert "paired tests" in last("tie")
    assert "interval beside chance" in last("chance")


@pytest.mark.long
async def test_weights_are_followed_as_they_are_typed_and_saved(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    kept: dict[str, object] = {}
    app.session.remember = kept.__setitem__
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("w")
        app.screen.query_one(Input).value = "product: Control 3"
        await settle(pilot)
        assert app.session.ranking().leading.name == "Control 100 %"
        await pilot.press(*", Content 1", "enter")
        await settle(pilot)
        assert "weights: Control 75 %, Content 25 %" in screen_text(app)
        assert kept == {"weights": {"product": "Control 75 %, Content 25 %"}}
        # What cannot be read stays to be mended, and what was shown stays shown.
        await pilot.press("w")
        app.screen.query_one(Input).value = "Kontrol 1"
        await pilot.press("enter")
        assert "no part of this suite" in screen_text(app)
        app.screen.query_one(Input).value = "product"
        await pilot.press("enter")
        await settle(pilot)
        assert "weights: Control 75 %, Content 25 %" in screen_text(app)
        # Given up, what was only tried is forgotten; with nothing typed all pairs count the same again.
        await pilot.press("w")
        app.screen.query_one(Input).value = "Control 1"
        await pilot.pause()
        assert str(app.session.question().weights) == "Control 100 %"
        await pilot.press("escape")
        await settle(pilot)
        assert "weights: Control 75 %, Content 25 %" in screen_text(app)
        await pilot.press("w")
        app.screen.query_one(Input).value = ""
        await pilot.press("enter")
        await settle(pilot)
        assert not app.session.ranking().weighted
