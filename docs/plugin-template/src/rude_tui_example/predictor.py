"""A predictor: one number per candidate that claims to foretell post-training."""

import math
from collections.abc import Mapping

from rude_tui.plugins import Estimate, Evidence, Predictor


def _third_root(evidence: Evidence) -> Mapping[str, Estimate]:
    return {
        entrant.label: Estimate(entrant.parameters ** (1 / 3), math.nan, math.nan, "none: a fact")
        for entrant in evidence.board.entrants
        if entrant.parameters
    }


THIRD_ROOT = Predictor(
    name="third root of parameters",
    help="the third root of the number of parameters",
    needs="any protocol",
    cost="nothing",
    higher_is_better=True,
    compute=_third_root,
    source="an example",
)
