"""Scores by a server: an engine that answers exactly, asked over HTTP, behind the same door as a model in memory."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from engine.candidates.address import Address, parse_address
from engine.candidates.candidate import Served
from engine.candidates.fingerprint import apart, are_alike
from engine.candidates.server import CallFailed, Patience, Server
from engine.jobs.child import Events
from engine.layout.requests import Request, Score, TokenScores
from engine.scoring.asking import Inquiry
from engine.scoring.backend import Stats
from engine.scoring.probe import examine, quick_reading
from engine.scoring.ramp import Ramp
from engine.scoring.routes import Span
from engine.scoring.sending import in_order, token_by_token
from rubrics.errors import EndpointError, RudeError

__all__ = ["PATIENCE", "ServedBackend", "telling"]

T = TypeVar("T")

PATIENCE: Final = Patience(timeout=600.0, attempts=10, pause=1.0, longest=1200.0)
"""With its pauses about four minutes: a server that is started again is there by then. One that takes connections and
never answers is asked for half an hour at most."""
_MOMENT: Final = 0.5
"""Seconds between two looks at what the server's thread has to say."""
_HOPELESS: Final = 8
"""Requests that fail in a row, with none answered between, before a server is given up."""
_LOOKS: Final = 20
"""As many times the tokens of a look at who answers lie between two: they cost a twentieth at most."""
_LARGEST_ANSWER: Final = 256 * 2**20
"""Bytes: some 100 for each id of a prompt."""


class ServedBackend:
    """Scores by a server; tries it before anything is believed, and looks again and again who answers.

    What is not answered although it was asked for again is left out, and is in `stats.waiting`.

    Args:
        texts: of `fixed_texts`, by the candidate's tokenizer.
        concurrency: requests in flight; None finds out how many make it faster.
        told: why an attempt failed that is followed by another, each time: it goes on, if slowly.

    Raises:
        CandidateError: it cannot score.
        EndpointError: it answers nobody.
        RudeError: another model answers than the one that was planned with.
    """

    def __init__(
        self,
        served: Served,
        key: str,
        texts: Sequence[Sequence[int]],
        *,
        concurrency: int | None = None,
        patience: Patience = PATIENCE,
        told: Callable[[str], object] = lambda reason: None,
    ) -> None:
        self._served = served
        self._address = parse_address(served.address)
        self._key = key
        self._texts = texts
        self._patience = patience
        self._told, self._said = told, SimpleQueue[str]()
        self._ramp = Ramp(concurrency)
        examined = asyncio.run(examine(served, key, texts, concurrency=concurrency))
        self.routes = examined.routes
        self._known = served.fingerprint or examined.reading.values
        self._spread = max(examined.reading.spread, served.spread)
        self._assert_known(examined.reading.values)
        self._stats = Stats()

    @property
    def stats(self) -> Stats:
        """Costs so far."""
        return self._stats

    @property
    def facts(self) -> dict[str, Any]:
        """How it is asked, for the record of a run."""
        served = self._served
        return {
            "engine": served.engine, "engine_version": served.version, "address": served.address,
            "routes": self.routes.names, "spread_nats": self._spread,
        }  # fmt: skip

    def score(self, requests: Sequence[Request], token_scores: bool = False) -> Iterator[tuple[int, Score]]:
        """Index and score of every request that was answered, each once.

        They come a few at a time: an answer is believed once the same model has been seen to answer after it.

        Raises:
            EndpointError: the server answers nobody any more.
            RudeError: another model answers now.
        """
        with _talking(self._address, self._key, self._patience, self._said.put) as talk:
            asked = Inquiry(talk.server, self.routes, lambda: self._ramp.places)
            # Those that came before the look that goes on, and those that have come since.
            doubtful: list[tuple[int, Score]] = []
            held: list[tuple[int, Score]] = []
            look: Future[list[float]] | None = None
            tokens = self._stats.tokens
            for came in self._answers(talk, asked, requests, token_scores):
                held.append(came)
                if look is not None and look.done():
                    self._assert_same(look)
                    yield from doubtful
                    look = None
                if look is None and self._stats.tokens - tokens >= _LOOKS * len(self._known):
                    look = talk.begin(quick_reading(asked, self._texts))
                    doubtful, held, tokens = held, [], self._stats.tokens
            if look is not None:
                self._assert_same(look)
                yield from doubtful
            if held:
                self._assert_same(talk.begin(quick_reading(asked, self._texts)))
                yield from held

    def _answers(
        self, talk: _Talk, asked: Inquiry, requests: Sequence[Request], details: bool
    ) -> Iterator[tuple[int, Score]]:
        apiece = set() if details else token_by_token(requests, self.routes)
        order = in_order(requests, self.routes, apiece)
        ready, running = deque(order.first), dict[Future[Score], int]()
        came: SimpleQueue[Future[Score]] = SimpleQueue()
        self._ramp.begin()
        unlucky = 0
        while ready or running:
            while ready and len(running) < self._ramp.places:
                index = ready.popleft()
                if requests[index].pair_id in self._stats.waiting:
                    ready.extendleft(order.after.get(index, ()))
                    continue
                future = talk.begin(_one(asked, requests[index], details=details, apiece=index in apiece))
                running[future] = index
                future.add_done_callback(came.put)
            if not running:
                continue
            since = time.perf_counter()
            future = self._next_of(came)
            self._stats.seconds += time.perf_counter() - since
            index = running.pop(future)
            # First of all that waited for it: what they share is in the server's cache now.
            ready.extendleft(reversed(order.after.get(index, ())))
            try:
                score = future.result()
            except CallFailed as error:
                self._stats.waiting[requests[index].pair_id] = str(error)
                unlucky += 1
                if unlucky >= _HOPELESS:
                    raise self._given_up(f"failed {_HOPELESS} requests in a row; the last: {error}") from None
                continue
            unlucky = 0
            tokens = len(requests[index].ids)
            self._ramp.answered(tokens)
            self._stats.tokens += tokens
            self._stats.distinct_tokens += tokens
            yield index, score

    def _next_of(self, came: SimpleQueue[Future[Score]]) -> Future[Score]:
        """The next that is over; tells meanwhile what keeps the others."""
        while True:
            self._tell()
            with suppress(Empty):
                return came.get(timeout=_MOMENT)

    def _tell(self) -> None:
        while not self._said.empty():
            self._told(self._said.get())

    def _assert_same(self, look: Future[list[float]]) -> None:
        """Wait for what a look at who answers comes to."""
        while wait([look], _MOMENT).not_done:
            self._tell()
        self._tell()
        try:
            values = look.result()
        except CallFailed as error:
            raise self._given_up(f"does not answer any more: {error}") from None
        self._assert_known(values)

    def _given_up(self, why: str) -> EndpointError:
        fix = "see to the server, then start it again: what is scored is kept"
        return EndpointError(why, where=self._served.address, fix=fix)

    def _assert_known(self, values: Sequence[float]) -> None:
        if not are_alike(values, self._known, self._spread):
            raise RudeError(
                f"another model answers under this name than before ({apart(values, self._known):.2g} nats a token "
                "apart on fixed texts); what it says now is not counted to the old run",
                where=self._served.address,
                fix="serve the former model again, or start anew: the model that answers now is scored as its own",
            )


