"""From rows to one number a model: each predictor and outcome as sums over items that can be drawn again.

An item is what luck decides together: a template family of the suite or of the outcome, a text, a trace. The value of a
model is the mean over items of the item's own mean where families count alike, or a ratio of sums.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.export.parquet import Columns, read_columns
from engine.posttrain.ladder2.regimen import PLACE
from engine.posttrain.ladder2.rows import Finished
from engine.stats.metrics import METRICS, win
from rubrics.errors import BadInput
from rubrics.sources import read_text

__all__ = [
    "OUTCOMES",
    "STAGES",
    "Claims",
    "Measured",
    "Named",
    "Shared",
    "measured",
    "outcome",
    "read_claims",
    "read_shared",
]

FloatArray = npt.NDArray[np.float64]
STAGES: Final = ("base", "sft", "rft")
"""At which answers are measured, in order."""
OUTCOMES: Final = ("rft_met", "sft_met", "base_met")


@dataclass(frozen=True)
class Named:
    """One predictor as it was named."""

    name: str
    role: str
    """`primary`, `second`, `third` or `rival`."""
    higher: bool
    """Whether more of it should be better."""
    what: str


@dataclass(frozen=True)
class Claims:
    """What was named before any outcome."""

    predictors: tuple[Named, ...]
    """The primary one first."""
    least: int
    """Models below which nothing is claimed."""
    outcome: str
    """What is foretold, in words."""
    rules: Mapping[str, str]
    """When what is said, in words."""

    @property
    def rivals(self) -> tuple[Named, ...]:
        """In order."""
        return tuple(named for named in self.predictors if named.role == "rival")


def read_claims(path: Path = PLACE / "claims.toml") -> Claims:
    """The file of claims.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        table = tomllib.loads(read_text(path, BadInput))
        rules = {rule: str(text) for rule, text in table["claim"].items()}
        named = tuple(Named(**each) for each in table["predictor"])
        return Claims(named, int(rules["least"]), f"`{table['outcome']['name']}`: {table['outcome']['what']}", rules)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"cannot be read ({error})", where=str(path), fix="restore the file") from None


@dataclass(frozen=True)
class Shared:
    """What all models' rows are about: see `rows.write_common`."""

    pairs: Columns
    prompts: Columns


def read_shared(rows: Path) -> Shared:
    """Beside the models' folders.

    Raises:
        BadInput: it is not there.
    """
    return Shared(read_columns(rows / "pairs.parquet"), read_columns(rows / "prompts.parquet"))


@dataclass(frozen=True, eq=False)
class Measured:
    """A quantity of every model, by item; more is better."""

    name: str
    top: FloatArray
    """(models, items)."""
    bottom: FloatArray
    """(models, items), above 0."""
    groups: tuple[str, ...] = ()
    """Of items, such as the category of a family; empty where there is none."""
    equal: bool = False
    """Whether items count alike, rather than by `bottom`."""

    @property
    def items(self) -> int:
        """How many there are; of one that no luck is in, 1."""
        return int(self.top.shape[1])

    def values(self, weights: FloatArray | None = None) -> FloatArray:
        """(models,); with weights, (rows, items), how often each item counts: (rows, models)."""
        top, bottom = (self.top / self.bottom, np.ones_like(self.top)) if self.equal else (self.top, self.bottom)
        if weights is None:
            plain: FloatArray = top.sum(axis=1) / bottom.sum(axis=1)
            return plain
        drawn: FloatArray = (weights @ top.T) / (weights @ bottom.T)
        return drawn

    def of(self, group: str) -> Measured:
        """With the items of one group alone."""
        kept = np.array(self.groups) == group
        return Measured(self.name, self.top[:, kept], self.bottom[:, kept], (group,) * int(kept.sum()), self.equal)

    def models(self, chosen: npt.NDArray[Any]) -> Measured:
        """Of some models alone."""
        return Measured(self.name, self.top[chosen], self.bottom[chosen], self.groups, self.equal)


def measured(models: Sequence[Finished], shared: Shared, claims: Claims) -> dict[str, Measured]:
    """Every named predictor, turned so that more is better.

    Raises:
        KeyError: a predictor is named that nothing here computes.
    """
    found = {}
    for named in claims.predictors:
        top, bottom, groups = _COMPUTED[named.name](models, shared)
        found[named.name] = Measured(named.name, top if named.higher else -top, bottom, groups)
    return found


def outcome(
    models: Sequence[Finished], shared: Shared, stage: str, *, of: str = "outcome", how: str = "greedy"
) -> Measured:
    """Share of criteria met at a stage, by family; families count alike."""
    names, groups = _families(shared.prompts, of)
    top = np.zeros((len(models), len(names)))
    bottom = np.zeros_like(top)
    family = _index(shared.prompts["family"][shared.prompts["set"] == of], names)
    for n, model in enumerate(models):
        answers = model.tables["answers"]
        own = np.flatnonzero((answers["stage"] == stage) & (answers["set"] == of) & (answers["how"] == how))
        at = family[answers["prompt"][own]]
        top[n] = np.bincount(at, answers["met"][own], minlength=len(names))
        bottom[n] = np.bincount(at, minlength=len(names))
    asked = np.flatnonzero(bottom.min(axis=0))
    label = f"{stage}_{'met' if how == 'greedy' else how}" + (f"_{of}" if of != "outcome" else "")
    kept = tuple(groups[n] for n in asked.tolist())
    return Measured(label, top[:, asked], bottom[:, asked], kept, equal=True)


