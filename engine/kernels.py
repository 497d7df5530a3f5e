"""Which library multiplies matrices on a CPU, told without loading one: it is part of what produced a number."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["Matmul", "matmul_for", "processor"]

Matmul = Literal["onednn", "default"]
"""`onednn`: oneDNN's kernels in fp32. `default`: what the installed PyTorch takes by itself."""

_CUTS_PRECISION = ("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE")
"""Settings by which oneDNN multiplies fp32 numbers at less than their precision."""


def matmul_for(device_kind: str, precision: str) -> Matmul:
    """The library for a device and precision.

    PyTorch's builds for x86 multiply in fp32 with MKL, which leaves AVX-512 unused on processors that are not Intel's:
    on an AMD EPYC that has it oneDNN, which is in the same build, is 2.3 times as fast at the same precision; on one
    with AVX2 only it is 3 to 20 % slower. It is never taken where the environment tells it to round first.
    """
    if device_kind != "cpu" or precision != "fp32" or platform.machine().lower() not in ("x86_64", "amd64"):
        return "default"
    if any(os.environ.get(name, "STRICT").upper() != "STRICT" for name in _CUTS_PRECISION):
        return "default"
    return "onednn" if "avx512f" in _told("flags").split() and "GenuineIntel" not in _told("vendor_id") else "default"


def processor() -> str:
    """The processor's name as it tells it, or its architecture."""
    return _told("model name") or platform.processor() or platform.machine()


@cache
def _told(field: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")
