"""How the work of an assay is handed over: items in, rows of measures and what they cost out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from engine.jobs.child import Events

__all__ = ["Meter", "WorkItem", "items_of", "metered"]


class WorkItem(NamedTuple):
    """One thing to measure on."""

    position: int
    name: str
    cluster: str
    payload: Any

    def row(self, measures: Mapping[str, float]) -> list[Any]:
        """As the event `items` has it."""
        return [self.position, self.name, self.cluster, measures]


def items_of(message: Mapping[str, Any]) -> list[WorkItem]:
    """What a message asks for."""
    lines = Path(message["items_file"]).read_text(encoding="utf-8").split("\n")
    return [WorkItem(*json.loads(line)) for line in lines]


class Meter:
    """What the work of an assay costs."""

    def __init__(self) -> None:
        self.cost: dict[str, float] = {}

    def add(self, **cost: float) -> None:
        """More of it, by name."""
        for name, value in cost.items():
            self.cost[name] = self.cost.get(name, 0.0) + value


@contextmanager
def metered(message: Mapping[str, Any], events: Events, device: Any) -> Iterator[Meter]:
    """Within it time is taken; at its end, however that comes, the event `cost` tells of it: seconds, the most
    memory in bytes, `tokens` that were read, `trained` ones, and FLOPs.

    FLOPs are counted as 2 a parameter and token read, and 6 where a gradient is taken (Kaplan et al. 2020, arXiv
    2001.08361, §2.1); of a server, whose parameters are not known, they are not.
    """
    from engine.scoring.memory import peak_bytes

    meter, began = Meter(), time.perf_counter()
    try:
        yield meter
    finally:
        cost = meter.cost
        cost |= {"seconds": time.perf_counter() - began, "peak_bytes": float(peak_bytes(device))}
        if message["parameters"]:
            each = 2 * cost.get("tokens", 0.0) + 6 * cost.get("trained", 0.0)
            cost["flops"] = each * message["parameters"]
        events.send("cost", cost=cost)
