"""Seen before? Shipped pairs against fresh ones of the same kind, each as it stands and in other words.

Whoever has learned a text by heart loses more by its being put in other words. How much anybody loses is measured on
fresh texts of the same kind, which nobody can have seen: the difference of the two is 0 for whoever has seen neither.
Of the procedural world fresh pairs are made as they are needed; of other suites a second one has to be named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

import numpy as np

from engine.layout.wording import before_response
from engine.predictors.assays.assay import (
    Assay,
    AssayOptions,
    FloatArray,
    Items,
    Material,
    MaterialItem,
    Measure,
    clusters,
    column,
    mean_over,
    need_suite,
    share_over,
)
from engine.predictors.assays.described import DESCRIBED
from engine.predictors.assays.linear_probe import some_pairs
from engine.predictors.assays.rewording import reworded
from engine.stats.intervals import Estimate
from engine.stats.intervals import mean as clustered_mean
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite
from rubrics.world.generate import generate

__all__ = ["SEEN", "difference"]

_WORLD: Final = re.compile(r"procedural world, seed (\d+)")
_FRESH_SEED: Final = 900_001
"""Added to the seed that is asked for, and moved on where a suite was made from it."""
_LEAST_CHANGES: Final = 3
"""Places that the other words must differ in, so that there is something to lose."""


def _material(options: AssayOptions) -> Material:
    suite = need_suite(options, "what has been seen before")
    number = options.number or DESCRIBED["seen"].number
    fresh, of = _fresh(suite, options, number)
    known = {pair.prompt_text for pair in suite.pairs}
    parts = {
        "shipped": _usable(some_pairs(suite, number, options.seed)),
        "fresh": _usable([pair for pair in fresh if pair.prompt_text not in known]),
    }
    for part, pairs in parts.items():
        if len(pairs) < 10:
            raise BadInput(
                f"{len(pairs)} {part} pairs can be put in other words, and ten are the least",
                where=suite.name, fix="take a larger suite of texts in English",
            )  # fmt: skip
    items = tuple(_item(pair, part) for part, pairs in parts.items() for pair in pairs)
    return Material(items, {"fresh": of}, suite.hash, (f"fresh pairs: {of}",))


def _fresh(suite: Suite, options: AssayOptions, number: int) -> tuple[Sequence[Pair], str]:
    if options.other is not None:
        if options.other.hash == suite.hash:
            raise BadInput("is the suite itself, and not fresh", where=options.other.name, fix="name another suite")
        return some_pairs(options.other, number, options.seed), f"suite {options.other.hash[:12]}"
    seeds = {int(found[1]) for pair in suite.pairs if (found := _WORLD.fullmatch(pair.source or ""))}
    if not seeds:
        raise BadInput(
            "is not of the procedural world, so that no fresh pairs can be made", where=suite.name,
            fix="name a second suite of the same kind that nobody can have seen",
        )  # fmt: skip
    seed = next(n for n in range(_FRESH_SEED + options.seed, _FRESH_SEED + options.seed + 1000) if n not in seeds)
    return list(islice(generate(seed, number), number)), f"procedural world, seed {seed}"


def _usable(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if reworded(f"{pair.prompt_text} {pair.chosen}")[1] >= _LEAST_CHANGES]


def _item(pair: Pair, part: str) -> MaterialItem:
    texts = {
        "prompt": before_response(pair.prompt_text), "chosen": pair.chosen, "rejected": pair.rejected,
        "other prompt": before_response(reworded(pair.prompt_text)[0]), "other chosen": reworded(pair.chosen)[0],
    }  # fmt: skip
    return MaterialItem(f"{part} {pair.id}", pair.cluster, {"shipped": part == "shipped", **texts})


def difference(items: Items, values: FloatArray) -> Estimate:
    """The mean over shipped items less that over fresh ones, its interval over clusters, which both may have.

    Args:
        values: (items,).
    """
    shipped = column(items, "shipped") == 1
    if not shipped.any() or shipped.all():
        return Estimate(np.nan, np.nan, np.nan, "none: shipped or fresh pairs are missing")
    between = float(values[shipped].mean() - values[~shipped].mean())
    # What each item adds to the difference of the two means, around that difference.
    share = np.where(shipped, len(items) / shipped.sum(), -len(items) / (~shipped).sum())
    centred = values - np.where(shipped, values[shipped].mean(), values[~shipped].mean())
    return clustered_mean(between + share * centred, clusters(items))


def loss_by_rewording(items: Items) -> FloatArray:
    """Bits a byte that a text costs more in other words, (items,)."""
    return column(items, "other bits") / column(items, "other bytes") - column(items, "bits") / column(items, "bytes")


def _by_heart(items: Items) -> Estimate:
    return difference(items, loss_by_rewording(items))


def _cheaper(items: Items) -> Estimate:
    return difference(items, -column(items, "bits") / column(items, "bytes"))


def _better(items: Items) -> Estimate:
    found, shipped = difference(items, column(items, "right")), column(items, "shipped") == 1
    if math.isnan(found.value) or found.ci_low < found.ci_high:
        return found
    # All right or all wrong, on either side: the ends of two shares put together (Newcombe 1998, Stat. Med. 17(8)).
    sides = ([item for item, mine in zip(items, shipped, strict=True) if mine == which] for which in (True, False))
    one, other = (share_over(own, column(own, "right")) for own in sides)
    low = math.hypot(one.value - one.ci_low, other.ci_high - other.value)
    high = math.hypot(one.ci_high - one.value, other.value - other.ci_low)
    return Estimate(found.value, found.value - low, found.value + high, f"Newcombe, {one.method}")


def _details(items: Items) -> dict[str, Estimate]:
    found = {}
    for name, part in (("shipped", 1.0), ("fresh", 0.0)):
        own = [item for item in items if item.measures["shipped"] == part]
        found[f"{name}: loss by other words"] = mean_over(own, loss_by_rewording(own))
        found[f"{name}: accuracy"] = share_over(own, column(own, "right"))
    return found


def _read(items: Items) -> str:
    heart, better = _by_heart(items), _better(items)
    said = (
        f"other words cost {heart.value:+.3f} bits a byte more on shipped pairs than on fresh ones "
        f"({heart.ci_low:+.3f} to {heart.ci_high:+.3f}); accuracy {100 * better.value:+.1f} points "
        f"({100 * better.ci_low:+.1f} to {100 * better.ci_high:+.1f})"
    )
    if heart.ci_low > 0:
        return f"{said}: as if it had seen shipped pairs before, which one in forty shows that has not"
    return f"{said}: nothing says that it has seen them"


SEEN: Final = Assay(
    DESCRIBED["seen"],
    1,
    _material,
    (
        Measure(
            "seen before", "bits a byte that other words cost more on shipped pairs than on fresh ones of the same "
            "kind", _by_heart, 0.0, higher_is_better=False,
        ),
        Measure(
            "shipped cheaper", "bits a byte that shipped pairs cost less than fresh ones", _cheaper, 0.0,
            higher_is_better=False,
        ),
        Measure(
            "shipped easier", "accuracy by log-likelihood per byte on shipped pairs less that on fresh ones", _better,
            0.0, higher_is_better=False,
        ),
    ),
    "two forward passes a pair more than the suite takes, on as many fresh pairs again",
    "own",
    _read,
    per_suite=True,
    needs_weights=False,
    details=_details,
)  # fmt: skip
"""The assay."""
