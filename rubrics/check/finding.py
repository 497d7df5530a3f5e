"""Collecting findings: a kind of fault, all places where it shows, one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rubrics.check.report import Finding
from rubrics.counted import agreeing

__all__ = ["finding"]

_EXAMPLES = 5


def finding(severity: Literal["error", "warning"], code: str, message: str, places: Iterable[str]) -> list[Finding]:
    """One finding over `places`, its count put in as by `agreeing`; none where there is no place."""
    listed = list(places)
    if not listed:
        return []
    return [Finding(severity, code, agreeing(len(listed), message), len(listed), tuple(listed[:_EXAMPLES]))]
