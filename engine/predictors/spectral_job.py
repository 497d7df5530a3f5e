"""The spectra of candidates' weights, a kind of job: matrix by matrix in this process, stored as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.candidates.find import Candidate, find
from engine.jobs.job import COMMIT_SECONDS, Job, Refused, Signals, Turn
from engine.jobs.process import Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.states import States
from engine.predictors.spectral import matrix_names, measure
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.spectra import Spectrum, add_spectra, stored_spectra
from rubrics.errors import CandidateError, RudeError

__all__ = ["PlannedSpectra", "SpectralJob", "plan_spectra"]


@dataclass(frozen=True)
class PlannedSpectra:
    """One candidate's matrices."""

    candidate: Candidate
    weights_hash: str
    """The whole key: a spectrum depends on the weights alone."""
    names: tuple[str, ...]
    """Of all matrices that are measured."""
    left: tuple[str, ...]
    """Of those that are not yet."""

    @property
    def key(self) -> str:
        """Tells it from the others of one job, of which several may have equal weights."""
        return str(self.candidate.path)

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.key, run_id=self.weights_hash, candidate=self.candidate.name, suite="", protocol="",
            phase=Phase.QUEUED if self.left else Phase.UP_TO_DATE, done=len(self.names) - len(self.left),
            total=len(self.names), stage=self.stage(len(self.names) - len(self.left)),
        )  # fmt: skip

    def stage(self, done: int) -> str:
        """How much is done, in words."""
        return f"{done} of {len(self.names)} matrices"

    def spectra(self, store: Store) -> tuple[Spectrum, ...]:
        """What is measured, in the order of the names."""
        stored = {
            spectrum.tensor: spectrum
            for spectrum in stored_spectra(store, [self.weights_hash]).get(self.weights_hash, [])
        }
        return tuple(stored[name] for name in self.names if name in stored)


@dataclass(frozen=True)
class SpectralJob(Job):
    """Every candidate, one at a time."""

    planned: tuple[PlannedSpectra, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(planned.state for planned in self.planned)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for planned in self.planned:
            if planned.left:
                yield _SpectralTurn(store, planned, states)


def plan_spectra(
    store: Store,
    models: Iterable[str],
    *,
    allow_remote_code: Collection[str] = (),
    fetch: Callable[[str], Path] | None = None,
) -> SpectralJob:
    """What would be measured; what is stored for the same weights is not measured again.

    Raises:
        BadInput: a path that does not exist.
    """
    from engine.candidates.hashing import weights_hash
    from engine.machine.paths import digest_dir

    planned, refused = [], []
    for candidate in find(models, allow_remote_code=allow_remote_code, fetch=fetch):
        if candidate.served is not None:
            refused.append(Refused(candidate.name, "its weights are at its server", "give the folder it was made from"))
            continue
        try:
            weights = weights_hash(candidate.path, remembered=digest_dir())
            names = tuple(matrix_names(candidate.path))
        except CandidateError as error:
            refused.append(Refused(candidate.name, error.what, error.fix))
            continue
        done = {one.tensor for one in stored_spectra(store, [weights]).get(weights, []) if _is_whole(one)}
        left = tuple(name for name in names if name not in done)
        planned.append(PlannedSpectra(candidate, weights, names, left))
    return SpectralJob(tuple(planned), tuple(refused))


def _is_whole(spectrum: Spectrum) -> bool:
    """Whether all is known of it: what was measured before there was a trace-log is measured again."""
    return spectrum.alpha is None or spectrum.trace_log is not None


class _SpectralTurn(Turn):
    """One candidate. Two processes may measure the same: they store the same numbers."""

    def __init__(self, store: Store, planned: PlannedSpectra, states: States) -> None:
        super().__init__([planned.key], states)
        self._store, self._planned = store, planned
        self._pending: list[Spectrum] = []

    def claim(self) -> bool:
        """See `Turn`."""
        save_candidate(self._store, self._planned.candidate, self._planned.weights_hash)
        return True

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """See `Turn`."""
        planned = self._planned
        done = {spectrum.tensor for spectrum in planned.spectra(self._store) if _is_whole(spectrum)}
        left = [name for name in planned.left if name not in done]
        committed = time.monotonic()
        for count, spectrum in enumerate(measure(planned.candidate.path, left), start=len(done) + 1):
            self._pending.append(spectrum)
            if time.monotonic() - committed > COMMIT_SECONDS:
                self._commit()
                committed = time.monotonic()
            self.states.update(planned.key, phase=Phase.SCORING, done=count, stage=planned.stage(count))
            if not signals.wait(self.keys, self.states):
                return

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Store what has come."""
        self._commit()
        super().close(phase, failure)

    def _commit(self) -> None:
        add_spectra(self._store, self._planned.weights_hash, self._pending)
        self._pending = []
