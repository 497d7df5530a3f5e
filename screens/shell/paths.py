"""Completing a path as a shell does. Plain Python; blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["SEPARATOR", "Completion", "complete", "several"]

SEPARATOR = ";"
"""Between several paths on one line; hardly any path holds it."""


class Completion(NamedTuple):
    """What came of a path that was begun."""

    text: str
    """The line with as much more as is certain."""
    names: tuple[str, ...]
    """What it may go on with, folders with a stroke behind them; none where nothing begins so."""


def complete(typed: str, endings: Sequence[str] = ()) -> Completion:
    """Complete the last path of a line; hidden names only where a dot was typed.

    Args:
        endings: only files that end so, beside folders; none means all files.
    """
    before, separator, begun = typed.rpartition(SEPARATOR)
    blanks = begun[: len(begun) - len(begun.lstrip())]
    begun = begun.lstrip()
    if begun == "~":
        return Completion(before + separator + blanks + "~/", ("~/",))
    head, stroke, tail = begun.rpartition("/")
    names = tuple(sorted(_names(os.path.expanduser(head + stroke) or ".", tail, tuple(endings))))
    more = _shared(names) if names else tail
    return Completion(before + separator + blanks + head + stroke + more, names)


def _shared(names: Sequence[str]) -> str:
    """What all of them begin with; sorted, the first and the last differ soonest."""
    first, last = names[0], names[-1]
    return first[
        : next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    ]


def _names(folder: str, start: str, endings: tuple[str, ...]) -> list[str]:
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(start) or (entry.name.startswith(".") and not start.startswith(".")):
                    continue
                if _is_folder(entry):
                    names.append(entry.name + "/")
                elif not endings or entry.name.endswith(endings):
                    names.append(entry.name)
    except (OSError, ValueError):
        # No such folder, or no right to look into it: there is nothing to complete.
        return []
    return names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def several(typed: str) -> list[str]:
    """The paths of a line, without blanks around them."""
    return [path.strip() for path in typed.split(SEPARATOR) if path.strip()]
