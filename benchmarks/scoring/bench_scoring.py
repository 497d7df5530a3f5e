"""How fast is scoring, against lm-evaluation-harness, llama.cpp, OpenVINO, a careful loop, and the hardware's floor?

    python benchmarks/scoring/bench_scoring.py                                the table for CPUs, most of an hour
    python benchmarks/scoring/bench_scoring.py --shape qwen3-27m --precision fp32 --pairs 20
    python benchmarks/scoring/bench_scoring.py --device cuda --shape qwen3-0.6b qwen3-4b qwen3-14b --precision bf16
    python benchmarks/scoring/bench_scoring.py --device cuda --shape qwen3-4b --precision bf16 --long

Models have random weights in true shapes; pairs are random ids in the proportions of a written suite: two exemplars a
domain (640 to 690 tokens), prompts of 60 to 400 tokens, responses of 100 to 400, half of the pairs alike for their
first 50 to 95 %. Everybody gets the same ids. Loading is left out. Every figure is a ratio within one run, with rivals
taking turns: median of the rounds. On a busy machine, `--threads 1 --clock cpu` counts processor time instead.

- *lm-eval*: the Hugging Face backend of lm-evaluation-harness, where installed, as it comes, at its best batch size.
- *llama.cpp*, *OpenVINO*: where installed, all of the requests, in the order that lets their cache serve most, and
  logits only where they are read; in the model's precision, llama.cpp for bf16 in F16 too.
- *careful loop*: one request at a time, fused attention, head only where something is read, log-softmax there in fp32.
- *equally set*: the same with our way of multiplying in linear layers, where it is another than PyTorch's own choice.
- *error*: mean difference to a careful loop over the same stored weights, nats, ± its standard error: of fp32 to
  float64 on the rivals' part; of bf16 to fp32, on eighty requests of who does all, since few say little.
- *floor*: floating-point operations of the distinct tokens, at the best rate measured here for the model's own matrix
  sizes, whichever library reaches it.

The other rivals do an evenly spread part of the requests and their time is scaled up by tokens. Needs torch,
transformers and numpy; runs from a bare checkout.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import llama_rival
import lm_eval_rival
import openvino_rival
import record
from workload import SHAPES, Lengths, build, floor_operations, pairs_as_requests

from engine.jobs.child import environment
from engine.layout.order import ROUND_PAIRS
from engine.layout.requests import Request
from engine.machine import kernels
from engine.scoring import matmul
from engine.scoring.backend import LocalBackend
from engine.scoring.memory import peak_bytes

OURS, LOOP, LM_EVAL = "ours", "careful loop", "lm-eval"
LLAMA, LLAMA_HALF, OPENVINO = "llama.cpp", "llama.cpp F16", "OpenVINO"
WHOLE = (OURS, LLAMA, LLAMA_HALF, OPENVINO)
"""Who keeps what requests have in common, and so does all of them."""
EQUAL = ", equally set"
ROUND = 2 * ROUND_PAIRS
"""Requests that are handed over together, as a run does it."""

TABLE = {
    ("qwen3-27m", "fp32"): (200, 8), ("qwen3-27m", "bf16"): (60, 8),
    ("qwen3-27m-32k", "fp32"): (200, 8), ("qwen3-27m-32k", "bf16"): (60, 8),
    ("smollm2-135m", "fp32"): (12, 4), ("smollm2-135m", "bf16"): (12, 4),
}  # fmt: skip
"""Pairs for us and requests for each rival, so that all of it takes less than an hour on two cores."""

JUDGED = 80
"""Requests on which the errors of bf16 are measured, for those who do all of them."""

LONG = Lengths(prompt=(3000, 14000))
"""Items of 4,000 to 16,000 tokens."""


def careful_loop(model: Any, requests: Sequence[Request], device: str) -> list[float]:
    """What a good programmer writes in an afternoon."""
    values = []
    with torch.inference_mode():
        for request in requests:
            if request.labels is not None:
                ids = torch.tensor([request.ids], device=device)
                logits = model(ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
                values.append(float(logits[request.labels[0]] - logits[request.labels[1]]))
                continue
            start, stop = request.scored
            ids = torch.tensor([request.ids[: stop - 1]], device=device)
            logits = model(ids, use_cache=False, logits_to_keep=stop - start).logits[0].float()
            targets = torch.tensor(request.ids[start:stop], device=device)[:, None]
            values.append(float((logits.gather(1, targets)[:, 0] - logits.logsumexp(1)).double().sum()))
    return values


def matmul_rate(config: Any, dtype: torch.dtype, device: str, tokens: int) -> float:
    """Operations a second of the model's own linear layers, over enough rows; best of several, by the best library."""
    hidden, inner = config.hidden_size, config.intermediate_size
    x = torch.randn(tokens, hidden, dtype=dtype, device=device)
    up, down = (torch.randn(*size, dtype=dtype, device=device) for size in ((inner, hidden), (hidden, inner)))
    ways: list[Callable[..., torch.Tensor]] = [torch.nn.functional.linear]
    if device == "cpu" and dtype == torch.float32 and torch.backends.mkldnn.is_available():
        ways.append(matmul.product)
    if device == "cpu" and dtype == torch.bfloat16:
        ways.append(matmul.widened)
    with torch.inference_mode():
        best = min(timed(lambda way=way: way(way(x, up), down), device) for way in ways for _ in range(12))
    return 4 * tokens * hidden * inner / best


