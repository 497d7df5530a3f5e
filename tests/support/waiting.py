"""Waiting for what a test needs, never for time to pass.

Textual's own `wait_for_idle` sleeps at least 20 ms a call, and takes a process that the machine gives no time for one
that is idle. The event loop knows better: `until_quiet` ends when nothing is ready to run and no timer is about to be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

PATIENCE = 180.0
"""In seconds: after this a test says that it waited in vain. However busy the machine, it does not come to that."""

_SOON = 1 / 50
"""In seconds. A screen draws at most every sixtieth of a second: a timer due sooner than this may be one about to."""


async def until_quiet(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Return once the running loop has nothing ready and no timer due soon, after `max_sleep` seconds at the latest.

    What threads do is not waited for. The signature is that of `textual._wait.wait_for_idle`.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < end:
        if loop._ready:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
            continue
        timers = loop._scheduled  # type: ignore[attr-defined]
        due = min((timer.when() for timer in timers if not timer.cancelled()), default=end)
        if due > loop.time() + _SOON:
            return
        await asyncio.sleep(max(0.0, due - loop.time()))


async def until(pilot: Pilot[Any], what: Callable[[], bool]) -> None:
    """Return once something is so, on the screen of an app or beside it."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not what():
        if loop.time() > end:
            strips = pilot.app.screen._compositor.render_strips()
            shown = "\n".join("".join(part.text for part in strip) for strip in strips)
            raise AssertionError(f"it never came:\n{shown}")
        await pilot.pause(0.02)
