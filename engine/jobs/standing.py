"""Where a race stands: the test asked about the groups of pairs that everyone still racing has been read on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.layout.order import group_order

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.stats.sequential import Decision, Goal
    from rubrics.schema import Suite

__all__ = ["Draw", "draw", "standing"]


@dataclass(frozen=True)
class Draw:
    """The pairs that a decision is about, in groups, in the random order in which groups are drawn."""

    groups: tuple[tuple[str, ...], ...]
    left_out: int
    """Pairs of the suite that are not among them."""

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Pairs in the first 1, 2, … groups."""
        return tuple(accumulate(map(len, self.groups)))

    @property
    def pairs(self) -> int:
        """Pairs in all groups."""
        return self.ends[-1] if self.ends else 0

    def holding(self, pairs: float) -> int:
        """The fewest groups from the start that hold so many pairs; all, where none do."""
        return min(len(self.groups), 1 + sum(end < pairs for end in self.ends))

    def within(self, limit: int | None) -> int:
        """The most groups from the start that hold no more pairs than a limit."""
        return len(self.groups) if limit is None else sum(end <= limit for end in self.ends)


def draw(suite: Suite, seed: int, without: Collection[str] = ()) -> Draw:
    """The groups of a suite in the order of scoring, pairs in `without` left out."""
    members: dict[str, list[str]] = {}
    for pair in suite.scored:
        if pair.id not in without:
            members.setdefault(pair.group, []).append(pair.id)
    groups = tuple(tuple(members[name]) for name in group_order(members, seed))
    return Draw(groups, len(suite.scored) - sum(map(len, groups)))


def standing(
    names: Sequence[str],
    scores: npt.NDArray[np.float32],
    drawn: Draw,
    goal: Goal,
    alpha: float,
    *,
    limit: int | None = None,
) -> Decision:
    """What can be claimed from these scores, and otherwise what is still open.

    Args:
        names: of the candidates.
        scores: (candidates, pairs in the order drawn), NaN where not scored. A candidate counts up to its first group
            that is not complete.
        limit: read no further than so many pairs.

    Returns:
        Its `state` is `undecided` too where the limit is reached.
    """
    import numpy as np

    from engine.stats.sequential import decide

    sizes = np.diff(np.array([0, *drawn.ends]))
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(scores.astype(np.float64), starts, axis=1) if len(starts) else np.zeros((len(names), 0))
    cap = drawn.within(limit)
    sums = sums[:, :cap]
    sums = np.where(np.logical_or.accumulate(np.isnan(sums), axis=1), np.nan, sums)
    complete = dict(zip(names, (~np.isnan(sums)).sum(axis=1).tolist(), strict=True))
    groups_read = min(complete.values())
    while True:
        decision = decide(
            names, sums[:, :groups_read], sizes[:groups_read], groups=len(sizes), largest=int(sizes.max(initial=1)),
            goal=goal, alpha=alpha,
        )  # fmt: skip
        # Who dropped out may have been read on fewer groups than those that race on.
        further = min((complete[name] for name in decision.racing), default=groups_read)
        if further <= groups_read:
            break
        groups_read = further
    return replace(decision, state="undecided") if decision.state == "running" and groups_read >= cap else decision
