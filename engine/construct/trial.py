"""A verifier on trial: its verdicts on pairs whose truth programs have proven, before it is believed anywhere else."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.candidates.server import CallFailed
from engine.construct.answers import CriterionVerdict, ask_json
from engine.construct.caller import Caller, Capped
from engine.construct.chat import ChatModel
from engine.construct.judging import judge_request, majority
from engine.construct.spec import ModelSpec
from engine.construct.survival import ErrorRates, voted
from engine.construct.wording import wording_hash
from engine.jobs.keys import key_hash
from engine.jobs.process import POLL_SECONDS
from engine.jobs.progress import RunState
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.construct import ConstructRow, TrialRow, trials_of
from rubrics.counted import count
from rubrics.errors import RudeError
from rubrics.schema import Criterion, Pair
from rubrics.taxonomy import Subcategory

__all__ = [
    "ProvenLabel",
    "Rates",
    "VerifierTrial",
    "by_votes",
    "calls_needed",
    "proven_labels",
    "rates_of",
    "single_rates",
    "trial_for",
    "tried_row",
    "try_verifier",
]

OVERALL = "overall"


@dataclass(frozen=True)
class VerifierTrial:
    """What a verifier is tried on."""

    verifier: ModelSpec
    pairs: int = 120
    votes: int = 1
    seed: int = 0
    schema: bool = False

    @property
    def trial_id(self) -> str:
        """The same trial asks nothing twice."""
        causes = [str(self.verifier), self.pairs, self.votes, self.seed, self.schema, wording_hash()]
        return "trial-" + key_hash(causes, digits=16)

    @property
    def labels(self) -> int:
        """How many labels it is asked about."""
        return len(proven_labels(self.seed, self.pairs))


class ProvenLabel(NamedTuple):
    """One label whose truth is proven."""

    pair: Pair
    response: str
    criterion: Criterion
    met: bool


class _LabelVotes(NamedTuple):
    cluster: str
    subcategory: str
    met: bool
    votes: tuple[bool, ...]


@dataclass(frozen=True)
class Rates:
    """How often a verifier errs, with 95 % intervals that resample template families."""

    scope: str
    """`overall` or a subcategory."""
    false_acceptance: Estimate
    n_violated: int
    false_rejection: Estimate
    n_met: int


def proven_labels(seed: int, pairs: int) -> list[ProvenLabel]:
    """Every criterion of both responses of fresh procedural pairs, and whether it is met: proven by the verifiers that
    made them."""
    from rubrics.world.generate import generate

    labels = []
    for pair in generate(seed, pairs):
        for criterion in pair.criteria:
            labels.append(ProvenLabel(pair, pair.chosen, criterion, True))
            labels.append(ProvenLabel(pair, pair.rejected, criterion, criterion.id not in pair.violated))
    return labels


def calls_needed(trial: VerifierTrial) -> int:
    """Questions a trial asks."""
    return trial.labels * trial.votes


def try_verifier(
    store: Store,
    trial: VerifierTrial,
    model: ChatModel,
    *,
    concurrency: int,
    max_calls: int | None,
    tell: Callable[[int], None],
    cancel: threading.Event,
) -> TrialRow | None:
    """Ask the verifier about every known label; blocks. What it has answered before is not asked again.

    Args:
        tell: called with labels done.

    Returns:
        What it said, to be stored; None where `cancel` was set before it had said everything.

    Raises:
        EndpointError: it answers nobody.
        RudeError: a cap was reached.
    """
    labels = proven_labels(trial.seed, trial.pairs)
    readings: list[_LabelVotes | None] = [None] * len(labels)
    done = 0

    async def read(caller: Caller, places: asyncio.Semaphore, number: int, label: ProvenLabel) -> None:
        nonlocal done
        async with places:
            readings[number] = await _votes_on(caller, trial, label)
        done += 1
        tell(done)

    async def read_every(caller: Caller) -> None:
        places = asyncio.Semaphore(concurrency * 2)
        async with asyncio.TaskGroup() as group:
            for number, label in enumerate(labels):
                group.create_task(read(caller, places, number, label))

    async def ask() -> None:
        models = {str(trial.verifier): model}
        async with Caller(store, trial.trial_id, models, concurrency=concurrency, max_calls=max_calls) as caller:
            work = asyncio.create_task(read_every(caller))
            while not (await asyncio.wait({work}, timeout=POLL_SECONDS))[0]:
                if cancel.is_set():
                    work.cancel()
            if not work.cancelled():
                work.result()

    try:
        asyncio.run(ask())
    except BaseExceptionGroup as errors:
        if isinstance(errors.exceptions[0], Capped):
            raise RudeError(
                "a cap is reached before the trial is over", fix="allow more questions; it goes on"
            ) from None
        raise errors.exceptions[0] from None
    if cancel.is_set():
        return None
    kept = [reading for reading in readings if reading is not None]
    return TrialRow(
        trial.trial_id,
        str(trial.verifier),
        trial.votes,
        wording_hash(),
        f"{count(trial.pairs, 'pair')} of the procedural world, seed {trial.seed}",
        json.dumps([[r.cluster, r.subcategory, r.met, list(r.votes)] for r in kept]),
        len(labels) - len(kept),
    )


async def _votes_on(caller: Caller, trial: VerifierTrial, label: ProvenLabel) -> _LabelVotes | None:
    """The verdicts on one label; None where one of them was not to be had."""
    votes = []
    for vote in range(trial.votes):
        request = judge_request(
            str(trial.verifier),
            label.pair.prompt_text,
            label.response,
            label.criterion,
            vote=vote,
            temperature=0.0 if trial.votes == 1 else 0.7,
            schema=trial.schema,
        )
        try:
            votes.append((await ask_json(caller, request, CriterionVerdict, label.pair.id, "trial")).value.met)
        except CallFailed:
            return None
    return _LabelVotes(label.pair.cluster, str(label.criterion.subcategory), label.met, tuple(votes))


def tried_row(state: RunState) -> TrialRow | None:
    """What a trial that has come to its end says; None before."""
    return state.account if isinstance(state.account, TrialRow) else None


def rates_of(trial: TrialRow) -> list[Rates]:
    """Error rates as the verifier decides, votes included: overall first, then by subcategory."""
    readings = _label_votes(trial)
    scopes = [OVERALL, *(str(s) for s in Subcategory if any(r.subcategory == s for r in readings))]
    return [_rates(scope, [r for r in readings if scope in (OVERALL, r.subcategory)]) for scope in scopes]


def single_rates(trial: TrialRow) -> ErrorRates:
    """Error rates of one vote, from all votes."""
    violated = [vote for r in _label_votes(trial) if not r.met for vote in r.votes]
    met = [not vote for r in _label_votes(trial) if r.met for vote in r.votes]
    return ErrorRates(_share(violated), _share(met))


def by_votes(trial: TrialRow, most: Sequence[int] = (1, 3, 5)) -> Mapping[int, ErrorRates]:
    """Error rates of majorities of so many votes, were votes independent."""
    single = single_rates(trial)
    return {n: ErrorRates(voted(single.false_acceptance, n), voted(single.false_rejection, n)) for n in most}


def trial_for(store: Store, row: ConstructRow) -> list[TrialRow]:
    """The newest trial of each of a construction's verifiers under the same wording, as far as there are any; one with
    the construction's number of votes goes before others."""
    newest = []
    for spec in row.settings["verifiers"]:
        trials = [t for t in trials_of(store, spec) if t.wording_hash == row.settings["wording"]]
        trials.sort(key=lambda t: t.votes != row.settings["votes"])
        newest += trials[:1]
    return newest


def _label_votes(trial: TrialRow) -> list[_LabelVotes]:
    return [_LabelVotes(cluster, sub, met, tuple(votes)) for cluster, sub, met, votes in json.loads(trial.readings)]


def _rates(scope: str, readings: Sequence[_LabelVotes]) -> Rates:
    violated = [r for r in readings if not r.met]
    met = [r for r in readings if r.met]
    return Rates(
        scope,
        _estimate([float(majority(r.votes)) for r in violated], [r.cluster for r in violated]),
        len(violated),
        _estimate([float(not majority(r.votes)) for r in met], [r.cluster for r in met]),
        len(met),
    )


def _estimate(errors: Sequence[float], clusters: Sequence[str]) -> Estimate:
    import numpy as np

    from engine.stats.intervals import proportion

    names = {name: number for number, name in enumerate(sorted(set(clusters)))}
    return proportion(np.array(errors), np.array([names[c] for c in clusters], dtype=np.int32))


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else math.nan
