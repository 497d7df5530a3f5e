"""What is scored in the benchmarks: models in true shapes with random weights, pairs in the proportions of a suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from engine.layout.order import ROUND_PAIRS, group_order
from engine.layout.requests import Request
from engine.scoring.load import LoadedModel

__all__ = [
    "SHAPES", "Lengths", "build", "floor_operations", "in_order", "pairs_as_requests", "score_in_turn",
]  # fmt: skip

SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-27m": {
        "model_type": "qwen3", "vocab_size": 8192, "hidden_size": 512, "intermediate_size": 1344,
        "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64,
        "tie_word_embeddings": True,
    },
    "qwen3-27m-32k": {
        "model_type": "qwen3", "vocab_size": 32768, "hidden_size": 384, "intermediate_size": 1152,
        "num_hidden_layers": 8, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 64,
        "tie_word_embeddings": True,
    },
    "smollm2-135m": {
        "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
        "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
    },
    "llama-160m": {
        "model_type": "llama", "vocab_size": 32000, "hidden_size": 768, "intermediate_size": 3072,
        "num_hidden_layers": 12, "num_attention_heads": 12, "num_key_value_heads": 12, "tie_word_embeddings": False,
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


class Lengths(NamedTuple):
    """Tokens, each drawn evenly from first to last."""

    shots: tuple[int, int] = (640, 690)
    prompt: tuple[int, int] = (60, 400)
    response: tuple[int, int] = (100, 400)
    shared: tuple[float, float] = (0.5, 0.95)
    """How much of the chosen response the rejected one begins with, in every second pair."""


def build(shape: str, precision: str, device: str, attention: str = "sdpa") -> LoadedModel:
    """A model with random weights, made where it will run; the same ones each time."""
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {"max_position_embeddings": 32768, **SHAPES[shape]}
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    torch.manual_seed(0)
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention).eval()
    return LoadedModel(model, precision, attention, {})


def pairs_as_requests(protocol: str, vocabulary: int, pairs: int, lengths: Lengths, domains: int = 4) -> list[Request]:
    """Two requests a pair, in the order of a run: rounds of pairs of all domains, longest first inside each. A domain
    has two exemplars of its own, and a prompt one pair."""
    draw = np.random.default_rng(1)

    def some(count: float) -> tuple[int, ...]:
        return tuple(draw.integers(10, vocabulary, max(1, int(count))).tolist())

    def between(span: tuple[float, float]) -> float:
        return float(draw.uniform(*span))

    first, second, cue = some(4), some(5), some(4)
    requests: list[Request] = []
    for domain in range(min(domains, pairs)):
        shots = some(between(lengths.shots))
        for number in range(domain, pairs, domains):
            head = shots + some(between(lengths.prompt)) + first
            chosen = some(between(lengths.response))
            alike = between(lengths.shared) if (number // domains) % 2 else 0
            opening = chosen[: int(len(chosen) * alike)]
            rejected = opening + some(max(len(chosen) * draw.uniform(0.9, 1.1) - len(opening), 1))
            name = f"{domain}.{number}"
            if protocol == "choice":
                for view, a, b, labels in (
                    ("chosen_first", chosen, rejected, (1, 2)),
                    ("rejected_first", rejected, chosen, (2, 1)),
                ):
                    requests.append(
                        Request(name, "choice", view, head + a + second + b + cue, None, labels, len(shots))
                    )
            else:
                for view, response in (("chosen", chosen), ("rejected", rejected)):
                    span = (len(head), len(head) + len(response))
                    requests.append(Request(name, "likelihood", view, head + response, span, None, len(shots)))
    return in_order(requests)


def in_order(requests: list[Request], seed: int = 0) -> list[Request]:
    """Pairs as a run takes them: see `engine.layout.order`."""
    by_pair: dict[str, list[Request]] = {}
    for request in requests:
        by_pair.setdefault(request.pair_id, []).append(request)
    longest = {name: max(len(request.ids) for request in own) for name, own in by_pair.items()}
    order: list[str] = []
    names = group_order(by_pair, seed)
    for start in range(0, len(names), ROUND_PAIRS):
        order += sorted(names[start : start + ROUND_PAIRS], key=lambda name: -longest[name])
    return [request for name in order for request in by_pair[name]]


def floor_operations(config: Any, requests: list[Request]) -> tuple[float, int]:
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


def score_in_turn(
    requests: Sequence[Request], logits: Callable[[tuple[int, ...], int, int], np.ndarray]
) -> list[float]:
    """Label log-odds, or sums over the response, in nats, for somebody who keeps what a request has in common with the
    one before: requests are taken in the order of their ids.

    Args:
        logits: of ids, how many of them stand in the cache, and the first position that is read; gives
            (positions, vocabulary).
    """
    held: tuple[int, ...] = ()
    values = [0.0] * len(requests)
    for index in sorted(range(len(requests)), key=lambda index: requests[index].ids):
        request = requests[index]
        start, stop = request.scored if request.labels is None else (len(request.ids), len(request.ids) + 1)
        ids = tuple(request.ids[: stop - 1])
        # What is read has to be computed, even where the cache has what comes before it.
        values[index] = _value_of(request, logits(ids, min(_in_common(held, ids), start - 1), start - 1))
        held = ids
    return values


def _in_common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids both begin with."""
    both = min(len(one), len(other))
    differs = np.flatnonzero(np.not_equal(one[:both], other[:both]))
    return int(differs[0]) if len(differs) else both


def _value_of(request: Request, rows: np.ndarray) -> float:
    """Label log-odds, or the sum over the response, nats, from logits of the positions that are read."""
    if request.labels is not None:
        return float(rows[0, request.labels[0]] - rows[0, request.labels[1]])
    largest = rows.max(1, keepdims=True)
    total = largest[:, 0] + np.log(np.exp(rows - largest).sum(1))
    targets = rows[np.arange(len(rows)), request.ids[slice(*request.scored)]]
    return float((targets - total).astype(np.float64).sum())