# ---------------------------------------------------------------------- predictors, by the names of the claims

_Parts = tuple[FloatArray, FloatArray, tuple[str, ...]]


def _families(table: Columns, of: str | None = None) -> tuple[list[str], list[str]]:
    """Families of a table and the category of each."""
    rows = np.arange(len(table["family"])) if of is None else np.flatnonzero(table["set"] == of)
    category = dict(zip(table["family"][rows].tolist(), table["category"][rows].tolist(), strict=True))
    return list(category), list(category.values())


def _index(labels: npt.NDArray[Any], names: Sequence[str]) -> npt.NDArray[np.int64]:
    number = {name: n for n, name in enumerate(names)}
    return np.array([number[label] for label in labels.tolist()], np.int64)


def _by_family(
    top: Callable[[Columns], FloatArray], bottom: Callable[[Columns], FloatArray] | None = None
) -> Callable[[Sequence[Finished], Shared], _Parts]:
    """Sums over the pairs of each family, of what is computed from the pairs of one model."""

    def parts(models: Sequence[Finished], shared: Shared) -> _Parts:
        names, groups = _families(shared.pairs)
        at = _index(shared.pairs["family"], names)
        sums = []
        for compute in (top, bottom or (lambda columns: np.ones(len(at)))):
            each = [compute({**shared.pairs, **model.tables["pairs"]}) for model in models]
            sums.append(np.array([np.bincount(at, values, minlength=len(names)) for values in each]))
        return sums[0], sums[1], tuple(groups)

    return parts


def _difference(columns: Columns) -> FloatArray:
    """(pairs,): 1 where a pair's mirror set is right as a difference in differences, ½ at a tie, else 0.

    Each of a set's two pairs has ll(own response) − ll(the other's) as its margin, so their sum is the difference.
    """
    margin = columns["ll_chosen"].astype(np.float64) - columns["ll_rejected"]
    by_set = np.bincount(columns["mirror"], weights=margin).astype(np.float64)
    return win(by_set)[columns["mirror"]].astype(np.float64)


def _metric(name: str) -> Callable[[Columns], FloatArray]:
    return lambda columns: METRICS[name].score(SimpleNamespace(**columns)).astype(np.float64)


def _texts(kind: str) -> Callable[[Sequence[Finished], Shared], _Parts]:
    def parts(models: Sequence[Finished], shared: Shared) -> _Parts:
        tables = [model.tables["texts"] for model in models]
        own = [table["kind"] == kind for table in tables]
        bits, sizes = (
            np.array([table[name][rows] for table, rows in zip(tables, own, strict=True)], np.float64)
            for name in ("bits", "bytes")
        )
        return bits, sizes, ()

    return parts


def _traces(models: Sequence[Finished], shared: Shared) -> _Parts:
    values = np.array([model.tables["traces"]["rbridge"] for model in models], np.float64)
    return values, np.ones_like(values), ()


def _base_generation(models: Sequence[Finished], shared: Shared) -> _Parts:
    found = outcome(models, shared, "base", of="suite")
    return found.top, found.bottom, found.groups


def _known(compute: Callable[[Mapping[str, Any]], float]) -> Callable[[Sequence[Finished], Shared], _Parts]:
    """What is known without reading the model."""

    def parts(models: Sequence[Finished], shared: Shared) -> _Parts:
        values = np.array([[compute(model.facts)] for model in models])
        return values, np.ones_like(values), ()

    return parts


def _recipe(facts: Mapping[str, Any]) -> float:
    recipe = facts["recipe"]
    return math.log10(facts["parameters"] * recipe["tokens"] * recipe["dialogue"] * (1 - recipe["noise"]))


_COMPUTED: Final[Mapping[str, Callable[[Sequence[Finished], Shared], _Parts]]] = {
    "rude_difference": _by_family(_difference),
    "rude_per_token": _by_family(_metric("per_token")),
    "rude_choice": _by_family(_metric("averaged")),
    "bits_text": _texts("plain"),
    "bits_dialogue": _texts("response"),
    "bits_suite": _by_family(
        lambda columns: -columns["ll_chosen"].astype(np.float64) / math.log(2),
        lambda columns: columns["bytes_chosen"].astype(np.float64),
    ),
    "log_parameters": _known(lambda facts: math.log10(facts["parameters"])),
    "log_flops": _known(lambda facts: math.log10(facts["flops"])),
    "recipe": _known(_recipe),
    "base_generation": _base_generation,
    "rbridge": _traces,
    "proxy_wrong_confidence": _by_family(lambda columns: columns["wrong_confidence"].astype(np.float64)),
}
