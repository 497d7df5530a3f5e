"""How much memory was used."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import torch

from engine.machine.devices import free_memory

__all__ = ["free_bytes", "peak_bytes"]


def peak_bytes(device: torch.device) -> int:
    """Most memory in use at once so far: of the device where it has its own, else of this process."""
    if device.type == "cuda":
        return sum(torch.cuda.max_memory_allocated(n) for n in range(torch.cuda.device_count()))
    # What getrusage says is never less than the parent had when it started this process.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def free_bytes(device: torch.device) -> int:
    """Memory that is left now: of the device where it has its own, else of this machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory()[1]
