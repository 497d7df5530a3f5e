"""What the app and the commands say of the second ladder, with its figures."""

from __future__ import annotations

from engine.posttrain.ladder2.analysis import pairwise, spearman
from engine.posttrain.ladder2.card import shown
from engine.posttrain.ladder2.worked_out import Ladder2

__all__ = ["notes"]

_LEADS = (0.0, 2.0)
"""Standard deviations of the predictor between models: any lead, and a large one."""


def notes(ladder: Ladder2) -> dict[str, str]:
    """`claim`, to be read with any ladder's points, and `lead`, with advice whom to take."""
    n, sizes = len(ladder.models), [model.facts["parameters"] / 1e6 for model in ladder.models]
    base = spearman(ladder.predictors["base_generation"].values(), ladder.y.values())
    claim = (
        f"a second ladder, {n} models and tasks that no predictor had read: the claim is {ladder.verdict()}, "
        f"{shown(ladder.claim).replace('-', '−')}; base generation has {base:.2f}"
    )
    any_lead, large = (
        f"{100 * found.right:.0f} % of pairs ({100 * found.low:.0f} to {100 * found.high:.0f})"
        for found in pairwise(ladder.primary, ladder.y, ladder.again, _LEADS)
    )
    lead = (
        f"in {n} models of {min(sizes):.2g} to {max(sizes):.2g} million parameters trained here, the one that RuDE "
        f"put ahead was ahead after post-training in {any_lead}, where it led by two standard deviations or more in "
        f"{large}; how far that holds for larger ones is not known (data/ladder2/card.md)"
    )
    return {"claim": claim, "lead": lead}