clock = time.perf_counter


def timed(do: Callable[[], object], device: str) -> float:
    started = clock()
    do()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return clock() - started


class Contest:
    """One shape, precision and protocol: the requests, and everybody who scores them."""

    def __init__(self, shape: str, precision: str, protocol: str, options: argparse.Namespace, batch: int = 0) -> None:
        self.options = options
        self.plain = build(shape, precision, options.device).model
        self.loaded = build(shape, precision, options.device)
        device = "cuda" if options.device.startswith("cuda") else "cpu"
        self.library = matmul.use(self.loaded.model, kernels.matmul_for(device, precision))
        pairs, rivals_do = TABLE.get((shape, precision), (200, 12))
        pairs, rivals_do = options.pairs or pairs, options.rival_requests or rivals_do
        vocabulary = self.plain.config.vocab_size
        self.requests = pairs_as_requests(protocol, vocabulary, pairs, LONG if options.long else Lengths())
        count = min(rivals_do, len(self.requests))
        self.sampled = np.unique(np.linspace(0, len(self.requests) - 1, count).astype(int)).tolist()
        self.sample = [self.requests[index] for index in self.sampled]
        judged = min(JUDGED, len(self.requests)) if precision == "bf16" else count
        self.judged = np.unique(np.linspace(0, len(self.requests) - 1, judged).astype(int)).tolist()
        self.share = sum(len(r.ids) for r in self.sample) / sum(len(r.ids) for r in self.requests)
        self.values: dict[str, dict[int, float]] = {}
        self.batch = batch
        self.harnesses: dict[str, lm_eval_rival.LmEval] = {}
        self.rivals: dict[str, Callable[[], None]] = {OURS: self._ours}
        changed = [type(module) for module in self.loaded.model.modules()]
        same = changed == [type(module) for module in self.plain.modules()]
        for suffix in ("",) if same else ("", EQUAL):
            self.rivals[LOOP + suffix] = lambda suffix=suffix: self._loop(suffix)
            if lm_eval_rival.version():
                self.rivals[LM_EVAL + suffix] = lambda suffix=suffix: self._lm_eval(suffix)
        self.others: dict[str, llama_rival.LlamaCpp | openvino_rival.OpenVino] = {}
        found = () if device != "cpu" else (
            *((LLAMA,) if precision == "fp32" else (LLAMA, LLAMA_HALF)) * bool(llama_rival.version()),
            *(OPENVINO,) * bool(openvino_rival.version()),
        )  # fmt: skip
        for name in found:
            self.rivals[name] = lambda name=name: self._other(name)

    def prepare(self, name: str) -> None:
        """What belongs to loading, and is not timed."""
        if name == OURS:
            self.backend = LocalBackend(self.loaded, self.options.budget)
            list(self.backend.score(self.requests[:2]))
        if name.startswith(LM_EVAL):
            longest = max(len(request.ids) for request in self.requests)
            suffix = name.removeprefix(LM_EVAL)
            harness = lm_eval_rival.LmEval(self._model(suffix), self.options.device, longest, self.batch or 1)
            self.batch = self.batch or harness.find_batch(self.sample)
            harness.use_batch(self.batch)
            self.harnesses[suffix] = harness
        threads = self.options.threads
        if name in (LLAMA, LLAMA_HALF):
            longest = max(len(request.ids) for request in self.requests)
            self.others[name] = llama_rival.LlamaCpp(self.plain, threads, longest, half=name == LLAMA_HALF)
        elif name == OPENVINO:
            self.others[name] = openvino_rival.OpenVino(self.plain, threads)

    def _model(self, suffix: str) -> Any:
        if not suffix:
            return self.plain
        self.loaded.model.set_attn_implementation("sdpa")
        return self.loaded.model

    def errors(self) -> dict[str, tuple[float, float]]:
        """Mean difference to the same weights, multiplied more exactly, and its standard error, nats; of who did all of
        the requests, on those that are judged. Afterwards no rival's model is as it was."""
        wanted = sorted({*self.sampled, *self.judged})
        exactly = self.plain.double() if self.plain.dtype == torch.float32 else self.plain.float()
        truth = careful_loop(exactly, [self.requests[index] for index in wanted], self.options.device)
        exact = dict(zip(wanted, truth, strict=True))
        places = {True: self.judged, False: self.sampled}
        return {
            name: _mean([abs(found[index] - exact[index]) for index in places[name in WHOLE]])
            for name, found in self.values.items()
        }

    def _ours(self) -> None:
        found = self.values.setdefault(OURS, {})
        # Each turn does all of the work: nothing is kept from the last.
        self.backend.forget()
        for start in range(0, len(self.requests), ROUND):
            for index, result in self.backend.score(self.requests[start : start + ROUND]):
                found[start + index] = result.value

    def _loop(self, suffix: str) -> None:
        found = careful_loop(self._model(suffix), self.sample, self.options.device)
        self.values[LOOP + suffix] = dict(zip(self.sampled, found, strict=True))

    def _other(self, name: str) -> None:
        self.values[name] = dict(enumerate(self.others[name].score(self.requests)))

    def _lm_eval(self, suffix: str) -> None:
        self._model(suffix)
        found = self.harnesses[suffix].score(self.sample)
        self.values[LM_EVAL + suffix] = dict(zip(self.sampled, found, strict=True))


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """And its standard error, NaN of one value."""
    spread = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else math.nan
    return float(f"{statistics.fmean(values):.2g}"), float(f"{spread:.1g}")


