"""Training after pre-training, as plain loops: on demonstrations, and on a model's own answers that were right.

Small models take a minute of it, so there is nothing to save on the way, and the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from engine.posttrain.generation import generate_answers
from engine.posttrain.tasks import Task
from rubrics.world.things import Rng

__all__ = ["Example", "OwnAnswers", "encoded", "fine_tune", "own_answers"]

Example = tuple[str, str]
"""A prompt as the model sees it, and a response to it."""
_WARM: Final = 15
"""One part in so many of all steps is warming up."""
_BATCH: Final = 200
"""Answers written at once."""


def fine_tune(
    model: Any, tokenizer: Any, examples: Sequence[Example], *, steps: int, batch: int, rate: float, seed: int
) -> list[float]:
    """Train on responses (the end mark included), each given its prompt; the model is changed in place.

    AdamW without decay, its rate up over a fifteenth of the steps, then a cosine down to 0. Examples come in shuffled
    rounds.

    Returns:
        The loss of each step, nats a token.
    """
    torch.manual_seed(seed)
    rng = Rng(f"fine-tuning {seed}")
    coded = [encoded(tokenizer, *example) for example in examples]
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    warm, losses, order = max(1, steps // _WARM), list[float](), list[int]()
    model.train()
    for step in range(steps):
        while len(order) < batch:
            order += rng.sample(range(len(coded)), len(coded))
        chosen, order = order[:batch], order[batch:]
        pace = min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * max(0, step - warm) / max(1, steps - warm)))
        for group in optimiser.param_groups:
            group["lr"] = rate * pace
        loss = _loss(model, [coded[n] for n in chosen], tokenizer.pad_token_id)
        model.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    model.eval()
    return losses


def encoded(tokenizer: Any, prompt: str, response: str) -> tuple[list[int], int]:
    """Ids of both with the end mark, and where among them the response begins."""
    coded = tokenizer(prompt + response, return_offsets_mapping=True)
    starts = [start for start, end in coded["offset_mapping"] if end > start]
    special = len(coded["input_ids"]) - len(starts)
    begins = special + sum(start < len(prompt) for start in starts)
    return [*coded["input_ids"], tokenizer.eos_token_id], begins


def _loss(model: Any, rows: Sequence[tuple[list[int], int]], pad: int) -> torch.Tensor:
    width = max(len(ids) for ids, _ in rows)
    # Rows end in padding, which no token before it sees: no mask is needed.
    ids = torch.tensor([[*own, *[pad] * (width - len(own))] for own, _ in rows])
    places = torch.arange(width)[None, :]
    begins = torch.tensor([[begin] for _, begin in rows])
    ends = torch.tensor([[len(own)] for own, _ in rows])
    counts = (places >= begins) & (places < ends)
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[counts[:, 1:]].float(), ids[:, 1:][counts[:, 1:]])


@dataclass(frozen=True)
class OwnAnswers:
    """What a model wrote, as examples to train on."""

    examples: tuple[Example, ...]
    right: int
    """Answers that met every criterion."""
    drawn: int


def own_answers(
    model: Any,
    tokenizer: Any,
    tasks: Sequence[Task],
    *,
    drawn: int,
    kept: int,
    tokens: int,
    seed: int,
    filtered: bool = True,
) -> OwnAnswers:
    """Sample answers and keep those that their verifiers find right, distinct ones alone, so many a prompt at most.

    Rejection fine-tuning's data (Yuan et al. 2023, arXiv 2308.01825, §3.3).

    Args:
        drawn: samples a prompt, at temperature 1.
        kept: of each prompt, at most.
        filtered: False for the control, which keeps as many whether right or wrong.
    """
    prompts = [task.text for task in tasks for _ in range(drawn)]
    texts = generate_answers(model, tokenizer, prompts, tokens=tokens, temperature=1.0, batch=_BATCH, seed=seed)
    examples, right = list[Example](), 0
    for n, task in enumerate(tasks):
        own = [text.strip() for text in texts[n * drawn : (n + 1) * drawn]]
        met = [all(task.met(text)) for text in own]
        right += sum(met)
        usable = dict.fromkeys(text for text, good in zip(own, met, strict=True) if text and (good or not filtered))
        examples += [(task.text, text) for text in list(usable)[:kept]]
    return OwnAnswers(tuple(examples), right, len(texts))
