"""Every assay there is, and the predictors that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.predictors.assays.assay import Assay
from engine.predictors.assays.base import BASE
from engine.predictors.assays.headroom import HEADROOM
from engine.predictors.assays.linear_probe import LINEAR_PROBE
from engine.predictors.assays.micro_probe import MICRO_PROBE
from engine.predictors.assays.seen import SEEN
from engine.predictors.interface import Predictor

__all__ = ["ASSAYED", "ASSAYS"]

ASSAYS: Final[Mapping[str, Assay]] = {assay.name: assay for assay in (BASE, LINEAR_PROBE, HEADROOM, MICRO_PROBE, SEEN)}
"""By name."""
ASSAYED: Final[Mapping[str, Predictor]] = {
    predictor.name: predictor for assay in ASSAYS.values() for predictor in assay.predictors()
}
"""By name; nothing is stored of them until somebody has a candidate measured."""
