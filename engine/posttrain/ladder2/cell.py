"""One model through all stages, in pieces that each leave what the next one needs: little is lost when it stops."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from data.bundled import bundled_models
from engine.export.parquet import Columns, read_columns, write_columns
from engine.posttrain.generation import generate_answers
from engine.posttrain.ladder2.design import Planned, parameters
from engine.posttrain.ladder2.measures import BaseModel, frontier_traces
from engine.posttrain.ladder2.regimen import SETS, Common, Regimen, common
from engine.posttrain.ladder2.rows import TABLES, provenance, write_facts
from engine.posttrain.ladder2.tuning import fine_tune, own_answers
from engine.posttrain.ladder2.worlds import WORLD_A, World
from engine.posttrain.pretrain import pretrain
from engine.posttrain.tasks import Task
from engine.predictors.rbridge import Trace

__all__ = ["FRONTIER", "PIECES", "Cell", "OutOfTime", "frontier"]

FRONTIER: Final = "qwen3-tarn-0.4m"
"""The bundled model that wrote best on the first ladder; its answers are rBridge's traces."""
PIECES: Final = ("pretrain", "read", "base", "sft", "rft")
_BATCH: Final = 200
"""Prompts answered at once."""


class OutOfTime(Exception):
    """Time is up; what is done is saved."""


