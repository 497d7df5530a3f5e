"""Spectral α: how fast the eigenvalues of a model's weight matrices fall off, from the weights alone.

For each weight matrix W the eigenvalues λ of WᵀW; the tail of their density is fitted by a power law λ^−α. Heavy tails
(α of 2 to 6) are said to mark well-trained layers, and a lower mean α a better model (Martin, Peng & Mahoney 2021,
Nature Communications 12:4122). The fit is the maximum-likelihood estimator with the least eigenvalue chosen by the
Kolmogorov–Smirnov distance (Clauset, Shalizi & Newman 2009, SIAM Review 51(4), sections 3.1 and 3.3).

Two further marks of an ideal layer are those of Martin & Hinrichs 2025 (SETOL, arXiv 2507.17912): that α is 2, and the
trace-log condition, that the logarithms of the tail's eigenvalues sum to 0 (their product, the determinant, is 1) where
those of the whole matrix are scaled to a mean of 1.

A matrix costs about 2·m·n² + n³ operations (n its shorter side); n = 4,096 takes a quarter of a minute on two cores, a
7 B model an hour, one of 0.1 B seconds. At most one matrix is in memory, and only numpy is needed.
"""

from __future__ import annotations

import json
import math
import mmap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.candidates.headers import HeaderFault, read_header, weight_files
from engine.candidates.problems import read_config
from engine.candidates.shape import read_shape
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.price import Cost
from engine.stats.intervals import Estimate
from engine.store.spectra import Spectrum, stored_spectra
from rubrics.errors import CandidateError

__all__ = [
    "LEAST_SIDE", "SPECTRAL", "Tail", "fit_tail", "matrix_names", "measure", "price_of_spectra", "spectral_values",
    "trace_log",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]

LEAST_SIDE: Final = 50
"""Matrices with fewer eigenvalues have no tail worth a fit."""
_LEAST_TAIL: Final = 10
"""Eigenvalues that a tail must hold."""
_READABLE: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class Tail(NamedTuple):
    """A power law p(λ) ∝ λ^−α fitted to the eigenvalues from `least` up."""

    alpha: float
    least: float
    held: int
    """Eigenvalues in the tail."""
    distance: float
    """Largest distance between the tail's distribution and the law's (Kolmogorov–Smirnov)."""


def fit_tail(values: npt.ArrayLike) -> Tail | None:
    """The power law that fits the upper tail of positive values best; None where too few differ.

    For every value as the least of a tail of n: α = 1 + n / Σ ln(λ / least), and the tail whose distribution is
    nearest the law's wins.
    """
    ascending: FloatArray = np.sort(np.asarray(values, dtype=np.float64))
    ascending = ascending[ascending > 0]
    best: Tail | None = None
    logs: FloatArray = np.log(ascending)
    above: FloatArray = np.cumsum(logs[::-1])[::-1]
    for start in range(len(ascending) - _LEAST_TAIL + 1):
        if start and ascending[start] == ascending[start - 1]:
            continue
        n = len(ascending) - start
        total = above[start] - n * logs[start]
        if total <= 1e-12 * n:
            break
        alpha = 1 + n / total
        law = -np.expm1((1 - alpha) * (logs[start:] - logs[start]))
        steps = np.arange(n + 1) / n
        distance = float(max(np.max(steps[1:] - law), np.max(law - steps[:-1])))
        if best is None or distance < best.distance:
            best = Tail(float(alpha), float(ascending[start]), n, distance)
    return best


def eigenvalues(matrix: npt.NDArray[np.float32] | FloatArray) -> FloatArray:
    """Of WᵀW, ascending, (shorter side,); those that are nothing but rounding are 0."""
    wide: FloatArray = matrix.astype(np.float64)
    gram: FloatArray = wide.T @ wide if wide.shape[0] >= wide.shape[1] else wide @ wide.T
    values: FloatArray = np.linalg.eigvalsh(gram).astype(np.float64)
    floor = values[-1] * len(values) * np.finfo(np.float64).eps
    kept: FloatArray = np.where(values > floor, values, 0.0)
    return kept


