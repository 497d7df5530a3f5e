"""Watching a construction through the store, whoever works on it: look when it has changed, then rest. Plain Python."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from screens.construct.jobs import ended

if TYPE_CHECKING:
    from engine.construct.watching import Overview, Tried
    from engine.jobs.detached import Detached
    from rubrics.errors import RudeError
    from screens.construct.state import ConstructChoices
    from screens.shell.session import Session

__all__ = ["Look", "Watcher"]

_REST: Final = 4.0
"""A look is followed by a rest so many times as long, so that the work looked at is not held up."""


@dataclass(frozen=True)
class Look:
    """What a look came to."""

    key: object
    """Which construction, and the state of the database."""
    overview: Overview | None = None
    """None where there is no construction."""
    tried: list[Tried] = field(default_factory=list)
    over: list[tuple[Detached, RudeError | None, str]] = field(default_factory=list)
    """Constructions begun from here that have ended: with an error, or what came of them."""
    seconds: float = 0.0
    """How long it took."""


class Watcher:
    """When to look, and the key of the last look."""

    def __init__(self) -> None:
        self.last_key: object = None
        """The key of the last look; None: look whatever has changed."""
        self._rest_until = 0.0

    @property
    def rested(self) -> bool:
        """Whether another look may be had."""
        return time.monotonic() >= self._rest_until

    def look(self, session: Session, choices: ConstructChoices, last_key: object, *, running: bool) -> Look | None:
        """Read what has changed; None where nothing has. Blocks.

        Args:
            last_key: the key of the look before.
            running: whether the construction looked at was at work then.

        Raises:
            RudeError: the store cannot be read.
        """
        from engine.construct.watching import overview, tried

        begun = time.monotonic()
        over = [(started, *end) for started in list(choices.started) if (end := ended(started)) is not None]
        key = (choices.run_id, session.stamp())
        # A process that dies leaves the file as it is, so one at work is looked at all the same.
        if key == last_key and not running and not over:
            return None
        current = overview(session.store, choices.run_id)
        verifiers = tried(session.store, current.row) if current is not None else []
        return Look(key, current, verifiers, over, time.monotonic() - begun)

    def took(self, look: Look | None) -> None:
        """A look is done."""
        if look is None:
            self._rest_until = 0.0
        else:
            self.last_key = look.key
            self._rest_until = time.monotonic() + _REST * look.seconds
