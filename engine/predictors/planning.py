"""Which candidates are read for a predictor, on what device and at which precision: what all such jobs ask and plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.candidates.address import ServedAs
from engine.jobs.job import Refused
from engine.jobs.progress import NoProgress, Phase, Progress, RunState
from engine.store.connection import Store
from rubrics.errors import CandidateError

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device

__all__ = ["ReadingRequest", "plan_each", "usable_precision"]

_Planned = TypeVar("_Planned")


@dataclass(frozen=True)
class ReadingRequest:
    """What a person asks for."""

    models: tuple[str, ...]
    """Folders, folders of folders, or hub ids."""
    precision: str = "auto"
    device: str = "auto"
    threads: int | None = None
    attention: str = "auto"
    """As in `engine.jobs.runs.RunRequest`."""
    allow_remote_code: frozenset[str] = frozenset()
    served: tuple[ServedAs, ...] = ()
    concurrency: int | None = None
    memory: int | None = None
    """As in `engine.jobs.runs.RunRequest`."""


def plan_each(
    store: Store,
    request: ReadingRequest,
    progress: Progress | None,
    fetch: Callable[[str], Path] | None,
    plan_one: Callable[[Candidate, Device], tuple[str, _Planned]],
) -> tuple[tuple[_Planned, ...], tuple[Refused, ...]]:
    """What would be done of every candidate, and which are left out; the same weights under two paths are done once.

    Args:
        progress: told which candidate's weights are hashed.
        fetch: gets a hub id that is not in the cache; None: such a model is an error.
        plan_one: what would be done of one on a device, behind the id of its run; raises `CandidateError` where it
            cannot be.

    Raises:
        BadInput: a path or device that does not exist, or no candidate is left.
    """
    from engine.candidates.find import find
    from engine.jobs.looking import looked_at
    from engine.jobs.recognising import with_known_fingerprints
    from engine.machine.devices import resolve_device

    device, progress = resolve_device(request.device), progress or NoProgress()
    planned: dict[str, _Planned] = {}
    refused = []
    found = find(request.models, allow_remote_code=request.allow_remote_code, fetch=fetch, served=request.served)
    for candidate in with_known_fingerprints(store, looked_at(found, concurrency=request.concurrency)):
        progress.advanced(
            RunState(key=candidate.name, candidate=candidate.name, suite="", protocol="", phase=Phase.HASHING)
        )
        try:
            run_id, one = plan_one(candidate, device)
        except CandidateError as error:
            refused.append(Refused(candidate.name, error.what, error.fix))
            continue
        planned.setdefault(run_id, one)
    if not planned:
        name, what, fix = refused[0]
        raise CandidateError(what, where=name, fix=fix)
    return tuple(planned.values()), tuple(refused)


def usable_precision(candidate: Candidate, device: Device, wanted: str, memory: int | None = None) -> str:
    """The precision at which a candidate is loaded.

    Args:
        memory: as in `engine.machine.precision.fits`.

    Raises:
        CandidateError: it cannot be.
    """
    from engine.machine.precision import fits

    problem = next((problem for problem in candidate.problems if problem.refused), None)
    if problem is not None:
        raise CandidateError(problem.what, where=candidate.name, fix=problem.fix)
    fit = fits(candidate, device, wanted, memory=memory)
    if fit.precision is None:
        more = "free memory" if memory is None else "allow more memory"
        raise CandidateError(fit.reason, where=candidate.name, fix=f"{more}, or choose a smaller precision")
    return fit.precision
