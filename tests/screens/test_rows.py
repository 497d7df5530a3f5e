"""The long list makes only the lines in view."""

from __future__ import annotations

import time

from rich.text import Text
from textual.app import App, ComposeResult

from screens.widgets.rows import Rows


class Long(App[None]):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.made: list[int] = []
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield Rows(id="rows")

    def on_mount(self) -> None:
        rows = self.query_one(Rows)
        rows.show(self.count, self.line)
        rows.focus()

    def line(self, index: int, width: int) -> Text:
        self.made.append(index)
        return Text(f"line {index}")

    def on_rows_selected(self, event: Rows.Selected) -> None:
        self.chosen.append(event.index)


async def test_thirty_thousand_lines_cost_what_is_in_view() -> None:
    app = Long(30_000)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert max(app.made) < 60
        began = time.process_time()
        await pilot.press("end")
        await pilot.pause()
        assert time.process_time() - began < 2
        assert app.query_one(Rows).cursor == 29_999
        assert 29_999 in app.made
        assert len(set(app.made)) < 120
        await pilot.press("enter", "pageup", "up", "home", "enter")
        assert app.chosen == [29_999, 0]


async def test_opening_is_offered_where_there_is_a_line() -> None:
    app = Long(0)
    async with app.run_test(size=(60, 20)) as pilot:
        rows = app.query_one(Rows)

        async def offered() -> bool:
            await pilot.pause()
            return "enter" in app.screen.active_bindings

        assert not await offered()
        rows.show(3, app.line)
        assert await offered()
        rows.show(0, app.line)
        assert not await offered()


async def test_an_empty_list_takes_any_key() -> None:
    app = Long(0)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("down", "end", "enter", "pageup", "home")
        await pilot.click("#rows", offset=(2, 2))
        assert app.chosen == []


async def test_a_click_moves_and_a_second_click_opens() -> None:
    app = Long(10)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.click("#rows", offset=(2, 4))
        assert app.query_one(Rows).cursor == 4
        assert app.chosen == []
        await pilot.click("#rows", offset=(2, 4))
        await pilot.pause()
        assert app.chosen == [4]


async def test_a_line_is_made_once_until_there_is_another() -> None:
    app = Long(100)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.made.clear()
        await pilot.press("down", "down", "up")
        await pilot.pause()
        assert app.made == []
        app.query_one(Rows).refresh()
        await pilot.pause()
        assert sorted(app.made) == list(range(20))
