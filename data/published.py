"""Published results that ship with the program: RuDE accuracies, post-training scores, knowledge benchmarks, sizes."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

__all__ = [
    "PAIRS",
    "SOURCE",
    "Mark",
    "Published",
    "PublishedPoint",
    "PublishedValue",
    "benchmarks",
    "points",
    "predictors",
    "published",
]

SOURCE = "arXiv 2605.11978"
"""The study all but the sizes are from."""

PAIRS: Mapping[str, int] = {"AdvancedIF": 4_838, "PRBench": 12_433, "HealthBench": 3_673, "WritingBench": 7_739}
"""Pairs that were read for each benchmark's accuracies, as printed."""

Mark = Literal["printed", "digitised"]

_FOLDER = Path(__file__).with_suffix("")


@dataclass(frozen=True)
class PublishedValue:
    """One number and how it was taken from its source."""

    value: float
    mark: Mark


@dataclass(frozen=True)
class Published:
    """16 base models; mappings go from benchmark to candidate to value."""

    candidates: tuple[str, ...]
    """In alphabetical order."""
    rude: Mapping[str, Mapping[str, PublishedValue]]
    """RuDE accuracy in per cent."""
    post_training: Mapping[str, Mapping[str, PublishedValue]]
    """Score of the post-trained counterpart, as published."""
    knowledge: Mapping[str, Mapping[str, PublishedValue]]
    """Accuracy of the base model, 0 to 1."""
    parameters: Mapping[str, float]
    """Total parameters, by candidate."""
    families: Mapping[str, str]
    """By candidate, in the order of `candidates`."""

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The four benchmarks, in the study's order of strength."""
        return tuple(self.post_training)

    def column(self, values: Mapping[str, PublishedValue]) -> list[float]:
        """One mapping's values in the order of `candidates`."""
        return [values[name].value for name in self.candidates]

    def predictors(self, benchmark: str) -> dict[str, list[float]]:
        """What foretells one benchmark, in the order of `candidates`: RuDE, knowledge benchmarks, log10 parameters.

        Raises:
            KeyError: no such benchmark.
        """
        columns = {"RuDE (published)": self.column(self.rude[benchmark])}
        columns |= {name: self.column(values) for name, values in self.knowledge.items()}
        columns["log10 parameters"] = [math.log10(self.parameters[name]) for name in self.candidates]
        return columns


@cache
def published() -> Published:
    """Everything in `data/published`."""
    rude: dict[str, dict[str, PublishedValue]] = {}
    outcomes: dict[str, dict[str, PublishedValue]] = {}
    knowledge: dict[str, dict[str, PublishedValue]] = {}
    order = ("AdvancedIF", "PRBench", "HealthBench", "WritingBench")
    for benchmark in order:
        rude[benchmark], outcomes[benchmark] = {}, {}
    for row in _rows("rude_paper.csv"):
        name, benchmark = row["base_model"], row["benchmark"]
        rude[benchmark][name] = _value(row["rude_accuracy_pct"], row["rude_accuracy_source"])
        outcomes[benchmark][name] = _value(row["post_training_score"], row["post_training_source"])
    for row in _rows("knowledge_benchmarks.csv"):
        knowledge.setdefault(row["benchmark"], {})[row["base_model"]] = _value(row["accuracy"], row["source"])
    sizes = {row["base_model"]: row for row in _rows("parameters.csv")}
    return Published(
        candidates=tuple(sorted(sizes)),
        rude=rude,
        post_training=outcomes,
        knowledge=knowledge,
        parameters={name: float(row["parameters_billions"]) * 1e9 for name, row in sizes.items()},
        families={name: sizes[name]["family"] for name in sorted(sizes)},
    )


@dataclass(frozen=True)
class PublishedPoint:
    """One model in a scatter of a predictor against a benchmark."""

    name: str
    x: float
    y: float


def benchmarks() -> tuple[str, ...]:
    """The four outcomes."""
    return published().benchmarks


def predictors() -> tuple[str, ...]:
    """What there is to foretell them with; RuDE's accuracy, on the benchmark itself, comes first."""
    return tuple(published().predictors(benchmarks()[0]))


def points(predictor: str, benchmark: str) -> list[PublishedPoint]:
    """One predictor against one benchmark, in the order of `candidates`.

    Raises:
        KeyError: no such predictor or benchmark.
    """
    table = published()
    x, y = table.predictors(benchmark)[predictor], table.column(table.post_training[benchmark])
    return [PublishedPoint(*point) for point in zip(table.candidates, x, y, strict=True)]


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _value(text: str, mark: str) -> PublishedValue:
    if mark not in ("printed", "digitised"):
        raise ValueError(f"{mark!r} is no mark of a published number")
    return PublishedValue(float(text), cast(Mark, mark))
