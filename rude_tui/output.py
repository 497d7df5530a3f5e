"""What commands print: tables and JSON on standard output, narration on standard error."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from rubrics.counted import count
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "between",
    "interval",
    "narrate",
    "narrate_refused",
    "narrate_skips",
    "number",
    "percent",
    "points",
    "points_between",
    "print_json",
    "print_table",
    "say_event",
    "say_json",
    "says_json",
]

_WRAPPED: Final = 20
"""Cells to which a column of text may shrink, by wrapping, before columns move to a table of their own."""
_OBEYED: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control codes that JSON lets stand, marks that turn or hide text, and halves of characters."""
_GAP: Final = 3
"""Cells between two columns."""


def print_json(value: Any) -> None:
    """JSON on standard output; NaN, which JSON lacks, becomes null.

    What a terminal would obey, and what the stream's encoding may lack, is escaped: parsed, it is what it was.
    """
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    text = json.dumps(_finite(value), ensure_ascii=not unicode, indent=1)
    sys.stdout.write(_OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = (), keys: int = 1
) -> None:
    """A table on standard output. Cells are data: no markup, no control codes; numbers are never cut.

    Outside a terminal every row is one line. In a terminal too narrow for that, text wraps; where that is not enough,
    columns that do not fit follow in further tables below.

    Args:
        right: columns of numbers, set flush right.
        keys: leading columns that say what a row is, repeated in each of those further tables.
    """
    from rich.console import Console

    columns = [one_line(name) for name in columns]
    numeric = set(map(one_line, right))
    cells = [[plain("" if cell is None else str(cell)) for cell in row] for row in rows]
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=500)
    needed = [
        width if name in numeric else min(width, _WRAPPED)
        for name, width in zip(columns, _widths(columns, cells), strict=True)
    ]
    with console.capture() as capture:
        for number, block in enumerate(_blocks(needed, keys, console.width)):
            if number:
                console.print()
            console.print(_table([columns[i] for i in block], [[row[i] for i in block] for row in cells], numeric))
    sys.stdout.write("\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n")


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    lines = ([line for row in cells for line in row[i].splitlines()] for i in range(len(columns)))
    return [max(map(cell_len, [name, *texts])) for name, texts in zip(columns, lines, strict=True)]


def _blocks(needed: Sequence[int], keys: int, width: int) -> list[list[int]]:
    """Columns, by number, of each table: as many as fit, behind the keys."""
    blocks = [list(range(min(keys, len(needed))))]
    for column in range(keys, len(needed)):
        taken = sum(needed[i] + _GAP for i in (*blocks[-1], column)) - _GAP
        if taken > width and len(blocks[-1]) > keys:
            blocks.append(list(range(keys)))
        blocks[-1].append(column)
    return blocks


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: set[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(
            Text(name),
            justify="right" if name in numeric else "left",
            no_wrap=name in numeric,
            overflow="fold",
            min_width=max(map(len, [name, *(row[len(table.columns)] for row in rows)])) if name in numeric else None,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


_json_lines = False


def say_json(on: bool) -> None:
    """Whether what is said on standard error is JSON, one object a line, for a script that follows it."""
    global _json_lines
    _json_lines = on


def says_json() -> bool:
    """Whether it is."""
    return _json_lines


def narrate(*lines: str) -> None:
    """Say something to the person, not to the pipe."""
    for line in lines:
        if _json_lines:
            say_event("said", text=line)
        else:
            sys.stderr.write(plain(line) + "\n")


def say_event(event: str, **values: Any) -> None:
    """One line of JSON on standard error."""
    sys.stderr.write(json.dumps(_finite({"event": event, **values}), ensure_ascii=True) + "\n")
    sys.stderr.flush()


def narrate_refused(refused: Iterable[tuple[str, str, str]]) -> None:
    """Say what was asked for and cannot be done: name, what is wrong, what to do."""
    narrate(*(f"left out: {name}: {what} → {fix}" for name, what, fix in refused))


def narrate_skips(skips: Iterable[tuple[str, str]]) -> None:
    """Say which pairs are left out: for each reason how many, and the first few ids."""
    reasons: dict[str, list[str]] = {}
    for pair_id, reason in skips:
        reasons.setdefault(reason, []).append(pair_id)
    for reason, ids in reasons.items():
        narrate(f"{count(len(ids), 'pair')} skipped, {reason}: {', '.join(ids[:3])}" + (" …" if len(ids) > 3 else ""))


def percent(value: float | None) -> str:
    """`71.3`, or a dash."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def interval(low: float, high: float) -> str:
    """`68.0–74.4`, or a dash."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{100 * low:.1f}–{100 * high:.1f}"


def points(difference: float) -> str:
    """`+3.1`, `−0.4`: a difference in percentage points, or a dash."""
    return "–" if math.isnan(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def points_between(low: float, high: float) -> str:
    """`−1.2 to +4.0`: its interval, or a dash."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{points(low)} to {points(high)}"


def number(value: float) -> str:
    """Four digits of a number on no fixed scale, or a dash."""
    return "–" if math.isnan(value) else f"{value:.4g}"


def between(low: float, high: float) -> str:
    """Its interval, or a dash."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{low:.4g} … {high:.4g}"
