"""A construction from beginning to end: prompts → positives → negatives → suite. Blocks; run it in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.construct.board import Board
from engine.construct.caller import Caller, Capped
from engine.construct.chat import CallFailed, ChatModel
from engine.construct.drafting import draft_criteria
from engine.construct.judging import all_of
from engine.construct.making import Made, Maker
from engine.construct.output import NothingMade, write_construction
from engine.construct.progress import ConstructPhase, ConstructState, Tell, nobody
from engine.construct.server import ServedModel
from engine.construct.settings import Running, Settings, run_id_of
from engine.construct.spec import ModelSpec, key_from
from engine.construct.violations import PlannedPair, pair_id, plan_pairs
from engine.store.connection import Store
from engine.store.construct import ConstructRow, ExampleRow, close_construct, keep_facts, open_construct
from engine.store.runs import Status
from rubrics.errors import BadInput, RudeError
from rubrics.prompts import RubricPrompt

__all__ = ["Construction", "construct", "open_model", "open_models"]

_STATUS: Final = {
    ConstructPhase.DONE: Status.DONE,
    ConstructPhase.CAPPED: Status.CANCELLED,
    ConstructPhase.CANCELLED: Status.CANCELLED,
    ConstructPhase.FAILED: Status.FAILED,
}


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


def construct(
    store: Store,
    construction: Construction,
    running: Running,
    tell: Tell = nobody,
    cancel: threading.Event | None = None,
) -> ConstructState:
    """Make a suite. What has been answered is in the store, so the same call again goes on where it stopped.

    Returns:
        The last snapshot: done, stopped at a cap (what is whole is written), or cancelled (nothing is written).

    Raises:
        BadInput: settings that cannot be meant, or prompts without criteria.
        EndpointError: a model that answers nobody.
        RudeError: another process is at work on it, or nothing came through.
        StoreError: nothing can be stored.
    """
    settings = construction.settings
    settings.check()
    run_id = construction.run_id
    board = Board(run_id, construction.output.stem, tell)
    models = open_models(settings, running)
    row = ConstructRow(
        run_id, construction.output.stem, settings.method, str(settings.generator),
        " + ".join(map(str, settings.verifiers)),
        {**settings.identity(), "caps": [running.max_calls, running.max_tokens]},
        "\n".join(prompt.canonical() for prompt in construction.prompts), 0, Status.STARTED, "", {}, "", "",
    )  # fmt: skip
    owner = open_construct(store, row)
    if owner is not None:
        raise RudeError(f"process {owner.pid} is at work on this construction", fix="wait for it, or stop it there")
    try:
        asyncio.run(_Work(store, construction, running, board, models, cancel or threading.Event()).run())
        if board.phase is not ConstructPhase.CANCELLED:
            _write(store, construction, board)
    except BaseException as error:
        board.error = str(error)
        close_construct(store, run_id, Status.FAILED, error=str(error))
        board.enter(ConstructPhase.FAILED)
        raise
    close_construct(store, run_id, _STATUS[board.phase], error=board.error)
    return board.state()


def open_models(settings: Settings, running: Running) -> dict[str, ChatModel]:
    """Every model that will be asked, by its SPEC.

    Raises:
        BadInput: a key is not where it was said to be.
    """
    found: dict[str, ChatModel] = {}
    keys = (running.generator_key, *running.verifier_keys)
    for spec, variable in zip((settings.generator, *settings.verifiers), keys, strict=False):
        if str(spec) not in found:
            found[str(spec)] = open_model(spec, variable, running)
    return found


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


def _write(store: Store, construction: Construction, board: Board) -> None:
    end = board.phase
    board.enter(ConstructPhase.WRITING)
    keep_facts(store, construction.run_id, board.facts())
    try:
        written = write_construction(store, construction.run_id, construction.output)
    except NothingMade:
        if end is ConstructPhase.DONE:
            raise
    else:
        board.notes += written.notes
        board.pairs, board.output = written.pairs, str(construction.output)
    board.enter(end)


class _Work:
    """The asynchronous part."""

    def __init__(
        self,
        store: Store,
        construction: Construction,
        running: Running,
        board: Board,
        models: Mapping[str, ChatModel],
        cancel: threading.Event,
    ) -> None:
        self._store = store
        self._settings = construction.settings
        self._prompts = sorted(construction.prompts, key=lambda prompt: prompt.id)
        self._run_id = construction.run_id
        self._board = board
        self._cancel = cancel
        # Each prompt at work has a question under way, so these fill every place; and pairs are finished rather than
        # prompts begun, which is what counts when a cap is met.
        self._admitted = asyncio.Semaphore(running.concurrency)
        self._caller = board.caller = Caller(
            store,
            self._run_id,
            models,
            concurrency=running.concurrency,
            max_calls=running.max_calls,
            max_tokens=running.max_tokens,
            changed=board.changed,
        )
        self._maker = Maker(self._caller, self._settings, board.seen)

    async def run(self) -> None:
        """Make everything; the board's phase tells how it ended."""
        async with self._caller:
            work = asyncio.create_task(self._all())
            watch = asyncio.create_task(self._watch(work))
            try:
                await work
                self._board.phase = ConstructPhase.DONE
            except Capped:
                self._board.phase = ConstructPhase.CAPPED
                self._board.error = "a cap is reached; the same command with a higher one goes on"
            except asyncio.CancelledError:
                if not self._cancel.is_set():
                    raise
                self._board.phase = ConstructPhase.CANCELLED
            finally:
                watch.cancel()

    async def _watch(self, work: asyncio.Task[None]) -> None:
        while not self._cancel.is_set():
            await asyncio.sleep(0.05)
        work.cancel()

    async def _all(self) -> None:
        prompts = await self._with_criteria()
        if not prompts:
            raise BadInput(
                "no prompt has criteria", fix="add some, or let the generator propose them: --draft-criteria"
            )
        settings = self._settings
        per_prompt = 1 if settings.method == "best-of-n" else settings.per_prompt
        plan: dict[str, list[PlannedPair]] = {}
        for pair in plan_pairs(prompts, settings.violations, per_prompt, settings.seed):
            plan.setdefault(pair.prompt_id, []).append(pair)
        self._board.plan("positives", len(prompts))
        self._board.plan("negatives", sum(map(len, plan.values())))
        self._board.enter(ConstructPhase.MAKING)
        await self._each(
            prompts, lambda number, prompt: self._pairs_of(prompt, number * (per_prompt + 1), plan[prompt.id])
        )

    async def _with_criteria(self) -> list[RubricPrompt]:
        bare = [prompt for prompt in self._prompts if not prompt.criteria]
        if not bare:
            return self._prompts
        if not self._settings.draft_criteria:
            self._board.notes.append(f"{len(bare)} prompts without criteria left out (--draft-criteria proposes some)")
            return [prompt for prompt in self._prompts if prompt.criteria]
        self._board.plan("criteria", len(bare))
        self._board.enter(ConstructPhase.DRAFTING)
        drafted: dict[str, RubricPrompt] = {}

        async def draft(_: int, prompt: RubricPrompt) -> None:
            try:
                drafted[prompt.id] = await draft_criteria(self._caller, self._settings, prompt)
            except CallFailed as error:
                self._board.came_out("criteria", error.reason, 1)
            else:
                self._board.came_out("criteria", "", 1)

        await self._each(bare, draft)
        found = [drafted.get(prompt.id, prompt) for prompt in self._prompts]
        return [prompt for prompt in found if prompt.criteria]

    async def _each(
        self, prompts: Sequence[RubricPrompt], do: Callable[[int, RubricPrompt], Coroutine[Any, Any, None]]
    ) -> None:
        """Do something for every prompt, so many at a time; the first error that ends the run is raised at once.

        A cap ends nothing before its time: what is under way is paid for, and what is remembered needs no call.
        """
        capped = False

        async def one(number: int, prompt: RubricPrompt) -> None:
            nonlocal capped
            async with self._admitted:
                try:
                    await do(number, prompt)
                except Capped:
                    capped = True

        try:
            async with asyncio.TaskGroup() as group:
                for number, prompt in enumerate(prompts):
                    group.create_task(one(number, prompt))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        if capped:
            raise Capped

    async def _pairs_of(self, prompt: RubricPrompt, position: int, plan: Sequence[PlannedPair]) -> None:
        if self._settings.method == "best-of-n":
            best, worst = await self._maker.best_and_worst(prompt, plan[0], positive_id(prompt))
            await self._came_out(prompt, "positive", positive_id(prompt), position, best)
            if worst is None:
                self._board.never("negatives", 1, "no positive")
            else:
                await self._came_out(prompt, "negative", plan[0].id, position + 1, worst)
            return
        positive = await self._maker.positive(prompt, positive_id(prompt))
        await self._came_out(prompt, "positive", positive_id(prompt), position, positive)
        if positive.reason:
            self._board.never("negatives", len(plan), "no positive")
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
        self._board.came_out(f"{kind}s", made.reason, made.rounds)


def positive_id(prompt: RubricPrompt) -> str:
    """The id of a prompt's positive among the examples."""
    return pair_id(prompt.id, -1)
