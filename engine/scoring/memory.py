"""How much fits, and how much was used."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import torch

from engine.budgets import BUDGET_TOKENS

__all__ = ["peak_bytes", "token_budget"]


def peak_bytes(device: torch.device) -> int:
    """Most memory in use at once so far: of the device where it has its own, else of this process."""
    if device.type == "cuda":
        return sum(torch.cuda.max_memory_allocated(n) for n in range(torch.cuda.device_count()))
    # What getrusage says is never less than the parent had when it started this process.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def token_budget(config: Any, device: torch.device) -> int:
    """Tokens to compute in one forward pass.

    On a CPU a thousand keep its matrix units as busy as more would; of larger activations the allocator gives the
    memory back after each, to be cleared by the system for the next. On a GPU half of what is free, by the activations
    that live at once inside a layer, plus keys and values of every layer in the worst case.
    """
    if device.type != "cuda":
        return BUDGET_TOKENS["cpu"]
    free, _ = torch.cuda.mem_get_info(device)
    text = config.get_text_config()
    hidden = int(text.hidden_size)
    inner = int(getattr(text, "intermediate_size", None) or 4 * hidden)
    per_token = 4 * (12 * hidden + 4 * inner)
    return max(256, min(32768, int(free * 0.5 / per_token) // 256 * 256))
