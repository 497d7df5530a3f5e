"""How long each screen takes to open with a full store, from the key to the last number.

    python benchmarks/app/opening.py [--pairs 30000] [--candidates 16] [--runs 3]

Drives the real app without a terminal over a store of random verdicts: seconds until the screen is drawn, and until
everything it asked for in the background has arrived. The first screen is looked at for `--look` seconds, in which the
app reads ahead; with 0 the first key comes before that. The rival in the same run is the plainest reading of the same
rows.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from store import fill, made_suite, plain_read, timed

from engine.store.connection import Store
from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from screens.shell.session import Session

KEYS = {"Rankings": "3", "Failures": "5", "Correlation": "4", "Candidates": "1", "Run": "2", "Rankings again": "3"}


async def opened(path: Path, look: float) -> dict[str, tuple[float, float]]:
    """Seconds to drawn and to settled, by screen, in a fresh app."""
    app = RudeApp(Session(store_path=path), Settings(), start_screen="run")
    app.animation_level = "none"
    found = {}
    async with app.run_test(size=(120, 36), notifications=False) as pilot:
        await settled(pilot)
        await pilot.pause(look)
        for name, key in KEYS.items():
            began = time.perf_counter()
            await pilot.press(key)
            drawn = time.perf_counter() - began
            await settled(pilot)
            found[name] = drawn, time.perf_counter() - began
    return found


async def settled(pilot) -> None:
    """Wait until no screen loads anything."""
    quiet = 0
    while quiet < 3:
        await pilot.pause(0.005)
        loader = getattr(pilot.app.screen, "loader", None)
        quiet = 0 if loader is not None and loader.busy else quiet + 1


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30_000)
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--look", type=float, default=3.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "rude.duckdb")
        fill(store, made_suite(asked.pairs), asked.candidates)
        rounds = [asyncio.run(opened(store.path, asked.look)) for _ in range(asked.runs)]
        print(f"plain read of the same rows: {timed(lambda: plain_read(store)):.3f} s")
    print(f"{'seconds, median of ' + str(asked.runs):24} {'drawn':>7} {'settled':>8}")
    for name in KEYS:
        drawn, done = (statistics.median(found[name][i] for found in rounds) for i in (0, 1))
        print(f"{name:24} {drawn:7.3f} {done:8.3f}")


if __name__ == "__main__":
    main()
