"""What each predictor costs, and how often it decides rightly between two candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.correlation.names import predictor_names
from engine.correlation.predictor_outcome import CorrelationView, correlation_views
from engine.predictors.catalogue import catalogue
from engine.predictors.interface import Evidence
from engine.predictors.price import Cost
from engine.results.board import Question
from engine.stats.decision_accuracy import decision_accuracy
from engine.stats.intervals import Estimate
from engine.stats.units import Units
from engine.store.connection import Store

__all__ = ["HELP", "PredictorCost", "costs_of"]

HELP = (
    "share of pairs of candidates that the predictor puts in the order of the outcome; chance 50 %. "
    "Costs are a candidate's on average, measured while the predictor was; FLOPs: 2 a parameter and token read, 6 "
    "where a gradient is taken; memory: the most of the process, of spectra what their matrices come to"
)


@dataclass(frozen=True)
class PredictorCost:
    """One predictor of one outcome."""

    predictor: str
    outcome: str
    accuracy: Estimate
    """Of its decisions between two candidates."""
    candidates: int
    """With both numbers."""
    price: Cost
    """Mean over candidates whose price is known; NaN where none is."""


def costs_of(
    store: Store, question: Question, outcome: str, predictors: Sequence[str] | None = None
) -> list[PredictorCost]:
    """Every predictor there is (or those named) against one outcome, those that decide best first.

    Raises:
        BadInput: no such predictor or outcome, or nothing has been run.
    """
    names = list(predictors) if predictors else predictor_names(store, question)
    evidence, about = Evidence(store, question), catalogue(store)
    views = correlation_views(store, question, names, [outcome])
    found = [
        _cost(view, [about[name].price(evidence).get(point.name) for point in view.points])
        for name, view in zip(names, views, strict=True)
    ]
    return sorted(found, key=lambda cost: -cost.accuracy.value if not math.isnan(cost.accuracy.value) else 1.0)


def _cost(view: CorrelationView, prices: Sequence[Cost | None]) -> PredictorCost:
    x = np.array([point.x for point in view.points]) * (1 if view.higher_is_better else -1)
    y = np.array([point.y for point in view.points]) * (1 if view.outcome_higher_is_better else -1)
    known = [price for price in prices if price is not None]
    mean = [[value for value in column if not math.isnan(value)] for column in zip(*known, strict=True)]
    price = Cost(*(sum(column) / len(column) if column else math.nan for column in mean or [[], [], []]))
    units = Units.of(len(x), [point.family for point in view.points], view.over)
    both = int((~np.isnan(x) & ~np.isnan(y)).sum())
    return PredictorCost(view.predictor, view.outcome, decision_accuracy(x, y, units=units), both, price)
