"""kill -9 in mid-run: the same suite as an undisturbed run, and no answer that was stored is asked for again.

`RUDE_TUI_KILLS` sets how many moments are tried (default 1).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from engine.store.connection import Store

KILLS = int(os.environ.get("RUDE_TUI_KILLS", "1"))
CONCURRENCY = 6


def command(server, prompts: Path, folder: Path) -> list[str]:
    spec = server.spec("tags+sloppy:0.2")
    options = ["--generator", spec, "--verifier", server.spec("tags"), "--per-prompt", "2", "--rounds", "3"]
    places = ["--db", str(folder / "x.duckdb"), "-o", str(folder / "made.jsonl")]
    arguments = ["construct", "--prompts", str(prompts), *options, *places, "--concurrency", str(CONCURRENCY)]
    return [sys.executable, "-m", "rude_tui", *arguments]


def questions(db: Path) -> set[str]:
    """What has been asked and answered, as the server names it: by turns and seed."""
    if not db.exists():
        return set()
    with Store(db).reading() as connection:
        rows = connection.execute("select request from construct_calls").fetchall()
    return {named(json.loads(row[0]), "vote") for row in rows}


def named(body: dict, seed: str) -> str:
    return json.dumps([body["messages"], body[seed], body["temperature"]])


@pytest.mark.parametrize("moment", range(KILLS))
def test_killed_at_a_random_moment(moment: int, server, tmp_path: Path, plain_prompts) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(p.canonical() + "\n" for p in plain_prompts[:5]))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    done = subprocess.run(command(server, prompts, whole), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 4), done.stderr
    total = len(server.script.requests)
    assert max(server.script.tries.values()) == 1
    server.script.requests.clear()
    server.script.delay = 0.02
    program = subprocess.Popen(command(server, prompts, killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for = random.Random(moment).randrange(1, int(total * 0.8))
    while len(server.script.requests) < wait_for and program.poll() is None:
        time.sleep(0.005)
    os.kill(program.pid, signal.SIGKILL)
    program.wait(20)
    time.sleep(0.1)
    stored, sent = questions(killed / "x.duckdb"), len(server.script.requests)
    again = subprocess.run(command(server, prompts, killed), capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == done.returncode, again.stderr
    assert (killed / "made.jsonl").read_bytes() == (whole / "made.jsonl").read_bytes()
    assert (killed / "made.md").read_bytes() == (whole / "made.md").read_bytes()
    second = {named(body, "seed") for body in server.script.requests[sent:]}
    assert not second & stored
    # What was in the air at that moment has to be asked again; nobody can know its answer.
    count = Counter(named(body, "seed") for body in server.script.requests)
    assert sum(n - 1 for n in count.values()) <= CONCURRENCY
    assert max(count.values()) <= 2
    assert len(count) == total
