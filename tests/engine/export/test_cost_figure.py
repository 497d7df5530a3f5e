"""The plot of decisions over costs: where its points stand, and how they are called."""

from __future__ import annotations

import math

from engine.correlation.costs import PredictorCost
from engine.export.cost_figure import costs
from engine.predictors.price import Cost
from engine.stats.intervals import Estimate


def _cost(name: str, flops: float, right: float) -> PredictorCost:
    return PredictorCost(name, "exam", Estimate(right, right - 0.2, right + 0.1, ""), 6, Cost(1.0, flops, 1e6))


def test_what_costs_nothing_is_said_to_stand_at_the_edge_and_points_in_one_place_share_a_label() -> None:
    named = [("a", 1e10, 0.8), ("b", 1e10, 0.8), ("c", 4e11, 0.8), ("size", 0.0, 0.6), ("d", math.nan, 0.6)]
    (axes,) = costs([_cost(*one) for one in named]).axes
    assert [(text.get_text(), *text.xy) for text in axes.texts] == [
        ("1, 2", 1e10, 80), ("3", 4e11, 80), ("4", 1e9, 60),
    ]  # fmt: skip
    assert axes.get_xlabel() == "FLOPs a candidate; what costs none at the left edge"
    (without,) = costs([_cost(*one) for one in named[:3]]).axes
    assert without.get_xlabel() == "FLOPs a candidate"
