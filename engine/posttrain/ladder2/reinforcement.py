"""GRPO as a plain loop, with what it had to learn from: how many groups differ within, how far two batches agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from engine.posttrain.generation import generate_answers
from engine.posttrain.ladder2.tuning import Example, encoded
from engine.posttrain.tasks import Task
from rubrics.world.things import Rng

__all__ = ["Update", "reinforce"]

_BATCH: Final = 200
"""Answers written at once."""
_ROWS: Final = 64
"""Answers whose gradient is taken at once."""


@dataclass(frozen=True)
class Update:
    """One step, and what it rested on."""

    prompts: int
    varied: int
    """Prompts with right and wrong answers; only they say anything."""
    right: float
    """Share of all answers."""
    cosine: float | None
    """Between the gradients of two halves of the varied prompts; None where there are fewer than two."""


def reinforce(
    model: Any,
    tokenizer: Any,
    tasks: Sequence[Task],
    *,
    steps: int,
    prompts: int,
    drawn: int,
    tokens: int,
    rate: float,
    seed: int,
) -> list[Update]:
    """Raise the probability of answers that were better than their group's mean; the model is changed in place.

    GRPO (Shao et al. 2024, arXiv 2402.03300, §4.1) with one update a batch, so that nothing is clipped, and without a
    penalty for leaving the first model: an answer's advantage is its reward less its group's mean, over the group's
    standard deviation, and weighs the mean of its tokens' log-probabilities. AdamW without decay. An answer is taken as
    its text is tokenised, with the end mark.

    Args:
        prompts: of a step, in shuffled rounds.
        drawn: answers a prompt, at temperature 1.
    """
    torch.manual_seed(seed)
    rng = Rng(f"reinforcement {seed}")
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    updates, order = list[Update](), list[int]()
    for step in range(steps):
        while len(order) < prompts:
            order += rng.sample(range(len(tasks)), len(tasks))
        chosen, order = [tasks[n] for n in order[:prompts]], order[prompts:]
        asked = [task.text for task in chosen for _ in range(drawn)]
        texts = generate_answers(
            model, tokenizer, asked, tokens=tokens, temperature=1.0, batch=_BATCH, seed=1000 * seed + step
        )
        groups = [
            (task, own, [float(all(task.met(text))) for text in own])
            for n, task in enumerate(chosen)
            for own in [[text.strip() for text in texts[n * drawn : (n + 1) * drawn]]]
        ]
        varied = [group for group in groups if 0 < sum(group[2]) < drawn]
        cosine = None
        if len(varied) > 1:
            one, other = (_gradient(model, tokenizer, varied[n::2]) for n in range(2))
            cosine = float(torch.nn.functional.cosine_similarity(one, other, dim=0))
            _put(model, (one + other) / 2)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
        right = sum(sum(rewards) for _, _, rewards in groups) / len(asked)
        updates.append(Update(prompts, len(varied), right, cosine))
    model.eval()
    return updates


def _gradient(model: Any, tokenizer: Any, groups: Sequence[tuple[Task, list[str], list[float]]]) -> torch.Tensor:
    """Of all parameters in a row."""
    weighed = list[tuple[Example, float]]()
    for task, texts, rewards in groups:
        mean = sum(rewards) / len(rewards)
        spread = (sum((reward - mean) ** 2 for reward in rewards) / len(rewards)) ** 0.5
        weighed += [((task.text, text), (reward - mean) / spread) for text, reward in zip(texts, rewards, strict=True)]
    rows = [(*encoded(tokenizer, *example), weight) for example, weight in weighed]
    model.train()
    model.zero_grad()
    for start in range(0, len(rows), _ROWS):
        loss = _loss(model, rows[start : start + _ROWS], tokenizer.pad_token_id) / len(rows)
        torch.autograd.backward(loss)
    found = (torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters())
    return torch.cat([gradient.flatten() for gradient in found])


def _loss(model: Any, rows: Sequence[tuple[list[int], int, float]], pad: int) -> torch.Tensor:
    """Sum over answers of advantage × mean loss of its tokens."""
    width = max(len(ids) for ids, _, _ in rows)
    ids = torch.tensor([[*own, *[pad] * (width - len(own))] for own, _, _ in rows])
    places = torch.arange(width)[None, 1:]
    begins = torch.tensor([[begin] for _, begin, _ in rows])
    ends = torch.tensor([[len(own)] for own, _, _ in rows])
    counts = ((places >= begins) & (places < ends)).float()
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits.float()
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    means = (losses * counts).sum(1) / counts.sum(1)
    return (means * torch.tensor([weight for _, _, weight in rows])).sum()


def _put(model: Any, gradient: torch.Tensor) -> None:
    at = 0
    for parameter in model.parameters():
        parameter.grad = gradient[at : at + parameter.numel()].view_as(parameter).clone()
        at += parameter.numel()
