"""A fit as a file: what was fitted on some candidates, to be applied to others, to another suite or to another corpus.

JSON with `kind`: a `scorer` over proxy metrics, or a `form` from one number to another. Everything that a later
application needs is in it, and what the fit was worth where it was made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from engine.predictors.proxy import FEATURES, Constants
from engine.predictors.scorers import SCORERS, Kernel, Linear, Scorer
from engine.stats.forms import FORMS
from engine.stats.units import Over
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.jsonl import NotJson, load_json
from rubrics.sources import read_text
from rubrics.targets import whole

__all__ = ["FittedForm", "FittedScorer", "read_form", "read_scorer", "save_fit"]

T = TypeVar("T")
_VERSION: Final = 1
_OVER: Final = ("candidates", "families")


@dataclass(frozen=True, eq=False)
class FittedScorer:
    """A scorer over proxy metrics and where it comes from."""

    name: str
    """One of `SCORERS`."""
    scorer: Scorer
    features: tuple[str, ...]
    """Of `FEATURES`, in the scorer's order."""
    constants: Constants
    """That the features were made with."""
    outcomes: tuple[str, ...]
    candidates: tuple[str, ...]
    fitted: float
    """Mean Spearman's ρ over the outcomes it was fitted on."""
    ordered: float
    """Share of two left-out candidates that it put in the right order."""
    tasks: float
    """Mean ρ on outcomes left out of the fit; NaN where there were too few."""
    over: Over = "candidates"
    """What was left out as one: each candidate, or each family."""

    def words(self) -> str:
        """What it was fitted on, and what it was worth there."""
        left_out = "candidates of left-out families" if self.over == "families" else "left-out candidates"
        return (
            f"{self.name} fitted on {count(len(self.candidates), 'candidate')} and {', '.join(self.outcomes)}: ρ "
            f"{self.fitted:.2f} on these, {left_out} in the right order {100 * self.ordered:.0f} % (chance 50)"
        )


@dataclass(frozen=True)
class FittedForm:
    """A form from a proxy to a target and where it comes from."""

    name: str
    """One of `FORMS`."""
    constants: tuple[float, ...]
    proxy: str
    target: str
    low: float
    """The least proxy it was fitted on."""
    high: float
    points: tuple[str, ...]
    error: float
    """Mean absolute error on points left out one at a time, in units of the target; NaN where not known."""
    lower_is_better: bool
    """Of the proxy."""
    target_lower_is_better: bool

    def words(self) -> str:
        """What it was fitted on, and what it was worth there."""
        error = "" if math.isnan(self.error) else f", {self.error:.3g} off where one was left out"
        return (
            f"{self.name} form from {self.proxy} to {self.target}, fitted on {count(len(self.points), 'point')} with "
            f"proxies from {self.low:.4g} to {self.high:.4g}{error}"
        )


def save_fit(fit: FittedScorer | FittedForm, path: Path) -> None:
    """Write it; a file that is there is replaced.

    Raises:
        BadInput: its name does not end in .json, or there is no such folder.
    """
    if path.suffix.lower() != ".json":
        raise BadInput("does not end in .json", where=str(path), fix=f"such as {path.stem or 'fit'}.json")
    if not path.parent.is_dir():
        raise BadInput("no such folder", where=str(path.parent), fix="make it first, or name another")
    kind, about = ("scorer", _scorer_json(fit)) if isinstance(fit, FittedScorer) else ("form", asdict(fit))
    value = {"rude-tui fit": _VERSION, "kind": kind, **_without_nan(about)}
    with whole(path) as scratch:
        scratch.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_scorer(path: Path) -> FittedScorer:
    """A scorer that `save_fit` wrote.

    Raises:
        BadInput: it is no such file, or was made for other proxy metrics.
    """
    return _read(path, "scorer", _scorer)


def read_form(path: Path) -> FittedForm:
    """A form that `save_fit` wrote.

    Raises:
        BadInput: it is no such file.
    """
    return _read(path, "form", _form)


def _read(path: Path, kind: str, make: Callable[[_Fields], T]) -> T:
    where = str(path)
    try:
        value = load_json(read_text(path, BadInput))
    except NotJson as error:
        raise BadInput(f"is no fit: {error}", where=where, fix="give a file that was written as a fit") from None
    if not isinstance(value, dict) or value.get("rude-tui fit") != _VERSION:
        raise BadInput("is no fit of this program", where=where, fix="give a file that was written as a fit")
    if value.get("kind") != kind:
        raise BadInput(
            f"is a fit of the kind {str(value.get('kind'))[:40]!r}, not a {kind}", where=where,
            fix="scorers are applied to proxy metrics, forms to one number",
        )  # fmt: skip
    try:
        return make(_Fields(value))
    except ValueError as error:
        raise BadInput(f"is no sound fit: {error}", where=where, fix="fit it again") from None


