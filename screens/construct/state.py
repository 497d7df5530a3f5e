"""What the screens of constructions keep between visits. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screens.construct.launch import Started

__all__ = ["Desk"]


@dataclass
class Desk:
    """One sitting's choices."""

    run_id: str = ""
    """The construction looked at; empty for the newest."""
    prices: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By model, money for a million tokens read and written, as the person has given it."""
    form: dict[str, str] = field(default_factory=dict)
    """What was typed to start one."""
    started: list[Started] = field(default_factory=list)
    """Constructions begun from here that have not ended."""
    reader: str = "me"
    """Who reads blind."""
