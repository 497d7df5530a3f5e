"""What has been closed is let go of, with all that it drew: an app stays open for days."""

from __future__ import annotations

import gc
import weakref

import pytest
from textual.widget import Widget
from waiting import until

from screens.shell.place import Place


@pytest.mark.parametrize(("start", "keys"), [("suites", ("enter",)), ("failures", ("f1",))])
async def test_a_closed_screen_is_let_go_of(garden, make_app, settle, start: str, keys: tuple[str, ...]) -> None:
    app = make_app(garden, start=start)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await settle(pilot)
        assert isinstance(app.screen, Place) is (start == "suites")
        opened: list[Widget] = [app.screen, *app.screen.query("*")]
        kept = [weakref.ref(part) for part in opened]
        drawn = [weakref.ref(part._styles_cache) for part in opened]
        del opened
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await settle(pilot)

        def gone() -> bool:
            gc.unfreeze()  # the app itself sets aside what was left after its last search, and so does this
            gc.collect()
            return not any(held() is not None for held in (*kept, *drawn))

        await until(pilot, gone)
