"""What the second ladder found, in the sentences that are shown with other figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["Ladder2Notes", "ladder2_card", "ladder2_notes"]

_FOLDER: Final = Path(__file__).with_suffix("")


@dataclass(frozen=True)
class Ladder2Notes:
    """Sentences with the second ladder's figures, written with its card."""

    claim: str
    """Whether RuDE foretells; to be read with any ladder's points."""
    lead: str
    """How often the one that led was the better one in the end; to be read with advice whom to take."""


def ladder2_card() -> str:
    """What was found and how far it holds, in full: `data/ladder2/card.md`."""
    return (_FOLDER / "card.md").read_text(encoding="utf-8")


@cache
def ladder2_notes() -> Ladder2Notes:
    """Everything in `data/ladder2/notes.json`."""
    return Ladder2Notes(**json.loads((_FOLDER / "notes.json").read_text(encoding="utf-8")))
