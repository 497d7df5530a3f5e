"""How fast is scoring on a GPU? One command, under eight minutes on an H200, one JSON file.

    python benchmarks/gpu.py                          a 4 B Qwen3 shape with random weights, made on the device
    python benchmarks/gpu.py --device cpu --tiny      the same way through everything, in seconds and without figures

Measured are: matrix products at their best, hashing and loading, both protocols in bf16, int8 and nf4 on 200 pairs,
the values against fp32 on a few requests, lm-evaluation-harness at its best batch size where it is installed, a careful
loop otherwise, and a profile of what reaches the smallest share of the ceiling. The ceiling is the time that the
operations of the distinct tokens take at the best rate measured here.

A section that fails is reported and loses no other; what would not fit into the time is left out and says so. The file
is written anew after each section. Needs torch, transformers and numpy, reaches no network, and runs from a bare
checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "scoring"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lm_eval_rival
import record
import torch
import workload
from bench_scoring import ROUND, careful_loop, matmul_rate, timed

from engine.candidates.hashing import weights_hash
from engine.machine import kernels
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.memory import peak_bytes

ROOT = Path(__file__).resolve().parents[1]
TINY = {
    "model_type": "qwen3", "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "tie_word_embeddings": True,
}  # fmt: skip
SHORT = workload.Lengths((24, 30), (8, 20), (10, 20))
PROTOCOLS = ("choice", "likelihood")
PRECISIONS = ("bf16", "int8", "nf4")
SHOWN = 15
"""Operations of a profile."""


class Skipped(Exception):
    """A section that has nothing to do here."""


class Report:
    """What was found, section by section, kept in a file.

    Args:
        seconds: for everything; a section that would not be done by then is left out.
        clock: for tests.
    """

    def __init__(self, path: Path, about: dict[str, Any], seconds: float, clock: Callable[[], float] = time.monotonic):
        self._path, self._about, self._clock = path, about, clock
        self._until = clock() + seconds
        self.sections: dict[str, dict[str, Any]] = {}

    @property
    def left(self) -> float:
        """Seconds."""
        return self._until - self._clock()

    def section(self, name: str, takes: float, do: Callable[[], dict[str, Any]]) -> None:
        """Do one, unless it does not fit any more; whatever becomes of it is written down.

        Args:
            takes: seconds at most, by experience.
        """
        began = self._clock()
        if takes > self.left:
            found = {"skipped": f"would take up to {takes:.0f} s of the {max(0.0, self.left):.0f} s that are left"}
        else:
            try:
                found = {"found": do()}
            except Skipped as nothing:
                found = {"skipped": str(nothing)}
            except Exception as error:  # noqa: BLE001 - whatever it is, the other sections stand
                found = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}
        self.sections[name] = {**found, "seconds": round(self._clock() - began, 2)}
        print(f"{name:24} {json.dumps(self.sections[name])[:160]}", flush=True)
        self.write()

    def write(self) -> None:
        """Everything so far, whole."""
        text = json.dumps({**self._about, "sections": self.sections}, indent=1, default=str)
        scratch = self._path.with_suffix(".part")
        scratch.write_text(text + "\n", encoding="utf-8")
        scratch.replace(self._path)


class Bench:
    """The model and its requests, and what is measured of them."""

    def __init__(self, options: argparse.Namespace, folder: Path, report: Report) -> None:
        self.device, self.folder, self.report = options.device, folder, report
        self.shape = "tiny" if options.tiny else options.shape
        if options.tiny:
            workload.SHAPES["tiny"] = TINY
        vocabulary = workload.SHAPES[self.shape]["vocab_size"]
        lengths = SHORT if options.tiny else workload.Lengths()
        self.requests = {p: workload.pairs_as_requests(p, vocabulary, options.pairs, lengths) for p in PROTOCOLS}
        self.few = options.few
        self.rate = 0.0
        self.config: Any = None
        self.backends: dict[str, LocalBackend] = {}
        self.models: dict[str, Any] = {}
        self.values: dict[tuple[str, str], dict[int, float]] = {}
        self.shares: dict[tuple[str, str], float] = {}

    # ------------------------------------------------------------------ what the machine can

    def ceiling(self) -> dict[str, Any]:
        """Products of the model's own matrices."""
        from transformers import AutoConfig

        settings = dict(workload.SHAPES[self.shape])
        self.config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        rows = 256 if self.shape == "tiny" else 2048 if self.device == "cpu" else 16384
        self.rate = max(matmul_rate(self.config, torch.bfloat16, self.device, rows) for _ in range(2))
        return {"bf16_tflops": round(self.rate / 1e12, 3), "rows": rows}

    # ------------------------------------------------------------------ loading

    def write(self) -> dict[str, Any]:
        """Random weights into a folder, as a download would leave them."""
        model = workload.build(self.shape, "bf16", self.device).model
        began = time.perf_counter()
        model.save_pretrained(self.folder)
        size = sum(file.stat().st_size for file in self.folder.glob("*.safetensors"))
        del model
        self._free()
        return {"gb": round(size / 1e9, 3), "write_seconds": round(time.perf_counter() - began, 2)}

    def hashing(self) -> dict[str, Any]:
        """What a plan does before anything is loaded."""
        size = sum(file.stat().st_size for file in self.folder.glob("*.safetensors"))
        taken = timed(lambda: weights_hash(self.folder), "cpu")
        return {"seconds": round(taken, 3), "gb_per_second": round(size / 1e9 / taken, 2)}

    def load(self, precision: str) -> dict[str, Any]:
        """From the folder to a backend that has checked itself."""
        began = time.perf_counter()
        loaded = load_model(self.folder, precision, self.device, threads=2 if self.device == "cpu" else None)
        there = time.perf_counter()
        self.models[precision] = loaded
        self.backends[precision] = backend = LocalBackend(loaded)
        self._warm(backend, "choice")
        facts = {name: loaded.facts.get(name) for name in ("attention", "sharing", "sharing_error", "weights_bytes")}
        return {
            "load_seconds": round(there - began, 2), "check_seconds": round(time.perf_counter() - there, 2), **facts,
            "peak_gb": round(peak_bytes(torch.device(self.device)) / 1e9, 3), "notes": backend.stats.notes,
        }  # fmt: skip

    # ------------------------------------------------------------------ scoring

    def score(self, precision: str, protocol: str, most: float) -> dict[str, Any]:
        """Round by round, as a run does it; ends early, with what was scored until then, where time is over.

        Args:
            most: seconds.
        """
        backend, requests = self._backend(precision), self.requests[protocol]
        self._warm(backend, protocol)
        before = backend.stats.distinct_tokens
        values = self.values.setdefault((precision, protocol), {})
        began = time.perf_counter()
        if self.device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        done = 0
        while done < len(requests) and (not done or time.perf_counter() - began < most):
            values |= {done + at: score.value for at, score in backend.score(requests[done : done + ROUND])}
            done += len(requests[done : done + ROUND])
        taken = time.perf_counter() - began
        scored = requests[:done]
        operations, distinct = workload.floor_operations(self.config, scored)
        self.shares[precision, protocol] = share = operations / self.rate / taken if self.rate else 0.0
        return {
            "pairs": done // 2, "of_pairs": len(requests) // 2, "seconds": round(taken, 3),
            "pairs_per_second": round(done / 2 / taken, 2), "distinct_tokens": distinct,
            "distinct_tokens_per_second": round(distinct / taken),
            "computed_over_distinct": round((backend.stats.distinct_tokens - before) / distinct, 3),
            "share_of_ceiling": round(share, 4), "peak_gb": round(peak_bytes(torch.device(self.device)) / 1e9, 3),
            "notes": backend.stats.notes,
        }  # fmt: skip

    def exactness(self) -> dict[str, Any]:
        """Values against a plain pass in fp32, on a few requests of each protocol; nats."""
        model = load_model(self.folder, "fp32", self.device).model
        found: dict[str, Any] = {}
        for protocol, requests in self.requests.items():
            exact = careful_loop(model, requests[: self.few], self.device)
            for precision in (p for p in self.backends if (p, protocol) in self.values):
                own = self.values[precision, protocol]
                off = [abs(own[at] - value) for at, value in enumerate(exact) if at in own]
                found[f"{precision} {protocol}"] = {
                    "mean_nats": float(f"{statistics.fmean(off):.3g}"), "largest_nats": float(f"{max(off):.3g}"),
                    "requests": len(off),
                }  # fmt: skip
        del model
        self._free()
        if not found:
            raise Skipped("nothing was scored that could be compared")
        return found

    def rival(self, protocol: str) -> dict[str, Any]:
        """The same model through lm-evaluation-harness, else through a careful loop; seconds scaled up by tokens."""
        self._backend("bf16")
        model, requests = self.models["bf16"].model, self.requests[protocol]
        sample = requests[:: max(1, len(requests) // self.few)]
        share = sum(len(r.ids) for r in sample) / sum(len(r.ids) for r in requests)
        model.set_attn_implementation("sdpa")
        found: dict[str, Any] = {"requests": len(sample)}
        if lm_eval_rival.version():
            harness = lm_eval_rival.LmEval(model, self.device, max(len(r.ids) for r in requests))
            found |= {"rival": "lm-eval", "version": lm_eval_rival.version(), "batch": harness.find_batch(sample)}
            taken = timed(lambda: harness.score(sample), self.device) / share
        else:
            found["rival"] = "careful loop"
            taken = timed(lambda: careful_loop(model, sample, self.device), self.device) / share
        ours = self.report.sections.get(f"bf16 {protocol}", {}).get("found")
        if ours:
            found["times_ours"] = round(taken / (ours["seconds"] * ours["of_pairs"] / ours["pairs"]), 2)
        return {**found, "seconds_for_all": round(taken, 2)}

    # ------------------------------------------------------------------ where the time goes

    def profile(self) -> dict[str, Any]:
        """One round of what reaches the smallest share of the ceiling."""
        if not self.shares:
            raise Skipped("nothing was scored")
        precision, protocol = min(self.shares, key=lambda key: self.shares[key])
        backend, requests = self._backend(precision), self.requests[protocol][:ROUND]
        cuda = self.device != "cpu"
        kinds = [torch.profiler.ProfilerActivity.CPU]
        kinds += [torch.profiler.ProfilerActivity.CUDA] if cuda else []
        with torch.profiler.profile(activities=kinds) as profiler:
            taken = timed(lambda: list(backend.score(requests)), self.device)

        def own(event: Any) -> float:
            return float(event.self_device_time_total if cuda else event.self_cpu_time_total)

        events = sorted(profiler.key_averages(), key=own, reverse=True)
        busy = sum(map(own, events)) / 1e6
        return {
            "of": f"{precision} {protocol}", "requests": len(requests), "seconds": round(taken, 3),
            "busy_seconds": round(busy, 3), "idle_share": round(max(0.0, 1 - busy / taken), 3),
            "operations": [
                {"name": event.key[:120], "calls": event.count, "share": round(own(event) / 1e6 / max(busy, 1e-9), 4)}
                for event in events[:SHOWN]
            ],
        }  # fmt: skip

    def _backend(self, precision: str) -> LocalBackend:
        if precision not in self.backends:
            raise Skipped(f"it was not loaded in {precision}")
        return self.backends[precision]

    def _warm(self, backend: LocalBackend, protocol: str) -> None:
        """Kernels chosen and memory taken, by requests of which nothing helps those that are timed."""
        most = self.config.vocab_size
        others = [replace(r, ids=tuple((token + 1) % most for token in r.ids)) for r in self.requests[protocol][:2]]
        list(backend.score(others))

    def _free(self) -> None:
        if self.device != "cpu":
            torch.cuda.empty_cache()


def measure(options: argparse.Namespace) -> Report:
    """All sections, the most telling first."""
    cuda = options.device != "cpu"
    machine = torch.cuda.get_device_name() if cuda else kernels.processor()
    packages = ("torch", "transformers", "bitsandbytes", "lm-eval", "numpy")
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine, "versions": record.versions_of(*packages),
        "shape": "tiny" if options.tiny else options.shape, "pairs": options.pairs, "time_limit": options.seconds,
    }  # fmt: skip
    report = Report(options.output, about, options.seconds)
    slow = 0.1 if options.tiny else 1.0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, Path(folder), report)
        report.section("ceiling", 20 * slow, bench.ceiling)
        report.section("weights", 60 * slow, bench.write)
        report.section("hashing", 30 * slow, bench.hashing)
        for precision in options.precision:
            report.section(f"load {precision}", 60 * slow, lambda p=precision: bench.load(p))
            for protocol in PROTOCOLS:
                # A part of what is left, so that no phase starves those behind it.
                most = max(1.0, min(40.0, report.left / 6))
                report.section(
                    f"{precision} {protocol}", most, lambda p=precision, q=protocol, most=most: bench.score(p, q, most)
                )
        report.section("exactness", 45 * slow, bench.exactness)
        report.section("profile", 25 * slow, bench.profile)
        for protocol in PROTOCOLS:
            report.section(f"rival {protocol}", 45 * slow, lambda q=protocol: bench.rival(q))
    return report


