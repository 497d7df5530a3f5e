"""How fast is scoring, against lm-evaluation-harness, a careful loop, and the floor that the hardware sets?

    python benchmarks/scoring/bench_scoring.py                              a 27 M model on the CPU, fp32
    python benchmarks/scoring/bench_scoring.py --precision bf16
    python benchmarks/scoring/bench_scoring.py --device cuda --shape qwen3-0.6b qwen3-4b --precision bf16

Models have random weights in true shapes; pairs are random ids in the proportions of a written suite: an exemplar
block, prompts with several pairs each, responses that begin alike now and then. Both protocols show two exemplars.
Loading is left out. Every figure is a ratio within one run, with rivals taking turns: median of the rounds. On a busy
machine, `--threads 1 --clock cpu` counts processor time instead of time on the wall.

- *lm-eval*: the Hugging Face backend of lm-evaluation-harness, where installed, as it comes, at its best batch size.
  Neither it nor we set a matmul precision, so "as it comes" and "equally set" are one figure.
- *careful loop*: one request at a time, fused attention, head only where something is read, log-softmax there in fp32.
- *floor*: floating-point operations of the distinct tokens, at the rate measured here for the model's own matrix sizes.

Needs torch, transformers and numpy; runs from a bare checkout.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import lm_eval_rival

from engine.requests import Request
from engine.scoring.backend import LocalBackend
from engine.scoring.load import LoadedModel
from engine.scoring.memory import peak_bytes

OURS, LOOP, LM_EVAL = "ours", "careful loop", "lm-eval"
ROUND = 128
"""Requests that are handed over together, as a run does it."""

SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-27m": {
        "model_type": "qwen3", "vocab_size": 8192, "hidden_size": 512, "intermediate_size": 1344,
        "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64,
        "tie_word_embeddings": True,
    },
    "smollm2-135m": {
        "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
        "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
    },
    "qwen3-0.6b": {
        "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
        "tie_word_embeddings": True,
    },
    "qwen3-4b": {
        "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 2560, "intermediate_size": 9728,
        "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "tie_word_embeddings": True,
    },
    "qwen3-14b": {
        "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 5120, "intermediate_size": 17408,
        "num_hidden_layers": 40, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
        "tie_word_embeddings": False,
    },
}  # fmt: skip


def build(shape: str, precision: str, device: str, attention: str) -> LoadedModel:
    """A model with random weights, made where it will run."""
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {"max_position_embeddings": 32768, **SHAPES[shape]}
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    torch.manual_seed(0)
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention).eval()
    return LoadedModel(model, precision, attention, {})


def workload(protocol: str, vocabulary: int, prompts: int, per_prompt: int, lengths: dict[str, int]) -> list[Request]:
    """Requests in the proportions of a suite; the chosen response of a prompt is the same in all its pairs."""
    draw = np.random.default_rng(1)

    def some(count: float) -> tuple[int, ...]:
        return tuple(draw.integers(10, vocabulary, max(1, int(count))).tolist())

    def around(mean: int) -> float:
        return mean * draw.lognormal(-0.06, 0.35)

    shots, first, second, cue = some(lengths["shots"]), some(4), some(5), some(4)
    requests: list[Request] = []
    for number in range(prompts):
        head = shots + some(around(lengths["prompt"])) + first
        size = around(lengths["response"])
        chosen = some(size)
        for pair in range(per_prompt):
            opening = chosen[: int(draw.integers(0, 20))]
            rejected = opening + some(size * draw.uniform(0.9, 1.1) - len(opening))
            name = f"{number}.{pair}"
            if protocol == "choice":
                for view, a, b, labels in (
                    ("chosen_first", chosen, rejected, (1, 2)),
                    ("rejected_first", rejected, chosen, (2, 1)),
                ):
                    requests.append(Request(name, "choice", view, head + a + second + b + cue, None, labels))
            else:
                for view, response in (("chosen", chosen), ("rejected", rejected)):
                    span = (len(head), len(head) + len(response))
                    requests.append(Request(name, "likelihood", view, head + response, span, None))
    return requests


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
    """Floating-point operations a second of the model's own linear layers, over enough rows; best of several."""
    hidden, inner = config.hidden_size, config.intermediate_size
    x = torch.randn(tokens, hidden, dtype=dtype, device=device)
    up, down = (torch.randn(*size, dtype=dtype, device=device) for size in ((inner, hidden), (hidden, inner)))

    def once() -> None:
        torch.nn.functional.linear(torch.nn.functional.linear(x, up), down)

    best = min(timed(once, device) for _ in range(8))
    return 4 * tokens * hidden * inner / best


