"""Supervised fine-tuning, then GRPO, of one candidate with one seed; measured before, between and after.

Runs in a worker. Everything is told through events; nothing here knows the store. A run that was stopped goes on: a
finished stage is not done again, and within a stage TRL's own checkpoints are taken up.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from transformers import TrainerCallback

from engine.jobs.child import Events, Gate
from engine.posttrain.extra import lacking
from engine.posttrain.generation import generate_answers, measure, met_by
from engine.posttrain.handed_on import Trained, load, merge, saved
from engine.posttrain.held_out import HELD
from engine.posttrain.recipe import MERGED, PostTraining
from engine.posttrain.tasks import Split, Task, in_turn, preferences, split
from engine.posttrain.verifier import Judge, judge_of
from engine.scoring.auto_class import decoder_of, is_nested
from rubrics.counted import count

__all__ = ["linear_layers", "post_train"]

Send = Callable[..., None]
Build = Callable[..., Any]

_SCORES: Final = "scores.json"


def post_train(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Do one run: `model` (folder), `suite`, `recipe`, `seed`, `folder` to work in, `device`.

    Events: `planned` (steps of each stage), `step` (stage, step, metrics), `scores` (stage, rows), `notes`.

    Raises:
        RudeError: TRL or PEFT is not installed.
        BadInput: the suite or recipe cannot be used.
    """
    _see_libraries()
    events.send("phase", phase="loading")
    with warnings.catch_warnings():
        # TRL 1.16 asks transformers 5.23 by names that it is about to drop.
        warnings.filterwarnings("ignore", category=FutureWarning)
        recipe = PostTraining.of(dict(message["recipe"]))
        with contextlib.ExitStack() as stack:
            judge = None
            if recipe.rl.verifier:
                judge = stack.enter_context(contextlib.closing(judge_of(recipe.rl.verifier, recipe.rl.verifier_key)))
            _stage_by_stage(message, recipe, judge, events.send, lambda: gate.wait("training"))


def _stage_by_stage(
    job: Mapping[str, Any], recipe: PostTraining, judge: Judge | None, send: Send, wait: Callable[[], None]
) -> None:
    parts = split(job["suite"], recipe.tasks, verifier=judge is not None)
    stages = _stages(recipe, parts)
    send("planned", steps={stage: steps for stage, steps in stages.items() if steps}, notes=_notes(recipe, parts))
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    before = Trained()
    for stage, steps in stages.items():
        place = folder / stage
        done = place / _SCORES
        if not done.is_file():
            if steps and not saved(place):
                model, tokenizer = load(job, recipe, before)
                look = _look(tokenizer, parts, recipe, judge) if recipe.evaluation.every else None
                reporter = _Reporter(stage, send, wait, look, recipe.evaluation.every)
                model = _train(stage, model, tokenizer, parts, recipe, job["seed"], place, reporter, judge)
            else:
                model, tokenizer = load(job, recipe, before.then(place / "model") if steps else before)
            rows = [asdict(score) for score in _measured(model, tokenizer, parts, recipe, stage, job["seed"], judge)]
            place.mkdir(parents=True, exist_ok=True)
            if steps:
                merge(model, tokenizer, place / MERGED)
            scratch = done.with_suffix(".part")
            scratch.write_text(json.dumps(rows), encoding="utf-8")
            # Written last: that it is there says that the stage is complete.
            os.replace(scratch, done)
        send("scores", stage=stage, rows=json.loads(done.read_text(encoding="utf-8")))
        before = before.then(place / "model") if steps else before
    if judge is not None and judge.unusable:
        send(
            "warned", words=f"{count(judge.unusable, 'verdict')} of the verifier could not be used and count as not met"
        )


def _see_libraries() -> None:
    try:
        import peft  # noqa: F401
        import trl  # noqa: F401
    except ImportError as error:
        raise lacking(error.name or "TRL and PEFT") from None


def _stages(recipe: PostTraining, parts: Split) -> dict[str, int]:
    """Steps of each stage; 0 where there is nothing to train, as for the base."""
    fine_tuning = recipe.sft.steps if parts.demonstrations else 0
    steps = {"base": 0, "sft": fine_tuning, "dpo": recipe.dpo.steps, "rl": recipe.rl.steps}
    # Who never asked for preferences reads nothing of them.
    return {stage: count for stage, count in steps.items() if count or stage != "dpo"}


