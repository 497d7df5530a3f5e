"""The template families of the world, one module for each subcategory."""

from __future__ import annotations

from rubrics.world.families.coherence import COHERENCE
from rubrics.world.families.completeness import COMPLETENESS
from rubrics.world.families.factuality import FACTUALITY
from rubrics.world.families.format import FORMAT
from rubrics.world.families.length import LENGTH
from rubrics.world.families.logic import LOGIC
from rubrics.world.families.persona import PERSONA
from rubrics.world.families.procedure import PROCEDURE
from rubrics.world.families.relevance import RELEVANCE
from rubrics.world.families.riders import RIDERS
from rubrics.world.families.safety import SAFETY
from rubrics.world.families.scope import SCOPE
from rubrics.world.families.utility import UTILITY

__all__ = ["FAMILIES", "RIDERS", "SUBJECTS"]

SUBJECTS = (
    *FACTUALITY,
    *LOGIC,
    *PROCEDURE,
    *COMPLETENESS,
    *COHERENCE,
    *RELEVANCE,
    *FORMAT,
    *LENGTH,
    *SCOPE,
    *SAFETY,
    *PERSONA,
    *UTILITY,
)
"""Families that give a prompt its subject."""

FAMILIES = (*SUBJECTS, *RIDERS)
"""Every family, in a fixed order."""
