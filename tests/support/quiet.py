"""Waiting for an app until it has nothing left to do, in place of Textual's guess from the processor's time.

Textual's own `wait_for_idle` sleeps at least 20 ms a call, and takes a process that the machine gives no time for one
that is idle. The event loop knows better: here a wait ends when nothing is ready to run and no timer is about to be.
"""

from __future__ import annotations

import asyncio

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
