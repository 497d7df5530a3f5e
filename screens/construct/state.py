"""A construction as it is watched: what is shown of it, and which example the cursor follows. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from screens.construct.example_list import passes, under_way

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay
    from engine.construct.watching import Overview, Tried
    from engine.jobs.detached import Detached

__all__ = ["ConstructChoices", "ConstructState"]


@dataclass
class ConstructChoices:
    """What is kept between visits of the screen."""

    run_id: str = ""
    """The construction looked at; empty for the newest."""
    prices: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By model, money for a million tokens read and written, as the person has given it."""
    form: dict[str, str] = field(default_factory=dict)
    """What was typed to start one."""
    started: list[Detached] = field(default_factory=list)
    """Constructions begun from here that have not ended."""


@dataclass
class ConstructState:
    """One construction on screen."""

    overview: Overview | None = None
    tried: list[Tried] = field(default_factory=list)
    """How its verifiers erred."""
    filter: str = ""
    """What the list is narrowed to; empty: everything."""
    shown: list[Example | UnderWay] = field(default_factory=list)
    following: bool = True
    """Whether the cursor goes where something happens."""
    placed: int = 0
    """The line that the cursor was put on, not moved to."""
    _followed: str = ""
    _was_at_work: bool = False

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.overview is not None and self.overview.running

    def look_elsewhere(self) -> None:
        """Another construction is to be shown: all of it, followed."""
        self.filter, self.following = "", True

    def at(self, line: int) -> Example | UnderWay | None:
        """What stands in that line."""
        return self.shown[line] if line < len(self.shown) else None

    def made_at(self, line: int) -> Example | None:
        """The same, if it has come out."""
        example = self.at(line)
        return None if example is None or under_way(example) else example

    def arrange(self, cursor: int) -> int:
        """Narrow anew; gives back where the cursor belongs.

        Args:
            cursor: the line where it is.
        """
        overview = self.overview
        assert overview is not None
        current = self.at(cursor)
        self.shown = [example for example in overview.examples if passes(example, self.filter)]
        if not self.filter:
            self.shown += overview.under_way
        name = self._newest() if self.following and overview.running else current.example_id if current else ""
        line = next((n for n, example in enumerate(self.shown) if example.example_id == name), cursor)
        self.placed = min(line, max(0, len(self.shown) - 1))
        return line

    def moved(self, cursor: int) -> None:
        """The cursor has moved; if a person did that, they look for themselves from now on."""
        if cursor != self.placed:
            self.following = False

    def follow(self) -> str:
        """Follow the newest again, and show everything if need be; gives back the example, or nothing."""
        overview = self.overview
        self.following, self._followed = True, ""
        if overview is None or not (overview.pulse.latest or overview.under_way):
            return ""
        newest = self._newest()
        self.filter = self.filter if any(example.example_id == newest for example in self.shown) else ""
        return newest

    def line_of(self, name: str) -> int:
        """The line where an example stands."""
        return [example.example_id for example in self.shown].index(name)

    def is_latest(self, example: Example) -> bool:
        """Whether it came out last, of one that goes on."""
        return self.overview is not None and self.running and example.example_id == self.overview.pulse.latest

    def _newest(self) -> str:
        """The example to show where the newest is followed: one at work until it has come out, then the next."""
        overview = self.overview
        assert overview is not None
        before, at_work = self._followed, [moment.example_id for moment in overview.under_way]
        if before in at_work:
            self._was_at_work = True
            return before
        # What was watched is seen once as it came out.
        if before and self._was_at_work and any(example.example_id == before for example in overview.examples):
            self._was_at_work = False
            return before
        self._was_at_work = bool(at_work)
        self._followed = at_work[-1] if at_work else overview.pulse.latest
        return self._followed
