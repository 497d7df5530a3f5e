"""A candidate's answers to prompts, greedy and sampled, and which criteria they meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from engine.posttrain.tasks import Task
from engine.store.posttrain import StageScore

if TYPE_CHECKING:
    from engine.posttrain.verifier import Judge

__all__ = ["generate_answers", "measure", "met_by"]


@torch.no_grad()
def generate_answers(
    model: Any, tokenizer: Any, prompts: Sequence[str], *, tokens: int, temperature: float, batch: int, seed: int = 0
) -> list[str]:
    """One answer to each prompt, up to the end mark.

    Args:
        tokenizer: one that pads on the left.
        tokens: longest answer.
        temperature: 0 for the likeliest token at every step; else plain sampling, from this seed.
    """
    model.eval()
    torch.manual_seed(seed)
    sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
    # Prompts of like length together: padding costs as much as text.
    order = sorted(range(len(prompts)), key=lambda n: len(prompts[n]))
    written = [""] * len(prompts)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        inputs = tokenizer([prompts[n] for n in chosen], return_tensors="pt", padding=True)
        ids, mask = (inputs[name].to(model.device) for name in ("input_ids", "attention_mask"))
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.pad_token_id,
            **(sampling or {"do_sample": False}),
        )
        texts = tokenizer.batch_decode(made[:, ids.shape[1] :], skip_special_tokens=True)
        for n, text in zip(chosen, texts, strict=True):
            written[n] = text
    return written


def met_by(judge: Judge | None, tasks: Sequence[Task], texts: Sequence[str]) -> list[tuple[bool, ...]]:
    """Which criteria each answer meets: by programs, and by the judge where there is none."""
    if judge is not None:
        return judge.met(tasks, texts)
    return [task.met(text) for task, text in zip(tasks, texts, strict=True)]


def measure(
    model: Any,
    tokenizer: Any,
    tasks: Sequence[Task],
    *,
    stage: str,
    part: str,
    tokens: int,
    samples: int,
    temperature: float,
    batch: int,
    seed: int,
    judge: Judge | None = None,
) -> list[StageScore]:
    """Criteria met by greedy answers, and by `samples` sampled ones a prompt, by family and subcategory.

    Args:
        judge: decides what no program does.
    """
    prompts = [task.text for task in tasks]
    ways = [("greedy", generate_answers(model, tokenizer, prompts, tokens=tokens, temperature=0.0, batch=batch))]
    if samples:
        many = generate_answers(
            model, tokenizer, prompts * samples, tokens=tokens, temperature=temperature, batch=batch, seed=seed
        )
        ways.append(("sampled", many))
    scores: list[StageScore] = []
    for how, texts in ways:
        met, judged = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        asked = [*tasks] * (len(texts) // max(1, len(tasks)))
        for task, right_ones in zip(asked, met_by(judge, asked, texts), strict=True):
            for subcategory, right in zip(task.subcategories, right_ones, strict=True):
                judged[task.family, subcategory] += 1
                met[task.family, subcategory] += right
        scores += [StageScore(stage, part, how, *key, met[key], count) for key, count in judged.items()]
    return scores
