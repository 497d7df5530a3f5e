"""A p is told in one form."""

from __future__ import annotations

import math
import re
from pathlib import Path

from engine.stats.p_value import p_is, p_text


def test_no_p_is_nothing_and_none_is_a_dash() -> None:
    values = (0.0, 0.00049, 0.0012, 0.0496, 1.0, math.nan)
    assert [p_text(value) for value in values] == ["< .001", "< .001", ".001", ".050", "1.000", "–"]
    assert [p_is(value) for value in values] == ["p < .001", "p < .001", "p = .001", "p = .050", "p = 1.000", "p –"]


def test_nobody_writes_a_p_by_itself() -> None:
    root = Path(__file__).parents[3]
    own = re.compile(r"\{(\w+\.)*(p|p_value|p_adjusted|p_holm|p_others|least_p|q_value|\w+_p):[.<>]?\d*\.\d")
    files = [file for room in ("engine", "screens", "rude_tui") for file in (root / room).rglob("*.py")]
    # A file that is read again, and the first ladder's card, hold figures of their own.
    apart = ("engine/posttrain/kept.py", "engine/posttrain/ladder/")
    found = [
        f"{file.relative_to(root)}: {line.strip()}"
        for file in files
        if not str(file.relative_to(root)).startswith(apart)
        for line in file.read_text(encoding="utf-8").splitlines()
        if own.search(line)
    ]
    assert found == []
