"""Who works on a run is known by the machine's start and the process's, not by names and clocks."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from engine.store import owners
from engine.store.owners import Owner

ELSEWHERE = {"host": "elsewhere", "boot": "another/pid:[1]"}

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs the machine's own account of its start")


def test_this_process_lives() -> None:
    me = Owner.this()
    assert me == Owner.this()
    assert me.pid == os.getpid()
    assert me.alive
    assert not dataclasses.replace(me, started=me.started - 1).alive


@linux
def test_a_new_name_of_the_machine_hides_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Owner.this()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    dead = dataclasses.replace(me, pid=gone.pid)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-lease")
    assert me.alive
    assert not dead.alive


@linux
def test_a_clock_that_steps_makes_no_live_run_look_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Owner.this()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: now + 80_000)
    assert me.alive
    assert Owner.this() == me


@linux
def test_after_a_restart_nobody_is_left() -> None:
    assert not dataclasses.replace(Owner.this(), boot="an/earlier").alive


def test_out_of_sight_it_counts_as_alive_and_the_machine_is_named() -> None:
    other = dataclasses.replace(Owner.this(), **ELSEWHERE)
    assert other.alive
    assert not other.within_sight
    assert "on elsewhere" in str(other.busy("scoring this"))
    assert "taken over" in str(other.busy("scoring this"))


def test_rows_of_earlier_versions_are_judged_as_before() -> None:
    host = socket.gethostname()
    assert Owner(os.getpid(), psutil.Process().create_time(), host).alive
    assert not Owner(os.getpid(), psutil.Process().create_time() - 60, host).alive
    assert Owner(os.getpid(), 0.0, "elsewhere").alive


@linux
def test_the_start_is_what_the_system_says() -> None:
    started = psutil.boot_time() + Owner.this().started
    assert started == pytest.approx(psutil.Process().create_time(), abs=2)
    assert owners._started(2**22 + 1, Owner.this().boot) is None
