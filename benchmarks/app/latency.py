"""How long a key takes to be answered with a full store: opening, sorting, filtering, the next pair.

    python benchmarks/app/latency.py [--pairs 30000] [--candidates 16] [--times 40] [--db FILE]

Drives the real app without a terminal, over a store of random verdicts (or a copy of your own). A key is answered when
everything it asked for has arrived and is drawn. The first screen is looked at until the app has read ahead, which it
does when nobody acts; how it opens is what opening.py measures. The rival in the same run is the least that any key
costs: one that moves a cursor by one line. The column `cpu p95` is what this process computed meanwhile: on a machine
that does other things too, it is what is left of the figure when they are done.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from store import fill, made_suite
from textual.widgets import Input, Tree

from engine.store.connection import Store
from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from screens.shell.session import Session
from screens.widgets.rows import Rows


async def settled(pilot) -> None:
    """Wait until no screen loads anything and what it shows is drawn."""
    quiet = 0
    while quiet < 3:
        screen = pilot.app.screen
        loader = getattr(screen, "loader", None)
        if loader is not None and loader.busy:
            # Nothing is asked of the app meanwhile: on a busy machine the asking would be the greater part.
            quiet = 0
            await asyncio.sleep(0.002)
            continue
        # First the app passes on what was posted to it, then everything on the screen deals with it.
        passed = asyncio.Event()
        pilot.app.call_later(passed.set)
        await passed.wait()
        await pilot._wait_for_screen()
        busy = not pilot.app.screen.is_mounted or pilot.app.screen is not screen
        quiet = 0 if busy or (loader is not None and loader.busy) else quiet + 1
        await asyncio.sleep(0.001 if not quiet else 0)


class Person:
    """Presses keys and keeps the time."""

    def __init__(self, pilot, times: int) -> None:
        self.pilot = pilot
        self.times = times
        self.found: dict[str, list[tuple[float, float]]] = {}

    async def timed(self, name: str, act: Callable[[], object], shown: Callable[[], bool] | None = None) -> None:
        """Do one thing and note how long it took to be shown; without `shown`, until nothing is left to come."""
        # Whatever is done here stands for a key or a click, even where it calls what those call.
        self.pilot.app._collector.touched()
        began, worked = time.perf_counter(), time.process_time()
        act()
        if shown is None:
            await settled(self.pilot)
        else:
            while not shown():
                await asyncio.sleep(0)
            await self.pilot._wait_for_screen()
        took = time.perf_counter() - began, time.process_time() - worked
        self.found.setdefault(name, []).append(took)
        await settled(self.pilot)

    def key(self, key: str) -> Callable[[], None]:
        """Press a key, without the pilot's own waiting."""
        return lambda: self.pilot.app.simulate_key(key)

    async def go(self, *keys: str) -> None:
        """Keys whose time nobody asks for."""
        for key in keys:
            self.pilot.app.simulate_key(key)
            await settled(self.pilot)

    async def answer(self, name: str, value: str) -> None:
        """Type into the dialog that is open, and accept."""
        self.pilot.app.screen.query_one(Input).value = value
        await settled(self.pilot)
        await self.timed(name, self.key("enter"))


async def rankings(person: Person) -> None:
    """Sorting and filtering the table."""
    await person.go("3")
    screen = person.pilot.app.screen
    for number in range(person.times):
        column = ("candidate", "value", "parameters", "Control")[number % 4]
        await person.timed("Rankings: sort", lambda column=column: screen.sort(column))
        await person.go("slash")
        await person.answer("Rankings: filter", ("model-0", "", "model-1", "-03")[number % 4])
        screen.query_one(Rows).focus()
        await person.timed("Rankings: next row (least any key costs)", person.key("down" if number % 2 else "up"))


async def failures(person: Person) -> None:
    """Branches, order, search, the next pair, the next candidate."""
    await person.go("5")
    screen = person.pilot.app.screen
    tree = screen.query_one(Tree)
    branches = [node for top in tree.root.children for node in (top, *top.children)]

    def select(node) -> None:
        tree.select_node(node)
        tree.action_select_cursor()

    for number in range(person.times):
        node = branches[number % len(branches)]
        await person.timed("Failures: another branch", lambda node=node: select(node))
    select(tree.root)
    await settled(person.pilot)
    screen.query_one("#pairs").focus()
    for number in range(person.times):
        column = ("margin", "fails", "pair")[number % 3]
        await person.timed("Failures: sort", lambda column=column: screen.sort(column))
        await person.go("slash")
        await person.answer("Failures: search", ("Yes 17", "p2", "Logic", "")[number % 4])
    await person.go("home", "enter")
    pair = person.pilot.app.screen
    for _ in range(person.times):
        target = pair.state.walk.ids[pair.state.walk.index + 1]
        await person.timed("Pair: next", person.key("n"), lambda target=target: pair.state.shown.view.pair.id == target)
    await person.go("escape")


async def opening(person: Person) -> None:
    """From one place to another, everything read once."""
    names = {"3": "Rankings", "5": "Failures", "4": "Correlation", "2": "Run"}
    for key in names:
        await person.go(key)
    for _ in range(person.times // 4):
        for key, name in names.items():
            await person.timed(f"Open {name}, again", person.key(key))


async def measured(path: Path, times: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of every act, and of this process's computing for it, by what it is."""
    app = RudeApp(Session(store_path=path), Settings(), start_screen="rankings")
    app.animation_level = "none"
    async with app.run_test(size=(120, 36), notifications=False) as pilot:
        await settled(pilot)
        while any(thread.name == "preload" for thread in threading.enumerate()):
            await asyncio.sleep(0.1)
        person = Person(pilot, times)
        for journey in (rankings, failures, opening):
            await journey(person)
    return person.found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30_000)
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--db", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rude.duckdb"
        if asked.db:
            shutil.copy(asked.db, path)
        else:
            fill(Store(path), made_suite(asked.pairs), asked.candidates)
        found = asyncio.run(measured(path, asked.times))
    print(f"{'milliseconds':44} {'median':>7} {'p95':>7} {'max':>7} {'cpu p95':>8} {'n':>5}")
    for name, taken in found.items():
        waits, works = (np.array(values) * 1000 for values in zip(*taken, strict=True))
        middle, high = np.quantile(waits, (0.5, 0.95))
        print(f"{name:44} {middle:7.0f} {high:7.0f} {waits.max():7.0f} {np.quantile(works, 0.95):8.0f} {len(waits):5}")


if __name__ == "__main__":
    main()