def telling(events: Events) -> Callable[[str], None]:
    """Tells of each sort of failure once; of the others no more than that something goes on."""
    said: set[str] = set()

    def tell(reason: str) -> None:
        if reason in said:
            events.send("asking_again")
        else:
            said.add(reason)
            events.send("warned", words=f"its server did not answer at once, and is asked again: {reason}")

    return tell


async def _one(asked: Inquiry, request: Request, *, details: bool, apiece: bool) -> Score:
    """The answer to one request."""
    ids = request.ids
    if request.labels is not None:
        chosen, rejected = await asked.following(ids, request.labels)
        return Score(chosen - rejected)
    assert request.scored is not None
    start, stop = request.scored
    if not 1 <= start < stop <= len(ids):
        raise ValueError(f"{request.pair_id}: nothing stands before, or in, the scored span {request.scored}")
    if apiece:
        # The first puts what stands before the response into the cache; the rest build on that.
        values = await asked.following(ids[:start], ids[start : start + 1])
        rest = (asked.following(ids[:place], ids[place : place + 1]) for place in range(start + 1, stop))
        values += [value for step in await asyncio.gather(*rest) for value in step]
        return Score(math.fsum(values))
    span = await asked.span(ids[:stop], start, details=details)
    return Score(math.fsum(span.logprob), _tokens(span) if details else None)


def _tokens(span: Span) -> TokenScores:
    """What a server tells of each token: never the entropy, and not all of them a rank."""
    logprob = np.asarray(span.logprob, np.float32)
    margin = np.exp(np.asarray(span.top)) - np.exp(np.asarray(span.logprob))
    return TokenScores(
        logprob, np.asarray(span.rank, np.int32), np.full(len(logprob), np.nan, np.float32),
        np.maximum(margin, 0.0).astype(np.float32),
    )  # fmt: skip


class _Talk(NamedTuple):
    """A connection to a server, and the loop that its answers arrive in."""

    server: Server
    loop: asyncio.AbstractEventLoop

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Do something there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something there, and wait for it."""
        return self.begin(work).result()


@contextmanager
def _talking(address: Address, key: str, patience: Patience, told: Callable[[str], object]) -> Iterator[_Talk]:
    """Answers arrive in a thread of their own: those under way come in while whoever asked is at something else."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="server", daemon=True)
    thread.start()
    server = Server(address, key, patience, largest=_LARGEST_ANSWER, told=told)
    talk = _Talk(server, loop)
    try:
        yield talk
    finally:
        talk.do(_ended(server))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: Server) -> None:
    """Let go of what is under way, and of the connections."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await server.close()
