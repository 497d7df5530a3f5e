"""`kill -9` at random moments of whatever writes: runs, exports, settings, constructions; and what is left then.

Every process that is killed is forked from this one, which has read all modules and opened no database. What it has
committed it says through a pipe before it goes on; so afterwards it is known what must be there.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.fuzz.children import Child, Tell, ask
from tests.fuzz.forgettings import Forgettings
from tests.fuzz.surroundings import isolated
from tests.fuzz.trainings import RealTrainings, Trainings
from tests.fuzz.works import Constructions, Exports, RealRuns, Runs, Work, Writes

__all__ = ["main"]

WORKS: Final[list[type[Work]]] = [
    Runs, Exports, Writes, Constructions, Trainings, Forgettings, RealRuns, RealTrainings,
]  # fmt: skip


@contextmanager
def _folder(base: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kill_again_and_again(kind: type[Work], kills: int, seed: int, base: Path) -> tuple[int, int, list[str]]:
    """Kill one sort of work so often, each piece of it up to ten times before it may end.

    Returns:
        Kills, pieces that came to their end, and what was wrong.
    """
    chance = random.Random(f"{seed}/{kind.name}")
    faults: list[str] = []
    done = ended = 0
    while done < kills and len(faults) < 10:
        with _folder(base) as folder:
            work = kind()
            work.begin(folder)
            try:
                for again in range(12):
                    child = Child(work.do)
                    killed = again < 10 and done < kills and child.listen(work.seconds(chance))
                    if killed:
                        child.kill()
                    # A process that ended before its kill has not been killed.
                    killed = child.end() == -signal.SIGKILL
                    done += killed
                    if killed and done % 25 == 0:
                        print(f"  {kind.name}: {done} kills, {ended} ended, {len(faults)} faults", flush=True)
                    if fault := work.check(child.told, killed):
                        faults.append(f"{kind.name}, kill {done}: {fault}")
                        break
                    if not killed:
                        ended += 1
                        break
            except AssertionError as error:
                faults.append(f"{kind.name}, kill {done}: {error}")
            finally:
                if isinstance(work, Constructions):
                    work.server.kill()
                    with suppress(AssertionError):
                        work.server.end()
    return done, ended, faults


def main() -> int:
    """`python -m tests.fuzz.kills`: kill so often; 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--real", type=int, default=24, help="kills of real runs, besides")
    parser.add_argument("--real-trainings", type=int, default=4, help="kills of real post-trainings, besides")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", action="append", default=[], help="only this; may be given again")
    parser.add_argument("--nightly", action="store_true", help="ten times as many")
    told = parser.parse_args()
    many = 10 if told.nightly else 1
    real = {RealRuns: told.real, RealTrainings: told.real_trainings}
    import importlib

    for module in (
        "data.bundled",
        "duckdb",
        "engine.candidates.find",
        "engine.export.files",
        "engine.export.tables",
        "engine.jobs.inside",
        "engine.jobs.planning",
        "engine.jobs.score",
        "engine.results.board",
        "engine.annotations.forgetting",
        "engine.construct.job",
        "engine.construct.server",
        "engine.construct.card",
        "engine.posttrain.job",
        "engine.posttrain.tasks",
        "rubrics.reading",
        "rude_tui.__main__",
        "rude_tui.cli",
        "rude_tui.commands.construct",
        "rude_tui.commands.run",
        "rude_tui.settings",
        "tomlkit",
        "httpx2",
        "numpy",
        "engine.stats.intervals",
        "rubrics.check",
    ):
        importlib.import_module(module)
    # What a process has written is there after its death, on a disk or not; here it is not waited for.
    fast = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="rude-tui-kills-", dir=fast if os.access(fast, os.W_OK) else None))
    faults: list[str] = []
    print(f"{'work':<16}{'kills':>8}{'ended':>8}{'faults':>8}{'seconds':>9}", flush=True)
    try:
        with isolated(base):
            temporary = Path(os.environ["TMPDIR"])
            tempfile.tempdir = None
            for kind in WORKS:
                if told.work and kind.name not in told.work:
                    continue
                kills = many * real.get(kind, round(told.kills * kind.share))
                begun = time.monotonic()
                done, ended, wrong = kill_again_and_again(kind, kills, told.seed, base)
                faults += wrong
                print(f"{kind.name:<16}{done:>8}{ended:>8}{len(wrong):>8}{time.monotonic() - begun:>9.0f}", flush=True)
            # One more that needs such a folder: what the killed have left is gone then.
            ask(_tidied)
            # PyTorch's own cache, one for each person, is made as it is imported and stays.
            left = [name for name in sorted(os.listdir(temporary)) if not name.startswith("torchinductor_")]
            if left:
                faults.append(f"left in the folder for temporary files: {left[:5]}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print("\n".join(faults) or "nothing lost, nothing doubled, nothing left behind")
    return 1 if faults else 0


def _tidied(tell: Tell) -> None:
    from rubrics.scratch import scratch_folder

    with scratch_folder():
        pass
    tell("done")


if __name__ == "__main__":
    sys.exit(main())
