"""What is asked of scoring, and what that comes to: one run for each candidate × suite × protocol × precision."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from engine.candidates.address import ServedAs
from engine.jobs.job import Asked, Job, Refused, Turn
from engine.jobs.process import Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.room import Room, cores, workers_for
from engine.jobs.states import States
from engine.layout.protocols import PROTOCOLS, Protocol
from engine.layout.wording import PromptShown
from engine.layout.wordings import PLAIN, Wording
from engine.machine.devices import devices
from engine.store.connection import Store
from rubrics.counted import agreeing, count
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.jobs.cluster.machines import Cluster
    from engine.stats.sequential import Goal
    from rubrics.schema import Suite

__all__ = ["CONTROL_PAIRS", "Plan", "PlannedRun", "RunRequest", "by_candidate", "protocols_of"]

CONTROL_PAIRS: Final = 150
"""Pairs of a control unless told otherwise: an accuracy is then known to about 8 points, for little time."""


def protocols_of(name: str) -> tuple[Protocol, ...]:
    """One protocol by name, or `both`.

    Raises:
        BadInput: no such protocol.
    """
    protocols = PROTOCOLS if name == "both" else tuple(protocol for protocol in PROTOCOLS if protocol == name)
    if not protocols:
        raise BadInput(f"no protocol {name!r}", fix="protocols: choice, likelihood, both")
    return protocols


@dataclass(frozen=True)
class RunRequest:
    """What a person asks for."""

    models: tuple[str, ...]
    """Folders, folders of folders, GGUF files, hub ids, or addresses of servers."""
    suites: tuple[str, ...]
    """Built-in names or files."""
    protocols: tuple[Protocol, ...] = PROTOCOLS
    precision: str = "auto"
    device: str = "auto"
    threads: int | None = None
    shots: int | None = None
    """None: two for `choice`, none for `likelihood`."""
    show_criteria: bool = False
    limit: int | None = None
    seed: int = 0
    token_scores: bool = False
    prompt: PromptShown = "own"
    """`none` and `other` are controls: what can be told without the prompt, or with a wrong one."""
    controls: int = 0
    """Pairs of every `likelihood` run that are also scored without their prompt and with another pair's; 0 for none.
    They are the first in the order of scoring, so that every run has scored them too, a limited one not less."""
    wordings: tuple[Wording, ...] = (PLAIN,)
    """Every run is made in each of those that are for its protocol."""
    until: Goal | None = None
    """Score in rounds until this is decided of the candidates, or the suite (or the limit) is used up."""
    alpha: float = 0.05
    """How often a decision may be wrong."""
    attention: str = "auto"
    """One of `engine.machine.kernels.ATTENTIONS`; one that cannot be had is an error, but for `auto`."""
    allow_remote_code: frozenset[str] = frozenset()
    """Models, as given, whose own code may run."""
    backend: str = ""
    """What scores instead of transformers: a plugin of that name; empty: transformers."""
    served: tuple[ServedAs, ...] = ()
    """What is said of the addresses among the models."""
    concurrency: int | None = None
    """Requests that a server is sent at a time; None: as many as make it faster."""
    workers: int | None = None
    """Workers that go on side by side; None: one a GPU, and one where there is none."""
    memory: int | None = None
    """Bytes that scoring a candidate may take at its peak, of its device's memory; None: what is free."""
    ray: str = ""
    """The Ray cluster on whose nodes workers run: its address, or `auto`; empty: they run here."""

    def to_json(self) -> dict[str, Any]:
        """As another process can be told of it; `of_json` makes it one again."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["wordings"] = [wording.to_json() for wording in self.wordings]
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> RunRequest:
        """The same request."""
        told: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        told["allow_remote_code"] = frozenset(values["allow_remote_code"])
        told["wordings"] = tuple(map(Wording.of_json, values["wordings"]))
        told["served"] = tuple(ServedAs(*one) for one in values.get("served", ()))
        return RunRequest(**told)


@dataclass(frozen=True)
class PlannedRun:
    """One candidate × suite × protocol × precision, and how much of it is left."""

    run_id: str
    candidate: Candidate
    suite: Suite
    suite_path: str
    """Where it was read from; the name of a built-in one."""
    protocol: Protocol
    precision: str
    device: str
    """`cpu`, `cuda:N` or `cuda:all`; the run's key holds only which kind it is."""
    why: str
    """Why this precision."""
    key: Mapping[str, Any]
    """Everything that produces the numbers; `run_id` is its hash. Names are labels, not causes, and are not in it."""
    requested: int
    """Pairs asked for."""
    done: int
    """Pairs with a verdict from earlier."""
    skipped: int
    """Pairs known from earlier to be unscorable."""
    prompt: PromptShown = "own"
    wording: Wording = PLAIN
    limit: int | None = None
    """Only so many pairs of the order of scoring."""
    token_scores: bool = False
    needed_bytes: int = 0
    """Of memory, as estimated."""
    gpus: int = 0
    """GPUs that its worker needs."""
    also: tuple[str, ...] = ()
    """Other names that the same weights, tokenizer and config were given or stored under."""

    @property
    def left(self) -> int:
        """Pairs still to score, as far as known."""
        return max(0, self.requested - self.done - self.skipped)

    def row(self, request: RunRequest) -> dict[str, Any]:
        """What is stored of it: its key, labels, and what was asked for that is no cause of its numbers, so that the
        same can be asked for again."""
        return {
            **self.key, "candidate": self.candidate.name, "suite": self.suite.name, "shots": request.shots,
            "show_criteria": request.show_criteria, "prompt": self.prompt, "token_scores": self.token_scores,
            "own_code": self.candidate.runs_own_code, **_asked_where(self.candidate),
            **({"wording": {**self.wording.to_json(), "label": self.wording.label}} if self.wording.label else {}),
        }  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know before anything is scored."""
        names = ", ".join(self.also)
        same = "the same weights, tokenizer and config, so this is one candidate, scored once"
        return (f"also under the name {names}: {same}",) if names else ()

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.run_id, run_id=self.run_id, candidate=self.candidate.name, suite=self.suite.name,
            protocol=self.protocol, precision=self.precision, device=self.device,
            phase=Phase.QUEUED if self.left else Phase.UP_TO_DATE, done=self.done,
            # More may be stored than is asked for now.
            total=max(self.done, self.requested - self.skipped), skipped=self.skipped, note=self.why,
            prompt=self.prompt, notes=self.notes,
            wording=self.wording.label,
        )  # fmt: skip


def _asked_where(candidate: Candidate) -> dict[str, Any]:
    """Where a served candidate was asked, and with what; the key itself stays in its variable."""
    if candidate.served is None:
        return {}
    served = candidate.served
    return {"served_as": list(ServedAs(served.address, str(candidate.path), served.key_variable))}


@dataclass(frozen=True)
class Plan(Job):
    """Everything that will run, in order, and the candidates that cannot."""

    request: RunRequest
    runs: tuple[PlannedRun, ...]
    refused: tuple[Refused, ...] = field(default=())
    cluster: Cluster | None = None
    """Where workers run; None: on this machine."""

    @property
    def asked(self) -> Asked:
        """See `Job`."""
        return Asked("engine.jobs.planning:asked_for", self.request.to_json())

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(run.state for run in self.runs)

    @property
    def left_out(self) -> list[str]:
        """Of every suite and protocol, what was asked for and would show nothing new: draws of the same exemplars."""
        asked = {wording.draw for wording in self.request.wordings} - {0}
        drawn: dict[tuple[str, str], set[int]] = {}
        for run in self.runs:
            drawn.setdefault((run.suite.name, run.protocol), set()).add(run.wording.draw)
        told = f"of {count(len(asked), 'other draw')} of exemplars {{n}} [shows|show] something new; no more are scored"
        return [
            f"{suite}, {protocol}: {agreeing(len(draws - {0}), told)}"
            for (suite, protocol), draws in drawn.items()
            if len(draws - {0}) < len(asked)
        ]

    @cached_property
    def workers(self) -> int:
        """See `Job`. On a cluster each of them may have several workers."""
        return min(self._most, max(1, len(by_candidate(self.runs))))

    @cached_property
    def _most(self) -> int:
        """Workers in all."""
        if self.cluster is None or self.request.workers is not None:
            return workers_for(self.request.workers, self.request.device, [run.device for run in self.runs])
        # By the smallest: what takes more GPUs waits for them, and others go on meanwhile.
        gpus = min((run.gpus for run in self.runs if run.gpus), default=0)
        return self.cluster.places(self._kind, gpus, self.request.threads)

    @property
    def _kind(self) -> str:
        """Of the devices of a cluster's workers: `cpu` or `cuda`."""
        return "cuda" if any(run.gpus for run in self.runs) else "cpu"

    @property
    def runner(self) -> Runner:
        """See `Job`."""
        if self.cluster is None:
            return super().runner
        return self.cluster.runner(self._kind, self._most // self.workers, self.request.threads)

    @cached_property
    def room(self) -> Room:
        """What its workers share on this machine."""
        here = devices() if self.workers > 1 and self.cluster is None else ()
        return Room(here, movable=self.request.device in ("auto", "cuda"))

    @property
    def shared(self) -> RunRequest:
        """The request as one of several workers carries it out: each has its part of the cores, unless told."""
        if self.workers == 1 or self.request.threads is not None or self.cluster is not None:
            return self.request
        return replace(self.request, threads=max(1, cores() // self.workers))

    @abstractmethod
    def stages(self, store: Store, states: States) -> Iterator[Iterable[Turn]]:
        """See `Job`."""

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for stage in self.stages(store, states):
            yield from stage


def by_candidate(runs: Iterable[PlannedRun]) -> list[list[PlannedRun]]:
    """Runs of one candidate together: what one worker does in one go."""
    groups: dict[str, list[PlannedRun]] = {}
    for run in runs:
        groups.setdefault(run.candidate.place, []).append(run)
    return list(groups.values())