def trace_log(values: npt.ArrayLike, held: int) -> float:
    """How far a tail is from the trace-log condition: the mean of its eigenvalues' logarithms, in nats.

    0 where the condition holds; above, the tail begins further out than where it would hold, below, further in.

    Args:
        values: all eigenvalues, scaled here to a mean of 1.
        held: how many of the largest are the tail, all of them positive.
    """
    ascending: FloatArray = np.sort(np.asarray(values, dtype=np.float64))
    return float(np.mean(np.log(ascending[len(ascending) - held :] / ascending.mean())))


@dataclass(frozen=True)
class _Place:
    """Where a tensor's bytes are."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def _places(folder: Path) -> dict[str, _Place]:
    """Every matrix of a layer, by name; embeddings and output heads, which have the vocabulary's length, are left out.

    Raises:
        CandidateError: the weights cannot be read.
    """
    where = str(folder)
    if folder.is_file():
        raise CandidateError(
            "is a GGUF file, and spectra are measured on unquantised weights", where=where,
            fix="give the model as a folder with safetensors weights",
        )  # fmt: skip
    try:
        files = weight_files(folder)
        headers = {file: read_header(file) for file in files}
    except (HeaderFault, OSError) as error:
        raise CandidateError(f"weights cannot be read: {error}", where=where, fix="fetch them again") from None
    vocabulary = read_shape(read_config(folder, ("config.json",))[0]).vocab
    places = {}
    for file, tensors in headers.items():
        # The library that checked the header keeps the places of tensors to itself.
        with file.open("rb") as source:
            size = int.from_bytes(source.read(8), "little")
            table = json.loads(source.read(size))
        for tensor in tensors:
            plain = (
                len(tensor.shape) == 2
                and min(tensor.shape) >= LEAST_SIDE
                and vocabulary not in tensor.shape
                and "embed" not in tensor.name
            )
            if plain and tensor.dtype in _READABLE:
                start, end = (8 + size + offset for offset in table[tensor.name]["data_offsets"])
                places[tensor.name] = _Place(file, tensor.dtype, tensor.shape, start, end)
    if not places:
        raise CandidateError(
            f"has no weight matrix of at least {LEAST_SIDE} × {LEAST_SIDE} in 16, 32 or 64 bits", where=where,
            fix="take the unquantised weights of a larger model",
        )  # fmt: skip
    return places


def matrix_names(folder: Path) -> list[str]:
    """The matrices that `measure` would look at.

    Raises:
        CandidateError: there are none, or the weights cannot be read.
    """
    return list(_places(folder))


def measure(folder: Path, names: Sequence[str]) -> Iterator[Spectrum]:
    """The spectrum of each named matrix of a model, one at a time.

    Raises:
        CandidateError: a matrix holds numbers that are not finite.
    """
    places = _places(folder)
    for name in names:
        began = time.perf_counter()
        matrix = _read(places[name])
        if not np.isfinite(matrix).all():
            raise CandidateError(f"{name} holds numbers that are not finite", where=str(folder), fix="fetch it again")
        values = eigenvalues(matrix)
        tail = fit_tail(values)
        rows, columns = places[name].shape
        largest = float(values[-1])
        found = Spectrum(name, rows, columns, None, largest, None, 0, None)
        if tail is not None:
            found = found._replace(
                alpha=tail.alpha, least=tail.least, tail=tail.held, distance=tail.distance,
                trace_log=trace_log(values, tail.held),
            )  # fmt: skip
        yield found._replace(seconds=time.perf_counter() - began)


def _read(place: _Place) -> npt.NDArray[np.float32] | FloatArray:
    with place.file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        raw = np.frombuffer(mapped[place.start : place.end], _READABLE[place.dtype])
    if place.dtype == "BF16":
        # bfloat16 is the upper half of a float32.
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.reshape(place.shape) if place.dtype == "F64" else raw.astype(np.float32).reshape(place.shape)


def spectral_values(spectra: Sequence[Spectrum]) -> dict[str, float]:
    """Every summary by predictor's name; NaN where no matrix has a tail, or none has been measured for it."""
    fitted = [spectrum for spectrum in spectra if spectrum.alpha is not None]
    if not fitted:
        return dict.fromkeys(SPECTRAL, math.nan)
    alpha = np.array([spectrum.alpha for spectrum in fitted], dtype=np.float64)
    scale = np.log10([spectrum.largest for spectrum in fitted])
    known = [spectrum.trace_log for spectrum in fitted if spectrum.trace_log is not None]
    return {
        "spectral α": float(alpha.mean()),
        "spectral α, weighted": float(np.mean(alpha * scale)),
        "spectral α, distance from 2": float(np.abs(alpha - 2).mean()),
        "spectral trace-log": float(np.abs(known).mean()) if len(known) == len(fitted) else math.nan,
    }


