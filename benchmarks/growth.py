"""How costs grow: with pairs, with what is kept, with what is new, with the model, with verdicts. One command.

    python -m benchmarks.growth                       some minutes on a quiet core
    python -m benchmarks.growth --pairs 30 300 --verdicts 10000 100000 --output FOLDER

Every figure is processor time, with one thread for the model: the least of `--rounds`, so that a busy machine changes
little. Models have random weights; pairs are random ids behind two exemplars a domain. Written are a JSON file and an
SVG picture, named by date, in which parts measured apart (`--only`) on one day come together; printed is the power of
the growth, fitted to the last three points: 0 is flat, 1 linear.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
for place in ("app", "scoring"):
    sys.path.insert(0, str(ROOT / "benchmarks" / place))

SMALL: dict[str, Any] = {
    "model_type": "qwen3", "vocab_size": 1024, "num_attention_heads": 4, "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}  # fmt: skip
WIDTHS = (64, 128, 256, 384)
"""Hidden sizes of the models; as deep as they are wide."""
PREFIXES = (250, 500, 1000, 2000, 4000)
NEW = (64, 128, 256, 512)
KEPT, BEHIND = 2000, 256
"""Tokens of the prefix where what is new grows, and of what is new where the prefix does."""

Curve = list[tuple[float, float]]


def shape(width: int) -> str:
    """The name under which `workload` builds a model so wide."""
    import workload

    name = f"growth-{width}"
    workload.SHAPES[name] = {
        **SMALL, "hidden_size": width, "intermediate_size": 3 * width, "num_hidden_layers": max(2, width // 64),
        "head_dim": width // 4,
    }  # fmt: skip
    return name


def backend_of(width: int) -> Any:
    """A backend with that model, warm."""
    import workload

    from engine.scoring.backend import LocalBackend

    return LocalBackend(workload.build(shape(width), "fp32", "cpu"))


def spent(do: Callable[[], object], rounds: int) -> float:
    """Seconds of processor time, the least of so many."""
    found = []
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        do()
        found.append(time.process_time() - began)
    return min(found)


def by_pairs(sizes: Sequence[int], rounds: int) -> dict[str, Curve]:
    """Milliseconds a pair of a run of so many, in rounds as a run has them."""
    import workload
    from bench_scoring import ROUND

    backend, lengths = backend_of(64), workload.Lengths((64, 80), (10, 30), (10, 30))
    curves: dict[str, Curve] = {}
    for protocol in ("choice", "likelihood"):
        for pairs in sizes:
            requests = workload.pairs_as_requests(protocol, SMALL["vocab_size"], pairs, lengths)

            def run(requests: list[Any] = requests) -> None:
                for start in range(0, len(requests), ROUND):
                    list(backend.score(requests[start : start + ROUND]))

            taken = spent(run, rounds if pairs <= 1000 else 1)
            curves.setdefault(protocol, []).append((pairs, 1000 * taken / pairs))
    return curves


def behind(backend: Any, kept: int, new: int, rounds: int) -> float:
    """Milliseconds of one request with so many new tokens behind a prefix that is kept already."""
    from engine.layout.requests import Request

    draw = np.random.default_rng(kept + new)
    shots = tuple(draw.integers(10, SMALL["vocab_size"], kept).tolist())

    def request(number: int) -> list[Request]:
        ids = shots + tuple(draw.integers(10, SMALL["vocab_size"], new).tolist())
        return [Request(str(number), "likelihood", "chosen", ids, (len(ids) - 16, len(ids)), None, kept)]

    list(backend.score(request(0)))
    list(backend.score(request(1)))
    asked = iter([request(number) for number in range(2, 2 + 2 * rounds)])
    return 1000 * spent(lambda: list(backend.score(next(asked))), 2 * rounds)


def by_prefix(rounds: int) -> dict[str, Curve]:
    """Behind prefixes that grow, and with more that is new behind the same one."""
    backend = backend_of(256)
    return {
        f"{BEHIND} new tokens behind a prefix": [(kept, behind(backend, kept, BEHIND, rounds)) for kept in PREFIXES],
        f"new tokens behind a prefix of {KEPT:,}": [(new, behind(backend, KEPT, new, rounds)) for new in NEW],
    }


def by_model(rounds: int) -> dict[str, Curve]:
    """Milliseconds a pair, by parameters."""
    import workload
    from bench_scoring import ROUND

    curve: Curve = []
    for width in WIDTHS:
        backend = backend_of(width)
        requests = workload.pairs_as_requests("choice", SMALL["vocab_size"], 12, workload.Lengths())[:ROUND]
        parameters = sum(p.numel() for p in backend._model.parameters())
        pairs = len(requests) / 2
        taken = spent(lambda b=backend, r=requests: list(b.score(r)), rounds)
        curve.append((parameters, 1000 * taken / pairs))
    return {"a pair": curve}


def by_verdicts(sizes: Sequence[int], rounds: int) -> dict[str, Curve]:
    """Seconds of filling a store, and of what reads it, by verdicts of sixteen candidates."""
    import store as filling

    from engine.export.files import write_table
    from engine.export.tables import table
    from engine.results.board import Question, load_board
    from engine.results.failures import failed_pairs, failure_tree
    from engine.results.rankings import rankings_of
    from engine.store.connection import Store

    curves: dict[str, Curve] = {}
    question = Question()
    for verdicts in sizes:
        suite = filling.made_suite(verdicts // 16)
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "rude.duckdb")
            found = {"filling": filling.fill(store, suite, 16, 20_000).processor}
            board = load_board(store, question)
            name = board.matrix.candidates[0]
            read: dict[str, Callable[[], object]] = {
                "board": partial(load_board, store, question),
                "ranking": partial(rankings_of, board, question, resamples=2_000),
                "failures: tree": partial(failure_tree, board, name),
                "failures: pairs": partial(failed_pairs, board, name),
            }
            for ending in ("csv", "parquet"):
                rows = table(store, "verdicts", question)
                read[ending] = partial(write_table, rows, Path(folder) / f"verdicts.{ending}")
            found |= {what: spent(do, rounds) for what, do in read.items()}
        for what, seconds in found.items():
            curves.setdefault(what, []).append((verdicts, seconds))
    return curves


def power(curve: Curve) -> float:
    """The exponent of the growth over the last three points: 0 is flat, 1 linear."""
    x, y = (np.log(np.maximum(values, 1e-9)) for values in zip(*curve[-3:], strict=True))
    return float(np.polyfit(x, y, 1)[0]) if len(curve) > 1 else float("nan")


def picture(panels: dict[str, tuple[str, str, dict[str, Curve]]]) -> bytes:
    """All panels as SVG, both axes logarithmic."""
    from matplotlib.figure import Figure

    from engine.export.figures import rendered

    figure = Figure(figsize=(9, 6.5), layout="constrained")
    for place, (title, (x, y, curves)) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(2, -(-len(panels) // 2), place)
        for name, curve in curves.items():
            axes.plot(*zip(*curve, strict=True), marker="o", markersize=3, label=f"{name} (power {power(curve):.2f})")
        axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y, title=title)
        axes.set_ylim(bottom=min(v for c in curves.values() for _, v in c) / 2)
        axes.grid(alpha=0.4)
        axes.legend(fontsize=6)
    return rendered(figure, "svg")


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    import record
    import torch

    from engine.machine import kernels

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", nargs="+", type=int, default=[30, 120, 480, 1920, 7680, 30_000])
    parser.add_argument("--verdicts", nargs="+", type=int, default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["pairs", "prefix", "model", "verdicts"])
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    asked = parser.parse_args(words)
    torch.set_num_threads(1)
    ways: dict[str, tuple[str, str, str, Callable[[], dict[str, Curve]]]] = {
        "pairs": ("Pairs", "pairs of a run", "ms a pair", lambda: by_pairs(asked.pairs, asked.rounds)),
        "prefix": ("Prefix", "tokens", "ms a request", lambda: by_prefix(asked.rounds)),
        "model": ("Model", "parameters", "ms a pair", lambda: by_model(asked.rounds)),
        "verdicts": ("Verdicts", "verdicts", "s", lambda: by_verdicts(asked.verdicts, asked.rounds)),
    }
    panels: dict[str, tuple[str, str, dict[str, Curve]]] = {}
    for name in asked.only:
        title, x, y, measure = ways[name]
        panels[title] = x, y, measure()
        for what, curve in panels[title][2].items():
            points = "  ".join(f"{at:,.0f}: {value:.4g}" for at, value in curve)
            print(f"{title:9} {what:36} power {power(curve):5.2f}   {points}  ({y})", flush=True)
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    asked.output.mkdir(parents=True, exist_ok=True)
    about = {
        "date": when, "machine": kernels.processor(), "clock": "processor time",
        "versions": record.versions_of("torch", "transformers", "duckdb", "numpy"), "rounds": asked.rounds,
    }  # fmt: skip
    stem = asked.output / f"{when}-growth"
    found = {}
    if stem.with_suffix(".json").exists():
        # What another part of the same day's measuring found stays.
        found = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))["found"]
    found |= {
        title: {"x": x, "y": y, "curves": curves, "power": {name: round(power(c), 3) for name, c in curves.items()}}
        for title, (x, y, curves) in panels.items()
    }
    panels = {title: (part["x"], part["y"], part["curves"]) for title, part in found.items()}
    stem.with_suffix(".json").write_text(json.dumps({**about, "found": found}, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".svg").write_bytes(picture(panels))
    print(f"→ {stem}.json, {stem}.svg")


if __name__ == "__main__":
    main()
