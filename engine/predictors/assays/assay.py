"""What an assay is: something measured of a candidate on request, item by item, and the predictors that follow.

What was measured stays in the store as it came; predictors are worked out from it when they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from engine.jobs.keys import key_hash
from engine.predictors.assays.described import Described
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.price import Cost, price_of_facts
from engine.stats.intervals import Estimate, mean, proportion
from engine.stats.paired import none_differs
from engine.store.assays import AssayItem, AssayRun, assay_items, assay_runs
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from rubrics.prompts import RubricPrompt
    from rubrics.schema import Suite

__all__ = [
    "Assay",
    "AssayOptions",
    "Material",
    "MaterialItem",
    "Measure",
    "clusters",
    "column",
    "common_items",
    "mean_over",
    "need_suite",
    "of_measures",
    "share_over",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
Items = Sequence[AssayItem]


@dataclass(frozen=True)
class MaterialItem:
    """One thing that a candidate is measured on."""

    name: str
    cluster: str
    payload: Any
    """What the worker needs of it, as plain JSON values."""


@dataclass(frozen=True)
class Material:
    """All that a candidate is measured on, and how."""

    items: tuple[MaterialItem, ...]
    settings: Mapping[str, Any]
    """Plain JSON values that the worker needs, and that decide the numbers."""
    suite_hash: str = ""
    notes: tuple[str, ...] = ()
    """What a reader of the numbers should know of it."""


@dataclass(frozen=True)
class AssayOptions:
    """What a person may say of an assay; each takes what it needs."""

    suite: Suite | None = None
    seed: int = 0
    number: int | None = None
    """Of prompts, pairs or demonstrations; None for as many as the assay takes unasked."""
    samples: int | None = None
    """Answers a prompt."""
    other: Suite | None = None
    """A second suite, to hold the first against."""
    prompts: tuple[RubricPrompt, ...] = ()
    """Of one's own, in place of those of the procedural world."""
    tokens: int | None = None
    """Of an answer at most."""


@dataclass(frozen=True)
class Measure:
    """A predictor that follows from what an assay has measured."""

    name: str
    help: str
    of: Callable[[Items], Estimate]
    """From a candidate's items to its number."""
    chance: float = math.nan
    """What a candidate that knows nothing would reach; NaN where there is no such value."""
    higher_is_better: bool = True


@dataclass(frozen=True)
class Assay:
    """Something that can be measured of a candidate on request."""

    described: Described
    version: int
    """Goes up when its numbers change with nothing else."""
    material: Callable[[AssayOptions], Material]
    measures: tuple[Measure, ...]
    cost: str
    """What it costs, in a phrase."""
    source: str
    read: Callable[[Items], str]
    """What a candidate's items say, in a sentence."""
    per_suite: bool = False
    """Whether its items are those of a suite."""
    needs_weights: bool = True
    """Whether it needs the weights here: what a server tells is not enough."""
    details: Callable[[Items], Mapping[str, Estimate]] = field(default=lambda items: {})
    """What stands beside the measures of one candidate and is no predictor, by name."""

    @property
    def name(self) -> str:
        """By which it is asked for."""
        return self.described.name

    def asked_hash(self, material: Material) -> str:
        """Of all that is asked, whichever candidate is."""
        lines = [key_hash([item.name, item.cluster, item.payload], digits=64) for item in material.items]
        return key_hash({"assay": self.name, "version": self.version, "settings": material.settings}, lines)

    def predictors(self) -> list[Predictor]:
        """One a measure."""
        return [self._predictor(measure) for measure in self.measures]

    def _predictor(self, measure: Measure) -> Predictor:
        def compute(evidence: Evidence) -> Mapping[str, Estimate]:
            return {label: measure.of(items) for label, items in self._items(evidence).items()}

        return Predictor(
            measure.name, measure.help, f"candidates measured by `rude-tui predictors {self.name}`", self.cost,
            measure.higher_is_better, compute, self.source, lambda evidence: bool(self._runs(evidence)),
            chance=measure.chance, price=self._prices, warn=lambda evidence: self._warning(evidence),
        )  # fmt: skip

    def _items(self, evidence: Evidence) -> Mapping[str, Items]:
        def read(evidence: Evidence) -> Mapping[str, Items]:
            runs = self._runs(evidence)
            items = assay_items(evidence.store, [run.run_id for run in runs.values()])
            return common_items({label: items[run.run_id] for label, run in runs.items()})

        return evidence.once(f"items of assay {self.name}", read)

    def _runs(self, evidence: Evidence) -> Mapping[str, AssayRun]:
        """By label on the question's board. Only of what was asked last: numbers of other questions do not compare."""

        def chosen(evidence: Evidence) -> Mapping[str, AssayRun]:
            runs = self._known(evidence)
            last = next((run.asked_hash for run in runs), None)
            return _by_label(evidence, [run for run in runs if run.asked_hash == last])

        return evidence.once(f"runs of assay {self.name}", chosen)

    def _prices(self, evidence: Evidence) -> Mapping[str, Cost]:
        return {label: price_of_facts(run.facts) for label, run in self._runs(evidence).items()}

    def _known(self, evidence: Evidence) -> list[AssayRun]:
        """Of candidates on the board, newest first."""
        here = {entrant.scored.at_any_precision() for entrant in evidence.board.entrants}
        suite = evidence.board.suite_hash if self.per_suite else ""
        return [
            run for run in evidence.once(f"stored runs of assay {self.name}", lambda e: assay_runs(e.store, self.name))
            if run.suite_hash == suite and run.scored.at_any_precision() in here
        ]  # fmt: skip

    def _warning(self, evidence: Evidence) -> str:
        left = _by_label(evidence, self._known(evidence)).keys() - self._runs(evidence).keys()
        if not left:
            return ""
        return f"{self.name}: {', '.join(sorted(left))} measured on another question than the others; measure again"