clock = time.perf_counter


def timed(do: Callable[[], object], device: str) -> float:
    started = clock()
    do()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return clock() - started


def floor_operations(config: Any, requests: Sequence[Request]) -> tuple[float, int]:
    """Operations of the distinct tokens (layers, attention, head where it is read), and their number."""
    parents: dict[tuple[int, int], int] = {}
    depths: list[int] = []
    rows = set()
    for request in requests:
        node = -1
        stop = len(request.ids) if request.labels else request.scored[1] - 1
        for position, token in enumerate(request.ids[:stop]):
            node = parents.setdefault((node, token), len(parents))
            if node == len(depths):
                depths.append(position)
            if request.scored and position >= request.scored[0] - 1:
                rows.add(node)
        rows.add(node)
    heads = config.num_attention_heads * getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
    groups = heads * config.num_key_value_heads // config.num_attention_heads
    layer = config.hidden_size * (2 * heads + 2 * groups) + 3 * config.hidden_size * config.intermediate_size
    attention = 4 * heads * (sum(depths) + len(depths))
    work = config.num_hidden_layers * (2 * layer * len(depths) + attention)
    return float(work + 2 * config.hidden_size * config.vocab_size * len(rows)), len(depths)


class Contest:
    """One shape and protocol: the requests, and everybody who scores them."""

    def __init__(self, shape: str, protocol: str, options: argparse.Namespace) -> None:
        self.options = options
        self.loaded = build(shape, options.precision, options.device, "sdpa")
        lengths = {"shots": options.shots, "prompt": options.prompt, "response": options.response}
        vocabulary = self.loaded.model.config.vocab_size
        self.requests = workload(protocol, vocabulary, options.prompts, options.per_prompt, lengths)
        # Rivals do a part, spread evenly since lengths differ; their time is scaled up by tokens.
        count = min(options.loop_requests, len(self.requests))
        self.sampled = np.unique(np.linspace(0, len(self.requests) - 1, count).astype(int)).tolist()
        self.sample = [self.requests[index] for index in self.sampled]
        self.share = sum(len(r.ids) for r in self.sample) / sum(len(r.ids) for r in self.requests)
        self.values: dict[str, dict[int, float]] = {}
        self.batch = 0
        self.rivals: dict[str, Callable[[], None]] = {OURS: self._ours, LOOP: self._loop}
        if lm_eval_rival.version():
            self.rivals[LM_EVAL] = self._lm_eval

    def prepare(self, name: str) -> None:
        """What belongs to loading, and is not timed."""
        if name == OURS:
            self.backend = LocalBackend(self.loaded, self.options.budget)
            list(self.backend.score(self.requests[:4]))
        if name == LM_EVAL:
            longest = max(len(request.ids) for request in self.requests)
            self.loaded.model.set_attn_implementation("sdpa")
            self.harness = lm_eval_rival.LmEval(self.loaded.model, self.options.device, longest)
            self.batch = self.harness.find_batch(self.sample)

    def _ours(self) -> None:
        found = self.values.setdefault(OURS, {})
        for start in range(0, len(self.requests), ROUND):
            for index, result in self.backend.score(self.requests[start : start + ROUND]):
                found[start + index] = result.value

    def _loop(self) -> None:
        self.loaded.model.set_attn_implementation("sdpa")
        found = careful_loop(self.loaded.model, self.sample, self.options.device)
        self.values[LOOP] = dict(zip(self.sampled, found, strict=True))

    def _lm_eval(self) -> None:
        self.loaded.model.set_attn_implementation("sdpa")
        self.values[LM_EVAL] = dict(zip(self.sampled, self.harness.score(self.sample), strict=True))


