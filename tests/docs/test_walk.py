"""The scripted walk: what it draws is the terminal's content, and nothing of the machine it ran on."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

WALK = Path(__file__).resolve().parents[2] / "docs" / "walk.py"


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.syspath_prepend(str(WALK.parent))
    return runpy.run_path(str(WALK))


def test_a_picture_holds_what_the_terminal_held(walk: dict[str, Any]) -> None:
    ansi = "\x1b[1;38;2;255;0;0mred <b>&\x1b[0m plain\n\x1b[7m├─●─┤\x1b[0m\n"
    svg = walk["picture"](ansi, (40, 4), "rude-tui test")
    text = "".join(Xml.fromstring(svg).itertext()).replace("\xa0", " ")
    assert "red <b>& plain" in text
    assert "├─●─┤" in text
    assert "#ff0000" in svg
    assert not re.search(r"https?://(?!www\.w3\.org/|www\.textualize)", svg)
    assert "font-face" not in svg
    assert svg == walk["picture"](ansi, (40, 4), "rude-tui test")


def test_no_folder_of_the_machine_is_left_and_columns_stay(walk: dict[str, Any]) -> None:
    line = "│ /tmp/walk-x/a.csv   │ next"
    found = walk["without"](line, "/tmp/walk-x")
    assert found.startswith("│ ~/a.csv")
    assert found.index("next") == line.index("next")


def test_without_tmux_one_clear_line_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(WALK), "-o", str(tmp_path)], env={"PATH": str(tmp_path)}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("docs/walk.py needs tmux, which is not installed here")
