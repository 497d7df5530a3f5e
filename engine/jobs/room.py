"""Where workers that run side by side go, and when: each to the device with most room, once there is enough."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.machine.devices import devices

if TYPE_CHECKING:
    from engine.machine.devices import Device

__all__ = ["Room", "cores", "workers_for"]


def workers_for(told: int | None, device: str, planned: Iterable[str]) -> int:
    """How many workers go on side by side: as many as was said, else one for each GPU that may be used.

    Args:
        told: None for as many as there are GPUs.
        device: as asked for.
        planned: the devices that runs were planned for.
    """
    if told is not None:
        return told
    if device not in ("auto", "cuda") or not any(place.startswith("cuda") for place in planned):
        return 1
    return max(1, sum(device.kind == "cuda" for device in devices()))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Room:
    """Memory that workers share. One that is alone on a device goes there whatever it needs.

    Args:
        there: the devices, each with the memory that is free before anything starts.
        movable: whether a worker that was planned for one GPU may go to another.
    """

    def __init__(self, there: Sequence[Device], *, movable: bool) -> None:
        self._free = {device.spec: device.free for device in there}
        self._at = dict.fromkeys(self._free, 0)
        """Workers on each."""
        self._movable = movable
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, device: str, needed: int) -> Iterator[str]:
        """Within it, the device to use.

        Args:
            device: as planned; `cuda:all` is every GPU, with nobody else on any. One that is none of these devices (a
                server) is taken at once.
            needed: bytes of it.
        """
        if device != "cuda:all" and device not in self._free:
            yield device
            return
        with self._changed:
            self._changed.wait_for(lambda: bool(self._fitting(device, needed)))
            specs = self._fitting(device, needed)
            for spec in specs:
                self._free[spec] -= needed
                self._at[spec] += 1
        try:
            yield device if device == "cuda:all" else specs[0]
        finally:
            with self._changed:
                for spec in specs:
                    self._free[spec] += needed
                    self._at[spec] -= 1
                self._changed.notify_all()

    def _fitting(self, device: str, needed: int) -> list[str]:
        """The devices that it can have now; none where it has to wait."""
        gpus = [spec for spec in self._free if spec != "cpu"]
        if device == "cuda:all":
            return gpus if not any(self._at[spec] for spec in gpus) else []
        offered = gpus if self._movable and device != "cpu" else [device]
        good = [spec for spec in offered if not self._at[spec] or self._free[spec] >= needed]
        # Fewest neighbours first, then most memory; where it was planned for, if that is as good.
        return sorted(good, key=lambda spec: (self._at[spec], -self._free[spec], spec != device))[:1]
