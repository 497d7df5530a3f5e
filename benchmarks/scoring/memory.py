"""Is the memory estimate right? Estimated and true peak of a scoring process, by shape, precision and context.

    python benchmarks/scoring/memory.py
    python benchmarks/scoring/memory.py --shape smollm2-135m --precision fp32 --context 4096
    python benchmarks/scoring/memory.py --precision bf16 --matmul wide       as on a processor without AVX-512
    python benchmarks/scoring/memory.py --shape qwen3-4b --precision bf16 --context 18000 --calls 1    half an hour

Each model is written to a folder with random weights, then loaded and made to score several calls of requests of up to
the given length, in a process of its own that is started as the program starts it. The peak is the one that the program
shows. Exits 1 where an estimate is more than 15 % off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.machine.kernels import Matmul

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import json, os, sys
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
import numpy as np
import engine.worker
from engine.machine import kernels
from engine.layout.requests import Request
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
folder, precision, way = sys.argv[1], sys.argv[2], sys.argv[6]
length, vocabulary, calls = map(int, sys.argv[3:6])
if way:
    kernels.matmul_for = lambda *_: way
draw = np.random.default_rng(0)
backend = LocalBackend(load_model(folder, precision, "cpu", threads=2))
for call in range(calls):
    # The first call has the longest; shapes that differ leave other gaps in memory.
    common = length - 200 - int(call * draw.integers(0, length // 8))
    shared = tuple(draw.integers(0, vocabulary, common).tolist())
    asked = []
    for number in range(4):
        ids = shared + tuple(draw.integers(0, vocabulary, 200 - 20 * call).tolist())
        asked.append(Request(str(number), "likelihood", "chosen", ids, (common, len(ids)), None))
    list(backend.score(asked))
print(json.dumps(backend.stats.peak_bytes))
"""


def write(shape: str, folder: Path) -> int:
    """A model folder with random weights; the size of its vocabulary."""
    from workload import build

    model = build(shape, "bf16", "cpu").model
    model.save_pretrained(folder)
    return int(model.config.vocab_size)


def peak_of(folder: str, precision: str, context: int, vocabulary: int, calls: int, way: str) -> int:
    """Bytes of resident memory at the peak of a process that loads the model and scores."""
    from engine.jobs.child import environment

    done = subprocess.run(
        [sys.executable, "-c", PROBE, folder, precision, str(context), str(vocabulary), str(calls), way],
        capture_output=True, text=True, check=False, env={**environment(), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{precision}, {context} tokens: ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return int(json.loads(done.stdout.strip().splitlines()[-1]))


def table(results: list[dict[str, Any]]) -> str:
    """Markdown: estimate, peak and their ratio."""
    lines = ["| shape | precision | context | estimate MB | peak MB | peak / estimate |", "|---" * 6 + "|"]
    for row in results:
        way = f", multiplied by {row['matmul']}" if row["matmul"] else ""
        lines.append(
            f"| {row['shape']} | {row['precision']}{way} | {row['context']:,} | {row['estimate'] / 1e6:,.0f} "
            f"| {row['peak'] / 1e6:,.0f} | {row['ratio']:.2f} |"
        )
    return "\n".join(lines)


def kept(results: list[dict[str, Any]], folder: Path) -> None:
    """The results as JSON and as a table, named by date."""
    import record
    import torch

    from engine.machine import kernels

    machine = f"{kernels.processor()}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, 2 threads"
    off = max(abs(row["ratio"] - 1) for row in results)
    packages = ("torch", "transformers", "bitsandbytes", "numpy")
    record.keep(folder, "memory", machine, packages, {}, results, f"furthest off: {off:.0%}.", table(results))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", default=["qwen3-27m", "smollm2-135m", "llama-160m"])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16", "int8", "nf4"])
    parser.add_argument("--context", nargs="+", type=int, default=[1024, 4096])
    parser.add_argument("--calls", type=int, default=2, help="of four requests each, alike but for 200 tokens")
    parser.add_argument("--matmul", default="", choices=get_args(Matmul), help="default: as the program")
    parser.add_argument("--output", type=Path, help="folder for a dated JSON and table of the results")
    asked = parser.parse_args()
    from engine.candidates.find import find
    from engine.machine import precision as estimating
    from engine.machine.budgets import BUDGET_TOKENS
    from engine.machine.precision import estimate

    if asked.matmul:
        estimating.matmul_for = lambda *_: asked.matmul
    results: list[dict[str, Any]] = []
    for shape in asked.shape:
        with tempfile.TemporaryDirectory() as folder:
            vocabulary = write(shape, Path(folder))
            (candidate,) = find([folder])
            for precision in asked.precision:
                for context in asked.context:
                    peak = peak_of(folder, precision, context, vocabulary, asked.calls, asked.matmul)
                    told = estimate(candidate, precision, context_tokens=context, budget_tokens=BUDGET_TOKENS["cpu"])
                    row = {"shape": shape, "precision": precision, "matmul": asked.matmul, "context": context}
                    results.append({**row, "estimate": told, "peak": peak, "ratio": round(peak / told, 3)})
                    print(table(results[-1:]).splitlines()[-1], flush=True)
    print(table(results))
    if asked.output:
        kept(results, asked.output)
    return int(any(abs(row["ratio"] - 1) > 0.15 for row in results))


if __name__ == "__main__":
    raise SystemExit(main())
