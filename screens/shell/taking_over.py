"""Work that another machine is said to be at: whether to take it over is asked before anything is started."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.shell.dialogs import Confirm
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.jobs.job import LeftElsewhere
    from engine.results.database import Store

__all__ = ["ask_take_over"]


def ask_take_over(place: Place, left: Callable[[Store], list[LeftElsewhere]], then: Callable[[bool], None]) -> None:
    """Go on at once where nothing was left elsewhere; else ask first.

    Args:
        left: looks, in a thread.
        then: told whether to take over.
    """

    def looked(machines: list[LeftElsewhere]) -> None:
        if machines:
            place.app.push_screen(Confirm(_question(machines), _consequence(machines)), lambda sure: then(bool(sure)))
        else:
            then(False)

    store = place.session.store
    place.load("left", lambda: left(store), looked)


def _question(machines: list[LeftElsewhere]) -> str:
    hosts = ", ".join(one_line(machine.host, 24) for machine in machines)
    return f"Left by {hosts} since {max(machine.since for machine in machines)}; take it over?"


def _consequence(machines: list[LeftElsewhere]) -> str:
    return (
        f"{count(sum(machine.runs for machine in machines), 'run')}. From here it cannot be seen whether work goes on "
        "there. Yes, if that machine is gone for good: what is done is kept, and the rest is done here. No leaves this "
        "out."
    )
