"""Assays done in this process, so that torch is loaded once for all tests."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.jobs.child import Events, Gate
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.progress import RunState
from engine.predictors.assays.assay import Assay, AssayOptions, Material
from engine.predictors.assays.job import AssayRequest, plan_assay
from engine.store.assays import AssayItem, assay_items
from engine.store.connection import Store
from rubrics.prompts import RubricPrompt
from rubrics.taxonomy import Subcategory


def of_first(assay: Assay, number: int) -> Assay:
    """The same assay on the first of its items only."""

    def material(options: AssayOptions) -> Material:
        whole = assay.material(options)
        return replace(whole, items=whole.items[:number])

    return replace(assay, material=material)


def own_prompts(number: int, *, without: int = 0) -> tuple[RubricPrompt, ...]:
    """Prompts of one's own with checks and references, but for the first few."""
    return tuple(
        RubricPrompt.model_validate({
            "id": f"p{at}", "domain": "notes", "prompt": f"Name {at} things.",
            "criteria": [{"id": "c", "text": f"Names {at}.", "subcategory": Subcategory.LENGTH}],
            **({"checks": {"c": {"kind": "says", "right": [str(at)]}}, "reference": f"These {at}."}
               if at >= without else {}),
        })
        for at in range(number)
    )  # fmt: skip


def here(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """The worker's part: whatever the message asks for."""
    import pkgutil

    from engine.worker import WORK

    pkgutil.resolve_name(WORK[message["kind"]])(message, events, gate)


def asked_of(*models: Path, **options: Any) -> AssayRequest:
    """A request on one core."""
    return AssayRequest(tuple(map(str, models)), "fp32", "cpu", 1, options=AssayOptions(**options))


def do_assay(
    store: Store, assay: Assay, *models: Path, cancel: threading.Event | None = None, **options: Any
) -> tuple[RunState, ...]:
    """Perform an assay of models in this process; what its states are then."""
    job = plan_assay(store, assay, asked_of(*models, **options))
    return perform(store, job, cancel=cancel, runner=inside(here))


def items_of(store: Store, state: RunState) -> list[AssayItem]:
    """What is stored of a run."""
    return assay_items(store, [state.run_id])[state.run_id]


def bits(folder: Path, before: str, text: str) -> float:
    """What a text costs behind another that stands behind a line break, by one forward of the model."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    head = [
        token for piece in ("\n", *before.split("|")) for token in tokenizer(piece, add_special_tokens=False).input_ids
    ]
    if tokenizer("a").input_ids[0] == tokenizer.bos_token_id:
        head = [tokenizer.bos_token_id, *head]
    tail = tokenizer(text, add_special_tokens=False).input_ids
    with torch.inference_mode():
        logprob = model(torch.tensor([[*head, *tail]])).logits[0].double().log_softmax(-1)
    return -sum(float(logprob[len(head) + i - 1, token]) for i, token in enumerate(tail)) / math.log(2)
