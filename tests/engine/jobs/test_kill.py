"""kill -9 of the worker, of the program, and of both: a rerun finishes; no pair is lost, none twice, none half-written.

`RUDE_TUI_KILLS` sets how many moments are tried for each (default 1).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from command import rude

from engine.export.tables import table
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.runs import Status, stored_runs

PAIRS = 160
KILLS = int(os.environ.get("RUDE_TUI_KILLS", "1"))


def command(model: Path, db: Path) -> list[str]:
    arguments = ["run", "--model", str(model), "--suite", "world", "--limit", str(PAIRS), "--protocol", "likelihood"]
    options = ["--device", "cpu", "--precision", "fp32", "--threads", "1", "--controls", "0", "--db", str(db), "--json"]
    return [*arguments, *options]


def scored(db: Path) -> int:
    with Store(db).reading() as connection:
        return connection.execute("select count(*) from verdicts_raw").fetchone()[0]


def rows(store: Store) -> list[dict[str, object]]:
    return list(table(store, "verdicts", Question()).records())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> list[dict[str, object]]:
    store = Store(tmp_path_factory.mktemp("whole") / "rude.duckdb")
    request = RunRequest(
        (str(small_model),), ("world",), ("likelihood",), "fp32", "cpu", threads=1, limit=PAIRS
    )  # fmt: skip
    perform(store, plan(store, request))
    return rows(store)


@pytest.mark.long
@pytest.mark.parametrize("moment", range(KILLS))
@pytest.mark.parametrize("victim", ["both", "worker", "program"])
def test_killed_at_a_random_moment(
    victim: str, moment: int, tmp_path: Path, small_model: Path, undisturbed: list[dict[str, object]]
) -> None:
    db = tmp_path / "rude.duckdb"
    rng = random.Random(f"{victim}{moment}")
    program = subprocess.Popen(
        [sys.executable, "-m", "rude_tui", *command(small_model, db)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    worker = wait_for_worker(program)
    if rng.random() < 0.7:  # most often in the middle of scoring, sometimes while it loads
        wait_for_verdicts(db, rng.randrange(1, PAIRS // 2), program)
    time.sleep(rng.random() * 0.3)
    for process in {"worker": [worker], "program": [program], "both": [program, worker]}[victim]:
        if process.poll() is None if isinstance(process, subprocess.Popen) else process.is_running():
            os.kill(process.pid, signal.SIGKILL)
    code = program.wait(120)
    assert code != 0 or scored(db) == PAIRS
    worker.wait(120)  # an orphan ends itself
    if victim != "worker" and scored(db) < PAIRS:
        assert stored_runs(Store(db))[0].status is Status.CRASHED
    finished = rude(*command(small_model, db))
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)[0]["done"] == PAIRS
    found = rows(Store(db))
    assert len({row["pair_id"] for row in found}) == len(found) == PAIRS
    for one, other in zip(found, undisturbed, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def wait_for_worker(program: subprocess.Popen[bytes]) -> psutil.Process:
    parent = psutil.Process(program.pid)
    while program.poll() is None:
        for child in parent.children():
            if "engine.worker" in " ".join(child.cmdline()):
                return child
        time.sleep(0.02)
    raise AssertionError("the program ended before it had a worker")


def wait_for_verdicts(db: Path, least: int, program: subprocess.Popen[bytes]) -> None:
    while program.poll() is None and (not db.exists() or scored(db) < least):
        time.sleep(0.05)
