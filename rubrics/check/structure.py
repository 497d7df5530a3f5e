"""How pairs hang together: coverage, groups, clusters, criteria, shots."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from rubrics.check.finding import finding
from rubrics.check.report import Finding
from rubrics.faults import shown
from rubrics.schema import Pair, Suite
from rubrics.taxonomy import Subcategory

__all__ = ["check_structure", "cover"]

_SIZES = 5


def cover(pairs: Sequence[Pair]) -> dict[str, tuple[int, ...]]:
    """Pairs by subcategory and |V| = 1 … 5 and more; a pair counts in each subcategory it violates."""
    counts: Counter[tuple[Subcategory, int]] = Counter()
    for pair in pairs:
        counts.update((name, min(len(pair.violated), _SIZES)) for name in pair.subcategories)
    return {name.value: tuple(counts[name, size] for size in range(1, _SIZES + 1)) for name in Subcategory}


def check_structure(suite: Suite) -> list[Finding]:
    """Everything about a suite that is not in the text of a pair."""
    pairs = suite.scored
    groups: dict[str, list[Pair]] = defaultdict(list)
    named: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        groups[pair.group].append(pair)
        named[pair.prompt_text].add(pair.group)
    missing = [name for name, counts in cover(pairs).items() if not any(counts)]
    shown_prompts = {pair.prompt_text for shots in suite.shots.values() for pair in shots}
    return [
        *finding("warning", "not-covered", "{n} of 12 subcategories [has|have] no pair", missing),
        *finding(
            "error",
            "group-of-prompts",
            "{n} [group holds|groups hold] different prompts; a group is one prompt",
            (name for name, members in groups.items() if len({pair.prompt_text for pair in members}) > 1),
        ),
        *finding(
            "error",
            "group-in-clusters",
            "{n} [group lies|groups lie] in more than one cluster; a cluster is made of whole groups",
            (name for name, members in groups.items() if len({pair.cluster for pair in members}) > 1),
        ),
        *finding(
            "warning",
            "prompt-in-groups",
            "{n} [prompt stands|prompts stand] under several group names, so resampling takes [it|them] for "
            "different ones",
            (", ".join(sorted(names)[:4]) for names in named.values() if len(names) > 1),
        ),
        *finding(
            "warning",
            "one-pair",
            "{n} [prompt has|prompts have] one pair only",
            (name for name, members in groups.items() if len(members) == 1),
        ),
        *finding(
            "warning",
            "never-violated",
            "{n} [criterion is|criteria are] violated by no pair of their prompt",
            _idle(groups),
        ),
        *finding(
            "warning",
            "shot-is-scored",
            "{n} scored [pair has|pairs have] the prompt of a shot, which shows the answer",
            (pair.id for pair in pairs if pair.prompt_text in shown_prompts),
        ),
    ]


def _idle(groups: dict[str, list[Pair]]) -> list[str]:
    idle: list[str] = []
    for name, pairs in groups.items():
        texts = {criterion.id: criterion.text for pair in pairs for criterion in pair.criteria}
        used = {violated for pair in pairs for violated in pair.violated}
        idle += [f"{name}: {shown(text)}" for ident, text in texts.items() if ident not in used]
    return idle
