"""The card's part on post-training done again, against plain means over rows whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from engine.posttrain.ladder2.evidence import read_shared
from engine.posttrain.ladder2.progress import progress_page
from engine.posttrain.ladder2.repeat_card import repeated
from engine.posttrain.ladder2.rows import Finished, read_finished

STAGES = ("sft_second", "rft_second", "control", "grpo")


@pytest.fixture
def again(simulated: Path) -> list[Finished]:
    """Four of the models, with answers drawn anew; the last was not reinforced."""
    rng = np.random.default_rng(3)
    made = []
    for number, model in enumerate(read_finished(simulated)[2:6]):
        old = model.tables["answers"]
        sft = {name: column[(old["stage"] == "sft")] for name, column in old.items()}
        stages = STAGES[: 3 + (number < 3)]
        tables = [sft, *(sft | {"stage": np.full(len(sft["met"]), stage)} for stage in stages)]
        answers = {name: np.concatenate([table[name] for table in tables]) for name in sft}
        fresh = answers["stage"] != "sft"
        answers["met"][fresh] = rng.random(int(fresh.sum())) < 0.3 + 0.1 * number
        updates = [{"prompts": 10, "varied": 4, "right": 0.5, "cosine": 0.1 * n} for n in range(3)]
        pieces = {piece: {"seconds": {"all": 3600.0}} for piece in ("pretrain", "sft", *STAGES)}
        pieces["grpo"] |= {"updates": updates} if number < 3 else {}
        made.append(replace(model, facts={**model.facts, "pieces": pieces}, tables={"answers": answers}))
    return made


def _share(model: Finished, stage: str, of: str, families: Sequence[str]) -> float:
    """Mean over families of the share met."""
    answers = model.tables["answers"]
    own = (answers["stage"] == stage) & (answers["set"] == of) & (answers["how"] == "greedy")
    names = np.array(families)[answers["prompt"][own]]
    return float(np.mean([answers["met"][own][names == name].mean() for name in dict.fromkeys(families)]))


def test_gains_and_distances_are_those_of_loops(simulated: Path, again: list[Finished]) -> None:
    models, shared = read_finished(simulated), read_shared(simulated)
    text = "\n\n".join(repeated(models, again, shared))
    of_outcome = shared.prompts["set"] == "outcome"
    families = shared.prompts["family"][of_outcome].tolist()
    sft, grpo = ([_share(model, stage, "outcome", families) for model in again[:3]] for stage in ("sft", "grpo"))
    row = next(line for line in text.split("\n") if line.startswith("| unseen | GRPO, 12 steps"))
    _, _, _, n, gain, apart, rho, _ = (cell.strip() for cell in row.split("|"))
    difference = np.subtract(grpo, sft)
    assert n == "3"
    assert gain.startswith(f"{100 * difference.mean():+.1f} (")
    assert apart == f"{100 * np.sqrt((difference**2).mean()):.1f}"
    assert rho == f"{stats.spearmanr(sft, grpo).statistic:.2f}"
    first = {model.name: model for model in models}
    old = [_share(first[model.name], "rft", "outcome", families) for model in again]
    new = [_share(model, "rft_second", "outcome", families) for model in again]
    assert f"| unseen | rejection fine-tuning, another seed | 4 | {100 * np.subtract(new, old).mean():+.1f} (" in text
    assert "4 of them met the same criteria after the same fine-tuning" in text
    assert "GRPO on 3 of them: 40 % of prompts" in text
    assert "a cosine of 0.10" in text


def test_little_is_not_shown_and_what_was_not_done_is_said(simulated: Path, again: list[Finished]) -> None:
    models, shared = read_finished(simulated), read_shared(simulated)
    assert repeated(models, again[:2], shared) == repeated(models, [], shared) == []
    page = progress_page(models, again)
    assert "Done: sft_second 4 of 12, rft_second 4 of 12, control 4 of 12, grpo 3 of 8." in page
    # 24 models of five minutes and four times six hours.
    assert "together 26.0 core-hours" in page
