"""What a decision rests on, as text: figures stand below each other whatever the names are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.cells import cell_len

from screens.rankings.reasons import reasons_text
from screens.rankings.state import read_standings
from screens.shell.session import Session


def test_wide_names_shift_nothing(garden: Path) -> None:
    standings = read_standings(Session(store_path=garden))
    assert standings.advice is not None
    *others, last = standings.advice.rivals
    advice = replace(standings.advice, rivals=(*others, replace(last, b="模型-七")))
    lines = reasons_text(standings, advice, lambda _: "").plain.splitlines()
    rows = [line for line in lines if " to " in line and "(" in line and not line.startswith("Not")]
    assert len(rows) == 1 + len(others)
    assert len({cell_len(row.partition("(")[0]) for row in rows}) == 1
