"""Spectra layer by layer: how the exponents of a model's weight matrices and the trace-log run through its depth."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.store.connection import Store
from engine.store.models import stored_models
from engine.store.spectra import Spectrum, stored_spectra
from rubrics.errors import BadInput

__all__ = ["HELP", "LAYER_NUMBERS", "LayerSpectrum", "SpectralProfile", "by_layer", "layer_of", "spectral_profiles"]

HELP: Final = {
    "layer": "number in the tensor's name; none for matrices outside the layers",
    "alpha": "exponent of the power law λ^−α fitted to the tail of the eigenvalues",
    "from_two": "|α − 2|: 0 in an ideal layer",
    "alpha_hat": "α · log10 of the largest eigenvalue",
    "trace_log": "mean log of the tail's eigenvalues, those of the matrix scaled to a mean of 1: 0 where the trace-log "
    "condition holds",
}
"""One line on each number."""
LAYER_NUMBERS: Final = {"α": "alpha", "|α − 2|": "from_two", "α-hat": "alpha_hat", "trace-log": "trace_log"}
"""What a table calls each number of a `LayerSpectrum`."""
_NUMBER: Final = re.compile(r"(?:^|\.)(\d+)(?:\.|$)")


@dataclass(frozen=True)
class LayerSpectrum:
    """The means over the fitted matrices of one layer."""

    layer: int | None
    matrices: int
    alpha: float
    from_two: float
    """Mean of |α − 2|, which is not |mean α − 2|."""
    alpha_hat: float
    trace_log: float
    """NaN where it was not yet measured."""


@dataclass(frozen=True)
class SpectralProfile:
    """One candidate's matrices, and the same by layer."""

    candidate: str
    weights_hash: str
    spectra: tuple[Spectrum, ...]
    layers: tuple[LayerSpectrum, ...]
    """From the first to the last; what is outside the layers comes last."""


def layer_of(tensor: str) -> int | None:
    """The layer that a tensor's name says it is in: the first number that stands alone between dots."""
    found = _NUMBER.search(tensor)
    return int(found[1]) if found else None


def by_layer(spectra: Sequence[Spectrum]) -> tuple[LayerSpectrum, ...]:
    """Means by layer over the matrices that have a tail; layers without one are left out."""
    held: dict[int | None, list[tuple[float, float, float]]] = {}
    for one in spectra:
        if one.alpha is not None:
            trace_log = np.nan if one.trace_log is None else one.trace_log
            numbers = (one.alpha, one.alpha * float(np.log10(one.largest)), trace_log)
            held.setdefault(layer_of(one.tensor), []).append(numbers)
    found = []
    for layer in sorted(held, key=lambda number: (number is None, number or 0)):
        alpha, hat, trace = np.array(held[layer]).T
        found.append(
            LayerSpectrum(
                layer, len(alpha), float(alpha.mean()), float(np.abs(alpha - 2).mean()), float(hat.mean()),
                float(trace.mean()),
            )
        )  # fmt: skip
    return tuple(found)


def spectral_profiles(store: Store) -> tuple[SpectralProfile, ...]:
    """Of every stored candidate whose spectra have been measured, by name.

    Raises:
        BadInput: there is none.
    """
    models = stored_models(store)
    spectra = stored_spectra(store, [model.weights_hash for model in models])
    often = Counter(model.name for model in models if model.weights_hash in spectra)
    found = []
    for model in sorted(models, key=lambda model: (model.name, model.weights_hash)):
        if measured := spectra.get(model.weights_hash):
            name = model.name if often[model.name] == 1 else f"{model.name} {model.weights_hash[:8]}"
            found.append(SpectralProfile(name, model.weights_hash, tuple(measured), by_layer(measured)))
    if not found:
        raise BadInput(
            "no candidate's spectra have been measured", fix="measure predictors from weights first",
            shell="rude-tui predictors spectral --model …",
        )  # fmt: skip
    return tuple(found)
