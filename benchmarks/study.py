"""What the published study would take on H200s, on paper: arithmetic from its printed sizes, nothing of it measured.

python -m benchmarks.study [VERDICTS_A_SECOND]
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["on_paper"]

_SUITES: Final = {
    "HealthBench": (3_673, 3_787), "PRBench": (12_433, 14_231), "AdvancedIF": (4_838, 6_369),
    "WritingBench": (7_739, 18_191),
}  # fmt: skip
"""Pairs, and mean tokens of one (arXiv 2605.11978)."""
_WORKING: Final = {
    "DeepSeek-V3.1": 37, "GLM-4.5": 32, "GLM-4.5-Air": 12, "Kimi-K2": 32, "Qwen3-30B-A3B": 3.3, "Qwen3-235B-A22B": 22,
}  # fmt: skip
"""Billions of parameters that work on a token, of mixtures of experts, by their model cards."""
_BYTES: Final = {"bf16": 2.0, "int8": 1.0, "nf4": 0.52}
"""A parameter."""
_PEAK: Final = 989e12
"""Operations a second in bf16 without sparsity, by NVIDIA's data sheet of the H200."""
_SHARE: Final = 0.4
"""Of that, reached: assumed."""
_MEMORY: Final = 141e9 * 0.9
"""Bytes of a GPU for weights: assumed."""
_NODE: Final = 8
"""GPUs of a node."""
_LETTERS: Final = 4
"""Bytes of text a token: assumed."""
_ORDERS: Final = 2
"""In which `choice` shows the responses, each a request of its own."""


class _Load(NamedTuple):
    name: str
    precision: str
    gpus: int
    """Of one node that hold it."""
    hours: float
    """That its layers take, one GPU after another, on all pairs."""
    size: float
    """Bytes of its weights at that precision."""


def _loads() -> list[_Load]:
    tokens = _ORDERS * sum(pairs * mean for pairs, mean in _SUITES.values())
    path = Path(__file__).parents[1] / "data" / "published" / "parameters.csv"
    with path.open(encoding="utf-8") as file:
        return [_load(row["base_model"], float(row["parameters_billions"]), tokens) for row in csv.DictReader(file)]


def _load(name: str, billions: float, tokens: int) -> _Load:
    sizes = {precision: billions * 1e9 * each for precision, each in _BYTES.items()}
    precision = next(name for name, size in sizes.items() if size <= _NODE * _MEMORY)
    hours = 2 * _WORKING.get(name, billions) * 1e9 * tokens / (_PEAK * _SHARE) / 3600
    return _Load(name, precision, math.ceil(sizes[precision] / _MEMORY), hours, sizes[precision])


def on_paper(verdicts: float) -> str:
    """The account as Markdown.

    Args:
        verdicts: a second that the slowest part of the head takes in.
    """
    loads, pairs = _loads(), sum(pairs for pairs, _ in _SUITES.values())
    text = sum(pairs * mean for pairs, mean in _SUITES.values())
    lines = [
        f"{pairs:,} pairs under `choice`, in both orders, are {_ORDERS * text / 1e6:,.0f} million tokens a candidate; "
        f"{_SHARE:.0%} of the H200's {_PEAK / 1e12:,.0f} TFLOP/s is assumed. In bf16 where a node of {_NODE} holds it:",
        "",
        "| H200s | candidates that fit | hours | the large ones served | verdicts a second | of what the head takes "
        "| weights hashed and loaded |",
        "|---|---|---|---|---|---|---|",
    ]
    for there in (1, 8, 64):
        fit = [load for load in loads if load.gpus <= min(there, _NODE)]
        hours = sum(load.hours * load.gpus for load in fit) / there
        # A server that computes on all its GPUs at once wastes none of them.
        served = sum(load.hours for load in fit) / there
        rate = pairs * len(fit) / (served * 3600)
        shards = max(1, there // len(fit))
        read = sum(2 * load.size * shards for load in fit)
        lines.append(
            f"| {there} | {len(fit)} of {len(loads)} | {hours:,.1f} | {served:,.1f} | {rate:,.1f} | "
            f"{rate / verdicts:.2%} | {read / 1e12:,.1f} TB |"
        )
    several = ", ".join(f"{load.name} ({load.precision}, {load.gpus})" for load in loads if load.gpus > 1)
    lines += ["", f"More than one GPU each: {several}. The suite is {text * _LETTERS / 1e9:.1f} GB of text."]
    return "\n".join(lines)


if __name__ == "__main__":
    print(on_paper(float(sys.argv[1]) if len(sys.argv) > 1 else 1_000.0))
