"""Precisions, and which kernels multiply at them, told without loading one: both are part of what produced a number."""

from __future__ import annotations

import importlib.util
import os
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

__all__ = [
    "ATTENTIONS",
    "PRECISIONS",
    "QUANTISED",
    "SERVED",
    "AttentionKernel",
    "Matmul",
    "Precision",
    "attention_for",
    "matmul_for",
    "processor",
]

Precision = Literal["fp32", "bf16", "int8", "nf4"]

PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
"""From the most exact to the smallest."""

SERVED: Final = "served"
"""What stands for precision and attention where a server has chosen them."""

QUANTISED: Final[tuple[Precision, ...]] = ("int8", "nf4")
"""Those for which bitsandbytes is needed."""

AttentionKernel = Literal["auto", "sdpa", "eager", "flash_attention_2", "flex_attention"]
"""The attention of a model itself, as transformers names it. `auto`: PyTorch's fused kernels (sdpa), or what the model
has where it lacks those."""

ATTENTIONS: Final[tuple[AttentionKernel, ...]] = get_args(AttentionKernel)

Matmul = Literal["onednn", "mixed", "wide", "default"]
"""How attention and the usual linear layers multiply; a model's own kinds of layer do as they do. `onednn`: fp32
numbers by oneDNN. `mixed`: bf16 numbers by the processor's units for them, and everything between products in fp32.
`wide`: everything in fp32, whatever the weights are. `default`: as the installed PyTorch does by itself."""

_CUTS_PRECISION = ("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE")
"""Settings by which oneDNN multiplies fp32 numbers at less than their precision."""


def attention_for(requested: str) -> str:
    """The name that a run's key has for what was asked."""
    return "sdpa" if requested == "auto" else requested


def matmul_for(device_kind: str, precision: str) -> Matmul:
    """The library for a device and precision.

    PyTorch's builds for x86 multiply in fp32 with MKL, which leaves AVX-512 unused on processors that are not Intel's:
    on an AMD EPYC that has it oneDNN, which is in the same build, is 2.3 times as fast at the same precision; on one
    with AVX2 only it is 3 to 20 % slower. It is never taken where the environment tells it to round first, nor from a
    PyTorch that was built without it.

    In bf16, what lies between products is kept in fp32, which costs nothing. Where the processor has no units for bf16
    nor AVX-512, there is no fast code either, and the weights are multiplied as fp32 numbers, nine times as fast.
    """
    able = _cpu_field("flags").split()
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if device_kind != "cpu" or precision not in ("fp32", "bf16") or not x86 or not able:
        return "default"
    if precision == "bf16":
        if not {"avx512_bf16", "amx_bf16"}.isdisjoint(able):
            return "mixed" if _built_in() else "default"
        return "default" if "avx512f" in able else "wide"
    exact = all(os.environ.get(name, "STRICT").upper() == "STRICT" for name in _CUTS_PRECISION)
    faster = "avx512f" in able and exact and "GenuineIntel" not in _cpu_field("vendor_id")
    return "onednn" if faster and _built_in() else "default"


def processor() -> str:
    """The processor's name as it tells it, or its architecture."""
    return _cpu_field("model name") or platform.processor() or platform.machine()


@cache
def _built_in() -> bool:
    """Whether the installed PyTorch has oneDNN, by a header that comes with it; where there is none, it is not used."""
    spec = importlib.util.find_spec("torch")
    for place in (spec and spec.submodule_search_locations) or ():
        with suppress(OSError):
            header = Path(place, "include", "ATen", "Config.h").read_text(encoding="utf-8", errors="replace")
            return "#define AT_MKLDNN_ENABLED() 1" in header
    return False


@cache
def _cpu_field(field: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")
