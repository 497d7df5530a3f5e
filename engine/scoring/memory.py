"""How much memory was used."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import torch

__all__ = ["peak_bytes"]


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
