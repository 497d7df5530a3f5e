"""One model of one server as something that answers questions about ids, by the routes that it was found to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.candidates.server import Server
from engine.scoring.routes import NextRoute, Span, SpanRoute

__all__ = ["Inquiry", "Routes"]

T = TypeVar("T")


@dataclass(frozen=True)
class Routes:
    """What a server answers."""

    span: SpanRoute
    following: NextRoute | None
    """None: labels are asked one by one, as a span of one id."""

    @property
    def names(self) -> str:
        """Of both."""
        return f"{self.span.name}, {self.following.name if self.following else 'labels appended'}"


class Inquiry:
    """Asks questions of one server.

    Args:
        places: how many may be under way at a time; None for no limit.
    """

    def __init__(self, server: Server, routes: Routes, places: Callable[[], int] | None = None) -> None:
        self._server = server
        self._places = places
        self._under_way = 0
        self._left = asyncio.Condition()
        self.routes = routes

    async def span(self, ids: Sequence[int], start: int, *, details: bool = False) -> Span:
        """Of every id of `ids[start:]`, what the model says given all before it.

        Raises:
            CallFailed, EndpointError: as `Server.ask`.
        """
        route, address = self.routes.span, self._server.address
        payload = route.payload(address.model, ids, start, details=details)
        return await self._ask(route.url(address), payload, lambda body: route.read(body, ids, start))

    async def following(self, ids: Sequence[int], wanted: Sequence[int]) -> list[float]:
        """Log-probability of each wanted id behind `ids`, nats.

        Raises:
            CallFailed, EndpointError: as `Server.ask`.
        """
        route, address = self.routes.following, self._server.address
        if route is not None:
            payload = route.payload(address.model, ids, wanted)
            return await self._ask(route.url(address), payload, lambda body: route.read(body, wanted))
        spans = await asyncio.gather(*(self.span([*ids, token], len(ids)) for token in wanted))
        return [span.logprob[0] for span in spans]

    async def _ask(self, url: str, payload: Mapping[str, Any], read: Callable[[bytes], T]) -> T:
        async with self._left:
            await self._left.wait_for(lambda: self._places is None or self._under_way < self._places())
            self._under_way += 1
        try:
            return (await self._server.ask(url, payload, read)).value
        finally:
            async with self._left:
                self._under_way -= 1
                self._left.notify_all()
