"""What post-training's stages hand on: the weights before each, and what stands by itself after it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from engine.candidates.hashing import assert_unchanged
from engine.machine.paths import digest_dir
from engine.posttrain.recipe import PostTraining
from engine.scoring.auto_class import decoder_of, is_nested
from engine.scoring.load import opening
from engine.scoring.weights import assert_complete

__all__ = ["Trained", "is_adapter", "load", "merge", "saved"]


@dataclass(frozen=True)
class Trained:
    """What earlier stages have left; before the first it is the candidate itself."""

    whole: Path | None = None
    """The newest that was trained whole."""
    adapter: Path | None = None
    """On top of it."""

    def then(self, place: Path) -> Trained:
        """After one more stage."""
        return replace(self, adapter=place) if is_adapter(place) else Trained(place)


def is_adapter(place: Path) -> bool:
    """Whether a folder holds what LoRA has trained, and no model."""
    return (place / "adapter_config.json").is_file()


def merge(model: Any, tokenizer: Any, place: Path) -> None:
    """What LoRA has trained, as a model that stands by itself and so can be a candidate; `model` is used up."""
    from peft import PeftModel

    if isinstance(model, PeftModel):
        scratch = place.with_name("merging")
        model.merge_and_unload().save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        shutil.rmtree(place, ignore_errors=True)
        os.replace(scratch, place)


def load(job: Mapping[str, Any], recipe: PostTraining, trained: Trained) -> tuple[Any, Any]:
    """The candidate, or what the stages before made of it.

    Weights that are trained whole are kept in fp32, since steps of this size round away in bf16; those under LoRA stand
    still, and are in bf16 on a GPU. Of a decoder among other parts, those parts stand still too.
    """
    base, device = Path(job["model"]), job["device"]
    whole = (job.get("parameters") or 0) <= recipe.lora.above
    dtype = torch.float32 if whole or device == "cpu" else torch.bfloat16
    # A tokenizer.json is taken as it is; AutoTokenizer puts parts of its own into those of some kinds of model.
    kind = PreTrainedTokenizerFast if (base / "tokenizer.json").exists() else AutoTokenizer
    tokenizer = kind.from_pretrained(base, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    folder = trained.whole or base
    with opening(str(folder)):
        auto = assert_complete(folder).auto
    model = auto.from_pretrained(folder, dtype=dtype, use_safetensors=True)
    if folder == base:
        assert_unchanged(base, job.get("hashes") or {}, remembered=digest_dir())
    if is_nested(model):
        kept = {id(p) for part in (decoder_of(model), model.get_output_embeddings()) for p in part.parameters()}
        for parameter in model.parameters():
            parameter.requires_grad_(id(parameter) in kept)
    if trained.adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, trained.adapter, is_trainable=True)
    return model.to(device), tokenizer


def saved(place: Path) -> bool:
    """Whether a stage's training is over, though it may not have been measured."""
    return (place / "model" / "config.json").is_file() or is_adapter(place / "model")
