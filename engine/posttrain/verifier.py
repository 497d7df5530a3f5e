"""A verifier model as the reward: what its trial allows, and its verdicts on answers.

It has to have been tried on pairs whose truth is proven, under the wording that it will be asked by, and to have told
met from violated there: a reward that is given alike to both teaches nothing but to please it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.candidates.server import CallFailed
from engine.construct.answers import CriterionVerdict, ask_json
from engine.construct.chat import ChatModel, ChatRequest, Reply
from engine.construct.judging import all_of, judge_request
from engine.construct.spec import parse_spec
from engine.construct.trial import Rates, rates_of
from engine.construct.wording import wording_hash
from engine.store.connection import Store
from engine.store.construct import trials_of
from rubrics.errors import BadInput, RudeError
from rubrics.world.verifiers import verify

if TYPE_CHECKING:
    from engine.posttrain.tasks import Task
    from rubrics.schema import Criterion

__all__ = ["Judge", "allowed", "judge_of"]

_AT_ONCE: Final = 8
"""Questions under way."""


def allowed(store: Store, verifier: str) -> str:
    """What the verifier's newest trial says of it, in words.

    Raises:
        BadInput: no such model, no trial under today's wording, or one in which it is not surely better than chance:
            the upper ends of both error rates' 95 % intervals add up to 1 or more.
    """
    spec = str(parse_spec(verifier))
    trials = [trial for trial in trials_of(store, spec) if trial.wording_hash == wording_hash()]
    if not trials:
        raise BadInput(
            "has not been on trial, and may not be a reward",
            where=spec,
            fix="put it on trial first, on pairs whose truth is proven",
            shell=f"rude-tui trial --verifier {spec}",
        )
    overall = rates_of(trials[0])[0]
    said = _in_words(overall)
    if not overall.false_acceptance.ci_high + overall.false_rejection.ci_high < 1:
        raise BadInput(
            f"does not surely tell met from violated: {said}",
            where=spec,
            fix="take a better verifier, or try this one on more pairs",
            shell=f"rude-tui trial --verifier {spec} --pairs 480",
        )
    return f"reward by {spec}: {said}"


def _in_words(rates: Rates) -> str:
    wrong = [
        f"{100 * rate.value:.0f} % ({100 * rate.ci_low:.0f}–{100 * rate.ci_high:.0f})"
        if not math.isnan(rate.value)
        else "an unknown share"
        for rate in (rates.false_acceptance, rates.false_rejection)
    ]
    return f"on trial it granted {wrong[0]} of what is not so and denied {wrong[1]} of what is"


class Judge:
    """Decides which criteria answers meet; close it when done. The same question is put once."""

    def __init__(self, name: str, model: ChatModel) -> None:
        self._name, self._model = name, model
        # A local model's process belongs to the loop that it was started in.
        self._loop = asyncio.Runner()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self.unusable = 0
        """Verdicts that were not to be had; each counts as not met."""

    def close(self) -> None:
        """Let go of connections and processes."""
        with self._loop:
            self._loop.run(self._model.close())

    async def ask(self, request: ChatRequest, example: str, purpose: str) -> Reply:
        """See `engine.construct.chat.Asker`."""
        if request.key not in self._replies:
            self._replies[request.key] = asyncio.ensure_future(self._reply(request))
        return await asyncio.shield(self._replies[request.key])

    def rewards(self, tasks: Sequence[Task], texts: Sequence[str]) -> list[float]:
        """Share of criteria that each answer meets, by the model alone."""
        return [sum(met) / len(met) for met in self._verdicts(tasks, texts, programs=False)]

    def met(self, tasks: Sequence[Task], texts: Sequence[str]) -> list[tuple[bool, ...]]:
        """Which criteria each answer meets: by program where there is one, else by the model."""
        return self._verdicts(tasks, texts, programs=True)

    def _verdicts(self, tasks: Sequence[Task], texts: Sequence[str], *, programs: bool) -> list[tuple[bool, ...]]:
        return self._loop.run(self._read(tasks, texts, programs))

    async def _read(self, tasks: Sequence[Task], texts: Sequence[str], programs: bool) -> list[tuple[bool, ...]]:
        before, asked = self.unusable, 0

        async def decide(task: Task, number: int, text: str) -> bool:
            nonlocal asked
            check = task.checks[number]
            if programs and check is not None:
                return verify(check, text)
            asked += 1
            return await self._one(task.prompt, text, task.criteria[number])

        met = await all_of(
            decide(task, number, text)
            for task, text in zip(tasks, texts, strict=True)
            for number in range(len(task.criteria))
        )
        if asked and 2 * (self.unusable - before) > asked:
            raise RudeError(
                f"{self._name} gave no usable verdict on {self.unusable - before} of {asked} criteria",
                fix="see what it answers; training goes on from its last checkpoint",
            )
        of_tasks, at = [], 0
        for task in tasks:
            of_tasks.append(tuple(met[at : at + len(task.criteria)]))
            at += len(task.criteria)
        return of_tasks

    async def _one(self, prompt: str, text: str, criterion: Criterion) -> bool:
        request = judge_request(self._name, prompt, text, criterion, vote=0, temperature=0.0, schema=False)
        try:
            return (await ask_json(self, request, CriterionVerdict, criterion.id, "reward")).value.met
        except CallFailed:
            self.unusable += 1
            return False

    async def _reply(self, request: ChatRequest) -> Reply:
        async with self._places:
            return await self._model.reply(request)


def judge_of(verifier: str, key: str) -> Judge:
    """The verifier that a recipe names, with the environment variable that holds its key.

    Raises:
        BadInput: no such model, or its key is not there.
    """
    from engine.construct.pipeline import open_model
    from engine.construct.settings import Running

    spec = parse_spec(verifier)
    return Judge(str(spec), open_model(spec, key or None, Running()))
