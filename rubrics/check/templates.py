"""Many copies of one template that nobody has said are one: prompts alike but for a name or a number.

Intervals resample clusters. Where each copy of a template is its own cluster, they are taken for independent, and every
interval comes out too narrow. Prompts are compared by their words (Jaccard), one prompt for each cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

__all__ = ["SAMPLE", "Copies", "template_copies", "template_warning"]

SAMPLE: Final = 2_000
"""Clusters looked at; of more, as many evenly spread."""
_ALIKE: Final = 0.6
"""Share of common words from which two prompts may be of one template …"""
_DIFFERENT: Final = 16
"""… where no more words than these differ: a long preamble that all prompts share is no template."""
_LEAST_WORDS: Final = 5
_MANY: Final = 12
"""Clusters of one template that are worth a word."""
_FEW: Final = 3
"""Clusters of one template below which nothing is said even of a suite that has few clusters."""
_WORD: Final = re.compile(r"\w+")


class Copies(NamedTuple):
    """Prompts that look like one template."""

    clusters: int
    """Clusters, of those looked at, that hold one."""
    looked_at: int
    example: str
    """The first of the prompts."""


def template_copies(prompts: Iterable[tuple[str, str]], *, small_too: bool = False) -> list[Copies]:
    """Templates that stand in twelve clusters or more, the largest first.

    Args:
        prompts: cluster and prompt of each pair.
        small_too: also those that stand in fewer, if these are half of all clusters.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    first: dict[str, str] = {}
    for cluster, prompt in prompts:
        first.setdefault(cluster, prompt)
    texts = list(first.values())
    if len(texts) > SAMPLE:
        texts = [texts[at] for at in np.linspace(0, len(texts) - 1, SAMPLE).astype(int)]
    least = min(_MANY, max(_FEW, -(-len(texts) // 2))) if small_too else _MANY
    if len(texts) < least:
        return []
    vocabulary: dict[str, int] = {}
    rows = [
        sorted({vocabulary.setdefault(w, len(vocabulary)) for w in _WORD.findall(text.casefold())}) for text in texts
    ]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate([np.array(row, dtype=np.int64) for row in rows])
    words = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), (len(texts), max(len(vocabulary), 1)))
    sizes = np.diff(ends).astype(np.float32)
    common = (words @ words.T).toarray()
    union = sizes[:, None] + sizes[None, :] - common
    long = sizes >= _LEAST_WORDS
    alike = (common >= _ALIKE * union) & (union - common <= _DIFFERENT) & long[:, None] & long[None, :]
    _, part = connected_components(csr_matrix(alike), directed=False)
    counts = np.bincount(part)
    return [
        Copies(int(counts[name]), len(texts), texts[int(np.argmax(part == name))])
        for name in sorted(range(len(counts)), key=lambda name: -counts[name])
        if counts[name] >= least
    ]


def template_warning(copies: list[Copies]) -> str:
    """The templates in one sentence; empty where there are none."""
    if not copies:
        return ""
    most, of = sum(found.clusters for found in copies), copies[0].looked_at
    what = "one template" if len(copies) == 1 else f"{len(copies)} templates"
    return (
        f"{most} of {of} clusters look like copies of {what}, and are taken for independent: intervals come out too "
        "narrow; give copies of a template one cluster"
    )