def read_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--shape", default="qwen3-4b", choices=list(workload.SHAPES))
    parser.add_argument("--tiny", action="store_true", help="a model of 0.1 M parameters and few pairs")
    parser.add_argument("--precision", nargs="+", default=list(PRECISIONS), choices=PRECISIONS)
    parser.add_argument("--pairs", type=int, default=None, help="default: 200; with --tiny, 4")
    parser.add_argument("--few", type=int, default=None, help="requests for exactness and rivals; default: 16")
    parser.add_argument("--seconds", type=float, default=440.0, help="for everything")
    parser.add_argument("--output", type=Path, help="default: build/gpu.json")
    options = parser.parse_args(words)
    options.pairs = options.pairs or (4 if options.tiny else 200)
    options.few = options.few or (4 if options.tiny else 16)
    options.output = options.output or ROOT / "build" / "gpu.json"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    return options


def main(words: Sequence[str] | None = None) -> int:
    """Exits 1 where a section failed."""
    options = read_options(words)
    if options.device != "cpu" and not torch.cuda.is_available():
        raise SystemExit("no GPU is visible to PyTorch; --device cpu --tiny goes through everything without one")
    report = measure(options)
    print(f"→ {options.output}")
    return int(any("error" in section for section in report.sections.values()))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        raise SystemExit(main())
