"""Taking a table away by keys, and reading it again."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

__all__ = ["rows_of", "take_away"]


async def take_away(pilot: Pilot[Any], settle: Callable[[Pilot[Any]], Awaitable[None]], target: Path) -> None:
    """Press `x`, and name the file."""
    await pilot.press("x")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = str(target)
    await pilot.press("enter")
    await settle(pilot)


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
