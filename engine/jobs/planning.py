"""What will be done, before anything is: candidates looked at, precision chosen, what is left counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.candidates.find import Candidate, find
from engine.jobs.progress import NoProgress, Phase, Progress, RunState
from engine.layout.requests import Protocol
from engine.layout.wording import LayoutOptions, PromptShown, template_hash
from engine.store.connection import Store
from engine.store.verdicts import done_pairs, skipped_pairs
from rubrics.errors import BadInput, CandidateError

if TYPE_CHECKING:
    from engine.machine.devices import Device
    from engine.stats.sequential import Goal
    from rubrics.schema import Suite

__all__ = ["CONTROL_PAIRS", "PROTOCOLS", "Plan", "PlannedRun", "RunRequest", "plan", "protocols_of"]

_LIBRARIES: Final = ("torch", "transformers", "tokenizers", "bitsandbytes", "flash-attn")
PROTOCOLS: Final[tuple[Protocol, ...]] = ("choice", "likelihood")
CONTROL_PAIRS: Final = 150
"""Pairs of a control unless told otherwise: an accuracy is then known to about 8 points, for little time."""


def protocols_of(name: str) -> tuple[Protocol, ...]:
    """One protocol by name, or `both`.

    Raises:
        BadInput: no such protocol.
    """
    found = PROTOCOLS if name == "both" else tuple(protocol for protocol in PROTOCOLS if protocol == name)
    if not found:
        raise BadInput(f"no protocol {name!r}", fix="protocols: choice, likelihood, both")
    return found


@dataclass(frozen=True)
class RunRequest:
    """What a person asks for."""

    models: tuple[str, ...]
    """Folders, folders of folders, or hub ids."""
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
    until: Goal | None = None
    """Score in rounds until this is decided of the candidates, or the suite (or the limit) is used up."""
    alpha: float = 0.05
    """How often a decision may be wrong."""
    attention: str = "auto"
    """One of `engine.machine.kernels.ATTENTIONS`; one that cannot be had is an error, but for `auto`."""
    allow_remote_code: frozenset[str] = frozenset()
    """Models, as given, whose own code may run."""


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
    wanted: int
    """Pairs asked for."""
    done: int
    """Pairs with a verdict from earlier."""
    skipped: int
    """Pairs known from earlier to be unscorable."""
    prompt: PromptShown = "own"
    limit: int | None = None
    """Only so many pairs of the order of scoring."""
    token_scores: bool = False

    @property
    def left(self) -> int:
        """Pairs still to score, as far as known."""
        return max(0, self.wanted - self.done - self.skipped)

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.run_id, run_id=self.run_id, candidate=self.candidate.name, suite=self.suite.name,
            protocol=self.protocol, precision=self.precision, device=self.device,
            phase=Phase.QUEUED if self.left else Phase.UP_TO_DATE, done=self.done, total=self.wanted - self.skipped,
            skipped=self.skipped, note=self.why, prompt=self.prompt,
        )  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything that will run, in order, and the candidates that cannot."""

    request: RunRequest
    runs: tuple[PlannedRun, ...]
    refused: tuple[tuple[str, str, str], ...] = field(default=())
    """(name, what is wrong, what to do)."""


def plan(
    store: Store,
    request: RunRequest,
    progress: Progress | None = None,
    *,
    fetch: Callable[[str], Path] | None = None,
    layout_only: bool = False,
) -> Plan:
    """Look at models, suites and the store, and say what would be done. Loads no weights.

    Args:
        fetch: gets a hub id that is not in the cache; None: such a model is an error.
        layout_only: the plan is for looking at requests, not for scoring: weights are not hashed, memory and the store
            are not asked.

    Raises:
        BadInput: a path, suite, device or protocol that does not exist, or no candidate that can be scored.
    """
    from engine.machine.devices import resolve_device
    from rubrics.reading import find_suite

    if not 0 < request.alpha < 1:
        raise BadInput(f"alpha is {request.alpha}", fix="give a number between 0 and 1, such as 0.05")
    suites = {(suite := find_suite(name)).hash: (suite, _place(name)) for name in request.suites}
    device = resolve_device(request.device)
    runs: list[PlannedRun] = []
    refused: list[tuple[str, str, str]] = []
    for candidate in find(request.models, allow_remote_code=request.allow_remote_code, fetch=fetch):
        problem = next((problem for problem in candidate.problems if problem.refused), None)
        if problem is not None:
            refused.append((candidate.name, problem.what, problem.fix))
            continue
        try:
            runs += (
                _laid_only(request, candidate, suites.values(), device)
                if layout_only
                else _planned(store, request, candidate, suites.values(), device, progress or NoProgress())
            )
        except CandidateError as error:
            refused.append((candidate.name, error.what, error.fix))
    if not runs:
        name, what, fix = refused[0]
        raise CandidateError(what, where=name, fix=fix)
    if request.until is not None and len({run.key["weights_hash"] for run in runs}) < 2:
        raise BadInput("only one candidate can be scored, so there is nothing to decide", fix="name two or more")
    return Plan(request, tuple(runs), tuple(refused))