class _Fields:
    """What stands in a file; whatever is not as it must be is a `ValueError` that names the field."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._value = value

    def text(self, name: str, among: Sequence[str] | Mapping[str, object] = ()) -> str:
        value = self._value.get(name)
        if not isinstance(value, str) or (among and value not in among):
            raise ValueError(f"{name} is {str(value)[:40]!r}" + (f"; known: {', '.join(among)}" if among else ""))
        return value

    def yes(self, name: str) -> bool:
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise ValueError(f"{name} is neither true nor false")
        return value

    def number(self, name: str, *, lacking: bool = False) -> float:
        value = self._value.get(name)
        if value is None and lacking:
            return math.nan
        if not _is_number(value):
            raise ValueError(f"{name} is no number")
        return float(value)  # type: ignore[arg-type]

    def texts(self, name: str, among: Sequence[str] = ()) -> tuple[str, ...]:
        value = self._value.get(name)
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ValueError(f"{name} is no list of names")
        if among and (strange := next((text for text in value if text not in among), None)) is not None:
            raise ValueError(f"{name} has {strange[:40]!r}, which is none of ours")
        return tuple(value)

    def numbers(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        value: Any = self._value.get(name)
        rows: list[Any] = value if isinstance(value, list) else [value]
        if rows and all(isinstance(row, list) for row in rows):
            if len({len(row) for row in rows}) > 1 or not all(_is_number(cell) for row in rows for cell in row):
                raise ValueError(f"{name} is no table of numbers")
        elif not isinstance(value, list) or not all(map(_is_number, rows)):
            raise ValueError(f"{name} is no list of numbers")
        return np.array(value, dtype=np.float64)

    def inside(self, name: str) -> _Fields:
        value = self._value.get(name)
        if not isinstance(value, dict):
            raise ValueError(f"{name} is missing")
        return _Fields(value)

    def has(self, name: str) -> bool:
        return name in self._value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _scorer_json(fit: FittedScorer) -> dict[str, Any]:
    made: dict[str, Any] = {"weights": fit.scorer.weights.tolist()} if isinstance(fit.scorer, Linear) else {
        "points": fit.scorer.points.tolist(), "shares": fit.scorer.shares.tolist(), "sharpness": fit.scorer.sharpness,
    }  # fmt: skip
    return {
        "name": fit.name, "outcomes": list(fit.outcomes), "candidates": list(fit.candidates), "fitted": fit.fitted,
        "ordered": fit.ordered, "tasks": fit.tasks, "over": fit.over, "constants": asdict(fit.constants),
        "features": list(fit.features),
        **made,
    }  # fmt: skip


def _scorer(fields: _Fields) -> FittedScorer:
    features = fields.texts("features", FEATURES)
    scorer: Scorer
    if fields.has("weights"):
        scorer = Linear(fields.numbers("weights"))
        fits = scorer.weights.shape == (len(features),)
    else:
        scorer = Kernel(fields.numbers("points"), fields.numbers("shares"), fields.number("sharpness"))
        fits = scorer.points.ndim == 2 and scorer.points.shape == (len(scorer.shares), len(features))
    if not fits:
        raise ValueError(f"its numbers are not those of {len(features)} features")
    told = fields.inside("constants")
    constants = Constants(
        int(told.number("last")), told.number("centre"), told.number("width"), told.number("least_entropy"),
        told.yes("wrong_over_all"),
    )  # fmt: skip
    if constants.last < 1 or constants.width <= 0 or constants.least_entropy <= 0:
        raise ValueError("constants are out of bounds")
    fitted, ordered, on_tasks = (fields.number(name, lacking=True) for name in ("fitted", "ordered", "tasks"))
    return FittedScorer(
        fields.text("name", SCORERS), scorer, features, constants, fields.texts("outcomes"), fields.texts("candidates"),
        fitted, ordered, on_tasks,
        "families" if fields.has("over") and fields.text("over", _OVER) == "families" else "candidates",
    )  # fmt: skip


def _form(fields: _Fields) -> FittedForm:
    name = fields.text("name", FORMS)
    constants = fields.numbers("constants")
    if constants.shape != (FORMS[name][1],):
        raise ValueError(f"constants are not the {FORMS[name][1]} of a {name} form")
    return FittedForm(
        name, tuple(constants.tolist()), fields.text("proxy"), fields.text("target"), fields.number("low"),
        fields.number("high"), fields.texts("points"), fields.number("error", lacking=True),
        fields.yes("lower_is_better"), fields.yes("target_lower_is_better"),
    )  # fmt: skip


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: what is not known is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(held) for key, held in value.items()}
    return [_without_nan(held) for held in value] if isinstance(value, list | tuple) else value
