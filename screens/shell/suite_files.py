"""Suites as a person names them. Plain Python; blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["first_readable", "named_suite", "told_apart"]


def told_apart(names: Sequence[str]) -> list[str]:
    """The names of suites as a list shows them: a file by its name, as everywhere else, where no other has it.

    Args:
        names: of built-in suites, and full paths of files.
    """
    short = [Path(name).stem if os.path.isabs(name) else name for name in names]
    return [one if short.count(one) == 1 else name for one, name in zip(short, names, strict=True)]


def named_suite(name: str) -> str:
    """The name of a built-in suite, or the full path of a file; whether it holds pairs is for a check to say.

    Raises:
        SuiteError: there is no such file.
    """
    from rubrics.errors import SuiteError
    from rubrics.reading import built_in_names, suite_path

    if name in built_in_names():
        return name
    path = Path(suite_path(name)).absolute()
    if not path.is_file():
        raise SuiteError("is not a file", where=str(path), fix="name a .jsonl file, one pair a line")
    return str(path)


def first_readable(names: Sequence[str]) -> list[str]:
    """The first suite that a run could take, alone in a list; none where no file can be read."""
    from rubrics.errors import SuiteError
    from rubrics.reading import find_suite

    for name in names:
        try:
            find_suite(name)
        except SuiteError:
            continue
        return [name]
    return []