def _planned(
    store: Store,
    request: RunRequest,
    candidate: Candidate,
    suites: Iterable[tuple[Suite, str]],
    device: Device,
    progress: Progress,
) -> Iterator[PlannedRun]:
    from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
    from engine.machine.kernels import attention_for, matmul_for
    from engine.machine.paths import digest_dir
    from engine.machine.precision import fits

    fit = fits(candidate, device, request.precision)
    if fit.precision is None and request.device in ("auto", "cuda") and (spread := _all_gpus(device)):
        # Too large for any one GPU: its layers are spread over all of them.
        wider = fits(candidate, spread, request.precision)
        device, fit = (spread, wider) if wider.precision else (device, fit)
    if fit.precision is None:
        raise CandidateError(fit.reason, where=candidate.name, fix="free memory, or choose another precision")
    progress.advanced(
        RunState(key=candidate.name, candidate=candidate.name, suite="", protocol="", phase=Phase.HASHING)
    )
    causes = {
        "weights_hash": weights_hash(candidate.path, remembered=digest_dir()),
        "tokenizer_hash": tokenizer_hash(candidate.path),
        "config_hash": config_hash(candidate.path), "precision": fit.precision, "device": device.kind,
        "attention": attention_for(request.attention), "matmul": matmul_for(device.kind, fit.precision),
        "seed": request.seed,
        "versions": {name: found for name in _LIBRARIES if (found := _version(name))},
    }  # fmt: skip
    for suite, place in suites:
        for protocol in request.protocols:
            for shown, limit in _views(request, protocol, suite):
                options = LayoutOptions(protocol, request.shots, request.show_criteria, shown)
                key = {
                    **causes, "suite_hash": suite.hash, "protocol": protocol,
                    "template_hash": template_hash(options, suite),
                }  # fmt: skip
                run_id = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
                wanted, skipped = _wanted(store, run_id, len(suite.scored), limit)
                tokens = request.token_scores and protocol == "likelihood" and shown == request.prompt
                yield PlannedRun(
                    run_id=run_id, candidate=candidate, suite=suite, suite_path=place, protocol=protocol,
                    precision=fit.precision,
                    device=device.spec, why=fit.reason, key=key, wanted=wanted, skipped=skipped,
                    done=len(done_pairs(store, run_id, with_tokens=tokens)), prompt=shown, limit=limit,
                    token_scores=tokens,
                )  # fmt: skip


def _all_gpus(device: Device) -> Device | None:
    """All GPUs as one device, where there are several and the device is one of them."""
    from engine.machine.devices import devices, together

    gpus = [found for found in devices() if found.kind == "cuda"] if device.kind == "cuda" else []
    return together(gpus) if len(gpus) > 1 else None


def _views(request: RunRequest, protocol: Protocol, suite: Suite) -> Iterator[tuple[PromptShown, int | None]]:
    """What is shown as the prompt, and on how many pairs: the run itself, then its controls."""
    yield request.prompt, request.limit
    if protocol != "likelihood" or request.prompt != "own" or not request.controls:
        return
    sample = request.controls if request.limit is None else min(request.controls, request.limit)
    yield "none", sample
    if len({pair.cluster for pair in suite.scored}) > 1:
        yield "other", sample


def _wanted(store: Store, run_id: str, pairs: int, limit: int | None) -> tuple[int, int]:
    """Pairs asked for, and how many of them are known to be unscorable; a limit passes those over."""
    skipped = skipped_pairs(store, run_id)
    if limit is None or limit >= pairs:
        return pairs, skipped
    return limit, max(0, limit - (pairs - skipped))


def _laid_only(
    request: RunRequest, candidate: Candidate, suites: Iterable[tuple[Suite, str]], device: Device
) -> Iterator[PlannedRun]:
    for suite, place in suites:
        for protocol in request.protocols:
            yield PlannedRun(
                run_id=f"{candidate.path}\n{suite.hash}\n{protocol}", candidate=candidate, suite=suite,
                suite_path=place, protocol=protocol, precision="fp32", device=device.spec, why="", key={},
                wanted=len(suite.scored), done=0, skipped=0, prompt=request.prompt,
            )  # fmt: skip


def _place(name: str) -> str:
    from rubrics.reading import built_in_names

    return name if name in built_in_names() else str(Path(name).expanduser().resolve())


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
