"""kill -9 in mid-run, again and again over one construction: the same suite as an undisturbed run.

No question whose answer is stored is asked again. Of those under way at a kill nobody can know whether they were
received; they are sent again, at most as many as there are places, with the same `Idempotency-Key`, so that a server
which honours it answers, and bills, each question once. `RUDE_TUI_KILLS` sets how often it is killed (default 3).
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
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.connection import Store

KILLS = int(os.environ.get("RUDE_TUI_KILLS", "3"))
CONCURRENCY = 6
STARTER = """
import json, os, sys
import duckdb, httpx2, numpy
import engine.construct.card, engine.construct.job, engine.construct.server, engine.stats.intervals
import rubrics.check, rubrics.jsonl, rude_tui.commands.construct
from rude_tui.__main__ import main
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["rude-tui", *json.loads(line)]
        code = 1
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            os._exit(code)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
"""Runs one command after the other, each in a process of its own; what all of them import is imported once."""


class Starter:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, arguments: list[str]) -> int:
        """The process that carries out a command."""
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> int:
        """Its exit status, once it has ended."""
        return int(self.process.stdout.readline())


@pytest.fixture
def starter() -> Iterator[Starter]:
    one = Starter()
    yield one
    one.process.stdin.close()
    one.process.stdout.close()
    one.process.wait(120)


def command(server, prompts: Path, folder: Path) -> list[str]:
    spec = server.spec("tags+sloppy:0.2")
    options = ["--generator", spec, "--verifier", server.spec("tags"), "--per-prompt", "2", "--rounds", "3"]
    places = ["--db", str(folder / "x.duckdb"), "-o", str(folder / "made.jsonl")]
    return ["construct", "--prompts", str(prompts), *options, *places, "--concurrency", str(CONCURRENCY)]


def stored(db: Path) -> set[str]:
    """Keys of what has been asked and answered."""
    if not db.exists():
        return set()
    with Store(db).reading() as connection:
        return {row[0] for row in connection.execute("select call_key from construct_calls").fetchall()}


@pytest.mark.long
def test_killed_at_random_moments(server, starter: Starter, tmp_path: Path, plain_prompts) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(p.canonical() + "\n" for p in plain_prompts[:3]))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    starter.start(command(server, prompts, whole))
    code = starter.ended()
    assert code in (0, 4)
    undisturbed = Counter(server.script.keys)
    assert max(undisturbed.values()) == 1
    assert server.script.billed == undisturbed
    server.script.forget()
    rng = random.Random(0)
    places = sorted(rng.sample(range(2, int(0.9 * len(undisturbed))), KILLS))
    for place in places:
        before = stored(killed / "x.duckdb")
        sent = len(server.script.keys)
        server.script.answered = place
        server.script.go_on.clear()
        program = starter.start(command(server, prompts, killed))
        while len(set(server.script.keys)) < place:
            time.sleep(0.002)
        os.kill(program, signal.SIGKILL)
        assert starter.ended() == -signal.SIGKILL
        server.script.go_on.set()
        assert not before & set(server.script.keys[sent:])
        # What was sent and is not stored was under way.
        assert len(set(server.script.keys[sent:]) - stored(killed / "x.duckdb")) <= CONCURRENCY
    starter.start(command(server, prompts, killed))
    assert starter.ended() == code
    assert (killed / "made.jsonl").read_bytes() == (whole / "made.jsonl").read_bytes()
    assert (killed / "made.md").read_bytes() == (whole / "made.md").read_bytes()
    asked = Counter(server.script.keys)
    assert set(asked) == set(undisturbed)
    assert 0 < sum(n - 1 for n in asked.values()) <= CONCURRENCY * KILLS
    assert server.script.billed == undisturbed
