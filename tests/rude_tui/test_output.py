"""Tables on narrow terminals."""

import re

import pytest
from rich.cells import cell_len

from rude_tui.output import print_table

COLUMNS = ["rank", "candidate", "parameters", "overall", "95 %", "note"]
ROWS = [
    ["1 (1–2)", "llama-loch-0.8m", "787,584", "63.7", "59.4–67.9", "a remark that is far too long for one short line"],
    ["2 (1–2)", "日本語のモデル", "338,784", "62.3", "57.9–66.5", "[bold]\x1b[31m"],
]


def printed(capsys: pytest.CaptureFixture[str], keys: int = 2) -> list[str]:
    print_table(COLUMNS, ROWS, right=[c for c in COLUMNS if c not in ("candidate", "note")], keys=keys)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("width", [44, 50, 90, 200])
def test_a_narrow_terminal_gets_every_number_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    lines = printed(capsys)
    assert max(map(cell_len, lines)) <= width
    text = "\n".join(lines)
    assert all(cell in text for row in ROWS for cell in row[2:5])
    assert "…" not in text
    assert "[bold]" in text
    tables = 1 + lines.count("")
    assert text.count("llama-loch-0.8m") == tables
    assert (tables == 1) == (width >= 90)


def test_outside_a_terminal_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys)
    assert len(lines) == 2 + len(ROWS)
    assert ROWS[0][-1] in lines[2]
