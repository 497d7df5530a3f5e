"""Suites as a person names them. Plain Python; blocks."""

from __future__ import annotations

from pathlib import Path

__all__ = ["named_suite"]


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
