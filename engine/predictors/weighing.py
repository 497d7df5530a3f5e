"""Measuring the spectra of candidates' weights: matrix by matrix, stored as it goes, never done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.candidates.find import Candidate, find
from engine.predictors.spectral import matrix_names, measure
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.spectra import Spectrum, add_spectra, stored_spectra
from rubrics.errors import CandidateError

__all__ = ["Weighed", "weigh_candidates"]

_COMMIT_SECONDS: Final = 1.0

Progress = Callable[[str, int, int], None]
"""Called with a candidate's name, matrices done and matrices in all."""


@dataclass(frozen=True)
class Weighed:
    """One candidate's spectra, or why there are none."""

    candidate: str
    spectra: tuple[Spectrum, ...] = ()
    error: str = ""


def weigh_candidates(
    store: Store,
    models: Iterable[str],
    progress: Progress | None = None,
    *,
    allow_remote_code: Collection[str] = (),
    fetch: Callable[[str], Path] | None = None,
) -> Iterator[Weighed]:
    """Each candidate once all its matrices are measured; what is stored for the same weights is not measured again.

    Raises:
        BadInput: a path that does not exist.
    """
    for candidate in find(models, allow_remote_code=allow_remote_code, fetch=fetch):
        try:
            yield _weigh(store, candidate, progress or (lambda *_: None))
        except CandidateError as error:
            yield Weighed(candidate.name, error=str(error))


def _weigh(store: Store, candidate: Candidate, progress: Progress) -> Weighed:
    from engine.candidates.hashing import weights_hash
    from engine.machine.paths import digest_dir

    weights = weights_hash(candidate.path, remembered=digest_dir())
    names = matrix_names(candidate.path)
    done = {one.tensor for one in stored_spectra(store, [weights]).get(weights, [])}
    left = [name for name in names if name not in done]
    save_candidate(store, candidate, weights)
    progress(candidate.name, len(names) - len(left), len(names))
    pending: list[Spectrum] = []
    committed = time.monotonic()
    try:
        for count, spectrum in enumerate(measure(candidate.path, left), start=len(names) - len(left) + 1):
            pending.append(spectrum)
            if time.monotonic() - committed > _COMMIT_SECONDS:
                add_spectra(store, weights, pending)
                pending, committed = [], time.monotonic()
            progress(candidate.name, count, len(names))
    finally:
        add_spectra(store, weights, pending)
    found = {one.tensor: one for one in stored_spectra(store, [weights])[weights]}
    return Weighed(candidate.name, tuple(found[name] for name in names))
