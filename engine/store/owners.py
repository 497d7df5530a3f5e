"""The process that works on a run, and whether it still does: no stepping clock or renamed machine misleads."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["Owner", "other_owner", "owner_of"]


@dataclass(frozen=True)
class Owner:
    """A process, told apart from a later one with the same number by when it started."""

    pid: int
    started: float
    """Seconds from the machine's start, which no clock moves; where `boot` is empty, seconds from 1970."""
    host: str
    boot: str = ""
    """This start of the machine, and the space that its process numbers belong to. Empty where the system tells
    neither, and in rows of earlier versions."""

    @classmethod
    def this(cls) -> Owner:
        """The process that asks."""
        boot = _boot()
        started = _started(os.getpid(), boot)
        assert started is not None
        return cls(os.getpid(), started, socket.gethostname(), boot)

    @property
    def within_sight(self) -> bool:
        """Whether it can be known from here that it still runs."""
        return self.host == socket.gethostname() or (self.boot != "" and self.boot == _boot())

    @property
    def alive(self) -> bool:
        """Whether it still runs. Out of sight nothing can be known, so it counts as alive."""
        if not self.within_sight:
            return True
        # Under the same name after a restart of the machine, or of the container: nobody of then is left.
        if self.boot and self.boot != _boot():
            return False
        started = _started(self.pid, self.boot)
        return started is not None and abs(started - self.started) < (0.005 if self.boot else 1.0)

    def busy(self, doing: str) -> str:
        """That it is at something already, and what can be done."""
        if self.within_sight:
            return f"process {self.pid} is {doing} already\n  → wait for it, or stop it there"
        return (
            f"process {self.pid} on {self.host} is {doing}, as far as is known here\n"
            f"  → stop it there; if {self.host} is gone, the work can be taken over"
        )


@cache
def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except (OSError, ValueError):
        return ""


def _started(pid: int, boot: str) -> float | None:
    """When a process started; None where it has ended. Psutil's own time moves with the clock of the system."""
    import psutil

    try:
        if not boot:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
        # The name in brackets may hold anything; state and start are the 1st and 20th field behind it.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (psutil.Error, OSError):
        return None


def owner_of(pid: int | None, started: float, host: str, boot: str | None) -> Owner | None:
    """The process that a row says works on it; None where it says nobody does."""
    return None if pid is None else Owner(pid, started, host, boot or "")


def other_owner(
    connection: duckdb.DuckDBPyConnection, table: str, run_id: str, *, take_over: bool = False
) -> Owner | None:
    """The living process other than this one that works on a run of a table; None where there is none.

    Args:
        take_over: count those out of sight as gone.
    """
    row = connection.execute(
        f"select owner_pid, owner_started, owner_host, owner_boot from {table} where run_id = ? and status = 'started'",
        [run_id],
    ).fetchone()
    owner = owner_of(*row) if row else None
    if owner is None or owner == Owner.this() or (take_over and not owner.within_sight):
        return None
    return owner if owner.alive else None
