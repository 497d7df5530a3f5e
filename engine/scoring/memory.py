"""How much memory is used, and how much may be."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from engine.candidates.find import find
from engine.machine.devices import Device, free_memory
from engine.machine.precision import CONTEXT_TOKENS, fits
from rubrics.counted import count
from rubrics.errors import CandidateError

__all__ = ["Pieces", "free_bytes", "peak_bytes", "within"]


class Pieces(NamedTuple):
    """How much is done and kept at one time; None: as much as usual."""

    budget_tokens: int | None = None
    kept_bytes: int | None = None


def within(message: Mapping[str, Any], longest: int) -> Pieces:
    """The pieces that a candidate has to be scored in, to take no more memory than the message allows. For requests of
    usual length they are those that the plan was made with.

    Args:
        longest: tokens in the longest request.

    Raises:
        CandidateError: for requests so long the memory does not do.
    """
    memory = message.get("memory")
    if memory is None:
        return Pieces()
    folder = message["model"]
    (candidate,) = find([folder], allow_remote_code=message["trust_remote_code"])
    kind = "cpu" if message["device"] == "cpu" else "cuda"
    whole = Device(kind, 0, "", memory, memory)
    context = max(longest, min(candidate.context or CONTEXT_TOKENS, CONTEXT_TOKENS))
    fit = fits(candidate, whole, message["precision"], context_tokens=context, memory=memory)
    if fit.precision is None:
        what = f"its longest request has {count(longest, 'token')}: {fit.reason}"
        raise CandidateError(what, where=str(folder), fix="allow more memory, or choose another precision")
    return Pieces(fit.budget_tokens, fit.kept_bytes)


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
