"""What a plan will cost, as far as earlier runs on this machine tell."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from engine.jobs.preview import LaidRun
from engine.jobs.runs import PlannedRun
from engine.store.connection import Store
from engine.store.runs import facts_of_host

__all__ = ["Pace", "RunCost", "paces", "run_cost"]

_Kind = tuple[str, str, str, str]
"""Weights hash, precision, kind of device, protocol."""


@dataclass(frozen=True)
class Pace:
    """How fast earlier runs of one candidate went here."""

    tokens_per_second: float
    """Of requests, shared beginnings counted each time, as `LaidRun.tokens` counts them; loading left out."""
    memory_bytes: int
    """The most that a scoring process took."""
    runs: int


@dataclass(frozen=True)
class RunCost:
    """What one planned run will take; None where nothing is known."""

    tokens: int | None = None
    """In the requests still to send."""
    seconds: float | None = None
    """Of scoring; loading comes on top."""
    runs: int = 0
    """Earlier runs that the time is from."""
    measured_bytes: int | None = None
    """The most memory that an earlier run took."""


def paces(store: Store) -> Mapping[_Kind, Pace]:
    """Speed and memory of the runs this machine has done, by candidate, precision, device and protocol.

    Raises:
        StoreError: the store cannot be read.
    """
    sums: dict[_Kind, tuple[float, float, int, int]] = {}
    for run in facts_of_host(store, socket.gethostname()):
        tokens, seconds = run.facts.get("tokens") or 0, run.facts.get("seconds") or 0.0
        if tokens > 0 and seconds > 0:
            key = (run.weights_hash, run.precision, run.device, run.protocol)
            before = sums.get(key, (0.0, 0.0, 0, 0))
            memory = max(before[2], int(run.facts.get("memory") or 0))
            sums[key] = (before[0] + tokens, before[1] + seconds, memory, before[3] + 1)
    return {key: Pace(tokens / seconds, memory, runs) for key, (tokens, seconds, memory, runs) in sums.items()}


def run_cost(run: PlannedRun, laid: LaidRun | None, measured: Mapping[_Kind, Pace]) -> RunCost:
    """What a planned run will take.

    Args:
        laid: its size, once it is laid out; None before.
        measured: from `paces`.
    """
    key = run.key
    pace = measured.get((key["weights_hash"], key["precision"], key["device"], run.protocol))
    if laid is None:
        return RunCost(measured_bytes=pace.memory_bytes if pace else None, runs=pace.runs if pace else 0)
    # The tokens are those of every pair that can be scored, whatever the limit.
    scorable = len(run.suite.scored) - len(laid.skipped)
    remaining = max(0, laid.total - run.done)
    tokens = round(laid.tokens * remaining / scorable) if scorable else 0
    if pace is None:
        return RunCost(tokens)
    return RunCost(tokens, tokens / pace.tokens_per_second, pace.runs, pace.memory_bytes)
