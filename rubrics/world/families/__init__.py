"""The template families of the world, by the part of the taxonomy they test."""

from __future__ import annotations

from rubrics.world.families.competence import COMPETENCE
from rubrics.world.families.compliance import COMPLIANCE
from rubrics.world.families.content import CONTENT
from rubrics.world.families.control import CONTROL
from rubrics.world.families.riders import RIDERS

__all__ = ["FAMILIES", "RIDERS", "SUBJECTS"]

SUBJECTS = (*COMPETENCE, *CONTENT, *CONTROL, *COMPLIANCE)
"""Families that give a prompt its subject."""

FAMILIES = (*SUBJECTS, *RIDERS)
"""Every family, in a fixed order."""
