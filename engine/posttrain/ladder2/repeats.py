"""Post-training done again on some models: with another seed, without the filter, by reinforcement.

The base model is made again from its recipe, and fine-tuned as it was; what follows differs from the first time in one
thing each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from engine.posttrain.ladder2.cell import Cell
from engine.posttrain.ladder2.design import Planned, design, parameters
from engine.posttrain.ladder2.regimen import Regimen
from engine.posttrain.ladder2.reinforcement import reinforce
from engine.posttrain.ladder2.rows import REPEAT_TABLES

__all__ = ["Repeats", "repeats"]

_BEFORE: Final = 7
"""Models at the design's beginning that were made on a processor which rounds otherwise: made here, they are others."""
_MODELS: Final = 12
_LARGEST: Final = 400_000
"""Parameters beyond which a model is too dear to be made twice."""
_REINFORCED: Final = 8
"""So many of them are reinforced too."""
_SEED: Final = 5000
"""Added to a model's seed for the second one."""
_STEPS: Final = 12
_PROMPTS: Final = 128
_DRAWN: Final = 8
_RATE: Final = 3e-4


@dataclass(frozen=True)
class Repeats(Cell):
    """One model; `answers` has the stages `sft` as before, `sft_second`, `rft_second`, `control` and `grpo`."""

    pieces: ClassVar = ("pretrain", "sft", "sft_second", "rft_second", "control", "grpo")
    tables: ClassVar = REPEAT_TABLES
    reinforced: bool = True

    def _done_by(self, enough: Callable[[], bool]) -> dict[str, Callable[[], dict[str, Any]]]:
        seed = self.planned.recipe.seed
        return super()._done_by(enough) | {
            "sft_second": lambda: self._fine_tuned("sft_second", seed + _SEED),
            "rft_second": lambda: self._in_rounds("rft_second", "sft_second", seed + _SEED),
            "control": lambda: self._in_rounds("control", "sft", seed, filtered=False),
            "grpo": self._grpo,
        }

    def _grpo(self) -> dict[str, Any]:
        """From the stage `sft`, on the prompts of all rounds together."""
        if not self.reinforced:
            return {}
        began = time.process_time()
        model, tokenizer = self._model("sft")
        updates = reinforce(
            model, tokenizer, [task for tasks in self._shared.rounds for task in tasks], steps=_STEPS,
            prompts=_PROMPTS, drawn=_DRAWN, tokens=self.regimen.answer_tokens, rate=_RATE,
            seed=self.planned.recipe.seed,
        )  # fmt: skip
        trained = time.process_time() - began
        seconds = self._measure("grpo", model, tokenizer, sampled=False)
        return {"updates": [asdict(update) for update in updates], "seconds": {"training": trained, **seconds}}


def repeats(regimen: Regimen, out: Path, rows: Path, claims: str) -> list[Repeats]:
    """The first small models of the design that can be had to the digit; the first of these are reinforced too."""
    small: list[Planned] = [planned for planned in design()[_BEFORE:] if parameters(planned.recipe) <= _LARGEST]
    return [
        Repeats(planned, regimen, out, rows, claims, (), reinforced=n < _REINFORCED)
        for n, planned in enumerate(small[:_MODELS])
    ]
