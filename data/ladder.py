"""The ladder's points that ship: what was known of small base models, what post-training here made of them, and what
has to be known to read them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = [
    "OUTCOMES", "RECIPE", "SOURCE", "LadderNotes", "LadderPoints", "family_shares", "ladder", "ladder_card",
    "ladder_notes", "suite_read",
]  # fmt: skip

SOURCE: Final = "the ladder of small models that were post-trained here (data/ladder/card.md)"
_STAGES: Final = ("base_", "sft_", "rl_")
_FOLDER: Final = Path(__file__).with_suffix("")
RECIPE: Final = _FOLDER / "posttrain.toml"
"""What post-training did to each of them."""
OUTCOMES: Final = _FOLDER / "outcomes.csv"
"""Every outcome of each, with standard errors over prompts and seeds."""


@dataclass(frozen=True)
class LadderPoints:
    """Columns of numbers, one entry a candidate."""

    candidates: tuple[str, ...]
    families: tuple[str, ...]
    predictors: Mapping[str, tuple[float, ...]]
    """As measured, the headline first; NaN where a candidate has none."""
    outcomes: Mapping[str, tuple[float, ...]]
    """Shares of criteria met, and gains; the one that was named beforehand first."""


@cache
def ladder() -> LadderPoints:
    """Everything in `data/ladder/points.csv`."""
    with (_FOLDER / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("candidate", "family")]
    columns = {name: tuple(float(row[name]) for row in rows) for name in names}
    return LadderPoints(
        tuple(row["candidate"] for row in rows),
        tuple(row["family"] for row in rows),
        {name: column for name, column in columns.items() if not name.startswith(_STAGES)},
        {name: column for name, column in columns.items() if name.startswith(_STAGES)},
    )


@cache
def family_shares() -> Mapping[tuple[str, str], Mapping[str, float]]:
    """Criteria met after reinforcement learning, from `data/ladder/scores.csv`: by family of tasks and subcategory of
    its criteria, then by candidate, the mean share of greedy answers over seeds."""
    shares: dict[tuple[str, str], dict[str, list[float]]] = {}
    with (_FOLDER / "scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["stage"], row["part"], row["how"]) == ("rl", "held", "greedy"):
                met = int(row["met"]) / int(row["judged"])
                shares.setdefault((row["family"], row["subcategory"]), {}).setdefault(row["candidate"], []).append(met)
    return {
        family: {name: sum(seeds) / len(seeds) for name, seeds in by_name.items()} for family, by_name in shares.items()
    }


@cache
def suite_read() -> str:
    """The hash of the suite that every one of them has read."""
    with (_FOLDER / "models.csv").open(encoding="utf-8", newline="") as file:
        (suite,) = {row["suite_hash"] for row in csv.DictReader(file)}
    return suite


@dataclass(frozen=True)
class LadderNotes:
    """Sentences with the ladder's figures, written with its card."""

    every: tuple[str, ...]
    """To be read with whatever is shown of it."""
    predictors: Mapping[str, str]
    """With one predictor."""
    by_category: str
    """Whether it supports choosing by category."""
    by_category_in_short: str
    """The same beside any accuracies by category."""
    about: Mapping[str, str]
    """What a predictor is that only the ladder has."""
    lower: frozenset[str]
    """Those of them of which less is better."""


def ladder_card() -> str:
    """How it was made and what it can bear, in full: `data/ladder/card.md`."""
    return (_FOLDER / "card.md").read_text(encoding="utf-8")


@cache
def ladder_notes() -> LadderNotes:
    """Everything in `data/ladder/notes.json`."""
    found = json.loads((_FOLDER / "notes.json").read_text(encoding="utf-8"))
    return LadderNotes(
        tuple(found["every"]),
        found["predictors"],
        found["by_category"],
        found["by_category_in_short"],
        found["about"],
        frozenset(found["lower"]),
    )
