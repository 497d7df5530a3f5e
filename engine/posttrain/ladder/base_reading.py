"""What a base model is read on beside the suite: fresh clean dialogues, and prompts that it answers untrained.

Kept prompt by prompt, so that whoever doubts a figure can count again without a model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from engine.posttrain.generation import generate_answers
from engine.posttrain.recipe import PostTraining
from engine.posttrain.tasks import WORLD, split
from rubrics.world.corpus import DIALOGUE, dialogue
from rubrics.world.things import Rng

__all__ = ["DIALOGUES", "clean_dialogues", "read_base"]

DIALOGUES: Final = 400
_SEED: Final = "clean dialogues to be read"
_HEAD: Final = DIALOGUE.partition("{prompt}")[2]


def clean_dialogues(count: int = DIALOGUES) -> list[tuple[str, str]]:
    """Dialogues of the families that pre-training teaches, none of them breaking a rule, as (request, response); the
    request goes up to where the response begins. Their seed is no recipe's."""
    rng = Rng(_SEED)
    found: dict[str, str] = {}
    while len(found) < count:
        request, head, response = dialogue(rng).partition(_HEAD)
        found.setdefault(request + head, response)
    return list(found.items())


def read_base(folder: Path, recipe: PostTraining, out: Path) -> None:
    """Read one model and write what came of it, whole or not at all.

    Args:
        folder: of the model.
        recipe: says which prompts are answered, and how long.
        out: a JSON file with `dialogues` (nats and bytes of request and response, tokens of the response) and
            `answers` (part, family, number of the prompt, and whether its criterion was met).
    """
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval()
    found = {
        "dialogues": [_loss(model, tokenizer, request, response) for request, response in clean_dialogues()],
        "answers": _answers(model, tokenizer, recipe),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_suffix(".part")
    scratch.write_text(json.dumps(found), encoding="utf-8")
    os.replace(scratch, out)


@torch.no_grad()
def _loss(model: Any, tokenizer: Any, request: str, response: str) -> dict[str, float]:
    coded = tokenizer(request + response, return_offsets_mapping=True, return_tensors="pt")
    ids = coded["input_ids"]
    logits = model(input_ids=ids).logits[0, :-1].float()
    nats = -logits.log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0].double()
    # A token belongs to the response where it begins there, as in pre-training.
    answers = coded["offset_mapping"][0, 1:, 0] >= len(request)
    return {
        "nats_request": float(nats[~answers].sum()), "bytes_request": len(request.encode()),
        "nats_response": float(nats[answers].sum()), "bytes_response": len(response.encode()),
        "tokens_response": int(answers.sum()),
    }  # fmt: skip


def _answers(model: Any, tokenizer: Any, recipe: PostTraining) -> list[dict[str, Any]]:
    # What is judged is drawn before what is trained on, so it does not depend on how much that is.
    judged_alone = replace(recipe.tasks, demonstrations=1)
    own = split(WORLD, judged_alone)
    judged = {task.prompt for task in (*own.held, *own.seen)}
    # Other prompts of the same held-out families, on which no outcome was measured.
    other = split(WORLD, replace(judged_alone, seed=recipe.tasks.seed + 1))
    parts = {"held": own.held, "seen": own.seen, "fresh": [t for t in other.held if t.prompt not in judged]}
    rows = []
    for part, tasks in parts.items():
        texts = generate_answers(
            model, tokenizer, [task.text for task in tasks], tokens=recipe.response_tokens, temperature=0.0,
            batch=recipe.evaluation.batch,
        )  # fmt: skip
        for number, met in enumerate(_met(tasks, texts)):
            rows.append({"part": part, "family": tasks[number].family, "number": number, "met": met})
    return rows


def _met(tasks: Sequence[Any], texts: Sequence[str]) -> list[bool]:
    """Whether each answer meets its prompt's one criterion."""
    return [all(task.met(text)) for task, text in zip(tasks, texts, strict=True)]