def run(shape: str, precision: str, protocol: str, options: argparse.Namespace, batch: int) -> dict[str, Any]:
    contest = Contest(shape, precision, protocol, options, batch)
    loaded, requests = contest.loaded, contest.requests
    operations, distinct = floor_operations(loaded.model.config, requests)
    rows = 2048 if options.device == "cpu" else 16384
    rates = [matmul_rate(loaded.model.config, loaded.model.dtype, options.device, rows)]
    times: dict[str, list[float]] = {}
    peaks: dict[str, int] = {}
    for name in contest.rivals:
        contest.prepare(name)
    before = contest.backend.stats.distinct_tokens
    for _ in range(options.rounds):
        for name, do in contest.rivals.items():
            if options.device.startswith("cuda"):
                torch.cuda.reset_peak_memory_stats()
            taken = timed(do, options.device)
            times.setdefault(name, []).append(taken if name in WHOLE else taken / contest.share)
            if options.device.startswith("cuda"):
                peaks[name] = peak_bytes(torch.device(options.device))
        # Once a round: a machine that was busy for a second would set the floor too high.
        rates.append(matmul_rate(loaded.model.config, loaded.model.dtype, options.device, rows))
    rate = max(rates)
    if not peaks and not options.no_peaks and protocol == options.protocol[0]:
        # Resident memory only ever grows, so each takes its turn in a process of its own.
        names = [name for name in contest.rivals if not name.endswith(EQUAL) and name not in contest.others]
        peaks = {name: peak_of(name, shape, precision, protocol, contest.batch, options) for name in names}
    median = {name: statistics.median(found) for name, found in times.items()}
    mine = contest.values[OURS]
    computed = (contest.backend.stats.distinct_tokens - before) / options.rounds
    total = sum(len(request.ids) for request in requests)
    return {
        "shape": shape,
        "precision": precision,
        "protocol": protocol,
        "pairs": len(requests) // 2,
        "tokens": total,
        "distinct_tokens": distinct,
        "computed_over_distinct": round(computed / distinct, 3),
        "products": contest.library,
        "seconds": {name: round(value, 2) for name, value in median.items()},
        "spread": {name: [round(min(found), 2), round(max(found), 2)] for name, found in times.items()},
        "distinct_tokens_per_second": round(distinct / median[OURS]),
        "tokens_per_second": round(total / median[OURS]),
        "times": {name: round(median[name] / median[OURS], 2) for name in median if name != OURS},
        "rivals_scored": len(contest.sample),
        "judged": len(contest.judged),
        "lm_eval_batch": contest.batch,
        "matmul_gflops": round(rate / 1e9),
        "share_of_floor": round(operations / rate / median[OURS], 3),
        "peak_gb": {name: round(peak / 1e9, 3) for name, peak in peaks.items()},
        "largest_difference_nats": {
            name: float(f"{max(abs(value - mine[index]) for index, value in found.items()):.2g}")
            for name, found in contest.values.items()
            if name != OURS
        },
        "mean_error_nats": contest.errors(),
        "sharing": loaded.facts["sharing"],
        "notes": contest.backend.stats.notes,
    }


