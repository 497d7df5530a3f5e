"""What commands print: tables and JSON on standard output, narration on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from screens.plain import plain

__all__ = ["between", "interval", "narrate", "narrate_skips", "number", "percent", "print_json", "print_table"]


def print_json(value: Any) -> None:
    """JSON on standard output; NaN, which JSON lacks, becomes null."""
    sys.stdout.write(json.dumps(_finite(value), ensure_ascii=False, indent=1) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = ()) -> None:
    """A table on standard output. Cells are data: no markup, no control codes; outside a terminal nothing is cut."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numeric = set(right)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", no_wrap=column in numeric)
    for row in rows:
        table.add_row(*(Text(plain("" if cell is None else str(cell))) for cell in row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=500)
    with console.capture() as capture:
        console.print(table)
    sys.stdout.write("\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n")


def narrate(*lines: str) -> None:
    """Say something to the person, not to the pipe."""
    for line in lines:
        sys.stderr.write(plain(line) + "\n")


def narrate_skips(skips: Iterable[tuple[str, str]]) -> None:
    """Say which pairs are left out: for each reason how many, and the first few ids."""
    reasons: dict[str, list[str]] = {}
    for pair_id, reason in skips:
        reasons.setdefault(reason, []).append(pair_id)
    for reason, ids in reasons.items():
        narrate(f"{len(ids)} pair(s) skipped, {reason}: {', '.join(ids[:3])}" + (" …" if len(ids) > 3 else ""))


def percent(value: float | None) -> str:
    """`71.3`, or a dash."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def interval(low: float, high: float) -> str:
    """`68.0–74.4`, or a dash."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{100 * low:.1f}–{100 * high:.1f}"


def number(value: float) -> str:
    """Four digits of a number on no fixed scale, or a dash."""
    return "–" if math.isnan(value) else f"{value:.4g}"


def between(low: float, high: float) -> str:
    """Its interval, or a dash."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{low:.4g} … {high:.4g}"
