"""The process that works on a run, and whether it still does: no stepping clock or renamed machine misleads."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.store.connection import Store
from rubrics.errors import Busy

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "OWNED", "LeftElsewhere", "Owner", "left_elsewhere", "living_owner", "machines_out_of_sight", "other_owner",
    "owner_of", "take",
]  # fmt: skip

OWNED: Final = ("runs", "trace_runs", "assay_runs", "posttrain_runs", "construct_runs")
"""Tables whose rows are work that one process at a time does: a row `started` names it."""


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

    def busy(self, doing: str) -> Busy:
        """That it is at something already, and what can be done."""
        if self.within_sight:
            return Busy(f"process {self.pid} is {doing} already", fix="wait for it, or stop it there")
        return Busy(
            f"process {self.pid} on {self.host} is {doing}, as far as is known here",
            fix=f"stop it there; if {self.host} is gone, the work can be taken over", shell="--take-over",
        )  # fmt: skip


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
        if sys.platform == "win32" or not boot:
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
    owner = living_owner(connection, table, [run_id], take_over=take_over)
    return None if owner == Owner.this() else owner


def living_owner(
    connection: duckdb.DuckDBPyConnection, table: str, run_ids: Sequence[str], *, take_over: bool = False
) -> Owner | None:
    """A living process, this one too, that works on one of these runs of a table; None where there is none.

    Args:
        take_over: count those out of sight as gone.
    """
    rows = connection.execute(
        f"select owner_pid, owner_started, owner_host, owner_boot from {table} "
        "where status = 'started' and run_id in (select unnest(?::varchar[]))",
        [list(run_ids)],
    ).fetchall()
    owners = (owner_of(*row) for row in rows)
    return next(
        (owner for owner in owners if owner is not None and owner.alive and (owner.within_sight or not take_over)),
        None,
    )


def take(connection: duckdb.DuckDBPyConnection, table: str, run_id: str) -> None:
    """Write down that a run of a table is this process's from now on."""
    me = Owner.this()
    connection.execute(
        f"update {table} set status = 'started', owner_pid = ?, owner_started = ?, owner_host = ?, owner_boot = ?, "
        "error = null, updated_at = now() where run_id = ?",
        [me.pid, me.started, me.host, me.boot, run_id],
    )


class LeftElsewhere(NamedTuple):
    """Work that a process on a machine out of sight is said to be at."""

    host: str
    since: str
    """When it was last heard of."""
    runs: int


def left_elsewhere(store: Store, run_ids: Sequence[str]) -> list[LeftElsewhere]:
    """Which of these runs, of any kind, are said to be worked on where nobody here can look; by machine."""
    with store.reading() as connection:
        return machines_out_of_sight(connection, run_ids)


def machines_out_of_sight(connection: duckdb.DuckDBPyConnection, run_ids: Sequence[str]) -> list[LeftElsewhere]:
    """See `left_elsewhere`."""
    by_host: dict[str, list[str]] = {}
    for table in OWNED:
        rows = connection.execute(
            "select strftime(updated_at, '%Y-%m-%d %H:%M'), owner_pid, owner_started, owner_host, owner_boot "
            f"from {table} where status = 'started' and run_id in (select unnest(?::varchar[]))",
            [list(run_ids)],
        ).fetchall()
        for since, *whose in rows:
            owner = owner_of(*whose)
            if owner is not None and not owner.within_sight:
                by_host.setdefault(owner.host, []).append(since)
    return [LeftElsewhere(host, max(times), len(times)) for host, times in by_host.items()]
