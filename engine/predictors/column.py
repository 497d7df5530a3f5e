"""The person's own predictors, from a CSV."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Final

from engine.predictors.catalogue import COMPUTED
from engine.stats.numbers import unusable
from engine.store.predictors import StoredPredictor
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.sheets import open_sheet

__all__ = ["read_columns"]

_SHOWN: Final = 20
"""Faults shown in one message; the count of the rest is given."""
_MADE_HERE: Final = re.compile(r"(rBridge|trace NLL|proxy)\b.*\)$")
"""Names that trace files give."""
_FIX: Final = "a header such as candidate,my score and one row per candidate"


def read_columns(path: Path, *, lower_is_better: Collection[str] = ()) -> list[StoredPredictor]:
    """Predictors in a CSV with a column `candidate`; every other column is a predictor, an empty cell is not known.

    Args:
        lower_is_better: columns for which it is, such as losses.

    Raises:
        BadInput: naming file, line and column; nothing is taken from a file with a fault.
    """
    where = str(path)
    stored: dict[tuple[str, str], StoredPredictor] = {}
    faults: list[str] = []
    with open_sheet(path, ("candidate",)) as sheet:
        header = sheet.header
        names = _names(header, where)
        for name in lower_is_better:
            if name not in names:
                fix = f"columns: {', '.join(sorted(names))}"
                raise BadInput(f"has no column {name!r} for which lower could be better", where=where, fix=fix)
        at = header.index("candidate")
        for line, row in sheet.rows:
            if len(row) != len(header):
                faults.append(f"line {line}: has {len(row)} fields, the header {len(header)}")
                continue
            candidate = row[at].strip()
            if not candidate:
                faults.append(f"line {line}, candidate: is empty; give a name")
            elif "\0" in candidate:
                faults.append(f"line {line}, candidate: holds a NUL character, which is not text; remove it")
            for name, cell in zip(header, row, strict=True):
                if name not in names or not cell.strip():
                    continue
                value = sheet.number(cell)
                if value is None or not math.isfinite(value):
                    faults.append(f"line {line}, {name}: {cell.strip()[:40]!r} is not a finite number")
                elif wrong := unusable(value):
                    faults.append(f"line {line}, {name}: {cell.strip()[:40]!r} {wrong}")
                elif (candidate, name) in stored:
                    faults.append(f"line {line}, {name}: {candidate!r} has a value further up")
                else:
                    stored[candidate, name] = StoredPredictor(
                        candidate, name, value, note=path.name, lower_is_better=name in lower_is_better
                    )
    if faults:
        more = f"\n  … and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        what = count(len(faults), "fault") + "\n  " + "\n  ".join(faults[:_SHOWN]) + more
        raise BadInput(what, where=where, fix="mend these lines; nothing was read")
    if not stored:
        raise BadInput("holds no values", where=where, fix=_FIX)
    return list(stored.values())


def _names(header: list[str], where: str) -> set[str]:
    names = [name for name in header if name != "candidate"]
    if header.count("candidate") != 1:
        raise BadInput("line 1: needs one column named candidate", where=where, fix=_FIX)
    if not names or not all(names):
        raise BadInput("line 1: needs a name for each column", where=where, fix=_FIX)
    for name, many in Counter(names).items():
        if many > 1:
            raise BadInput(f"line 1: column {name!r} stands twice", where=where, fix="rename one")
        if "\0" in name:
            raise BadInput("line 1: a name holds a NUL character, which is not text", where=where, fix="remove it")
        if name in COMPUTED or _MADE_HERE.match(name):
            raise BadInput(f"line 1: {name!r} is computed here", where=where, fix="give the column another name")
    return set(names)
