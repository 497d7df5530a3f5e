"""Asking models once and for all: what has been answered is never asked again, and caps are kept.

An answer is in the store before anyone sees it. Look-ups and writes of all questions under way are gathered, so that
the database is opened a few times a second and not once for every question.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.candidates.server import CallFailed
from engine.construct.chat import ChatModel, ChatRequest, Reply, estimate_tokens
from engine.construct.underway import UnderWay
from engine.store.connection import Store
from engine.store.construct import CallRow, ExampleRow, answered_keys, exchange, spent
from rubrics.errors import EndpointError

__all__ = ["Caller", "Capped"]

_NOTED: Final = 0.3
"""Seconds in which what examples under way have come to is stored at the latest."""

_HOPELESS: Final = 8
"""Questions that fail in a row, with none answered between, before a model is given up."""


class Capped(Exception):
    """A cap is reached: nothing more may be asked."""


class Caller:
    """Use as an asynchronous context manager; leaving it writes what is left and closes the models."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        models: Mapping[str, ChatModel],
        *,
        concurrency: int,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._models = models
        self._places = asyncio.Semaphore(concurrency)
        self.open = asyncio.Event()
        """Cleared while nothing may be asked; what is remembered is answered all the same."""
        self.open.set()
        self._max_calls = max_calls
        self._max_tokens = max_tokens
        self._changed = changed
        self._budget = asyncio.Condition()
        self._pending: dict[str, asyncio.Future[Reply]] = {}
        self._look_ups: dict[str, asyncio.Future[CallRow | None]] = {}
        self._calls: list[CallRow] = []
        self._examples: list[ExampleRow] = []
        self._written: list[asyncio.Future[None]] = []
        self._notes: dict[str, UnderWay] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = False
        self._woken = asyncio.Event()
        self._closing = False
        self._unlucky: Counter[str] = Counter()
        self._reserved_calls = 0
        self._reserved_tokens = 0
        self.calls = 0
        """Questions put to models for this construction, earlier stretches included."""
        self.tokens = 0
        """Read and written, earlier stretches included."""
        self.fresh = 0
        """Questions answered by a model in this stretch."""
        self.remembered = 0
        """Questions answered from the store in this stretch."""
        self.failed = 0
        self.in_flight = 0
        self.waited = 0.0
        """Seconds that answers took, all together."""

    async def __aenter__(self) -> Caller:
        self.calls, self.tokens = await asyncio.to_thread(spent, self._store, self._run_id)
        self._answered = await asyncio.to_thread(answered_keys, self._store)
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc: object) -> None:
        # Whoever waited for these may have been cancelled; they must be over before their models are closed.
        under_way = list(self._pending.values())
        for answer in under_way:
            answer.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        self._woken.set()
        try:
            await self._keeper
        finally:
            for model in self._models.values():
                await model.close()

    async def ask(self, request: ChatRequest, example: str, purpose: str) -> Reply:
        """The answer, from the store if it is there.

        Raises:
            CallFailed: the model did not answer.
            Capped: it is not in the store, and a cap forbids asking.
            EndpointError: the model answers nobody.
        """
        answer = self._pending.get(request.key)
        if answer is None:
            answer = asyncio.ensure_future(self._answer(request, example, purpose))
            self._pending[request.key] = answer
            # An answer is large and rarely wanted twice; the store has it.
            answer.add_done_callback(lambda done: self._over(request.key, done))
        # One who gives up must not take the answer from others who wait for it.
        return await asyncio.shield(answer)

    def _over(self, key: str, done: asyncio.Future[Reply]) -> None:
        self._pending.pop(key, None)
        if not done.cancelled():
            done.exception()  # those who asked may be gone; it is then nobody's

    async def keep(self, example: ExampleRow) -> None:
        """Store how an example came out."""
        self._notes.pop(example.example_id, None)
        self._examples.append(example)
        await self._stored()

    def note(self, moment: UnderWay) -> None:
        """Store, soon, where an example stands; whoever looks on sees it. Not waited for, and lost in a kill."""
        self._notes[moment.example_id] = moment
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_NOTED, self._notes_due)

    def _notes_due(self) -> None:
        self._due = True
        self._woken.set()

    async def _answer(self, request: ChatRequest, example: str, purpose: str) -> Reply:
        stored = await self._look_up(request.key) if request.key in self._answered else None
        if stored is not None:
            self.remembered += 1
            self._changed()
            return Reply(stored.answer, stored.finish, stored.prompt_tokens, stored.completion_tokens)
        # The place is held until the answer is stored: a kill loses no more answers than there are places.
        async with self._places:
            await self.open.wait()
            reply = await self._send(request)
            self._calls.append(
                CallRow(
                    request.key, self._run_id, example, purpose, request.model,
                    json.dumps(request.content(), ensure_ascii=False), reply.text, reply.finish, reply.prompt_tokens,
                    reply.completion_tokens, reply.attempts, reply.seconds,
                )
            )  # fmt: skip
            await self._stored()
        self._answered.add(request.key)
        return reply

    async def _send(self, request: ChatRequest) -> Reply:
        likely = sum(estimate_tokens(message.content) for message in request.messages) + request.max_tokens
        await self._reserve(likely)
        self.in_flight += 1
        self._changed()
        used = 0
        try:
            reply = await self._models[request.model].reply(request)
            used = reply.prompt_tokens + reply.completion_tokens
            self.fresh += 1
            self.waited += reply.seconds
            self._unlucky[request.model] = 0
            return reply
        except CallFailed as error:
            self.failed += 1
            self._unlucky[request.model] += 1
            if self._unlucky[request.model] >= _HOPELESS:
                raise EndpointError(
                    f"failed {_HOPELESS} questions in a row; the last: {error}",
                    where=request.model,
                    fix="see to the server, then start it again: nothing answered is asked twice",
                ) from None
            raise
        finally:
            self.in_flight -= 1
            self._changed()
            async with self._budget:
                self._reserved_calls -= 1
                self._reserved_tokens -= likely
                self.calls += 1
                self.tokens += used
                self._budget.notify_all()

    async def _reserve(self, tokens: int) -> None:
        """Wait until the caps surely allow another question.

        Raises:
            Capped: they do not, and nothing under way will change that.
        """

        def fits() -> bool:
            calls = self._max_calls is None or self.calls + self._reserved_calls < self._max_calls
            return calls and (
                self._max_tokens is None or self.tokens + self._reserved_tokens + tokens <= self._max_tokens
            )

        async with self._budget:
            await self._budget.wait_for(lambda: fits() or self._reserved_calls == 0)
            if not fits():
                raise Capped
            self._reserved_calls += 1
            self._reserved_tokens += tokens

    def _look_up(self, key: str) -> asyncio.Future[CallRow | None]:
        future: asyncio.Future[CallRow | None] = asyncio.get_running_loop().create_future()
        self._look_ups[key] = future
        self._woken.set()
        return future

    def _stored(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._written.append(future)
        self._woken.set()
        return future

    async def _keep(self) -> None:
        """Serve look-ups and writes, all that have gathered at a time, until closed."""
        while not self._closing or self._look_ups or self._written:
            await self._woken.wait()
            self._woken.clear()
            if not (self._look_ups or self._written or self._due):
                continue
            look_ups, self._look_ups = self._look_ups, {}
            calls, self._calls = self._calls, []
            examples, self._examples = self._examples, []
            written, self._written = self._written, []
            notes: dict[str, UnderWay] = {}
            # A look-up alone only reads, and many come in a row when a construction is taken up again.
            if written or self._due:
                notes, self._notes, self._due = self._notes, {}, False
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            moments = [(self._run_id, name, moment.as_json()) for name, moment in notes.items()]
            try:
                stored = await asyncio.to_thread(exchange, self._store, calls, examples, list(look_ups), moments)
            except Exception as error:  # noqa: BLE001 - handed to everyone who waits for it
                waiting: list[asyncio.Future[Any]] = [*look_ups.values(), *written]
                for future in waiting:
                    if not future.done():
                        future.set_exception(error)
                continue
            for key, looking in look_ups.items():
                if not looking.done():
                    looking.set_result(stored.get(key))
            for writing in written:
                if not writing.done():
                    writing.set_result(None)
