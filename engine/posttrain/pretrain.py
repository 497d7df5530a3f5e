"""Pre-trains small base models on documents of the procedural world, from seeds.

    python -m engine.posttrain.pretrain --out DIR [--only NAME ...] [--smoke] [--recipes FILE]

Recipes are data (`pretrain.toml` beside this file). Each model becomes a folder that `transformers` loads, with
what was measured in training.json. A run that was stopped goes on where it left off; one that is done is left alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from transformers import (
    AutoTokenizer,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from engine.posttrain.byte_tokenizer import train_tokenizer
from engine.posttrain.comparisons import comparisons
from engine.posttrain.muon import SingleMuon
from engine.posttrain.packing import Rows
from rubrics.errors import BadInput, Exit, RudeError
from rubrics.sources import read_text
from rubrics.world import documents
from rubrics.world.corpus import DIALOGUE
from rubrics.world.things import Rng

__all__ = ["WORLD", "Corpus", "Framed", "Recipe", "build", "main", "pretrain", "read_recipes"]

_RECIPES = Path(__file__).with_name("pretrain.toml")
_REQUEST, _, _RESPONSE = DIALOGUE.partition("{prompt}")
_FRAMES = {"request": DIALOGUE, "question": "Q: {prompt}\nA: ", "bare": "{prompt}\n"}
_ORDERS = ("mixed", "dialogue first", "dialogue last")
_SAVE_EVERY = 100
_WORDS_AT_ONCE = 20_000
Framed = tuple[str, Callable[[int, int], bool]]
"""A document, and whether what stands between two places of it, in characters, counts in full."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a model becomes."""

    name: str
    shape: str
    """`llama`, `qwen3` or `gpt_neox`."""
    layers: int
    hidden: int
    heads: int
    feed_forward: int
    vocabulary: int
    bos: bool
    tokens: int
    noise: float
    dialogue: float
    seed: int
    text_seed: int
    rote: int = 400_000
    """Of the tokens, how many come first and are learned by heart: rows of words said again teach looking back."""
    request_weight: float = 0.1
    """What a token of a request counts in the loss; those of responses and of plain documents count 1. What people ask
    for cannot be foretold, and at full weight that noise drowns what a response owes to its request."""
    initial: float = 0.1
    """Standard deviation of fresh weights, about 1/√hidden: with the customary .02 so small a model starts to look back
    many times later."""
    rate: float = 3e-3
    """Of AdamW, at its highest."""
    matrix_rate: float = 0.02
    """Of Muon, at its highest."""
    single: bool = False
    """Whether Muon works in single precision: another rounding, and fast on any processor."""
    batch: int = 4
    length: int = 256
    positions: int = 2048
    dtype: str = "bfloat16"
    frame: str = "request"
    """How a dialogue is laid out: `request` as where candidates are scored, `question` or `bare` in other ways."""
    comparisons: float = 0.0
    """Share of documents, after those learned by heart, that compare two responses as `choice` does."""
    order: str = "mixed"
    """Where dialogues stand among plain documents: `mixed`, or mostly `dialogue first` or `dialogue last`."""

    @property
    def steps(self) -> int:
        """Optimiser steps."""
        return max(1, self.tokens // (self.batch * self.length))


def read_recipes(path: Path = _RECIPES) -> list[Recipe]:
    """The recipes in a TOML file: one `[[model]]` table each, over the values in `[common]`.

    Raises:
        BadInput: the file cannot be read or a recipe is not right.
    """
    try:
        table = tomllib.loads(read_text(path, BadInput))
        recipes = [Recipe(**{**table.get("common", {}), **model}) for model in table["model"]]
    except (tomllib.TOMLDecodeError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"recipes cannot be read ({error})", where=str(path), fix="see pretrain.toml for the form"
        ) from None
    for recipe in recipes:
        if recipe.frame not in _FRAMES:
            raise BadInput(f"no frame {recipe.frame!r}", where=recipe.name, fix=f"use {', '.join(_FRAMES)}")
        if recipe.order not in _ORDERS:
            raise BadInput(f"no order {recipe.order!r}", where=recipe.name, fix=f"use {', '.join(_ORDERS)}")
    return recipes


def build(recipe: Recipe, vocabulary: int, *, bos_id: int | None, end_id: int) -> PreTrainedModel:
    """A model of the recipe's shape with fresh weights; embeddings are tied, so that most parameters do work.

    Raises:
        BadInput: no such shape.
    """
    common: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": recipe.hidden,
        "intermediate_size": recipe.feed_forward,
        "num_hidden_layers": recipe.layers,
        "num_attention_heads": recipe.heads,
        "max_position_embeddings": recipe.positions,
        "tie_word_embeddings": True,
        "initializer_range": recipe.initial,
        "bos_token_id": bos_id,
        "eos_token_id": end_id,
        "pad_token_id": end_id,
    }
    torch.manual_seed(recipe.seed)
    if recipe.shape == "llama":
        model = LlamaForCausalLM(LlamaConfig(**common))
    elif recipe.shape == "qwen3":
        head = recipe.hidden // recipe.heads
        model = Qwen3ForCausalLM(Qwen3Config(**common, num_key_value_heads=max(1, recipe.heads // 2), head_dim=head))
    elif recipe.shape == "gpt_neox":
        model = GPTNeoXForCausalLM(GPTNeoXConfig(**common))
    else:
        raise BadInput(f"no shape {recipe.shape!r}", where=recipe.name, fix="use llama, qwen3 or gpt_neox")
    return model


@dataclass(frozen=True)
class Corpus:
    """A world's documents as they are trained on."""

    block: Callable[[Recipe, int, float | None], Sequence[Framed]]
    """Some documents of a recipe, from a seed, with this share of dialogues; None: of what is learned by heart."""
    words: Callable[[], Iterable[str] | None] = lambda: None
    """What a tokenizer learns its words from; None: see `train_tokenizer`."""


def _block(recipe: Recipe, seed: int, dialogue: float | None) -> list[Framed]:
    shares = {"dialogue_share": 0.0, "rote_share": 1.0} if dialogue is None else {"dialogue_share": dialogue}
    plain = documents(seed, _WORDS_AT_ONCE, noise=recipe.noise, **shares)
    framed = [_framed(text, recipe.frame) for text in plain]
    if recipe.comparisons and dialogue is not None:
        framed = list(_with_comparisons(framed, recipe, seed))
    return framed


def _framed(text: str, frame: str) -> Framed:
    """A document in the recipe's frame; of a dialogue the response counts, of any other everything."""
    if not text.startswith(_REQUEST):
        return text, lambda start, end: True
    prompt, _, response = text.removeprefix(_REQUEST).partition(_RESPONSE)
    head = _FRAMES[frame].format(prompt=prompt)
    return head + response, lambda start, end: start >= len(head)


def _with_comparisons(framed: Iterable[Framed], recipe: Recipe, seed: int) -> Iterator[Framed]:
    """Documents with comparisons among them, whose answers alone count."""
    rng, more = Rng(f"among {seed}"), comparisons(seed, noise=recipe.noise)
    for document in framed:
        while rng.random() < recipe.comparisons:
            text, places = next(more)
            yield text, _at(places)
        yield document


def _at(places: Sequence[int]) -> Callable[[int, int], bool]:
    return lambda start, end: any(start <= place < end for place in places)


WORLD: Final = Corpus(_block)
"""The first world's."""


def _text(recipe: Recipe, tokenizer: Any, corpus: Corpus = WORLD) -> Rows:
    """The whole training text: what is learned by heart first, then the recipe's mixture."""
    rows = Rows(recipe.steps * recipe.batch, recipe.length, tokenizer.eos_token_id)
    seen = 0
    for block in range(sys.maxsize):
        dialogue = None if seen < recipe.rote else _dialogue_share(recipe, seen)
        framed = corpus.block(recipe, recipe.text_seed * 1_000_003 + block, dialogue)
        texts, counted = zip(*framed, strict=True)
        coded = tokenizer(list(texts), add_special_tokens=True, return_offsets_mapping=True)
        for counts, ids, spans in zip(counted, coded["input_ids"], coded["offset_mapping"], strict=True):
            weights = [1.0 if counts(start, end) else recipe.request_weight for start, end in spans]
            rows.add([*ids, tokenizer.eos_token_id], [*weights, 1.0])
            seen += len(ids) + 1
            if rows.full:
                return rows
    raise AssertionError("documents never end")


def _dialogue_share(recipe: Recipe, seen: int) -> float:
    """The share of dialogues after `seen` tokens; over the whole mixture it is the recipe's, whatever the order."""
    late = seen - recipe.rote > (recipe.tokens - recipe.rote) / 2
    halves = max(0.0, 2 * recipe.dialogue - 1), min(1.0, 2 * recipe.dialogue)
    if recipe.order == "mixed":
        return recipe.dialogue
    return halves[late if recipe.order == "dialogue last" else not late]


def _batches(rows: Rows, recipe: Recipe, first: int) -> Iterator[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """(step, ids, positions, weights) from step `first` on, in the order of the text; shapes [batch, length + 1]."""
    for step in range(first, recipe.steps):
        chosen = slice(step * recipe.batch, (step + 1) * recipe.batch)
        ids, positions = (torch.from_numpy(part[chosen].astype(np.int64)) for part in (rows.ids, rows.positions))
        yield step, ids, positions, torch.from_numpy(rows.weights[chosen])


def _optimisers(model: PreTrainedModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, gains and biases.

    Muon (Jordan et al. 2024, as in torch.optim) took about 0.6 of the tokens that AdamW took to learn to copy.
    """
    table = model.get_input_embeddings().weight
    inner = [p for p in model.parameters() if p.ndim == 2 and p is not table]
    rest = [p for p in model.parameters() if p.ndim != 2 or p is table]
    muon = SingleMuon if recipe.single else torch.optim.Muon
    optimisers: list[torch.optim.Optimizer] = [
        muon(inner, lr=recipe.matrix_rate, weight_decay=0.01),
        torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["initial_lr"] = group["lr"]
    return optimisers


def _pace(recipe: Recipe, step: int) -> float:
    """Share of the full learning rate: up within 100 steps or 5 %, whichever is less, then a cosine down to a tenth."""
    warm = min(100, max(1, recipe.steps // 20))
    if step < warm:
        return (step + 1) / warm
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warm) / max(1, recipe.steps - warm)))


def pretrain(recipe: Recipe, out: Path, *, corpus: Corpus = WORLD, say: Any = None) -> Path:
    """Train one model and save it under `out/NAME`; resumes what was begun, returns at once where all is done.

    Returns:
        The folder of the model.
    """
    folder = out / recipe.name
    if (folder / "model.safetensors").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    train_tokenizer(
        folder, vocabulary=recipe.vocabulary, bos=recipe.bos, positions=recipe.positions, texts=corpus.words()
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = build(recipe, len(tokenizer), bos_id=tokenizer.bos_token_id, end_id=tokenizer.eos_token_id)
    parameters = sum(p.numel() for p in model.parameters())
    optimisers = _optimisers(model, recipe)
    state = folder / "checkpoint.pt"
    first, losses, spent = 0, list[float](), 0.0
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        model.load_state_dict(saved["model"])
        for optimiser, values in zip(optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(values)
        first, losses, spent = saved["step"], saved["losses"], saved.get("seconds", 0.0)
    working = time.process_time() - spent
    rows = _text(recipe, tokenizer, corpus)
    model.train()
    began = time.perf_counter()
    for step, ids, positions, weights in _batches(rows, recipe, first):
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * _pace(recipe, step)
        logits = model(input_ids=ids[:, :-1], position_ids=positions[:, :-1], use_cache=False).logits
        each = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        counts = weights[:, 1:].flatten()
        loss = (each * counts).sum() / counts.sum()
        model.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        losses.append(loss.item())
        if (step + 1) % _SAVE_EVERY == 0:
            _save_state(state, model, optimisers, step + 1, losses, time.process_time() - working)
            if say:
                seconds = time.perf_counter() - began
                speed = (step + 1 - first) * recipe.batch * recipe.length / seconds
                say(f"{recipe.name} {step + 1}/{recipe.steps} loss {np.mean(losses[-50:]):.3f} {speed:,.0f} tokens/s")
    notes = {
        "parameters": parameters,
        "steps": recipe.steps,
        "tokens": recipe.steps * recipe.batch * recipe.length,
        "final_loss": round(float(np.mean(losses[-50:])), 4),
        "seconds": round(time.process_time() - working, 1),
    }
    (folder / "training.json").write_text(json.dumps({**vars(recipe), **notes}, indent=2) + "\n", encoding="utf-8")
    # The weights come last: their presence is what says that a model is complete.
    model.to(getattr(torch, recipe.dtype))
    scratch = folder / "saving"
    model.save_pretrained(scratch)
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        os.replace(scratch / name, folder / name)
    scratch.rmdir()
    state.unlink(missing_ok=True)
    return folder


def _save_state(
    path: Path,
    model: PreTrainedModel,
    optimisers: Sequence[torch.optim.Optimizer],
    step: int,
    losses: list[float],
    seconds: float,
) -> None:
    scratch = path.with_name(path.name + ".part")
    states = [optimiser.state_dict() for optimiser in optimisers]
    saved = {"model": model.state_dict(), "optimisers": states, "step": step, "losses": losses, "seconds": seconds}
    torch.save(saved, scratch)
    os.replace(scratch, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m engine.posttrain.pretrain", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder in which each model gets one of its own")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this model (may be repeated)")
    parser.add_argument("--smoke", action="store_true", help="a few steps each, to see that everything works")
    parser.add_argument("--recipes", type=Path, default=_RECIPES, help="another TOML file of recipes")
    chosen = parser.parse_args(arguments)
    try:
        recipes = read_recipes(chosen.recipes)
        unknown = set(chosen.only or ()) - {recipe.name for recipe in recipes}
        if unknown:
            names = ", ".join(recipe.name for recipe in recipes)
            raise BadInput(f"no recipe {sorted(unknown)[0]!r}", where=str(chosen.recipes), fix=f"there are: {names}")
        for recipe in recipes:
            if chosen.only and recipe.name not in chosen.only:
                continue
            if chosen.smoke:
                recipe = replace(recipe, tokens=20 * 4 * 64, batch=4, length=64)
            pretrain(recipe, chosen.out, say=lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except RudeError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return Exit.DONE


if __name__ == "__main__":
    raise SystemExit(main())