def _by_label(evidence: Evidence, runs: Sequence[AssayRun]) -> dict[str, AssayRun]:
    """Each candidate's newest run, at its own precision if there is one."""
    newest: dict[Any, AssayRun] = {}
    for run in runs:
        for scored in (run.scored, run.scored.at_any_precision()):
            newest.setdefault(scored, run)
    return {
        entrant.label: newest.get(entrant.scored) or newest[entrant.scored.at_any_precision()]
        for entrant in evidence.board.entrants
        if entrant.scored.at_any_precision() in newest
    }


def common_items(by_candidate: Mapping[str, Items]) -> dict[str, Items]:
    """Items that all candidates could be measured on, by candidate."""
    if not by_candidate:
        return {}
    common = set.intersection(*({item.position for item in items} for items in by_candidate.values()))
    return {name: [item for item in items if item.position in common] for name, items in by_candidate.items()}


def need_suite(asked: AssayOptions, assay: str) -> Suite:
    """The suite that was named.

    Raises:
        BadInput: none was.
    """
    if asked.suite is None:
        raise BadInput(f"{assay} is measured on the pairs of a suite, and none was named", fix="name a suite")
    return asked.suite


def column(items: Items, name: str) -> FloatArray:
    """One measure of every item, (items,); NaN where an item lacks it."""
    return np.array([item.measures.get(name, math.nan) for item in items], dtype=np.float64)


def clusters(items: Items) -> npt.NDArray[np.int32]:
    """Numbers of the items' clusters, (items,)."""
    numbers: Final = {name: i for i, name in enumerate(dict.fromkeys(item.cluster for item in items))}
    return np.array([numbers[item.cluster] for item in items], dtype=np.int32)


def mean_over(items: Items, values: FloatArray) -> Estimate:
    """The mean over items, its interval over clusters."""
    return mean(values, clusters(items))


def share_over(items: Items, values: FloatArray) -> Estimate:
    """The mean over items of what lies between 0 and 1, its interval over clusters."""
    return proportion(values, clusters(items))


def change_over(items: Items, values: FloatArray) -> Estimate:
    """The mean over items of differences of shares; 0 in every item is not 0 for certain."""
    groups = clusters(items)
    return mean(values, groups) if np.any(values) else none_differs(int(groups.max()) + 1)


def of_measures(values: Callable[[Items], FloatArray], *, share: bool = False) -> Callable[[Items], Estimate]:
    """The mean of a value an item, (items,)."""
    over = share_over if share else mean_over
    return lambda items: over(items, values(items))
