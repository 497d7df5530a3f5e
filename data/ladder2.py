"""What the second ladder found, in the sentences that are shown with other figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Ladder2Notes", "ladder2_notes"]


@dataclass(frozen=True)
class Ladder2Notes:
    """Sentences with the second ladder's figures, written with its card."""

    claim: str
    """Whether RuDE foretells; to be read with any ladder's points."""
    lead: str
    """How often the one that led was the better one in the end; to be read with advice whom to take."""


@cache
def ladder2_notes() -> Ladder2Notes:
    """Everything in `data/ladder2/notes.json`."""
    path = Path(__file__).with_suffix("") / "notes.json"
    return Ladder2Notes(**json.loads(path.read_text(encoding="utf-8")))
