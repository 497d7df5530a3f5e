"""How much each part of a suite counts to somebody: weights on categories, subcategories or domains."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.results.pair_index import PairIndex, scopes
from engine.stats.matrix import Scope, ScoreMatrix
from rubrics.errors import BadInput

__all__ = ["Weights", "leading_scope", "read_weights"]

_WRITTEN: Final = "Control 60, Content 40"
_PART: Final = re.compile(r"(?P<name>.+?)\s*[=:\s]\s*(?P<weight>[-+]?[\d.][\d.eE+-]*)\s*%?", re.DOTALL)
_LEVELS: Final = ("category", "subcategory", "domain")


@dataclass(frozen=True)
class Weights:
    """Names of parts, each with its share; shares add up to 1. Parts that are not named count nothing."""

    shares: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return ", ".join(f"{name} {100 * share:.3g} %" for name, share in self.shares)


def read_weights(text: str) -> Weights:
    """Weights as a person writes them: `Control 60, Content 40` or `Control=0.6,Content=0.4`; they are scaled to 1.

    Raises:
        BadInput: a part has no weight, a weight is no number or negative, a part stands twice, or all weights are 0.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        matched = _PART.fullmatch(part.strip())
        if matched is None:
            raise _refused(f"{part.strip()[:60]!r} is not a part of a suite with its weight")
        name = matched["name"].strip()
        weight = _number(matched["weight"])
        if weight is None or weight < 0:
            raise _refused(f"the weight of {name[:60]!r} is {matched['weight'][:20]!r}, not a number from 0")
        if name.casefold() in map(str.casefold, found):
            raise _refused(f"{name[:60]!r} has two weights")
        found[name] = weight
    total = sum(found.values())
    if not 0 < total < math.inf:
        raise _refused("all weights are 0" if not total else "the weights are too large")
    return Weights(tuple((name, weight / total) for name, weight in found.items()))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _refused(what: str) -> BadInput:
    return BadInput(what, where="weights", fix=f"write them as: {_WRITTEN}")


def leading_scope(
    index: PairIndex, matrix: ScoreMatrix, weights: Weights | None, pairs: Literal["common", "own"] = "common"
) -> Scope:
    """The scope that decides: `overall`, or all pairs by these weights, under a name that says them.

    Each part counts by its share however many pairs it has: a pair's weight is Σ over its parts of
    share · weight in the part / weight of all pairs of the part. So the value is Σ share · (the value on the part).
    A pair that violates several subcategories belongs to each in part, as everywhere.

    Args:
        pairs: `common` counts a part's pairs among those that all candidates scored, as the ranking does.

    Raises:
        BadInput: a name is no part of the suite, parts are of different levels, or one has no pair that counts.
    """
    everything = scopes(index, "overall")[0]
    if weights is None:
        return everything
    parts = _parts(index, weights)
    counted = np.ones(len(index.pair_id), dtype=bool)
    if pairs == "common":
        counted = np.logical_and.reduce(~np.isnan(matrix.scores), axis=0)
    total = np.zeros(len(index.pair_id))
    for (name, share), part in zip(weights.shares, parts, strict=True):
        own = part.weight.astype(np.float64)
        size = float(own[counted].sum())
        if share and not size:
            raise _refused(f"no pair of {name[:60]!r} has been scored by every candidate")
        total += share * own / size if share else 0.0
    # Scaled to the number of pairs, so that sums are of the size they have elsewhere.
    scaled: npt.NDArray[np.float32] = (total * np.count_nonzero(counted & (total > 0))).astype(np.float32)
    named = Weights(tuple((part.name, share) for part, (_, share) in zip(parts, weights.shares, strict=True)))
    return Scope(str(named), scaled)


def _parts(index: PairIndex, weights: Weights) -> Sequence[Scope]:
    """The scopes named, all of the first level that knows each name."""
    names = [name for name, _ in weights.shares]
    levels = {level: _named(scopes(index, level)[1:]) for level in _LEVELS}
    for known in levels.values():
        if all(name.casefold() in known for name in names):
            return [known[name.casefold()] for name in names]
    unknown = next((name for name in names if not any(name.casefold() in known for known in levels.values())), None)
    if unknown is None:
        raise _refused("the weights are on parts of different levels: all must be categories, subcategories or domains")
    has = "; ".join(
        f"{level}: {', '.join(scope.name for scope in list(known.values())[:12])}" for level, known in levels.items()
    )
    raise BadInput(f"{unknown[:60]!r} is no part of this suite", where="weights", fix=f"it has {has}")


def _named(found: Sequence[Scope]) -> dict[str, Scope]:
    return {scope.name.casefold(): scope for scope in found}
