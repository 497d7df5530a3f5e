"""A list of pairs that a person walks through, one at a time. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["PairWalk"]


class PairWalk:
    """Pairs by id, and the one looked at."""

    def __init__(self, ids: Sequence[str], index: int) -> None:
        self.ids = list(ids)
        self.index = index

    @property
    def pair_id(self) -> str:
        """The pair looked at."""
        return self.ids[self.index]

    @property
    def place(self) -> str:
        """Where in the list that is: `3 of 120`."""
        return f"{self.index + 1} of {len(self.ids):,}"

    def near(self) -> list[str]:
        """The pairs that are likely looked at next: the following one first."""
        places = (self.index + 1, self.index - 1, self.index + 2)
        return [self.ids[place] for place in places if 0 <= place < len(self.ids)]

    def step(self, step: int) -> str:
        """Go on by so many pairs; where the list ends, stay, and give back what to say."""
        if 0 <= self.index + step < len(self.ids):
            self.index += step
            return ""
        return "That was the last pair" if step > 0 else "This is the first pair"
