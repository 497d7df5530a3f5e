"""A pair whose chosen response was the best there was: its source says which criteria neither response meets.

Such a pair is not about those criteria, so they are not among its own; only the source can tell of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rubrics.schema import Criterion

__all__ = ["best_kept", "unmet_by_both"]

_KEPT: Final = re.compile(r"the best there was: neither response meets (.+), left out here", re.DOTALL)


def best_kept(unmet: Iterable[Criterion]) -> str:
    """What the source of such a pair says."""
    named = "; ".join(f"{criterion.id} “{' '.join(criterion.text.split())}”" for criterion in unmet)
    return f"the best there was: neither response meets {named}, left out here"


def unmet_by_both(source: str | None) -> str:
    """The criteria that a source says so of, by id and in words; empty where it says it of none."""
    found = _KEPT.search(source or "")
    return found[1] if found else ""
