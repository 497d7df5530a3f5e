"""Is the memory estimate right? Estimated and true peak of a scoring process, by shape, precision and context.

    python benchmarks/scoring/memory.py
    python benchmarks/scoring/memory.py --shape smollm2-135m --precision fp32 --context 4096

Each model is written to a folder with random weights, then loaded and made to score requests of the given length in
a process of its own, with what the program itself would use. The peak is the one that the program shows. Exits 1 where
an estimate is more than 15 % off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

PROBE = """
import json, sys
import numpy as np
import engine.worker
from engine.requests import Request
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
folder, precision, length, vocabulary = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
draw = np.random.default_rng(0)
loaded = load_model(folder, precision, "cpu", threads=2)
shared = tuple(draw.integers(0, vocabulary, length - 200).tolist())
asked = []
for number in range(4):
    ids = shared + tuple(draw.integers(0, vocabulary, 200).tolist())
    asked.append(Request(str(number), "likelihood", "chosen", ids, (length - 200, length), None))
backend = LocalBackend(loaded)
list(backend.score(asked))
print(json.dumps(backend.stats.peak_bytes))
"""


def write(shape: str, folder: Path) -> int:
    """A model folder with random weights; the size of its vocabulary."""
    import torch
    from workload import build

    model = build(shape, "fp32", "cpu").model.to(torch.bfloat16)
    model.save_pretrained(folder)
    return int(model.config.vocab_size)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", default=["qwen3-27m", "smollm2-135m"])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16", "int8", "nf4"])
    parser.add_argument("--context", nargs="+", type=int, default=[1024, 4096])
    asked = parser.parse_args()
    from engine.candidate import find
    from engine.precision import BUDGET_TOKENS, estimate

    worst = 0.0
    print("shape          precision  context  estimate MB   peak MB   peak/estimate")
    for shape in asked.shape:
        with tempfile.TemporaryDirectory() as folder:
            vocabulary = write(shape, Path(folder))
            (candidate,) = find([folder])
            for precision in asked.precision:
                for context in asked.context:
                    words = [folder, precision, str(context), str(vocabulary)]
                    root = str(Path(__file__).resolve().parents[2])
                    done = subprocess.run(
                        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=False,
                        env={**os.environ, "PYTHONPATH": root},
                    )  # fmt: skip
                    if done.returncode:
                        print(f"{shape:14} {precision:10} {context:7}  {done.stderr.strip().splitlines()[-1][:90]}")
                        continue
                    peak = json.loads(done.stdout.strip().splitlines()[-1])
                    told = estimate(candidate, precision, context_tokens=context, budget_tokens=BUDGET_TOKENS)
                    worst = max(worst, abs(peak / told - 1))
                    figures = f"{told / 1e6:12.0f} {peak / 1e6:9.0f} {peak / told:12.2f}"
                    print(f"{shape:14} {precision:10} {context:7} {figures}", flush=True)
    print(f"furthest off: {100 * worst:.0f} %")
    return int(worst > 0.15)


if __name__ == "__main__":
    raise SystemExit(main())
