"""Following a construction through the store, whoever works on it: look when it has changed, then rest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from screens.construct.launch import ended
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay
    from engine.construct.watching import Overview, Tried

__all__ = ["Following"]

_TICK: Final = 0.5
"""Seconds between looks at whether the database has changed."""
_REST: Final = 4.0
"""A look is followed by a rest so many times as long, so that the work looked at is not held up."""


class Following(Place):
    """A screen that knows one construction as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Overview | None = None
        self._tried: list[Tried] = []
        self._shown: list[Example | UnderWay] = []
        self._filter = ""
        self._following = True
        self._followed = ""
        self._was_at_work = False
        self._seen: object = None
        self._rest_until = 0.0

    def on_mount(self) -> None:
        """Look, and go on looking."""
        self._look()
        self.set_interval(_TICK, self._tick)

    def on_screen_resume(self) -> None:
        """Something may have been decided, read or started."""
        self._look()

    def action_again(self) -> None:
        """Read again whatever has changed."""
        self._seen = None
        self._look()

    def _tick(self) -> None:
        if self.is_current and time.monotonic() >= self._rest_until:
            self._look()

    def _look(self) -> None:
        desk, session, seen = self.session.desk, self.session, self._seen
        running = self._found is not None and self._found.running

        def read() -> tuple[object, Any, float] | None:
            from engine.construct.watching import overview, tried

            begun = time.monotonic()
            over = [(one, *end) for one in list(desk.started) if (end := ended(one)) is not None]
            key = (desk.run_id, session.stamp())
            # A process that dies leaves the file as it is, so one at work is looked at all the same.
            if key == seen and not running and not over:
                return None
            found = overview(session.store, desk.run_id)
            value = found and (found, tried(session.store, found.row))
            return key, (value, over), time.monotonic() - begun

        self.load("look", read, self._arrived, same=(desk.run_id, seen, running))

    def _arrived(self, answer: tuple[object, Any, float] | None) -> None:
        if answer is None:
            self._rest_until = 0.0
            return
        self._seen, (value, over), took = answer
        self._rest_until = time.monotonic() + _REST * took
        for started, error, words in over:
            self.session.desk.started.remove(started)
            if error is not None:
                self.show_error(error)
            else:
                said = "\n".join(one_line(line, 300) for line in words.splitlines())
                self.notify(said, title="The construction has ended", timeout=8, markup=False)
        if value is None:
            self._found = None
        else:
            self._found, self._tried = value
        self._fill()

    def _fill(self) -> None:
        """Show what was found."""
        raise NotImplementedError

    def _wanted(self) -> str:
        """The example to show where the newest is followed: one at work until it has come out, then the next."""
        found = self._found
        assert found is not None
        before, at_work = self._followed, [moment.example_id for moment in found.under_way]
        if before in at_work:
            self._was_at_work = True
            return before
        # What was watched is seen once as it came out.
        if before and self._was_at_work and any(e.example_id == before for e in found.examples):
            self._was_at_work = False
            return before
        self._was_at_work = bool(at_work)
        self._followed = at_work[-1] if at_work else found.pulse.latest
        return self._followed
