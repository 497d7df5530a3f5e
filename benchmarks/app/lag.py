"""How quick the screen stays while a run scores.

    python benchmarks/app/lag.py [--limit N] [--models N]

Opens the real app on a fresh database and scores the bundled candidates on the bundled suite in the real worker. While
that goes on, a person walks the live board, the rankings and the failures; the event loop's lag is how much later than
asked a sleep of 5 ms returns, measured all along. The rival in the same run is the same walk before the run begins.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from pathlib import Path

import numpy as np

from data.bundled import bundled_models
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.store.connection import Store
from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from screens.shell.session import Session

WALK = ("2", "down", "up", "3", "down", "down", "o", "escape", "5", "down", "enter", "n", "n", "escape", "4", "right")
TICK = 0.005


async def measure(lags: list[float]) -> None:
    """Note, until cancelled, how late each tick is."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - began - TICK)


async def walked(pilot, going) -> list[float]:
    """The lags while a person presses four keys a second, for as long as `going` says."""
    lags: list[float] = []
    watch = asyncio.create_task(measure(lags))
    for key in itertools.cycle(WALK):
        pilot.app.simulate_key(key)
        await asyncio.sleep(0.25)
        if not going():
            break
    watch.cancel()
    return lags


async def measured(path: Path, limit: int | None, number: int | None) -> dict[str, list[float]]:
    """Lags in seconds, before and while scoring."""
    store = Store(path)
    models = tuple(str(model) for model in bundled_models()[:number])
    first = plan(store, RunRequest(models[:2], ("world",), ("likelihood",), limit=40, token_scores=True))
    planned = plan(store, RunRequest(models, ("world",), ("choice", "likelihood"), limit=limit))
    app = RudeApp(Session(store_path=path), Settings(), start_screen="run")
    async with app.run_test(size=(120, 36), notifications=False) as pilot:
        # Something to look at first, and everything imported.
        app.runner.start(app.session.store, first)
        await walked(pilot, lambda: app.runner.running)
        await walked(pilot, iter([True] * len(WALK) * 2 + [False]).__next__)
        still = await walked(pilot, iter([True] * len(WALK) * 2 + [False]).__next__)
        app.runner.start(app.session.store, planned)
        began = time.perf_counter()
        scoring = await walked(pilot, lambda: app.runner.running)
        seconds = time.perf_counter() - began
        scored = sum(state.done for state in app.live.states)
    print(f"{scored:,} pairs scored in {seconds:.0f} s meanwhile")
    return {"before": still, "while scoring": scoring}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--models", type=int, help="score only the first N of the bundled candidates")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(Path(folder) / "rude.duckdb", asked.limit, asked.models))
    print(f"{'lag of the event loop, ms':28} {'median':>7} {'p95':>7} {'p99':>7} {'max':>7} {'ticks':>7}")
    for name, lags in found.items():
        quantiles = (1000 * value for value in np.quantile(lags, (0.5, 0.95, 0.99, 1)))
        print(f"{name:28} " + " ".join(f"{value:7.1f}" for value in quantiles) + f" {len(lags):7,}")


if __name__ == "__main__":
    main()
