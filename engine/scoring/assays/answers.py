"""Answers of a base to prompts that programs judge: one greedy, several sampled, with what it made of their tokens."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from engine.jobs.child import Events, Gate
from engine.scoring.assays.items import items_of, metered
from engine.scoring.checked import load_checked
from engine.scoring.traces import encoded_within
from rubrics.world.verifiers import Check, verify

__all__ = ["Sampled", "answers", "measure_headroom"]


class Sampled(NamedTuple):
    """One answer."""

    ids: list[int]
    """Without the token that ends it."""
    logprob: float
    """Of a token, on average, nats; the ending one counts."""
    entropy: float
    """Of the distribution that a token was taken from, on average, nats."""


def measure_headroom(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Measure what a message asks for: the event `items`, prompt by prompt.

    Args:
        message: as `engine.predictors.assays.job` writes it, with `samples`, `k`, `tokens` and `seed` among its
            settings.
    """
    events.send("phase", phase="tokenising")
    from engine.scoring.tokenizer import open_tokenizer

    settings, items = message["settings"], items_of(message)
    encoder = open_tokenizer(Path(message["model"]), trust_remote_code=message["trust_remote_code"])
    events.send("phase", phase="loading")
    loaded = load_checked(message)
    model, notes = loaded.model, list(loaded.notes)
    device = model.get_input_embeddings().weight.device
    ends = _ends(model)
    events.send("phase", phase="scoring")
    with metered(message, events, device) as meter:
        for item in items:
            ids = [*encoder.prefix, *encoded_within(encoder, item.payload["text"])]
            if message["context"] is not None and len(ids) + settings["tokens"] > message["context"]:
                notes.append(f"{item.name}: no room for an answer in its context ({message['context']} tokens)")
                continue
            seed = settings["seed"] * 1_000_003 + item.position
            greedy, *sampled = answers(model, ids, settings["samples"], settings["tokens"], ends, seed)
            texts = [encoder.decode_within(answer.ids) for answer in (greedy, *sampled)]
            (first, *right), (mirrored, *others) = (
                _met(texts, item.payload[which]) for which in ("checks", "mirrored")
            )
            measures = {
                "greedy": float(first), "greedy mirrored": float(mirrored), "met": float(sum(right)),
                "mirrored": float(sum(others)), "drawn": float(len(right)), "k": float(settings["k"]),
                "greedy probability": math.exp(greedy.logprob), "entropy": float(np.mean([a.entropy for a in sampled])),
            }  # fmt: skip
            measures |= _ordered(sampled, right)
            events.send("items", rows=[item.row(measures)])
            meter.add(tokens=len(ids) * (1 + len(sampled)) + sum(len(a.ids) + 1 for a in (greedy, *sampled)))
            gate.wait("scoring")
    events.send("notes", notes=notes)


@torch.inference_mode()
def answers(
    model: Any, ids: Sequence[int], samples: int, tokens: int, ends: frozenset[int], seed: int
) -> list[Sampled]:
    """The greedy answer, then so many sampled ones at temperature 1 from the whole vocabulary.

    Args:
        ids: of the prompt.
        tokens: of an answer at most.
        ends: tokens that end one.
        seed: of what is drawn; the same gives the same answers on the same machine.
    """
    device = model.get_input_embeddings().weight.device
    # Drawn on the CPU, whose generator is the same everywhere.
    generator = torch.Generator().manual_seed(seed)
    given = torch.tensor([list(ids)], device=device).repeat(1 + samples, 1)
    written: list[list[int]] = [[] for _ in range(1 + samples)]
    logprob, entropy, count = (torch.zeros(1 + samples, dtype=torch.float64) for _ in range(3))
    going = torch.ones(1 + samples, dtype=torch.bool)
    cache = None
    # Not every kind of model can be told that the last position alone is read.
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    for _ in range(tokens):
        out = model(input_ids=given, past_key_values=cache, use_cache=True, **last)
        cache = out.past_key_values
        logs = out.logits[:, -1].float().log_softmax(-1).cpu()
        drawn = torch.multinomial(logs.exp(), 1, generator=generator)
        drawn[0] = logs[0].argmax()
        taken = logs.gather(1, drawn)[:, 0].double()
        logprob += torch.where(going, taken, 0.0)
        entropy += torch.where(going, -(logs.exp() * logs).nan_to_num(0.0).sum(-1).double(), 0.0)
        count += going
        for row, token in enumerate(drawn[:, 0].tolist()):
            if going[row] and token in ends:
                going[row] = False
            elif going[row]:
                written[row].append(token)
        if not going.any():
            break
        given = drawn.to(device)
    return [
        Sampled(own, float(p / n), float(h / n)) for own, p, h, n in zip(written, logprob, entropy, count, strict=True)
    ]


def _met(texts: Sequence[str], checks: Sequence[Sequence[Any]]) -> list[bool]:
    """Whether each answer meets all checks."""
    decided = [Check(kind, tuple(right), tuple(wrong), number) for kind, right, wrong, number in checks]
    return [all(verify(check, text) for check in decided) for text in texts]


def _ordered(answers: Sequence[Sampled], right: Sequence[bool]) -> dict[str, float]:
    """Share of a right and a wrong answer in which the right one is likelier; nothing where all are alike."""
    good = [answer.logprob for answer, met in zip(answers, right, strict=True) if met]
    bad = [answer.logprob for answer, met in zip(answers, right, strict=True) if not met]
    if not good or not bad:
        return {}
    return {"ordered": float(np.mean([(1 + np.sign(g - b)) / 2 for g in good for b in bad]))}


def _ends(model: Any) -> frozenset[int]:
    named = getattr(model.generation_config, "eos_token_id", None)
    if named is None:
        named = model.config.get_text_config().eos_token_id
    return frozenset(named if isinstance(named, list) else [] if named is None else [named])
