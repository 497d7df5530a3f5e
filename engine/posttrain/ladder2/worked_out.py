"""Everything that is worked out of the rows of the second ladder, when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.posttrain.ladder2.analysis import Correlated, Resampled, Versus, correlated, resample, versus
from engine.posttrain.ladder2.evidence import OUTCOMES, STAGES, Claims, Measured, Shared, measured, outcome
from engine.posttrain.ladder2.rows import Finished

__all__ = ["FEW", "Ladder2"]

FEW: Final = 5
"""Models below which nothing is worked out."""


@dataclass(frozen=True, eq=False)
class Ladder2:
    """Everything that is worked out of rows, when it is asked for."""

    models: Sequence[Finished]
    shared: Shared
    claims: Claims

    @cached_property
    def again(self) -> Resampled:
        """The same draws for everything."""
        return resample(len(self.models))

    @cached_property
    def predictors(self) -> dict[str, Measured]:
        """By name, the primary one first."""
        return measured(self.models, self.shared, self.claims)

    @cached_property
    def outcomes(self) -> dict[str, Measured]:
        """By name, the claim's first; then those on families that are not unseen, for comparison."""
        found = {f"{stage}_met": outcome(self.models, self.shared, stage) for stage in reversed(STAGES)}
        for of in ("suite", "taught"):
            found |= {
                f"{stage}_met_{of}": outcome(self.models, self.shared, stage, of=of) for stage in reversed(STAGES)
            }
        found |= {
            f"{stage}_sampled": outcome(self.models, self.shared, stage, how="sampled") for stage in ("rft", "base")
        }
        return found

    @property
    def primary(self) -> Measured:
        """The claim's predictor."""
        return self.predictors[self.claims.predictors[0].name]

    @property
    def y(self) -> Measured:
        """The claim's outcome."""
        return self.outcomes[OUTCOMES[0]]

    @cached_property
    def claim(self) -> Correlated:
        """ρ of the claim."""
        return correlated(self.primary, self.y, self.again)

    @cached_property
    def rivalry(self) -> dict[str, Versus]:
        """The primary predictor against each rival."""
        rivals = [self.predictors[named.name] for named in self.claims.rivals]
        return dict(zip((r.name for r in rivals), versus(self.primary, rivals, self.y, self.again), strict=True))

    def verdict(self) -> str:
        """One word or two on the claim, by the rule that was named."""
        rho, low, high = self.claim.rho, self.claim.low, self.claim.high
        if len(self.models) < self.claims.least:
            return "not tested yet"
        if not low > 0:
            return "refuted" if high < 0 else "not confirmed"
        return "confirmed" if rho >= 0.5 else "weakly supported"

    def chosen_where(self, **facts: object) -> npt.NDArray[np.int64]:
        """Numbers of the models with these facts."""
        return np.array([n for n, m in enumerate(self.models) if all(m.facts[k] == v for k, v in facts.items())])