def _notes(recipe: PostTraining, parts: Split) -> list[str]:
    notes = [f"{len(parts.train)} prompts to train on, {len(parts.seen)} + {len(parts.held)} held out"]
    if recipe.sft.steps and not parts.demonstrations:
        notes.append("no prompt has a reference response, so there is no supervised fine-tuning")
    return notes


def _measured(
    model: Any, tokenizer: Any, parts: Split, recipe: PostTraining, stage: str, seed: int, judge: Judge | None
) -> list[Any]:
    how: dict[str, Any] = asdict(recipe.evaluation)
    how |= {"tokens": recipe.response_tokens, "seed": seed, "stage": stage}
    del how["every"]
    scores = []
    for part, tasks in (("held", parts.held), ("seen", parts.seen)):
        if tasks:
            scores += measure(model, tokenizer, tasks, part=part, judge=judge, **how)
    return scores


def _look(tokenizer: Any, parts: Split, recipe: PostTraining, judge: Judge | None) -> Callable[[Any], float]:
    """Share of criteria that greedy answers to what is held out meet; training goes on as if nobody had looked."""

    def share(model: Any) -> float:
        was_training = model.training
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            texts = generate_answers(
                model, tokenizer, [task.text for task in parts.held], tokens=recipe.response_tokens, temperature=0.0,
                batch=recipe.evaluation.batch,
            )  # fmt: skip
        model.train(was_training)
        met = [right for own in met_by(judge, parts.held, texts) for right in own]
        return sum(met) / len(met)

    return share


def _train(
    stage: str,
    model: Any,
    tokenizer: Any,
    parts: Split,
    recipe: PostTraining,
    seed: int,
    place: Path,
    reporter: TrainerCallback,
    judge: Judge | None,
) -> Any:
    """Train one stage from its newest checkpoint on, and save the result under `place/model`."""
    from transformers.trainer_utils import get_last_checkpoint

    builders: dict[str, Build] = {"sft": _fine_tuning, "dpo": _preferring, "rl": partial(_rewarding, judge=judge)}
    trainer = builders[stage](model, tokenizer, parts, recipe, seed, place, reporter)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(place) if place.is_dir() else None)
    scratch = place / "saving"
    trainer.save_model(str(scratch))
    os.replace(scratch, place / "model")
    return trainer.model


