"""A construction from prompts to examples: criteria → positives → negatives, as many at a time as the models bear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.candidates.address import key_from
from engine.candidates.server import CallFailed
from engine.construct.caller import Caller, Capped
from engine.construct.chat import ChatModel
from engine.construct.drafting import draft_criteria
from engine.construct.judging import all_of
from engine.construct.making import Made, Maker
from engine.construct.server import ServedModel
from engine.construct.settings import Running, Settings, run_id_of
from engine.construct.spec import ModelSpec
from engine.construct.tally import Tally
from engine.construct.violations import PlannedPair, pair_id, plan_pairs
from engine.jobs.job import Signals
from engine.jobs.process import POLL_SECONDS
from engine.jobs.progress import Phase
from engine.store.connection import Store
from engine.store.construct import ExampleRow
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt

__all__ = ["Construction", "Pipeline", "open_model", "open_models"]


@dataclass(frozen=True)
class Construction:
    """What is to be made."""

    settings: Settings
    prompts: tuple[RubricPrompt, ...]
    output: Path
    """Suite file; its card is the Markdown file of the same name."""

    @property
    def run_id(self) -> str:
        """The same for the same settings and prompts."""
        return run_id_of(self.settings, self.prompts)


def open_models(settings: Settings, running: Running) -> dict[str, ChatModel]:
    """Every model that will be asked, by its SPEC.

    Raises:
        BadInput: a key is not where it was said to be.
    """
    models: dict[str, ChatModel] = {}
    keys = (running.generator_key, *running.verifier_keys)
    for spec, variable in zip((settings.generator, *settings.verifiers), keys, strict=False):
        if str(spec) not in models:
            models[str(spec)] = open_model(spec, variable, running)
    return models


def open_model(spec: ModelSpec, variable: str | None, running: Running) -> ChatModel:
    """One model that can be asked.

    Args:
        variable: the environment variable that holds its key, if it wants one.

    Raises:
        BadInput: the key is not there.
    """
    if spec.local:
        from engine.construct.local import LocalModel

        return LocalModel(Path(spec.model))
    return ServedModel(spec, key_from(variable), running.patience)


class Pipeline:
    """Makes every example of a construction; what has been answered is in the store and is not asked again."""

    def __init__(
        self,
        store: Store,
        construction: Construction,
        running: Running,
        tally: Tally,
        models: Mapping[str, ChatModel],
        signals: Signals,
    ) -> None:
        self._store = store
        self._settings = construction.settings
        self._prompts = sorted(construction.prompts, key=lambda prompt: prompt.id)
        self._run_id = construction.run_id
        self._tally = tally
        self._signals = signals
        # Each prompt at work has a question under way, so these fill every place; and pairs are finished rather than
        # prompts begun, which is what counts when a cap is met.
        self._admitted = asyncio.Semaphore(running.concurrency)
        self._caller = tally.caller = Caller(
            store,
            self._run_id,
            models,
            concurrency=running.concurrency,
            max_calls=running.max_calls,
            max_tokens=running.max_tokens,
            changed=tally.changed,
        )
        self._maker = Maker(self._caller, self._settings, tally.seen)

    async def run(self) -> Phase:
        """Make everything.

        Returns:
            How it ended: done, at a cap, or cancelled.

        Raises:
            BadInput: no prompt has criteria.
            EndpointError: a model that answers nobody.
        """
        async with self._caller:
            work = asyncio.create_task(self._all())
            watch = asyncio.create_task(self._watch(work))
            try:
                await work
            except Capped:
                return Phase.CAPPED
            except asyncio.CancelledError:
                if not self._signals.cancel.is_set():
                    raise
                return Phase.CANCELLED
            finally:
                watch.cancel()
        return Phase.DONE

    async def _watch(self, work: asyncio.Task[None]) -> None:
        """Heed whoever started it. While paused, what was asked is still answered; nothing more is asked."""
        cancel, pause = self._signals
        before = self._tally.phase
        while not cancel.is_set():
            if pause.is_set() and self._caller.open.is_set():
                self._caller.open.clear()
                before = self._tally.phase
                self._tally.enter(Phase.PAUSED)
            elif not pause.is_set() and not self._caller.open.is_set():
                self._caller.open.set()
                self._tally.enter(before)
            await asyncio.sleep(POLL_SECONDS)
        work.cancel()

    async def _all(self) -> None:
        prompts = await self._with_criteria()
        if not prompts:
            raise BadInput("no prompt has criteria", fix="add some, or let the generator draft criteria")
        settings = self._settings
        per_prompt = 1 if settings.method == "best-of-n" else settings.per_prompt
        plan: dict[str, list[PlannedPair]] = {}
        for pair in plan_pairs(prompts, settings.violations, per_prompt, settings.seed):
            plan.setdefault(pair.prompt_id, []).append(pair)
        self._tally.plan("positives", len(prompts))
        self._tally.plan("negatives", sum(map(len, plan.values())))
        self._tally.enter(Phase.MAKING)
        await self._each(
            prompts, lambda number, prompt: self._pairs_of(prompt, number * (per_prompt + 1), plan[prompt.id])
        )

    async def _with_criteria(self) -> list[RubricPrompt]:
        bare = [prompt for prompt in self._prompts if not prompt.criteria]
        if not bare:
            return self._prompts
        if not self._settings.draft_criteria:
            self._tally.notes.append(
                f"{count(len(bare), 'prompt')} without criteria left out; the generator can draft some"
            )
            return [prompt for prompt in self._prompts if prompt.criteria]
        self._tally.plan("criteria", len(bare))
        self._tally.enter(Phase.DRAFTING)
        drafted: dict[str, RubricPrompt] = {}

        async def draft(_: int, prompt: RubricPrompt) -> None:
            try:
                drafted[prompt.id] = await draft_criteria(self._caller, self._settings, prompt)
            except CallFailed as error:
                self._tally.came_out("criteria", error.reason, 1)
            else:
                self._tally.came_out("criteria", "", 1)

        await self._each(bare, draft)
        prompts = [drafted.get(prompt.id, prompt) for prompt in self._prompts]
        return [prompt for prompt in prompts if prompt.criteria]

    async def _each(
        self, prompts: Sequence[RubricPrompt], do: Callable[[int, RubricPrompt], Coroutine[Any, Any, None]]
    ) -> None:
        """Do something for every prompt, so many at a time; the first error that ends the run is raised at once.

        A cap ends nothing before its time: what is under way is paid for, and what is remembered needs no call.
        """
        capped = False

        async def when_admitted(number: int, prompt: RubricPrompt) -> None:
            nonlocal capped
            async with self._admitted:
                try:
                    await do(number, prompt)
                except Capped:
                    capped = True

        try:
            async with asyncio.TaskGroup() as group:
                for number, prompt in enumerate(prompts):
                    group.create_task(when_admitted(number, prompt))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        if capped:
            raise Capped

    async def _pairs_of(self, prompt: RubricPrompt, position: int, plan: Sequence[PlannedPair]) -> None:
        if self._settings.method == "best-of-n":
            best, worst = await self._maker.best_and_worst(prompt, plan[0], positive_id(prompt))
            await self._came_out(prompt, "positive", positive_id(prompt), position, best)
            if worst is None:
                self._tally.never("negatives", 1, "no positive")
            else:
                await self._came_out(prompt, "negative", plan[0].id, position + 1, worst)
            return
        positive = await self._maker.positive(prompt, positive_id(prompt))
        await self._came_out(prompt, "positive", positive_id(prompt), position, positive)
        if positive.reason:
            self._tally.never("negatives", len(plan), "no positive")
            return
        make = self._maker.located if self._settings.method == "locate" else self._maker.negative

        async def negative(number: int, pair: PlannedPair) -> None:
            made = await make(prompt, positive.response, pair)
            await self._came_out(prompt, "negative", pair.id, position + number, made)

        await all_of(negative(number, pair) for number, pair in enumerate(plan, 1))

    async def _came_out(
        self, prompt: RubricPrompt, kind: Literal["positive", "negative"], name: str, position: int, made: Made
    ) -> None:
        await self._caller.keep(
            ExampleRow(
                self._run_id,
                name,
                position,
                prompt.id,
                kind,
                "rejected" if made.reason else "accepted",
                made.reason,
                made.response,
                prompt.canonical(),
                made.violated,
                made.rounds,
                made.judgements.as_json(),
                made.calls,
            )
        )
        self._tally.came_out(f"{kind}s", made.reason, made.rounds)


def positive_id(prompt: RubricPrompt) -> str:
    """The id of a prompt's positive among the examples."""
    return pair_id(prompt.id, -1)
