"""The rows of exported abilities by topic: a candidate in a topic each."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.export.rows import TopicRow
from engine.results.topic_abilities import TopicAbilities

__all__ = ["topic_rows"]


def topic_rows(found: TopicAbilities) -> Iterator[TopicRow]:
    """Every candidate on the whole, and in each topic."""
    about = found.suite, found.protocol, found.metric, found.by, found.response
    counts = dict(zip(found.topics, zip(found.pairs, found.clusters, strict=True), strict=True))
    for one in found.candidates:
        of_whole = (
            "overall", one.candidate, one.ability, one.error, one.ci_low, one.ci_high, *(None,) * 5, one.place_low,
            one.place_high, found.n_pairs, found.n_clusters,
        )  # fmt: skip
        yield TopicRow._make((*about, *of_whole, *found.between, ""))
        for cell in one.cells:
            numbers = (
                cell.ability, cell.error, cell.ci_low, cell.ci_high, cell.shift, cell.shift_low, cell.shift_high,
                cell.raw, cell.raw_error,
            )  # fmt: skip
            places = cell.place_low, cell.place_high, *counts[cell.topic]
            yield TopicRow._make((
                *about, cell.topic, one.candidate, *map(_known, numbers), *places, *found.between, cell.note,
            ))  # fmt: skip


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
