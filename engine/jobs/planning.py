"""What will be scored, before anything is: candidates looked at, precision chosen, what is left counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.candidates.find import Candidate, find
from engine.jobs.cluster.machines import cluster_at
from engine.jobs.doubts import keep_doubts
from engine.jobs.job import Refused
from engine.jobs.keys import backend_causes, key_hash, model_causes
from engine.jobs.looking import looked_at
from engine.jobs.process import Runner, WorkerProcess
from engine.jobs.progress import NoProgress, Phase, Progress, RunState, Throttle
from engine.jobs.race import RacePlan
from engine.jobs.recognising import with_known_fingerprints
from engine.jobs.runs import Plan, PlannedRun, RunRequest
from engine.jobs.score import ScorePlan
from engine.layout.protocols import Protocol
from engine.layout.wording import LayoutOptions, PromptShown, template_hash
from engine.layout.wordings import PLAIN, Wording
from engine.store.connection import Store
from engine.store.runs import stored_name
from engine.store.verdicts import done_pairs, skipped_pairs
from rubrics.errors import BadInput, CandidateError

if TYPE_CHECKING:
    from engine.machine.devices import Device
    from engine.machine.precision import PrecisionFit
    from rubrics.schema import Suite

__all__ = ["asked_for", "plan"]


def plan(
    store: Store,
    request: RunRequest,
    progress: Progress | None = None,
    *,
    fetch: Callable[[str], Path] | None = None,
    layout_only: bool = False,
    runner: Runner = WorkerProcess,
) -> Plan:
    """Look at models, suites and the store, and say what would be done. Loads no weights.

    What is seen of a candidate that speaks against runs already stored of it is written beside them.

    Args:
        fetch: gets a hub id that is not in the cache; None: such a model is an error.
        layout_only: the plan is for looking at requests, not for scoring: weights are not hashed, memory and the store
            are not asked.
        runner: where candidates are held against the model libraries.

    Raises:
        BadInput: a path, suite, device or protocol that does not exist, or no candidate that can be scored.
    """
    from engine.machine.devices import resolve_device
    from rubrics.reading import find_suite

    if request.until is not None and len(request.wordings) > 1:
        raise BadInput(
            "a decision taken early is about one wording", fix="score all pairs, or in the plain wording alone",
            shell="without --until-decided, or without --wordings and --shot-draws",
        )  # fmt: skip
    if not 0 < request.alpha < 1:
        raise BadInput(f"alpha is {request.alpha}", fix="give a number between 0 and 1, such as 0.05")
    suites = {(suite := find_suite(name)).hash: (suite, _place(name)) for name in request.suites}
    if request.ray and request.device.partition(":")[2].isdecimal():
        raise BadInput(
            "on a cluster, Ray chooses the GPU", where=request.device, fix="give cuda, or auto", shell="--device cuda"
        )
    backend_causes(request.backend)
    cluster = cluster_at(request.ray, runner) if request.ray else None
    there = cluster.devices() if cluster is not None else ()
    device = resolve_device(request.device, there)
    runs: list[PlannedRun] = []
    refused: list[Refused] = []
    candidates = find(request.models, allow_remote_code=request.allow_remote_code, fetch=fetch, served=request.served)
    if not layout_only:
        seen = looked_at(candidates, runner=runner, concurrency=request.concurrency)
        candidates = with_known_fingerprints(store, seen)
        keep_doubts(store, candidates)
    for candidate in candidates:
        problem = next((problem for problem in candidate.problems if problem.refused), None)
        if problem is not None:
            refused.append(Refused(candidate.name, problem.what, problem.fix))
            continue
        try:
            runs += (
                _laid_only(request, candidate, suites.values(), device)
                if layout_only
                else _planned(store, request, candidate, suites.values(), device, there, progress or NoProgress())
            )
        except CandidateError as error:
            refused.append(Refused(candidate.name, error.what, error.fix))
    if not runs:
        name, what, fix = refused[0]
        raise CandidateError(what, where=name, fix=fix)
    if request.until is not None and len({run.key["weights_hash"] for run in runs}) < 2:
        raise BadInput("only one candidate can be scored, so there is nothing to decide", fix="name two or more")
    kind = ScorePlan if request.until is None else RacePlan
    return kind(request, tuple(runs if layout_only else _once(runs)), tuple(refused), cluster)


def asked_for(store: Store, request: Mapping[str, Any]) -> Plan:
    """The plan for a request as `RunRequest.to_json` gives it: how a process of its own is asked.

    Raises:
        BadInput: as `plan`.
    """
    return plan(store, RunRequest.of_json(request))


def _planned(
    store: Store,
    request: RunRequest,
    candidate: Candidate,
    suites: Iterable[tuple[Suite, str]],
    device: Device,
    there: Sequence[Device],
    progress: Progress,
) -> Iterator[PlannedRun]:
    from engine.machine.precision import fits

    fit = fits(candidate, device, request.precision, memory=request.memory)
    may_spread = candidate.served is None and request.device in ("auto", "cuda")
    if fit.precision is None and may_spread:
        # Too large for any one GPU: its layers are spread over several.
        device, fit = _spread(candidate, device, there, request) or (device, fit)
    if fit.precision is None:
        more = "free memory" if request.memory is None else "allow more memory"
        fix = "leave the precision to the server" if candidate.served else f"{more}, or choose another precision"
        raise CandidateError(fit.reason, where=candidate.name, fix=fix)
    if candidate.served and request.backend:
        what = f"its server scores it, and backend {request.backend!r} cannot"
        raise CandidateError(what, where=candidate.name, fix="score it without that backend")
    told = None if candidate.served else _hashing(progress, candidate.name)
    causes = {
        **model_causes(candidate, fit.precision, device, request.attention, told), "seed": request.seed,
        **backend_causes(request.backend),
    }  # fmt: skip
    for suite, place in suites:
        for protocol in request.protocols:
            known: set[str] = set()
            for wording, shown, limit in _views(request, protocol, suite):
                options = LayoutOptions(protocol, request.shots, request.show_criteria, shown, wording)
                key = {
                    **causes, "suite_hash": suite.hash, "protocol": protocol,
                    "template_hash": template_hash(options, suite),
                }  # fmt: skip
                if (run_id := key_hash(key)) in known:
                    # Another draw of exemplars where none is shown.
                    continue
                known.add(run_id)
                requested, skipped = _requested(store, run_id, len(suite.scored), limit)
                earlier = stored_name(store, run_id)
                tokens = request.token_scores and protocol == "likelihood" and shown == request.prompt
                yield PlannedRun(
                    run_id=run_id, candidate=candidate, suite=suite, suite_path=place, protocol=protocol,
                    precision=fit.precision,
                    device="server" if candidate.served else device.spec, why=fit.reason, key=key,
                    requested=requested, skipped=skipped, needed_bytes=fit.needed_bytes,
                    done=len(done_pairs(store, run_id, with_tokens=tokens)), prompt=shown, wording=wording,
                    gpus=device.count if device.kind == "cuda" and not candidate.served else 0,
                    limit=limit, token_scores=tokens, also=(earlier,) if earlier not in (None, candidate.name) else (),
                )  # fmt: skip


def _hashing(progress: Progress, name: str) -> Callable[[int, int], None]:
    """Says which candidate is hashed, and how far that is, once it takes longer than a moment."""
    state = RunState(key=name, candidate=name, suite="", protocol="", phase=Phase.HASHING)
    progress.advanced(state)
    from engine.machine.sizes import human_bytes

    throttle = Throttle(hz=1.0)
    throttle.ready()

    def told(done: int, total: int) -> None:
        if throttle.ready():
            stage = f"{human_bytes(done)} of {human_bytes(total)} of its weights read"
            progress.advanced(replace(state, stage=stage))

    return told


def _once(runs: Iterable[PlannedRun]) -> Iterator[PlannedRun]:
    """Each run once: the same weights, tokenizer and config under a second name are no second candidate."""
    kept: dict[str, PlannedRun] = {}
    names: dict[str, list[str]] = {}
    for run in runs:
        kept.setdefault(run.run_id, run)
        names.setdefault(run.run_id, []).append(run.candidate.name)
    for run_id, run in kept.items():
        yield replace(run, also=tuple(dict.fromkeys((*names[run_id][1:], *run.also))))


def _spread(
    candidate: Candidate, device: Device, there: Sequence[Device], request: RunRequest
) -> tuple[Device, PrecisionFit] | None:
    """Several GPUs as one device, where the device is one of them: all that are here; of a node of a cluster, since
    others want the rest, as few as hold what all of them would."""
    from engine.machine.devices import devices, together
    from engine.machine.precision import fits

    gpus = [gpu for gpu in there or devices() if gpu.kind == "cuda"] if device.kind == "cuda" else []
    memory = request.memory
    if len(gpus) < 2 or not (fit := fits(candidate, together(gpus), request.precision, memory=memory)).precision:
        return None
    for number in range(2, len(gpus)) if there else ():
        fewer = together(gpus[:number])
        if (tried := fits(candidate, fewer, fit.precision, memory=memory)).precision:
            return fewer, tried
    return together(gpus), fit


def _views(request: RunRequest, protocol: Protocol, suite: Suite) -> Iterator[tuple[Wording, PromptShown, int | None]]:
    """What is shown, and on how many pairs: the run itself in every wording, then the controls of the plain one."""
    for wording in request.wordings:
        if wording.protocol in ("", protocol):
            yield wording, request.prompt, request.limit
    if protocol != "likelihood" or request.prompt != "own" or not request.controls or PLAIN not in request.wordings:
        return
    sample = request.controls if request.limit is None else min(request.controls, request.limit)
    yield PLAIN, "none", sample
    if len({pair.cluster for pair in suite.scored}) > 1:
        yield PLAIN, "other", sample


def _requested(store: Store, run_id: str, pairs: int, limit: int | None) -> tuple[int, int]:
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
                run_id=f"{candidate.place}\n{suite.hash}\n{protocol}", candidate=candidate, suite=suite,
                suite_path=place, protocol=protocol, precision="fp32", device=device.spec, why="", key={},
                requested=len(suite.scored), done=0, skipped=0, prompt=request.prompt,
            )  # fmt: skip


def _place(name: str) -> str:
    from rubrics.reading import built_in_names, suite_path

    return name if name in built_in_names() else os.path.realpath(suite_path(name))
