"""Families of tasks that nothing is ever trained on and no suite is made of: what post-training is judged on.

They are made of the world's words, but neither of its tasks nor of its wordings.
"""

from __future__ import annotations

from rubrics.world.unseen.coherence import COHERENCE
from rubrics.world.unseen.completeness import COMPLETENESS
from rubrics.world.unseen.factuality import FACTUALITY
from rubrics.world.unseen.format import FORMAT
from rubrics.world.unseen.length import LENGTH
from rubrics.world.unseen.logic import LOGIC
from rubrics.world.unseen.persona import PERSONA
from rubrics.world.unseen.procedure import PROCEDURE
from rubrics.world.unseen.relevance import RELEVANCE
from rubrics.world.unseen.safety import SAFETY
from rubrics.world.unseen.scope import SCOPE
from rubrics.world.unseen.utility import UTILITY

__all__ = ["UNSEEN"]

UNSEEN = (
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
"""Every family, in a fixed order."""
