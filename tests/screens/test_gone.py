"""A database that goes while the app shows it: every place says so, and draws nothing of what is gone."""

from __future__ import annotations

import pytest
from waiting import until

from screens.widgets.line_list import LineList


@pytest.mark.parametrize(
    "place",
    [
        "failures",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("rankings", "correlation", "candidates", "suites")),
    ],
)
async def test_nothing_is_drawn_of_what_is_gone(garden, make_app, settle, place: str) -> None:
    app = make_app(garden, start=place)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        garden.unlink()
        if place in ("rankings", "failures"):
            await pilot.press("f5")
            await until(pilot, lambda: app.screen.has_class("-empty"))
        # As happens before the list is hidden: each is drawn once more.
        for lines in app.screen.query(LineList):
            lines.refresh()
            for y in range(3):
                lines.render_line(y)
        await settle(pilot)
