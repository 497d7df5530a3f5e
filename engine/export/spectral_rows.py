"""The rows of exported spectra: a matrix each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from engine.export.rows import SpectrumRow
from engine.predictors.spectral_layers import SpectralProfile, layer_of

__all__ = ["matrix_rows"]


def matrix_rows(profiles: Iterable[SpectralProfile]) -> Iterator[SpectrumRow]:
    """Every matrix of every candidate, in the order of their names."""
    for profile in profiles:
        for one in profile.spectra:
            from_two = hat = None
            if one.alpha is not None:
                from_two, hat = abs(one.alpha - 2), one.alpha * math.log10(one.largest)
            yield SpectrumRow(
                profile.candidate, profile.weights_hash, one.tensor, layer_of(one.tensor), one.rows, one.columns,
                one.alpha, from_two, hat, one.trace_log, one.largest, one.least, one.tail, one.distance,
            )  # fmt: skip
