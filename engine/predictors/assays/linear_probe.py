"""Knows but does not say: whether a linear probe of hidden states tells chosen from rejected where the likelihood does
not.

The probe reads, layer by layer, the mean hidden state over the tokens of each response, and is judged on clusters that
it was not fitted on (`engine.stats.linear_probe`); on the same pairs, in the same pass, stands the accuracy by
log-likelihood per byte. Layer 0 is the embeddings, whose mean is a bag of words: what it tells needs no model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Final

from engine.layout.wording import LayoutOptions, template_hash
from engine.predictors.assays.assay import (
    Assay,
    AssayOptions,
    Items,
    Material,
    MaterialItem,
    Measure,
    change_over,
    column,
    need_suite,
    share_over,
)
from engine.predictors.assays.described import DESCRIBED
from engine.stats.intervals import Estimate
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite

__all__ = ["LINEAR_PROBE", "some_pairs"]

_LEAST_CLUSTERS: Final = 8


def some_pairs(suite: Suite, number: int | None, seed: int) -> list[Pair]:
    """So many of a suite's pairs at most, in its order: pairs that share a prompt stay together, and which are taken is
    drawn by the seed."""
    drawn = sorted(suite.scored, key=lambda p: hashlib.sha256(f"{seed} {p.group}".encode()).digest())
    kept = {pair.id for pair in drawn[:number]}
    return [pair for pair in suite.scored if pair.id in kept]


def _material(options: AssayOptions) -> Material:
    suite = need_suite(options, "the probe")
    pairs = some_pairs(suite, options.number, options.seed)
    clusters = {pair.cluster for pair in pairs}
    if len(clusters) < _LEAST_CLUSTERS:
        raise BadInput(
            f"has {count(len(clusters), 'cluster')}, and a probe is judged on clusters that it was not fitted on",
            where=suite.name, fix=f"take a suite of at least {_LEAST_CLUSTERS} clusters",
        )  # fmt: skip
    items = tuple(MaterialItem(pair.id, pair.cluster, pair.model_dump(mode="json")) for pair in pairs)
    notes = (f"{len(pairs):,} of the suite's {len(suite.scored):,} pairs",) if len(pairs) < len(suite.scored) else ()
    template = template_hash(LayoutOptions("likelihood"), suite)
    return Material(items, {"seed": options.seed, "template": template}, suite.hash, notes)


def _unsaid(items: Items) -> Estimate:
    return change_over(items, column(items, "probe") - column(items, "said"))


def _beyond(items: Items) -> Estimate:
    return change_over(items, column(items, "probe") - column(items, "layer 0"))


def _layers(items: Items) -> list[str]:
    names = {name for item in items for name in item.measures if name.startswith("layer ")}
    return sorted(names, key=lambda name: int(name.removeprefix("layer ")))


def _details(items: Items) -> dict[str, Estimate]:
    beside = {"likelihood per byte, same pairs": share_over(items, column(items, "said"))}
    return beside | {name: share_over(items, column(items, name)) for name in _layers(items)}


def _read(items: Items) -> str:
    told, said, words = (share_over(items, column(items, name)) for name in ("probe", "said", "layer 0"))
    taken = Counter(int(layer) for layer in column(items, "chosen layer"))
    layers = ", ".join(str(layer) for layer in sorted(taken))
    unsaid, beyond = _unsaid(items), _beyond(items)
    heading = (
        f"a probe of layer {layers} of {len(_layers(items)) - 1} tells {100 * told.value:.1f} % "
        f"({100 * told.ci_low:.1f}–{100 * told.ci_high:.1f}), the likelihood says {100 * said.value:.1f} %, "
        f"a bag of its words {100 * words.value:.1f} %"
    )
    if told.ci_low <= 0.5:
        return f"{heading}: the probe is not told from chance"
    if unsaid.ci_low > 0:
        also = "" if beyond.ci_low > 0 else "; but its words alone tell as much"
        return f"{heading}: it knows what it does not say{also}"
    if unsaid.ci_high < 0:
        return f"{heading}: what it says is more than a line through its states shows"
    return f"{heading}: it says what it knows, as far as a line through its states shows"


LINEAR_PROBE: Final = Assay(
    DESCRIBED["probe"],
    1,
    _material,
    (
        Measure(
            "probe accuracy", "share of pairs in which a linear probe of hidden states, fitted on other clusters, in "
            "the layer that was best among those, prefers the chosen response",
            lambda items: share_over(items, column(items, "probe")), 0.5,
        ),
        Measure(
            "unsaid knowledge", "probe accuracy less accuracy by log-likelihood per byte on the same pairs", _unsaid,
            0.0,
        ),
        Measure("probe beyond words", "probe accuracy less that of a probe of the embeddings' mean", _beyond, 0.0),
    ),
    "one forward pass a response, and a fit a layer",
    "own; nested folds after Varma & Simon 2006, BMC Bioinformatics 7:91",
    _read,
    per_suite=True,
    details=_details,
)  # fmt: skip
"""The assay."""
