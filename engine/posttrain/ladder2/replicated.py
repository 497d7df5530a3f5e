"""What the second world says of what the second ladder found: sign and order of the predictors, as they were named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from engine.posttrain.ladder2.analysis import Correlated, Versus, correlated, spearman, versus
from engine.posttrain.ladder2.worked_out import Ladder2

__all__ = ["AHEAD", "Replicated"]

AHEAD: Final = ("base_generation", "rude_per_token")
"""Predictors that are to be ahead of the primary one."""


@dataclass(frozen=True, eq=False)
class Replicated:
    """One ladder beside the one that was before it."""

    here: Ladder2
    before: Ladder2

    @cached_property
    def found(self) -> dict[str, tuple[Correlated, Correlated]]:
        """Of every predictor that is named here: its correlation here, and before."""
        return {
            name: (
                correlated(quantity, self.here.y, self.here.again),
                correlated(self.before.predictors[name], self.before.y, self.before.again),
            )
            for name, quantity in self.here.predictors.items()
        }

    @cached_property
    def ahead(self) -> dict[str, Versus]:
        """By how much each of `AHEAD` is ahead of the primary predictor, on the same draws; negative where it is
        behind."""
        rivals = [self.here.predictors[name] for name in AHEAD]
        against = versus(self.here.primary, rivals, self.here.y, self.here.again)
        turned = [Versus(-v.difference, -v.high, -v.low, v.p, v.p_holm) for v in against]
        return dict(zip(AHEAD, turned, strict=True))

    @property
    def ordered(self) -> bool:
        """Whether all of `AHEAD` are ahead."""
        return all(v.difference > 0 for v in self.ahead.values())

    @cached_property
    def signs(self) -> dict[str, bool]:
        """Of every predictor whose interval lay on one side of 0: whether it has the same sign here."""
        return {
            name: here.rho * before.rho > 0
            for name, (here, before) in self.found.items()
            if before.low * before.high > 0
        }

    @property
    def agreement(self) -> float:
        """Rank correlation over predictors of their correlations here and before."""
        pairs = [(here.rho, before.rho) for here, before in self.found.values()]
        return spearman(*np.array(pairs).T)
