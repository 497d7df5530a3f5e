"""A server that is asked over HTTP: time limits, retries, and a key that stays here.

Whoever asks – a construction its chat models, scoring its served candidates – asks through this one policy.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from engine.candidates.address import Address
from engine.candidates.retrying import RETRIED, pause_before, retry_after
from engine.candidates.untrusted import shown
from rubrics.errors import EndpointError
from rubrics.jsonl import check_depth

if TYPE_CHECKING:
    import httpx2

__all__ = ["Answer", "CallFailed", "NotThere", "Patience", "Server", "read_json", "without_key"]

T = TypeVar("T")
_PIECE: Final = 12
"""Characters of a key that are not shown in a row; what servers mask, such as `sk-…abcd`, is shorter."""


class CallFailed(Exception):
    """A question that got no usable answer; what asked it fails, the rest goes on."""

    def __init__(self, reason: str, detail: str = "", *, attempts: int = 1) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        """A short, stable phrase to count by."""
        self.detail = detail
        self.attempts = attempts


class NotThere(EndpointError):
    """The server has no such address, or no such model behind it."""


@dataclass(frozen=True)
class Patience:
    """How long and how often a server is asked. No part of what is asked, so it may differ between two stretches."""

    timeout: float = 300.0
    """Seconds for one attempt, from sending to the last byte."""
    attempts: int = 6
    pause: float = 1.0
    """Seconds before the second attempt; doubled for each further one."""
    longest: float = math.inf
    """Seconds after the first attempt in which another may be begun."""


class Answer(NamedTuple, Generic[T]):
    """What came back, and what that took."""

    value: T
    attempts: int
    """Requests, those that failed included."""
    seconds: float
    """Of the attempt that succeeded."""


class Server:
    """One model of one server. The key is held in memory alone and cut out of everything that comes back.

    Args:
        largest: bytes; more than any answer, less than what hurts.
        told: of each attempt that failed and is followed by another, in a few words; called where the loop runs.
    """

    def __init__(
        self, address: Address, key: str, patience: Patience, *, largest: int = 16 * 2**20,
        told: Callable[[str], object] = lambda reason: None,
    ) -> None:  # fmt: skip
        import httpx2

        self.address = address
        self._key = key
        self._patience = patience
        self._largest: Final = largest
        self._told = told
        self._rng = random.Random()
        self._resting_until = 0.0
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(patience.timeout, connect=min(20.0, patience.timeout)),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64),
            # A proxy is for reaching others, not this machine.
            trust_env=not address.is_here,
            # Reading the certificates of the system takes a while, and nothing is signed on the way to this machine.
            verify=not address.is_here or address.url.startswith("https:"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(
        self,
        url: str,
        payload: Mapping[str, Any] | None,
        read: Callable[[bytes], T],
        headers: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        """What the server answers, asked for again where what failed may pass.

        Args:
            payload: what is posted; None: the URL is fetched.
            read: makes the answer's body into what is wanted; a `ValueError` of it is an answer that is not usable.

        Raises:
            CallFailed: refused, or failed as often as patience allows.
            EndpointError: wrong key, no such model (`NotThere`), or nobody there.
        """
        failed, first = CallFailed("no attempt"), time.monotonic()
        for attempt in range(1, self._patience.attempts + 1):
            await self._rest()
            begun = time.monotonic()
            try:
                async with asyncio.timeout(self._patience.timeout):
                    status, told, body = await self._send(url, payload, headers or {})
            except _no_address() as error:
                raise EndpointError(
                    f"is no address ({shown(self.hushed(str(error)))})",
                    where=str(self.address),
                    fix="check how it is written",
                ) from None
            except TimeoutError:
                failed, pause = CallFailed("timed out", f"after {self._patience.timeout:g} s"), None
            except _transport_errors() as error:
                failed, pause = self._broken(error), None
            else:
                if status == 200:
                    try:
                        return Answer(read(body), attempt, time.monotonic() - begun)
                    except ValueError as error:
                        failed, pause = CallFailed("unreadable answer", shown(self.hushed(str(error)), 300)), None
                else:
                    failed, pause = self._refused(status, body), retry_after(told.get("retry-after"))
                    if status not in RETRIED:
                        failed.attempts = attempt
                        raise failed
                    if pause is not None:
                        # It speaks for the whole server, so the other questions wait as well.
                        self._resting_until = max(self._resting_until, time.monotonic() + pause)
            failed.attempts = attempt
            if attempt == self._patience.attempts or time.monotonic() - first > self._patience.longest:
                break
            self._told(failed.reason)
            await asyncio.sleep(pause_before(attempt, self._patience.pause, pause, self._rng))
        if failed.reason == "cannot be reached":
            raise EndpointError(
                f"cannot be reached ({failed.detail})",
                where=str(self.address),
                fix="start the server or check the address",
            )
        raise failed

    async def _rest(self) -> None:
        while (left := self._resting_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def _send(
        self, url: str, payload: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, httpx2.Headers, bytes]:
        body = bytearray()
        method = "GET" if payload is None else "POST"
        async with self._client.stream(method, url, json=payload, headers=dict(headers)) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._largest:
                    raise CallFailed("answer too large", f"more than {self._largest:,} bytes")
            return response.status_code, response.headers, bytes(body)

    def hushed(self, text: str) -> str:
        """The text without the key, or any longer piece of it: most of a key is as good as all of it."""
        return without_key(text, self._key)

    def _broken(self, error: Exception) -> CallFailed:
        import httpx2

        what = shown(self.hushed(str(error) or type(error).__name__))
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return CallFailed("cannot be reached", what)
        return CallFailed("connection broken", what)

    def _refused(self, status: int, body: bytes) -> CallFailed:
        message = shown(self.hushed(_message_in(body)), 300)
        if status in (401, 403):
            raise EndpointError(
                f"the server refused the key ({status}): {message}",
                where=str(self.address),
                fix="name the environment variable that holds the right key",
            )
        if status == 404:
            raise NotThere(
                f"the server knows no such model or address (404): {message}",
                where=str(self.address),
                fix="check the part after # and that the address ends in /v1",
            )
        return CallFailed(f"HTTP {status}", message)


def read_json(body: bytes) -> Any:
    """The JSON value in an answer.

    Raises:
        ValueError: there is none, or it is nested too deep.
    """
    text = body.decode("utf-8", "replace")
    try:
        check_depth(text)
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _transport_errors() -> type[Exception]:
    import httpx2

    return httpx2.RequestError


def _no_address() -> type[Exception]:
    import httpx2

    return httpx2.InvalidURL


def _message_in(body: bytes) -> str:
    """What a server says went wrong, wherever it says so."""
    text = body[:4000].decode("utf-8", "replace")
    try:
        value = read_json(body[:4000])
    except ValueError:
        return text
    error = value.get("error", value) if isinstance(value, dict) else value
    return str(error.get("message", error.get("detail", error))) if isinstance(error, dict) else str(error)


def without_key(text: str, key: str) -> str:
    """A text in which `[key]` stands for every piece of a key that is at least `_PIECE` characters long."""
    if not key:
        return text
    pieces = {key[at : at + _PIECE] for at in range(max(1, len(key) - _PIECE + 1))}
    told = [False] * len(text)
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            told[at : at + len(piece)] = [True] * len(piece)
            at = text.find(piece, at + 1)
    shown = []
    for at, letter in enumerate(text):
        if not told[at]:
            shown.append(letter)
        elif not (at and told[at - 1]):
            shown.append("[key]")
    return "".join(shown)
