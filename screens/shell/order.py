"""What a list is sorted by."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Order"]


@dataclass(frozen=True)
class Order:
    """What lines are sorted by; the best, largest or first name on top unless reversed."""

    by: str
    reverse: bool = False

    @property
    def arrow(self) -> str:
        """Which way it runs: `↓` from the best down."""
        return "↑" if self.reverse else "↓"

    def chosen(self, by: str) -> Order:
        """The order after `by` was asked for; asking twice turns it round."""
        return Order(by, not self.reverse if by == self.by else False)
