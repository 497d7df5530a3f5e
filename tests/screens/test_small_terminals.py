"""In a terminal of 40 by 12 cells every screen shows what its keys act on, and nothing is cut without a sign."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from screens.construct.command import FIELDS
from screens.shell.dialogs import Confirm
from screens.widgets.rows import Rows
from screens.widgets.table import Table

SMALL = (40, 12)
OUTCOMES = [
    Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(("moss-200k", "alder-1m", "birch-3m", "oak-7m"))
]


def _list_of(app: Any) -> Any:
    """The list that has the focus."""
    assert isinstance(app.focused, (Rows, Table))
    return app.focused


async def _open(app: Any, pilot: Any, settle: Any, keys: str) -> None:
    for key in keys.split():
        await pilot.press(key)
        await settle(pilot)


@pytest.mark.long
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("1", id="candidates"),
        pytest.param("3", id="rankings"),
        pytest.param("5", id="failures"),
        pytest.param("3 space down space c", id="compare", marks=pytest.mark.long),
        pytest.param("5 T", id="trial", marks=pytest.mark.long),
        pytest.param("5 T percent_sign", id="short suite", marks=pytest.mark.long),
        pytest.param("2 semicolon", id="stored runs", marks=pytest.mark.long),
    ],
)
async def test_the_list_that_keys_act_on_is_seen(garden, make_app, settle, screen_text, keys: str) -> None:
    app = make_app(garden, start="suites")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await _open(app, pilot, settle, keys)
        shown = _list_of(app)
        # As much as the screen draws of it; what it takes of a larger part does not count.
        region = app.screen.find_widget(shown).visible_region
        assert region.height >= 3
        await pilot.press("down", "down")
        await settle(pilot)
        row = shown.cursor - shown.scroll_offset.y if isinstance(shown, Rows) else shown.cursor_row + 1
        assert row < region.height


async def test_a_line_that_finds_no_room_ends_in_an_ellipsis(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert screen_text(app).splitlines()[1].endswith("…")


async def test_bars_end_inside_the_screen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for keys in ("", "space down space c"):
            await _open(app, pilot, settle, keys)
            bars = [line for line in screen_text(app).splitlines() if re.search("[├┤]", line) and "chance" not in line]
            assert len(bars) >= 3
            assert not [line for line in bars if line.endswith("…")]


async def test_a_scale_keeps_to_its_line(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await _open(app, pilot, settle, "enter")
        lines = [line for line in screen_text(app).splitlines() if "◆" in line and "─" in line]
        assert len(lines) == 4
        assert all(re.search("[✓✗½] *[▁-█]?$", line) for line in lines)


@pytest.mark.long
async def test_the_side_with_the_focus_is_in_view(garden, keep_tokens, make_app, settle, screen_text) -> None:
    keep_tokens(garden, "oak-7m")
    app = make_app(garden, start="failures")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await _open(app, pilot, settle, "enter t")
        assert "✓ Chosen" in screen_text(app)
        await _open(app, pilot, settle, "tab")
        assert "✗ Rejected" in screen_text(app)
        assert "✓ Chosen" not in screen_text(app)


@pytest.mark.long
async def test_numbers_take_the_room_that_is_too_small_for_a_plot(garden, make_app, settle, screen_text) -> None:
    add_outcomes(Store(garden), OUTCOMES)
    app = make_app(garden, start="correlation")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for symbol in "rρτ":
            assert re.search(rf"^ {symbol} .*n = \d", screen_text(app), re.MULTILINE)
        await _open(app, pilot, settle, "right")
        assert f"{app.screen.state.data.points[0].name}  x " in screen_text(app)


async def test_what_is_chosen_and_what_is_planned_stand_below_each_other(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "No candidate is marked" in screen_text(app)
        assert "[✓]" in screen_text(app)


@pytest.mark.long
async def test_a_pane_opened_later_has_its_columns(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await _open(app, pilot, settle, "semicolon")
        assert re.search(r"✓ done +\S+ +(choice|likelihood)", screen_text(app))


@pytest.mark.long
@pytest.mark.parametrize(
    ("open_it", "says"),
    [
        (lambda app: app.screen.run_action("screen.order"), "esc cancel"),
        (lambda app: app.push_screen(Confirm("Sure?", "\n".join(f"line {n}" for n in range(40)))), "n or esc no"),
    ],
    ids=["a choice", "a question"],
)
async def test_a_dialog_says_how_to_leave_it(
    garden, make_app, settle, screen_text, open_it: Callable[[Any], Any], says: str
) -> None:
    app = make_app(garden)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await open_it(app)
        await pilot.pause()
        assert says in screen_text(app)


@pytest.mark.long
async def test_every_line_of_a_form_can_be_seen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="suites")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await _open(app, pilot, settle, "K s")
        for field in FIELDS:
            assert field.label.strip()[:14] in screen_text(app)
            assert "esc cancel" in screen_text(app)
            await pilot.press("down")
            await pilot.pause()
