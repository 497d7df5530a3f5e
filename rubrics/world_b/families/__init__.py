"""The families of tasks, one module for each of the twelve subcategories, in three shares that have none in common."""

from __future__ import annotations

from collections.abc import Callable

from rubrics.world_b.cases import Family, Rng, Share
from rubrics.world_b.families import (
    coherence,
    completeness,
    factuality,
    format,
    length,
    logic,
    persona,
    procedure,
    relevance,
    safety,
    scope,
    utility,
)

__all__ = ["FAMILIES", "LESSONS", "families_of"]

_MODULES = (
    factuality, logic, procedure, completeness, coherence, relevance, format, length, scope, safety, persona, utility,
)  # fmt: skip

FAMILIES: tuple[Family, ...] = tuple(family for module in _MODULES for family in module.FAMILIES)
"""All of them, in the order of the taxonomy."""

LESSONS: tuple[Callable[[Rng], str], ...] = tuple(lesson for module in _MODULES for lesson in module.LESSONS)
"""Plain documents that tell what families ask about, as statements and never as a request with its response."""


def families_of(share: Share) -> tuple[Family, ...]:
    """The families of a share, those of the four Cs taking turns, so that any beginning has about as many of each."""
    by_category: dict[str, list[Family]] = {}
    for family in FAMILIES:
        if family.share == share:
            by_category.setdefault(family.category, []).append(family)
    return tuple(family for turn in zip(*by_category.values(), strict=True) for family in turn)
