"""How the eigenvalues of each weight matrix fall off, in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.store.connection import Store

__all__ = ["Spectrum", "add_spectra", "stored_spectra"]


class Spectrum(NamedTuple):
    """One matrix; what could not be fitted is None."""

    tensor: str
    rows: int
    columns: int
    alpha: float | None
    """Exponent of the power law."""
    largest: float
    """Largest eigenvalue of WᵀW."""
    least: float | None
    """Where the tail begins."""
    tail: int
    """Eigenvalues in the tail."""
    distance: float | None
    """Kolmogorov–Smirnov distance of the fit."""
    trace_log: float | None = None
    """Mean logarithm of the tail's eigenvalues, those of the matrix scaled to a mean of 1."""
    seconds: float | None = None
    """That it took to measure."""


def add_spectra(store: Store, weights_hash: str, spectra: Sequence[Spectrum]) -> None:
    """Keep what was measured of some weights."""
    if not spectra:
        return
    with store.writing() as connection:
        connection.executemany(
            "insert or replace into spectra (weights_hash, tensor, n_rows, n_columns, alpha, largest, least, n_tail, "
            "distance, trace_log, seconds) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(weights_hash, *spectrum) for spectrum in spectra],
        )


def stored_spectra(store: Store, hashes: Sequence[str]) -> dict[str, list[Spectrum]]:
    """By weights hash; weights of which nothing is known are left out."""
    with store.reading() as connection:
        rows = connection.execute(
            "select weights_hash, tensor, n_rows, n_columns, alpha, largest, least, n_tail, distance, "
            "trace_log, seconds from spectra "
            "where weights_hash in (select unnest(?::varchar[])) order by weights_hash, tensor",
            [list(hashes)],
        ).fetchall()
    by_hash: dict[str, list[Spectrum]] = {}
    for weights_hash, *values in rows:
        by_hash.setdefault(weights_hash, []).append(Spectrum(*values))
    return by_hash