def run(shape: str, protocol: str, options: argparse.Namespace) -> dict[str, Any]:
    contest = Contest(shape, protocol, options)
    loaded, requests = contest.loaded, contest.requests
    operations, distinct = floor_operations(loaded.model.config, requests)
    rows = 2048 if options.device == "cpu" else 16384
    rate = matmul_rate(loaded.model.config, loaded.model.dtype, options.device, rows)
    times: dict[str, list[float]] = {}
    peaks: dict[str, int] = {}
    for name in contest.rivals:
        contest.prepare(name)
    for _ in range(options.rounds):
        for name, do in contest.rivals.items():
            if options.device.startswith("cuda"):
                torch.cuda.reset_peak_memory_stats()
            taken = timed(do, options.device)
            times.setdefault(name, []).append(taken if name == OURS else taken / contest.share)
            if options.device.startswith("cuda"):
                peaks[name] = peak_bytes(torch.device(options.device))
    if not peaks:
        # Resident memory only ever grows, so each takes its turn in a process of its own.
        peaks = {name: peak_of(name, shape, protocol, options) for name in contest.rivals}
    median = {name: statistics.median(found) for name, found in times.items()}
    mine = contest.values[OURS]
    computed = contest.backend.stats.distinct_tokens / (options.rounds + 4 / len(requests))
    total = sum(len(request.ids) for request in requests)
    return {
        "shape": shape,
        "protocol": protocol,
        "precision": options.precision,
        "requests": len(requests),
        "tokens": total,
        "distinct_tokens": distinct,
        "computed_over_distinct": round(computed / distinct, 3),
        "seconds": round(median[OURS], 2),
        "spread": {name: [round(min(found), 2), round(max(found), 2)] for name, found in times.items()},
        "distinct_tokens_per_second": round(distinct / median[OURS]),
        "tokens_per_second": round(total / median[OURS]),
        "times": {name: round(median[name] / median[OURS], 2) for name in median if name != OURS},
        "lm_eval": f"{lm_eval_rival.version()}, batch size {contest.batch}" if contest.batch else "not installed",
        "matmul_gflops": round(rate / 1e9),
        "share_of_floor": round(operations / rate / median[OURS], 3),
        "peak_gb": {name: round(peak / 1e9, 2) for name, peak in peaks.items()},
        "largest_difference_nats": {
            name: float(f"{max(abs(value - mine[index]) for index, value in found.items()):.2g}")
            for name, found in contest.values.items()
            if name != OURS
        },
        "sharing": loaded.facts["sharing"],
        "notes": contest.backend.stats.notes,
    }


def peak_of(name: str, shape: str, protocol: str, options: argparse.Namespace) -> int:
    """Bytes of resident memory at the peak of a process that does only this."""
    given = {
        "--only": name, "--shape": shape, "--protocol": protocol, "--precision": options.precision,
        "--threads": options.threads, "--prompts": options.prompts, "--per-prompt": options.per_prompt,
        "--shots": options.shots, "--prompt": options.prompt, "--response": options.response,
        "--loop-requests": options.loop_requests, "--budget": options.budget,
    }  # fmt: skip
    words = [str(word) for pair in given.items() if pair[1] is not None for word in pair]
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def only(name: str, options: argparse.Namespace) -> None:
    """Score once as one of the rivals, and print the peak."""
    contest = Contest(options.shape[0], options.protocol[0], options)
    contest.prepare(name)
    contest.rivals[name]()
    print(peak_bytes(torch.device("cpu")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", default=["qwen3-27m"], choices=list(SHAPES))
    parser.add_argument("--protocol", nargs="+", default=["choice", "likelihood"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--per-prompt", type=int, default=3)
    parser.add_argument("--shots", type=int, default=600, help="tokens of the exemplar block")
    parser.add_argument("--prompt", type=int, default=120, help="tokens of a prompt, about")
    parser.add_argument("--response", type=int, default=250, help="tokens of a response, about")
    parser.add_argument("--loop-requests", type=int, default=24, help="requests that the careful loop does")
    parser.add_argument("--budget", type=int, default=None, help="tokens in one forward pass")
    parser.add_argument("--output", type=Path, help="folder for a dated JSON of the results")
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
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
        for protocol in options.protocol:
            results.append(run(shape, protocol, options))
            print(json.dumps(results[-1], indent=1), flush=True)
            if options.device.startswith("cuda"):
                torch.cuda.empty_cache()
    if options.output:
        cuda = options.device.startswith("cuda")
        machine = torch.cuda.get_device_name() if cuda else f"{platform.machine()}, {options.threads} threads"
        when = datetime.now(UTC).strftime("%Y-%m-%d")
        options.output.mkdir(parents=True, exist_ok=True)
        name = f"{when}-{options.device.replace(':', '')}-{options.precision}.json"
        record = {"date": when, "machine": machine, "torch": torch.__version__, "results": results}
        (options.output / name).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
