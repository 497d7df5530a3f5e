"""An hour in the app: runs with a real worker, pauses, cancellations, changes of screen; and what stays behind.

One process drives the app through its keys; this one looks at it from outside, every two seconds. Memory is flat if the
slope over the second half, in MiB an hour, is not told apart from zero or is small. The interval is that of means of
blocks, since one sample follows from the one before.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.fuzz.surroundings import isolated

__all__ = ["main", "slope"]

_EVERY: Final = 2.0
_WORKER: Final = "engine.worker"
_BLOCKS: Final = 8
_GROWTH: Final = 24.0
"""MiB an hour that are put up with: less than a second screen of the same app costs, in hours of work."""


class Slope(NamedTuple):
    """In MiB an hour."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.1f} MiB an hour (95 %: {self.low:+.1f} to {self.high:+.1f})"


def slope(times: Sequence[float], sizes: Sequence[float], blocks: int = _BLOCKS) -> Slope:
    """The slope through the means of so many blocks of samples, by least squares, with its 95 % interval (Student's t).

    Args:
        times: seconds, ascending.
        sizes: MiB.
    """
    from scipy import stats

    edges = [round(n * len(times) / blocks) for n in range(blocks + 1)]
    means = [
        (sum(times[a:b]) / (b - a) / 3600, sum(sizes[a:b]) / (b - a)) for a, b in itertools.pairwise(edges) if b > a
    ]
    if len(means) < 3:
        return Slope(math.nan, -math.inf, math.inf)
    fitted = stats.linregress(*zip(*means, strict=True))
    half = stats.t.ppf(0.975, len(means) - 2) * fitted.stderr
    return Slope(float(fitted.slope), float(fitted.slope - half), float(fitted.slope + half))


class Sample(NamedTuple):
    """The app at one moment."""

    at: float
    memory: float
    files: int
    threads: int
    workers: tuple[float, ...]
    """MiB of each."""


def _sample(process: Any, begun: float) -> Sample:
    import psutil

    workers = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            if _WORKER in " ".join(child.cmdline()):
                workers.append(child.memory_info().rss / 2**20)
    return Sample(
        time.monotonic() - begun,
        process.memory_info().rss / 2**20,
        process.num_fds(),
        process.num_threads(),
        tuple(workers),
    )