def _settings(recipe: PostTraining, seed: int, place: Path, steps: int, device: str) -> dict[str, Any]:
    return {
        "output_dir": str(place),
        "max_steps": steps,
        "seed": seed,
        "save_strategy": "steps",
        "save_steps": recipe.save_every,
        "save_total_limit": recipe.keep,
        "logging_steps": max(1, min(10, steps // 10)),
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": device == "cpu",
        "bf16": device != "cpu",
        "activation_checkpointing": False,
        "dataloader_pin_memory": device != "cpu",
    }


def _fine_tuning(
    model: Any, tokenizer: Any, parts: Split, recipe: PostTraining, seed: int, place: Path, reporter: TrainerCallback
) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    steps = recipe.sft.steps
    rows = [{"prompt": task.text, "completion": task.response} for task in parts.demonstrations]
    settings = SFTConfig(
        **_settings(recipe, seed, place, steps, model.device.type),
        per_device_train_batch_size=recipe.sft.batch,
        learning_rate=recipe.sft.rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps // 15),
        max_length=None,
    )
    return SFTTrainer(
        model=model,
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[reporter],
        peft_config=_low_rank(model, recipe, 0),
    )


def _preferring(
    model: Any, tokenizer: Any, parts: Split, recipe: PostTraining, seed: int, place: Path, reporter: TrainerCallback
) -> Any:
    from datasets import Dataset
    from peft import PeftModel
    from trl import DPOConfig, DPOTrainer

    dpo, adapter = recipe.dpo, _low_rank(model, recipe, 0)
    settings = DPOConfig(
        **_settings(recipe, seed, place, dpo.steps, model.device.type),
        per_device_train_batch_size=dpo.batch,
        learning_rate=dpo.rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, dpo.steps // 15),
        beta=dpo.beta,
        max_length=None,
    )
    return DPOTrainer(
        model=model,
        # Under LoRA the reference is the model without what is trained now.
        ref_model=None if adapter is not None or isinstance(model, PeftModel) else deepcopy(model),
        args=settings,
        train_dataset=Dataset.from_list(preferences(dpo.suite, parts)),
        processing_class=tokenizer,
        callbacks=[reporter],
        peft_config=adapter,
    )


def _rewarding(
    model: Any, tokenizer: Any, parts: Split, recipe: PostTraining, seed: int, place: Path, reporter: TrainerCallback,
    *, judge: Judge | None,
) -> Any:  # fmt: skip
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    rl = recipe.rl
    settings = GRPOConfig(
        **_settings(recipe, seed, place, rl.steps, model.device.type),
        per_device_train_batch_size=rl.prompts * rl.generations,
        num_generations=rl.generations,
        max_completion_length=recipe.response_tokens,
        learning_rate=rl.rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=min(4, rl.steps // 5),
        temperature=rl.temperature,
        beta=rl.divergence,
        shuffle_dataset=False,
    )
    return GRPOTrainer(
        model=model,
        reward_funcs=_Reward(parts.train, judge),
        args=settings,
        train_dataset=Dataset.from_list([{"prompt": task.text} for task in in_turn(parts.train, seed)]),
        processing_class=tokenizer,
        callbacks=[reporter],
        peft_config=_low_rank(model, recipe, rl.rank),
    )


def _low_rank(model: Any, recipe: PostTraining, rank: int) -> Any:
    """LoRA on all linear layers, of a large candidate or in a stage with a rank of its own; None where it is on."""
    from peft import LoraConfig, PeftModel

    large = sum(p.numel() for p in model.parameters() if p.requires_grad) > recipe.lora.above
    if isinstance(model, PeftModel) or not (large or rank):
        return None
    chosen, alpha = (recipe.lora.rank, recipe.lora.alpha) if large else (rank, 2 * rank)
    return LoraConfig(r=chosen, lora_alpha=alpha, target_modules=linear_layers(model), task_type="CAUSAL_LM")


def linear_layers(model: Any) -> str | list[str]:
    """All linear layers that a text passes, but for the head: by name where some of the model's are beside them."""
    if not is_nested(model):
        return "all-linear"
    passed = {id(part) for part in decoder_of(model).modules()}
    return [name for name, part in model.named_modules() if id(part) in passed and isinstance(part, torch.nn.Linear)]


class _Reward:
    """Share of criteria met, by the prompt's own programs or by a verifier model."""

    __name__ = "criteria_met"

    def __init__(self, tasks: Sequence[Task], judge: Judge | None) -> None:
        self._tasks, self._judge = {task.text: task for task in tasks}, judge

    def __call__(self, prompts: Sequence[str], completions: Sequence[str], **_: object) -> list[float]:
        tasks = [self._tasks[prompt] for prompt in prompts]
        if self._judge is not None:
            return self._judge.rewards(tasks, completions)
        return [task.reward(text) for task, text in zip(tasks, completions, strict=True)]


class _Reporter(TrainerCallback):  # type: ignore[misc]
    """Passes on what a trainer reports, looks at what is held out now and then, and lets it wait."""

    def __init__(
        self, stage: str, send: Send, wait: Callable[[], None], look: Callable[[Any], float] | None = None,
        every: int = 0,
    ) -> None:  # fmt: skip
        self._stage, self._send, self._wait, self._look, self._every = stage, send, wait, look, every
        self._began = time.perf_counter()
        self._seen: dict[str, float] = {}
        """What the look at this step found."""

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: object) -> None:
        """One optimiser step is done."""
        self._seen = {}
        if self._look is not None and state.global_step % self._every == 0:
            self._seen = {HELD: self._look(model)}
        self._send("step", stage=self._stage, step=state.global_step, metrics=self._seen or None)
        self._wait()

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: object) -> None:
        """The trainer has numbers."""
        metrics = {key: float(value) for key, value in (logs or {}).items() if isinstance(value, int | float)}
        # What is told of a step takes the place of what was told of it before.
        metrics |= self._seen
        metrics["seconds"] = time.perf_counter() - self._began
        self._send("step", stage=self._stage, step=state.global_step, metrics=metrics)
