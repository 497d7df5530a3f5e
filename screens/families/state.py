"""The families as they are read, changed, and drawn in lines. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from screens.shell.plain import cells_of

if TYPE_CHECKING:
    from engine.correlation.lineage import Lineage, Relative
    from screens.shell.session import Session

__all__ = ["CELL", "FamiliesState", "Room", "confirm_families", "read_families", "say_family", "take_back_family"]

CELL: Final = 5
"""Cells of the map for each candidate."""
_NAME, _FAMILY = 24, 12
"""The most cells for a candidate's name and for its family's, where the map has use for the rest."""


@dataclass(frozen=True)
class Room:
    """What there is room for: so many columns of the map, from `first` on, behind name and family."""

    name: int
    family: int
    first: int
    count: int

    @classmethod
    def fitting(cls, room: int, found: Lineage, cursor: int) -> Room:
        """The most that fits in so many cells, with the column under the cursor among it."""
        longest = max(cells_of(one.candidate) for one in found.relatives)
        families = max(6, *(cells_of(one.family) for one in found.relatives))
        name, family = min(_NAME, longest), min(_FAMILY, families)
        number = len(found.relatives)
        count = max(1, min(number, (room - name - family - 7) // CELL))
        spare = room - name - family - 7 - CELL * count
        name, more = min(longest, name + max(0, spare)), name
        family = min(families, family + max(0, spare - (name - more)))
        return cls(name, family, min(max(0, cursor - count // 2), number - count), count)


@dataclass
class FamiliesState:
    """The lineage on screen, and the two candidates under the cursor."""

    found: Lineage | None = None
    unread: tuple[str, ...] = ()
    """Candidates whose files could not be read."""
    row: int = 0
    column: int = 0

    def take(self, found: Lineage, unread: tuple[str, ...]) -> None:
        """Show another lineage; the cursor stays with its candidate, which may have moved to another family."""
        under = self.one.candidate if self.one is not None else ""
        self.found, self.unread = found, unread
        names = [relative.candidate for relative in found.relatives]
        self.row = names.index(under) if under in names else 0
        self.column = min(self.column, len(names) - 1)

    @property
    def one(self) -> Relative | None:
        """The candidate of the line under the cursor."""
        return self.found.relatives[self.row] if self.found is not None else None

    @property
    def other(self) -> Relative | None:
        """The candidate of the column under the cursor."""
        return self.found.relatives[self.column] if self.found is not None else None

    def move(self, step: int) -> None:
        """To another column, round and round."""
        if self.found is not None:
            self.column = (self.column + step) % len(self.found.relatives)


def read_families(session: Session) -> tuple[Lineage, tuple[str, ...]]:
    """Every stored candidate with its family; and whose files could not be read. Blocks.

    Raises:
        RudeError: no candidate is stored, or the store cannot be read.
    """
    from engine.correlation.lineage import lineage
    from engine.jobs.kin import read_kin

    unread = tuple(read_kin(session.store))
    return session.cached("families", (), lambda: lineage(session.store)), unread


def say_family(session: Session, name: str, family: str) -> None:
    """Put a candidate into a family; blocks.

    Raises:
        RudeError: the family has no name, or it cannot be stored.
    """
    from engine.annotations.families import say

    say(session.store, {name: family})


def confirm_families(session: Session, found: Lineage) -> int:
    """Keep every family as it is shown; how many candidates that are. Blocks.

    Raises:
        RudeError: it cannot be stored.
    """
    from engine.annotations.families import say

    say(session.store, found.families)
    return len(found.families)


def take_back_family(session: Session, name: str) -> None:
    """Forget what was said of a candidate's family; blocks.

    Raises:
        RudeError: nothing was said of it, or the store cannot be written.
    """
    from engine.annotations.families import take_back

    take_back(session.store, [name])
