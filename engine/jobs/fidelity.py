"""One candidate over the same sample at two precisions: both scored as any run is, then held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.jobs.job import Job, Refused, Turn
from engine.jobs.planning import plan
from engine.jobs.progress import Progress, RunState
from engine.jobs.runs import Plan, RunRequest
from engine.jobs.states import States
from engine.machine.devices import resolve_device
from engine.results.fidelity import Fidelity, fidelity
from engine.store.connection import Store
from rubrics.errors import BadInput

__all__ = ["SAMPLE", "FidelityJob", "plan_fidelity"]

SAMPLE: Final = 200
"""Pairs of the sample unless told otherwise."""


@dataclass(frozen=True)
class FidelityJob(Job):
    """The runs at the reference, then those at the other precision; where one fails, the rest is left."""

    plans: tuple[tuple[str, Plan], ...]
    """By precision, the reference first."""
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(state for _, planned in self.plans for state in planned.states)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for _, planned in self.plans:
            yield from planned.turns(store, states)
            if any(states[state.key].error for state in planned.states):
                return

    def results(self, store: Store) -> list[Fidelity]:
        """What the smaller precision costs, by protocol.

        Raises:
            BadInput: a run has no verdict, or they share no pair.
        """
        runs: dict[tuple[str, str], dict[str, str]] = {}
        for precision, planned in self.plans:
            for run in planned.runs:
                runs.setdefault((run.protocol, run.suite.hash), {})[precision] = run.run_id
        return [fidelity(store, protocol, suite_hash, ids) for (protocol, suite_hash), ids in runs.items()]


def plan_fidelity(
    store: Store,
    request: RunRequest,
    *,
    reference: str | None = None,
    precision: str | None = None,
    progress: Progress | None = None,
    fetch: Callable[[str], Path] | None = None,
) -> FidelityJob:
    """What would be scored.

    Args:
        request: one model and one suite; its precision is not looked at, and where it has no limit, `SAMPLE` is one.
        reference: what is held against; None: fp32 on a CPU, bf16 on a GPU.
        precision: what is tried; None: bf16 on a CPU, nf4 on a GPU.
        progress: told which candidate's weights are hashed.
        fetch: as of `plan`.

    Raises:
        BadInput: twice the same precision, or what `plan` raises.
    """
    on_cpu = resolve_device(request.device).kind == "cpu"
    pair = (reference or ("fp32" if on_cpu else "bf16"), precision or ("bf16" if on_cpu else "nf4"))
    if pair[0] == pair[1]:
        raise BadInput(f"{pair[0]} cannot be held against itself", fix="name two precisions")
    request = replace(request, limit=request.limit or SAMPLE)
    plans = [plan(store, replace(request, precision=tried), progress, fetch=fetch) for tried in pair]
    refused = dict.fromkeys(refused for planned in plans for refused in planned.refused)
    return FidelityJob(tuple(zip(pair, plans, strict=True)), tuple(refused))
