"""The two protocols, and the requests that a pair becomes under each. Loads nothing."""

from __future__ import annotations

from typing import Final, Literal, get_args

__all__ = ["PROTOCOLS", "VIEWS", "Protocol", "View"]

Protocol = Literal["choice", "likelihood"]
View = Literal["chosen", "rejected", "chosen_first", "rejected_first"]

PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
VIEWS: Final[dict[Protocol, tuple[View, View]]] = {
    "choice": ("chosen_first", "rejected_first"),
    "likelihood": ("chosen", "rejected"),
}
"""The two requests that a pair becomes under each protocol, in the order in which they are laid out."""