def _spectra(evidence: Evidence) -> Mapping[str, Sequence[Spectrum]]:
    hashes = [entrant.weights_hash for entrant in evidence.board.entrants]
    return evidence.once("spectra", lambda _: stored_spectra(evidence.store, hashes))


def _prices(evidence: Evidence) -> Mapping[str, Cost]:
    """By label: seconds as they were measured, operations and memory as the shapes have it."""
    spectra = _spectra(evidence)
    return {
        entrant.label: price_of_spectra(spectra[entrant.weights_hash])
        for entrant in evidence.board.entrants
        if spectra.get(entrant.weights_hash)
    }


def price_of_spectra(spectra: Sequence[Spectrum]) -> Cost:
    """Of all matrices one after the other; seconds are NaN where those of one are not known.

    Of an m by n matrix, n its shorter side: 2·m·n² operations for WᵀW and n³ for its eigenvalues; in memory at once
    are the matrix and twice WᵀW, in 64 bits.
    """
    sides = [(max(one.rows, one.columns), min(one.rows, one.columns)) for one in spectra]
    seconds = [math.nan if one.seconds is None else one.seconds for one in spectra]
    flops = sum(2.0 * m * n * n + float(n) ** 3 for m, n in sides)
    return Cost(sum(seconds), flops, max(8.0 * (m * n + 2 * n * n) for m, n in sides))


def _is_stored(evidence: Evidence) -> bool:
    return bool(_spectra(evidence))


def _values(evidence: Evidence, name: str) -> Mapping[str, Estimate]:
    spectra = _spectra(evidence)
    found = {
        entrant.label: spectral_values(spectra[entrant.weights_hash])[name]
        for entrant in evidence.board.entrants
        if spectra.get(entrant.weights_hash)
    }
    # What was measured before there was a trace-log has none.
    return {
        label: Estimate(value, math.nan, math.nan, "none: all weights were read")
        for label, value in found.items()
        if name != _TRACE_LOG or not math.isnan(value)
    }


_TRACE_LOG: Final = "spectral trace-log"
_NEEDS: Final = "weights whose spectra have been measured"
_COST: Final = "no forward pass: seconds below 0.1 B parameters, an hour at 7 B"
_SOURCE: Final = "Martin, Peng & Mahoney 2021, Nat. Commun. 12:4122"
_IDEAL: Final = "Martin & Hinrichs 2025, arXiv 2507.17912"

SPECTRAL: Final[Mapping[str, Predictor]] = {
    predictor.name: predictor
    for predictor in (
        Predictor(
            "spectral α", "mean over weight matrices of the power-law exponent of their eigenvalues", _NEEDS, _COST,
            False, lambda evidence: _values(evidence, "spectral α"), _SOURCE, _is_stored,
            price=_prices,
        ),
        Predictor(
            "spectral α, weighted", "mean over weight matrices of α · log10 of the largest eigenvalue (α-hat)", _NEEDS,
            _COST, False, lambda evidence: _values(evidence, "spectral α, weighted"), _SOURCE, _is_stored,
            price=_prices,
        ),
        Predictor(
            "spectral α, distance from 2", "mean over weight matrices of |α − 2|, which is 0 in an ideal layer", _NEEDS,
            _COST, False, lambda evidence: _values(evidence, "spectral α, distance from 2"), _IDEAL, _is_stored,
            price=_prices,
        ),
        Predictor(
            _TRACE_LOG, "mean over weight matrices of how far the tail is from the trace-log condition: |mean log of "
            "its eigenvalues|, those of the matrix scaled to a mean of 1", _NEEDS,
            _COST, False, lambda evidence: _values(evidence, _TRACE_LOG), _IDEAL, _is_stored,
            price=_prices,
        ),
    )
}  # fmt: skip
"""By name."""