def main() -> int:
    """`python -m tests.fuzz.soak --minutes 60`; 1 where memory grows or anything stays behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.inside is not None:
        asyncio.run(_drive(told.inside, told.minutes * 60, told.seed))
        return 0
    base = Path(tempfile.mkdtemp(prefix="rude-tui-soak-"))
    try:
        with isolated(base):
            return _watch(base, told.minutes, told.seed)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _watch(base: Path, minutes: float, seed: int) -> int:
    import psutil

    strangers = {process.pid for process in psutil.process_iter()}
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.soak",
        "--inside",
        str(base),
        "--minutes",
        str(minutes),
        "--seed",
        str(seed),
    ]
    begun = time.monotonic()
    samples: list[Sample] = []
    with (base / "said.txt").open("wb") as said:
        driven = subprocess.Popen(command, stdout=said, stderr=said)
        process = psutil.Process(driven.pid)
        while driven.poll() is None:
            with suppress(psutil.Error):
                sample = _sample(process, begun)
                # One that is just ending has nothing any more.
                samples += [sample] * (sample.memory > 0)
            if samples and len(samples) % 30 == 1:
                last = samples[-1]
                print(
                    f"{last.at / 60:6.1f} min  app {last.memory:6.0f} MiB  {last.files} files  {last.threads} threads",
                    flush=True,
                )
            time.sleep(_EVERY)
    faults = []
    if driven.returncode:
        # What comes after it is of the interpreter that ends.
        _, mark, why = (base / "said.txt").read_text(errors="replace").partition("Traceback")
        faults.append(f"the app ended with {driven.returncode}: {(mark + why)[:6000]}")
    counts = json.loads((base / "counts.json").read_text()) if (base / "counts.json").exists() else {}
    print("  ".join(f"{name} {many}" for name, many in counts.items()))
    faults += _left_behind(base, strangers, samples)
    faults += _growth(samples)
    print("\n".join(faults) or "flat, and nothing left behind")
    return 1 if faults else 0


def _growth(samples: list[Sample]) -> list[str]:
    """What grows, over the second half."""
    later = samples[len(samples) // 2 :]
    peaks: list[tuple[float, float]] = []
    for sample in later:
        for memory in sample.workers:
            # A worker is new every time; the most that one took is what is compared.
            peaks.append((sample.at, memory))
    faults = []
    app = slope([sample.at for sample in later], [sample.memory for sample in later])
    print(f"app: {app}, from {later[0].memory:.0f} to {later[-1].memory:.0f} MiB")
    hours = (later[-1].at - later[0].at) / 3600
    # In a short soak the interval is wide: what counts is whether it says that there is growth.
    if app.low > 0 and app.value > _GROWTH / max(hours, 0.5):
        faults.append(f"the app grows: {app}")
    if len(peaks) >= 16:
        worker = slope(*zip(*_largest(peaks), strict=True))
        print(f"workers: {worker}, at most {max(memory for _, memory in peaks):.0f} MiB")
        if worker.low > 0 and worker.value > _GROWTH / max(hours, 0.5):
            faults.append(f"workers grow: {worker}")
    quiet = [sample for sample in later if not sample.workers] or later
    half = len(quiet) // 2
    for name in ("files", "threads"):
        before, after = (
            min(getattr(sample, name) for sample in part) for part in (quiet[:half] or quiet, quiet[half:])
        )
        print(f"{name}, where nothing runs: {before}, then {after}")
        if after > before + 2:
            faults.append(f"{name} grow from {before} to {after}")
    return faults


def _largest(peaks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The largest of each minute."""
    by_minute: dict[int, tuple[float, float]] = {}
    for at, memory in peaks:
        minute = int(at // 60)
        by_minute[minute] = max(by_minute.get(minute, (at, 0.0)), (at, memory), key=lambda peak: peak[1])
    return sorted(by_minute.values())


def _left_behind(base: Path, strangers: set[int], samples: list[Sample]) -> list[str]:
    """Processes, files and locks that outlive the app."""
    import psutil

    faults = []
    deadline = time.monotonic() + 30
    while True:
        orphans = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                ours = str(base) in " ".join([*process.cmdline(), *process.environ().values()])
                alive = process.status() != psutil.STATUS_ZOMBIE
                if ours and alive and process.pid not in {*strangers, os.getpid()}:
                    orphans.append(process.pid)
        if not orphans or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    if orphans:
        faults.append(f"processes left behind: {orphans}")
    # PyTorch's own cache, one for each person, is made as it is imported and stays.
    left = sorted(path.name for path in Path(os.environ["TMPDIR"]).iterdir())
    if left := [name for name in left if not name.startswith("torchinductor_")]:
        faults.append(f"temporary files left behind: {left[:5]}")
    database = base / "soak.duckdb"
    if database.exists():
        import duckdb

        from engine.store.connection import Store
        from engine.store.runs import Status, stored_runs

        try:
            duckdb.connect(str(database)).close()
        except duckdb.Error as error:
            faults.append(f"the database is still held: {error}")
        if any(run.status is Status.STARTED for run in stored_runs(Store(database))):
            faults.append("a run still counts as started")
    return faults


# Inside the process that is watched -----------------------------------------------------------------------------------
async def _drive(base: Path, seconds: float, seed: int) -> None:
    """Use the app as a person would who is in a hurry, for so long."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from data.bundled import bundled_models
    from rubrics.reading import find_suite, write_suite
    from rude_tui.app import RudeApp
    from rude_tui.settings import Settings
    from screens.shell.session import Session

    chance = random.Random(seed)
    suite = base / "small.jsonl"
    write_suite(suite, find_suite("world").pairs[:60])
    model = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
    database = base / "soak.duckdb"
    app = RudeApp(Session(store_path=database, folders=[]), Settings(suites=(str(suite),)), start_screen="run")
    app.session.marked_models[str(model)] = model.name
    app.session.marked_suites.append(str(suite))
    counts = dict.fromkeys(("runs", "done", "cancelled", "paused", "resumed", "screens"), 0)
    until = time.monotonic() + seconds
    async with app.run_test(size=(120, 36)) as pilot:
        while time.monotonic() < until:
            await _one_run(app, pilot, chance, counts)
            await _wander(app, pilot, chance, counts)
            (base / "counts.json").write_text(json.dumps(counts))
            # What was scored is taken away, or the next plan would find that all is done.
            database.unlink(missing_ok=True)
            database.with_name(f"{database.name}.wal").unlink(missing_ok=True)
        app.exit()


async def _one_run(app: Any, pilot: Any, chance: random.Random, counts: dict[str, int]) -> None:
    """Plan, start, and whatever comes to mind until it has ended."""
    from screens.run.planned import PlanPane

    await _go(app, pilot, "2", "run")
    await pilot.press("left_square_bracket", "Q")
    pane = app.screen.query_one(PlanPane)
    await _until(pilot, lambda: pane.plan is not None and any(run.left for run in pane.plan.runs))
    await pilot.press("s")
    await _until(pilot, lambda: app.runner.running or bool(app.live.states))
    counts["runs"] += 1
    stop_at = chance.choice([None, 0, 0, 5, 20])
    while app.runner.running:
        judged = sum(state.judged for state in app.live.states)
        if stop_at is not None and judged >= stop_at:
            await _go(app, pilot, "2", "run")
            if chance.random() < 0.4 and app.runner.running:
                await pilot.press("z")
                counts["paused"] += 1
                await asyncio.sleep(chance.random())
                await pilot.press("z")
            await pilot.press("Z")
            await _until(pilot, lambda: not app.runner.running)
            counts["cancelled"] += 1
            if chance.random() < 0.3:
                await pilot.press("right_square_bracket", "R")
                counts["resumed"] += 1
                await asyncio.sleep(chance.random() * 3)
            stop_at = None
        else:
            await _wander(app, pilot, chance, counts, steps=1)
    counts["done"] += 1


async def _wander(app: Any, pilot: Any, chance: random.Random, counts: dict[str, int], steps: int = 12) -> None:
    """From screen to screen."""
    for _ in range(steps):
        key, name = chance.choice(
            [
                ("1", "candidates"),
                ("2", "run"),
                ("3", "rankings"),
                ("4", "correlation"),
                ("5", "failures"),
                ("6", "suites"),
            ]
        )
        await _go(app, pilot, key, name)
        for pressed in chance.choice(
            [(), ("down", "down"), ("enter", "escape"), ("f1", "escape"), ("tab",), ("ctrl+t",)]
        ):
            await pilot.press(pressed)
            await pilot.pause(0.05)
        counts["screens"] += 1


async def _go(app: Any, pilot: Any, key: str, mode: str) -> None:
    """To a place; out of whatever dialog stands before it."""
    for _ in range(200):
        if app.current_mode == mode and len(app.screen_stack) == 1:
            return
        await pilot.press("escape" if len(app.screen_stack) > 1 else key)
        await pilot.pause(0.05)
    raise AssertionError(f"no way to {mode}: {app.current_mode}, {app.screen_stack}")


async def _until(pilot: Any, what: Any, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("it never came")
        await pilot.pause(0.1)


if __name__ == "__main__":
    sys.exit(main())
