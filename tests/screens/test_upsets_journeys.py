"""Upsets by keys: what came of them, and the way to a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from screens.upsets.state import Columns

CANDIDATES = (("oak-7m", 7_000_000, 0.0), ("birch-3m", 3_100_000, 1.2), ("alder-1m", 1_000_000, 1.0))


@pytest.mark.long
async def test_an_upset_is_compared(tmp_path: Path, fill, garden_suite, make_app, settle, screen_text) -> None:
    store = Store(tmp_path / "rude.duckdb")
    fill(store, garden_suite, candidates=CANDIDATES)
    add_outcomes(store, [Outcome(name, "exam", score) for name, score in (("oak-7m", 0.4), ("birch-3m", 0.6))])
    app = make_app(store.path, start="correlation")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("U")
        await settle(pilot)
        text = screen_text(app)
        assert "in 2 of 3 pairs of unlike size the smaller is ahead" in text
        (line,) = (line for line in text.splitlines() if line.startswith(" birch-3m"))
        assert "oak-7m" in line
        assert line.endswith("✓ +0.200")
        assert "exam: 1 of 1 upsets came true" in text
        await pilot.press("enter")
        await settle(pilot)
        assert "A  birch-3m" in screen_text(app)


async def test_every_outcome_can_be_reached(tmp_path: Path, fill, garden_suite, make_app, settle, screen_text) -> None:
    store = Store(tmp_path / "rude.duckdb")
    fill(store, garden_suite, candidates=CANDIDATES)
    for number in range(8):
        scores = (("oak-7m", 0.4), ("birch-3m", 0.5 + number / 100))
        add_outcomes(store, [Outcome(name, f"exam {number}", score) for name, score in scores])
    app = make_app(store.path, start="correlation")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("U")
        await settle(pilot)
        text = screen_text(app)
        (line,) = (line for line in text.splitlines() if "smaller  " in line)
        (brief,) = (line for line in text.splitlines() if "unlike size" in line)
        assert "exam 0" in line
        assert "exam 7" not in line
        assert "← → " in brief
        assert "more outcomes" in brief
        await pilot.press(*["right"] * 12)
        await settle(pilot)
        text = screen_text(app)
        (line,) = (line for line in text.splitlines() if "smaller  " in line)
        assert "exam 7" in line
        assert "exam 0" not in line
        (upset,) = (line for line in text.splitlines() if line.startswith(" birch-3m"))
        assert upset.endswith("✓ +0.170")
        assert "p (Holm)" in line


@pytest.mark.parametrize("room", [60, 80, 120, 200])
def test_a_line_fits(room: int) -> None:
    for names, outcomes in ((8, 0), (24, 1), (40, 9)):
        columns = Columns.fitting(room, names, outcomes)
        width = 2 * (columns.name + 8) + 7 + (25 if columns.numbers else 0) + 11 * columns.outcomes
        assert width <= room or columns.name == 8
