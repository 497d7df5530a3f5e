"""Answers of a base to prompts that programs judge: one greedy, several sampled, with what it made of their tokens."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch

from engine.jobs.child import Events, Gate
from engine.scoring.assays.items import WorkItem, items_of, metered
from engine.scoring.checked import load_checked
from engine.scoring.traces import encoded_within
from rubrics.world.verifiers import Check, verify

if TYPE_CHECKING:
    from engine.scoring.tokenizer import HubTokenizer

__all__ = ["Sampled", "answers", "measure_headroom"]


_ROWS: Final = 64
"""Answers that are written side by side at most, but for those to one prompt."""


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
        for group in _alike(encoder, items, 1 + settings["samples"]):
            ids = [own for _, own in group]
            if message["context"] is not None and len(ids[0]) + settings["tokens"] > message["context"]:
                full = f"no room for an answer in its context ({message['context']} tokens)"
                notes += [f"{item.name}: {full}" for item, _ in group]
                continue
            seeds = [settings["seed"] * 1_000_003 + item.position for item, _ in group]
            found = answers(model, ids, settings["samples"], settings["tokens"], ends, seeds)
            rows = []
            for (item, own), answered in zip(group, found, strict=True):
                texts = [encoder.decode_within(answer.ids) for answer in answered]
                rows.append(item.row(_measures(answered, texts, item.payload, settings["k"])))
                meter.add(tokens=len(own) * len(answered) + sum(len(a.ids) + 1 for a in answered))
            events.send("items", rows=rows)
            gate.wait("scoring")
    events.send("notes", notes=notes)


def _alike(
    encoder: HubTokenizer, items: Sequence[WorkItem], each: int
) -> Iterator[list[tuple[WorkItem, list[int]]]]:  # fmt: skip
    """Items with their prompts' ids, those of one length together: nothing is padded, so whatever kind of model it is
    gives each prompt what it would give it alone."""
    lengths: dict[int, list[tuple[WorkItem, list[int]]]] = {}
    for item in items:
        ids = [*encoder.prefix, *encoded_within(encoder, item.payload["text"])]
        lengths.setdefault(len(ids), []).append((item, ids))
    together = max(1, _ROWS // each)
    for own in lengths.values():
        yield from (own[start : start + together] for start in range(0, len(own), together))


def _measures(
    answered: Sequence[Sampled], texts: Sequence[str], payload: Mapping[str, Any], k: int
) -> dict[str, float]:
    greedy, *sampled = answered
    (first, *right), (mirrored, *others) = (_met(texts, payload[which]) for which in ("checks", "mirrored"))
    return {
        "greedy": float(first), "greedy mirrored": float(mirrored), "met": float(sum(right)),
        "mirrored": float(sum(others)), "drawn": float(len(right)), "k": float(k),
        "greedy probability": math.exp(greedy.logprob), "entropy": float(np.mean([a.entropy for a in sampled])),
        **_ordered(sampled, right),
    }  # fmt: skip


@torch.inference_mode()
def answers(
    model: Any, prompts: Sequence[Sequence[int]], samples: int, tokens: int, ends: frozenset[int], seeds: Sequence[int]
) -> list[list[Sampled]]:
    """To each prompt the greedy answer, then so many sampled ones at temperature 1 from the whole vocabulary.

    Args:
        prompts: ids, of one length.
        tokens: of an answer at most.
        ends: tokens that end one.
        seeds: of what is drawn for each; the same give the same answers on the same machine.
    """
    device, each = model.get_input_embeddings().weight.device, 1 + samples
    # Drawn on the CPU, whose generator is the same everywhere, for each prompt as if it were alone.
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    given = torch.tensor([list(ids) for ids in prompts], device=device).repeat_interleave(each, 0)
    written: list[list[int]] = [[] for _ in range(len(given))]
    logprob, entropy, count = (torch.zeros(len(given), dtype=torch.float64) for _ in range(3))
    going = torch.ones(len(given), dtype=torch.bool)
    cache = None
    # Not every kind of model can be told that the last position alone is read.
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    for _ in range(tokens):
        out = model(input_ids=given, past_key_values=cache, use_cache=True, **last)
        cache = out.past_key_values
        logs = out.logits[:, -1].float().log_softmax(-1).cpu()
        drawn = torch.cat([
            torch.multinomial(own.exp(), 1, generator=generator)
            for own, generator in zip(logs.split(each), generators, strict=True)
        ])  # fmt: skip
        drawn[::each, 0] = logs[::each].argmax(-1)
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
    found = [
        Sampled(own, float(p / n), float(h / n)) for own, p, h, n in zip(written, logprob, entropy, count, strict=True)
    ]
    return [found[start : start + each] for start in range(0, len(found), each)]


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