def peak_of(name: str, shape: str, precision: str, protocol: str, batch: int, options: argparse.Namespace) -> int:
    """Bytes of resident memory at the peak of a process that does only this; ours is started as the program does it."""
    given = {
        "--only": name, "--shape": shape, "--protocol": protocol, "--precision": precision, "--batch": batch,
        "--threads": options.threads, "--pairs": min(options.pairs or 6, 6), "--rival-requests": 3,
        "--budget": options.budget,
    }  # fmt: skip
    words = [str(word) for pair in given.items() if pair[1] is not None for word in pair]
    settings = environment() if name == OURS else None
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True, env=settings)
    return int(done.stdout.split()[-1])


def only(name: str, options: argparse.Namespace) -> None:
    """Score once as one of the rivals, and print the peak."""
    contest = Contest(options.shape[0], options.precision[0], options.protocol[0], options, options.batch)
    # One model each, as a process that does only this would have.
    if name == OURS:
        del contest.plain
    else:
        del contest.loaded
    contest.prepare(name)
    contest.rivals[name]()
    print(peak_bytes(torch.device("cpu")))


def table(results: Sequence[dict[str, Any]]) -> str:
    """Markdown: ratios to ours, share of the floor, peaks."""
    names = [LM_EVAL, LM_EVAL + EQUAL, *WHOLE[1:], LOOP, LOOP + EQUAL]
    lines = [
        f"| shape, precision | protocol | tokens | distinct | s | {' | '.join(f'× {name}' for name in names)} "
        "| of the floor | error: ours, loop, lm-eval, llama.cpp, its F16, OpenVINO | peak GB: ours, loop, lm-eval |",
        "|---" * (len(names) + 8) + "|",
    ]
    for row in results:
        times = " | ".join(f"{row['times'][name]:.1f}" if name in row["times"] else "–" for name in names)
        peaks = [f"{row['peak_gb'][name]:.2f}" if name in row["peak_gb"] else "–" for name in (OURS, LOOP, LM_EVAL)]
        errors = [
            "{:.2g} ± {:.1g}".format(*row["mean_error_nats"][name]) if name in row["mean_error_nats"] else "–"
            for name in (OURS, LOOP, LM_EVAL, *WHOLE[1:])
        ]
        lines.append(
            f"| {row['shape']}, {row['precision']} | {row['protocol']} | {row['tokens']:,} "
            f"| {row['distinct_tokens']:,} | {row['seconds'][OURS]:.1f} | {times} "
            f"| {100 * row['share_of_floor']:.0f} % | {', '.join(errors)} | {', '.join(peaks)} |"
        )
    return "\n".join(lines)


def kept(results: Sequence[dict[str, Any]], options: argparse.Namespace) -> None:
    """The results as JSON and as a table, named by date and device."""
    cuda = options.device.startswith("cuda")
    processor = (
        torch.cuda.get_device_name() if cuda else f"{kernels.processor()}, {torch.backends.cpu.get_cpu_capability()}"
    )
    record.keep(
        options.output,
        f"{'cuda' if cuda else 'cpu'}-scoring{'-long' if options.long else ''}",
        f"{processor}, {os.cpu_count()} cores, {options.threads} threads",
        ("lm-eval", "llama-cpp-python", "openvino", "torch", "transformers", "numpy"),
        {"rounds": options.rounds, "clock": options.clock},
        results,
        f"medians of {options.rounds}.",
        table(results),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ["qwen3-27m", "qwen3-27m-32k", "smollm2-135m"]
    parser.add_argument("--shape", nargs="+", default=default, choices=list(SHAPES))
    parser.add_argument("--protocol", nargs="+", default=["choice", "likelihood"])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"], choices=["fp32", "bf16"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, help="default: 200, less where the table would take too long")
    parser.add_argument(
        "--rival-requests", type=int, help="requests that each rival does; default: 12, less in the table"
    )
    parser.add_argument("--long", action="store_true", help="items of 4,000 to 16,000 tokens")
    parser.add_argument("--budget", type=int, default=None, help="tokens in one forward pass")
    parser.add_argument("--output", type=Path, help="folder for a dated JSON and table of the results")
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
    parser.add_argument("--no-peaks", action="store_true", help="do not start processes to measure memory")
    parser.add_argument("--batch", type=int, default=0, help="of lm-eval; default: the fastest")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.clock == "cpu":
        global clock
        clock = time.process_time
    torch.set_num_threads(options.threads)
    if options.only:
        only(options.only, options)
        return
    results = []
    for shape in options.shape:
        for precision in options.precision:
            batch = options.batch
            for protocol in options.protocol:
                results.append(run(shape, precision, protocol, options, batch))
                batch = results[-1]["lm_eval_batch"]
                print(json.dumps(results[-1], indent=1), flush=True)
                if options.device.startswith("cuda"):
                    torch.cuda.empty_cache()
    print(table(results))
    if options.output:
        kept(results, options)


if __name__ == "__main__":
    main()