@dataclass(frozen=True)
class Cell:
    """One model: where it is worked on, and where its rows go."""

    pieces: ClassVar[tuple[str, ...]] = PIECES
    """In order."""
    tables: ClassVar[tuple[str, ...]] = TABLES
    """What is kept of it."""
    world: ClassVar[World] = WORLD_A

    planned: Planned
    regimen: Regimen
    work: Path
    rows: Path
    claims: str
    """Hash of the file that named the predictors."""
    traces: Sequence[tuple[str, Trace]]

    @property
    def done(self) -> bool:
        """Whether its rows are there."""
        return (self._place / "cell.json").is_file()

    @property
    def left(self) -> list[str]:
        """Pieces still to do."""
        return [] if self.done else [piece for piece in self.pieces if not self._ended(piece).is_file()]

    def go_on(self, say: Callable[[str], None], enough: Callable[[], bool] = lambda: False) -> None:
        """Do what is left, piece by piece; seconds are the processor's, which other work beside it does not lengthen.

        Args:
            enough: asked between pieces and while pre-training: whether time is up.

        Raises:
            OutOfTime: `enough` said so.
        """
        do = self._done_by(enough)
        self._folder.mkdir(parents=True, exist_ok=True)
        for piece in self.left:
            if enough():
                raise OutOfTime
            began = time.process_time()
            facts = do[piece]()
            facts["seconds"] = {"all": time.process_time() - began, **facts.get("seconds", {})}
            scratch = self._ended(piece).with_suffix(".part")
            scratch.write_text(json.dumps(facts), encoding="utf-8")
            os.replace(scratch, self._ended(piece))
            say(f"{self.planned.name} {piece}: {facts['seconds']['all']:.0f} s")
        if not self.done:
            self._keep()

    def _done_by(self, enough: Callable[[], bool]) -> dict[str, Callable[[], dict[str, Any]]]:
        """What does each piece."""
        return {
            "pretrain": lambda: self._pretrain(enough), "read": self._read, "base": self._base, "sft": self._sft,
            "rft": self._rft,
        }  # fmt: skip

    # ------------------------------------------------------------------ where things are

    @property
    def _folder(self) -> Path:
        return self.work / self.planned.name

    @property
    def _place(self) -> Path:
        return self.rows / self.planned.name

    @property
    def _shared(self) -> Common:
        return self.world.common(self.regimen)

    def _ended(self, piece: str) -> Path:
        return self._folder / f"{piece}.json"

    def _model(self, stage: str) -> tuple[Any, Any]:
        """A stage's weights in fp32, and the tokenizer."""
        base = self.work / "models" / self.planned.name
        folder = base if stage == "base" else self._folder / stage
        tokenizer = PreTrainedTokenizerFast.from_pretrained(base, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
        return model.eval(), tokenizer

    def _save(self, model: Any, stage: str) -> None:
        scratch = self._folder / "saving"
        model.save_pretrained(scratch)
        shutil.rmtree(self._folder / stage, ignore_errors=True)
        os.replace(scratch, self._folder / stage)

    def _write(self, table: str, columns: Columns) -> None:
        write_columns(columns, self._folder / f"{table}.parquet")

    # ------------------------------------------------------------------ pieces; each returns what is worth knowing

    def _pretrain(self, enough: Callable[[], bool]) -> dict[str, Any]:
        def heard(line: str) -> None:
            if enough():
                raise OutOfTime

        folder = pretrain(self.planned.recipe, self.work / "models", corpus=self.world.corpus, say=heard)
        notes = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        assert notes["parameters"] == parameters(self.planned.recipe), self.planned.name
        # What was stopped and gone on with has been counted from its beginning.
        return {"loss": notes["final_loss"], "seconds": {"all": notes["seconds"]}}

    def _read(self) -> dict[str, Any]:
        base = BaseModel(self.work / "models" / self.planned.name, self.world)
        self._write("pairs", base.pairs(self._shared.suite))
        self._write("texts", base.texts(self._shared))
        if "traces" in self.tables:
            self._write("traces", base.traces(self.traces))
        return {"seconds": base.seconds}

    def _base(self) -> dict[str, Any]:
        return {"seconds": self._measure("base", *self._model("base"), sampled=True)}

    def _sft(self) -> dict[str, Any]:
        return self._fine_tuned("sft", self.planned.recipe.seed)

    def _fine_tuned(self, stage: str, seed: int) -> dict[str, Any]:
        """From the base model, on demonstrations."""
        regimen = self.regimen
        model, tokenizer = self._model("base")
        examples = [(task.text, task.response or "") for task in self._shared.demonstrations]
        began = time.process_time()
        losses = fine_tune(
            model, tokenizer, examples, steps=regimen.sft_steps, batch=regimen.sft_batch, rate=regimen.sft_rate,
            seed=seed,
        )  # fmt: skip
        trained = time.process_time() - began
        self._save(model, stage)
        seconds = self._measure(stage, model, tokenizer, sampled=False)
        return {"loss": [_mean(losses[:20]), _mean(losses[-20:])], "seconds": {"training": trained, **seconds}}

    def _rft(self) -> dict[str, Any]:
        return self._in_rounds("rft", "sft", self.planned.recipe.seed, sampled=True)

    def _in_rounds(
        self, stage: str, begins: str, seed: int, *, filtered: bool = True, sampled: bool = False
    ) -> dict[str, Any]:
        """From an earlier stage, on own answers."""
        regimen, notes = self.regimen, list[dict[str, Any]]()
        began = time.process_time()
        model, tokenizer = self._model(begins)
        for number, tasks in enumerate(self._shared.rounds):
            own = own_answers(
                model, tokenizer, tasks, drawn=regimen.drawn, kept=regimen.kept, tokens=regimen.answer_tokens,
                seed=100 * seed + number, filtered=filtered,
            )  # fmt: skip
            steps = math.ceil(regimen.round_epochs * len(own.examples) / regimen.round_batch)
            losses = fine_tune(
                model, tokenizer, own.examples, steps=steps, batch=regimen.round_batch, rate=regimen.round_rate,
                seed=100 * seed + number,
            ) if steps else []  # fmt: skip
            note = {"right": own.right, "drawn": own.drawn, "kept": len(own.examples), "steps": steps}
            notes.append({**note, "loss": _mean(losses[-20:])})
        trained = time.process_time() - began
        self._save(model, stage)
        seconds = self._measure(stage, model, tokenizer, sampled=sampled)
        return {"rounds": notes, "seconds": {"training": trained, **seconds}}

    def _measure(self, stage: str, model: Any, tokenizer: Any, *, sampled: bool) -> dict[str, float]:
        """Answer every prompt of every set, and write which answers met their criterion."""
        rows: list[tuple[str, str, str, int, int, bool]] = []
        seconds = {}
        for name in SETS:
            tasks = self._shared.prompts[name]
            began = time.process_time()
            prompts = [task.text for task in tasks]
            texts = self._answers(model, tokenizer, prompts, 0.0)
            rows += [
                (stage, name, "greedy", n, 0, all(t.met(a))) for n, (t, a) in enumerate(zip(tasks, texts, strict=True))
            ]
            seconds[name] = time.process_time() - began
        if sampled:
            began = time.process_time()
            # Families stand in turn, so that the first prompts are so many of each.
            few = self.regimen.sampled_per_family * self.regimen.outcome_families
            tasks = self._shared.prompts["outcome"][:few]
            for sample in range(self.regimen.samples):
                texts = self._answers(model, tokenizer, [task.text for task in tasks], 1.0, seed=sample + 1)
                met = _right(tasks, texts)
                rows += [(stage, "outcome", "sampled", n, sample, right) for n, right in enumerate(met)]
            seconds["sampled"] = time.process_time() - began
        stages, sets, how, numbers, samples, rights = zip(*rows, strict=True)
        self._write(f"answers-{stage}", {
            "stage": np.array(stages), "set": np.array(sets), "how": np.array(how),
            "prompt": np.array(numbers, np.int16), "sample": np.array(samples, np.int8), "met": np.array(rights),
        })  # fmt: skip
        return seconds

    def _answers(self, model: Any, tokenizer: Any, prompts: list[str], temperature: float, seed: int = 0) -> list[str]:
        return generate_answers(
            model,
            tokenizer,
            prompts,
            tokens=self.regimen.answer_tokens,
            temperature=temperature,
            batch=_BATCH,
            seed=seed,
        )

    # ------------------------------------------------------------------ what is kept

    def _keep(self) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        measured = [path for piece in self.pieces if (path := self._folder / f"answers-{piece}.parquet").is_file()]
        stages = [read_columns(path) for path in measured]
        self._write("answers", {name: np.concatenate([stage[name] for stage in stages]) for name in stages[0]})
        for table in self.tables:
            shutil.copyfile(self._folder / f"{table}.parquet", self._place / f"{table}.parquet")
        pieces = {piece: json.loads(self._ended(piece).read_text(encoding="utf-8")) for piece in self.pieces}
        write_facts(
            self._place, {**provenance(self.planned, self.regimen, self._shared, self.claims), "pieces": pieces}
        )


def frontier(regimen: Regimen) -> list[tuple[str, Trace]]:
    """rBridge's traces: what the frontier model answers to prompts of the suite's families, right or wrong."""
    folder = next(path for path in bundled_models() if path.name == FRONTIER)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    prompts = [task.text for task in common(regimen).prompts["suite"][: regimen.traces]]
    written = generate_answers(model, tokenizer, prompts, tokens=regimen.answer_tokens, temperature=0.0, batch=_BATCH)
    return frontier_traces(folder, [(prompt, text.strip()) for prompt, text in zip(prompts, written, strict=True)])


def _right(tasks: Sequence[Task], answers: Sequence[str]) -> list[bool]:
    """Whether each answer meets its task's criterion."""
    return [all(task.met(answer)) for task, answer in zip(tasks, answers, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
