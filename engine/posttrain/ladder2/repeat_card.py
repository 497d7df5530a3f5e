"""What post-training done again says of the first time: how much is the seed's, and how much the filter's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.posttrain.ladder2.analysis import gain, resample, spearman
from engine.posttrain.ladder2.evidence import Measured, Shared, outcome
from engine.posttrain.ladder2.rows import Finished
from rubrics.counted import agreeing

__all__ = ["FEW", "repeated"]

FEW: Final = 3
"""Models below which a step is not shown."""
_SETS: Final = (("outcome", "unseen"), ("taught", "trained on"))
_STEPS: Final = (
    ("fine-tuning, another seed", "sft_second", "sft"),
    ("rejection fine-tuning, another seed", "rft_second", "rft"),
    ("rejection fine-tuning over fine-tuning", "rft", "sft"),
    ("the same without the filter (control) over fine-tuning", "control", "sft"),
    ("with the filter over without", "rft", "control"),
    ("GRPO, 12 steps, over fine-tuning", "grpo", "sft"),
)


def repeated(models: Sequence[Finished], again: Sequence[Finished], shared: Shared) -> list[str]:
    """Paragraphs of the card; none where too few models were trained again.

    Args:
        models: as they were trained first.
        again: some of them, whose answers have the stages of `repeats.Repeats`.
    """
    first = {model.name: model for model in models}
    again = [model for model in again if model.name in first]
    if len(again) < FEW:
        return []
    rows = []
    for of, what in _SETS:
        for step, after, before in _STEPS:
            chosen = [model for model in again if after in _stages(model, first)]
            if len(chosen) >= FEW:
                one, other = (_measured(stage, chosen, first, shared, of) for stage in (before, after))
                mean, low, high = gain(one, other, resample(len(chosen)))
                apart = np.sqrt(np.mean((other.values() - one.values()) ** 2))
                rows.append((
                    what, step, len(chosen), f"{100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
                    f"{100 * apart:.1f}", f"{spearman(one.values(), other.values()):.2f}",
                ))  # fmt: skip
    head = ("families", "step", "models", "gain in points (95 %)", "apart, points", "ρ over models")
    table = [f"| {' | '.join(str(cell) for cell in row)} |" for row in (head, ("---",) * len(head), *rows)]
    return [
        "## Post-trained again",
        agreeing(len(again), "{n} [model|models] of at most .4 million parameters [was|were] made again from [its "
                 "recipe|their recipes] and post-trained otherwise, which was in the plan; ")
        + f"{_same(again, first)} *Apart*: root of the mean square between the two, over models. *ρ*: of the two, over "
        "models.",
        "\n".join(table),
        *_reinforced(again),
    ]  # fmt: skip


def _stages(model: Finished, first: dict[str, Finished]) -> set[str]:
    return {*model.tables["answers"]["stage"].tolist(), *first[model.name].tables["answers"]["stage"].tolist()}


def _measured(stage: str, chosen: Sequence[Finished], first: dict[str, Finished], shared: Shared, of: str) -> Measured:
    """From the rows that have the stage, those of the first time first."""
    firsts = [first[model.name] for model in chosen]
    had = all(stage in model.tables["answers"]["stage"] for model in firsts)
    return outcome(firsts if had else chosen, shared, stage, of=of)


def _same(again: Sequence[Finished], first: dict[str, Finished]) -> str:
    """How many came to the same answers where nothing was changed."""
    same = 0
    for model in again:
        new, old = model.tables["answers"], first[model.name].tables["answers"]
        same += np.array_equal(new["met"][new["stage"] == "sft"], old["met"][old["stage"] == "sft"])
    return f"{same} of them met the same criteria after the same fine-tuning, answer by answer."


def _reinforced(again: Sequence[Finished]) -> list[str]:
    updates = [update for model in again for update in model.facts["pieces"]["grpo"].get("updates", ())]
    if not updates:
        return []
    varied = sum(update["varied"] for update in updates) / sum(update["prompts"] for update in updates)
    cosines = [update["cosine"] for update in updates if update["cosine"] is not None]
    number = len([model for model in again if model.facts["pieces"]["grpo"].get("updates")])
    return [
        f"GRPO on {number} of them: {100 * varied:.0f} % of prompts had right and wrong answers among their eight, and "
        f"only these say anything. The gradients of two halves of a batch have a cosine of {np.mean(cosines):.2f}."
    ]
