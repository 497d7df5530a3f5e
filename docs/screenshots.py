"""Picture every screen of the app, as SVG and as text, from a database.

    python docs/screenshots.py [--db FILE] [--theme NAME] [--size 120x36] [-o docs/screenshots]

The README shows what this writes; run it again after a change to any screen.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from pictures import offline
from textual.pilot import Pilot

from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from rude_tui.themes import DEFAULT, THEMES
from screens.shell.session import Session

WALK = {
    "rankings": ["3"],
    "failures": ["enter"],
    "pair": ["enter"],
    "tokens": ["t"],
    "correlation": ["escape", "escape", "4"],
    "run": ["2", "semicolon"],
    "suites": ["6"],
    "suite-pairs": ["enter"],
}
"""Name of the picture → keys that lead there from the one before."""


async def _settled(pilot: Pilot[Any]) -> None:
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.02)
        loader = getattr(pilot.app.screen, "loader", None)
        quiet = 0 if loader is not None and loader.busy else quiet + 1


def _text(app: RudeApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


async def _picture(db: Path | None, theme: str, size: tuple[int, int], out: Path) -> None:
    app = RudeApp(Session(store_path=db), Settings(theme=theme), start_screen="rankings")
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=False) as pilot:
        await _settled(pilot)
        for name, keys in WALK.items():
            for key in keys:
                await pilot.press(key)
                await _settled(pilot)
            stem = f"{name}-{theme.removeprefix('rude-')}"
            (out / f"{stem}.svg").write_text(offline(app.export_screenshot(title="rude-tui")), encoding="utf-8")
            (out / f"{stem}.txt").write_text(_text(app), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Picture every screen of the app.")
    parser.add_argument("--db", type=Path, help="database (default: the user's own)")
    parser.add_argument("--theme", action="append", choices=[theme.name for theme in THEMES], help="may be repeated")
    parser.add_argument("--size", default="120x36", help="columns x lines")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "screenshots")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    given.output.mkdir(parents=True, exist_ok=True)
    for theme in given.theme or [DEFAULT]:
        asyncio.run(_picture(given.db, theme, (width, height), given.output))


if __name__ == "__main__":
    main()
