"""An OpenAI-compatible chat server as a `ChatModel`: retries, timeouts, and a key that stays here."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from engine.candidates.untrusted import shown
from engine.construct.chat import CallFailed, ChatRequest, Reply, estimate_tokens
from engine.construct.retrying import RETRIED, pause_before, retry_after
from engine.construct.spec import ModelSpec
from rubrics.errors import EndpointError
from rubrics.jsonl import check_depth

if TYPE_CHECKING:
    import httpx2

__all__ = ["Patience", "ServedModel"]

_LARGEST_ANSWER: Final = 16 * 2**20
"""Bytes; more than any answer, less than what hurts."""


@dataclass(frozen=True)
class Patience:
    """How long and how often a server is asked. No part of what is asked, so it may differ between two stretches."""

    timeout: float = 300.0
    """Seconds for one attempt, from sending to the last byte."""
    attempts: int = 6
    pause: float = 1.0
    """Seconds before the second attempt; doubled for each further one."""


class ServedModel:
    """One model of one server. The key is held in memory alone and cut out of everything that comes back."""

    def __init__(self, spec: ModelSpec, key: str, patience: Patience) -> None:
        import httpx2

        self._spec = spec
        self._key = key
        self._patience = patience
        self._rng = random.Random()
        self._resting_until = 0.0
        loopback = urlsplit(spec.url).hostname in ("127.0.0.1", "localhost", "::1")
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(patience.timeout, connect=min(20.0, patience.timeout)),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64),
            # A proxy is for reaching others, not this machine.
            trust_env=not loopback,
            # Reading the certificates of the system takes a while, and nothing is signed on the way to this machine.
            verify=not loopback or spec.url.startswith("https:"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def reply(self, request: ChatRequest) -> Reply:
        """The server's answer, asked for again where what failed may pass.

        Raises:
            CallFailed: refused, or failed as often as patience allows.
            EndpointError: wrong key, no such model, or nobody there.
        """
        failed = CallFailed("no attempt")
        for attempt in range(1, self._patience.attempts + 1):
            await self._rest()
            begun = time.monotonic()
            try:
                async with asyncio.timeout(self._patience.timeout):
                    status, headers, body = await self._send(request)
            except TimeoutError:
                failed, pause = CallFailed("timed out", f"after {self._patience.timeout:g} s"), None
            except _transport_errors() as error:
                failed, pause = self._broken(error), None
            else:
                if status == 200:
                    try:
                        return self._read(request, body, attempt, time.monotonic() - begun)
                    except ValueError as error:
                        failed, pause = CallFailed("unreadable answer", str(error)), None
                else:
                    failed, pause = self._refused(status, body), retry_after(headers.get("retry-after"))
                    if status not in RETRIED:
                        failed.attempts = attempt
                        raise failed
                    if pause is not None:
                        # It speaks for the whole server, so the other questions wait as well.
                        self._resting_until = max(self._resting_until, time.monotonic() + pause)
            if attempt < self._patience.attempts:
                await asyncio.sleep(pause_before(attempt, self._patience.pause, pause, self._rng))
        failed.attempts = self._patience.attempts
        if failed.reason == "cannot be reached":
            raise EndpointError(
                f"cannot be reached ({failed.detail})",
                where=str(self._spec),
                fix="start the server or check the address",
            )
        raise failed

    async def _rest(self) -> None:
        while (left := self._resting_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def _send(self, request: ChatRequest) -> tuple[int, httpx2.Headers, bytes]:
        payload: dict[str, Any] = {
            "model": self._spec.model,
            "messages": [message._asdict() for message in request.messages],
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "seed": request.vote,
            "stream": False,
        }
        if request.schema:
            payload["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": json.loads(request.schema), "strict": True},
            }
        # The same question carries the same mark, in every attempt and after a kill: a server that honours it answers
        # again what it has answered, and bills once.
        mark = {"Idempotency-Key": request.key}
        body = bytearray()
        async with self._client.stream(
            "POST", f"{self._spec.url}/chat/completions", json=payload, headers=mark
        ) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise CallFailed("answer too large", f"more than {_LARGEST_ANSWER:,} bytes")
            return response.status_code, response.headers, bytes(body)

    def _hushed(self, text: str) -> str:
        """The text without the key; done before anything is cut off, since most of a key is as good as all of it."""
        return text.replace(self._key, "[key]") if self._key else text

    def _broken(self, error: Exception) -> CallFailed:
        import httpx2

        what = shown(self._hushed(str(error) or type(error).__name__))
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return CallFailed("cannot be reached", what)
        return CallFailed("connection broken", what)

    def _refused(self, status: int, body: bytes) -> CallFailed:
        message = shown(self._hushed(_message_in(body)), 300)
        if status in (401, 403):
            raise EndpointError(
                f"the server refused the key ({status}): {message}",
                where=str(self._spec),
                fix="name the environment variable that holds the right key",
            )
        if status == 404:
            raise EndpointError(
                f"the server knows no such model or address (404): {message}",
                where=str(self._spec),
                fix="check the part after # and that the address ends in /v1",
            )
        return CallFailed(f"HTTP {status}", message)

    def _read(self, request: ChatRequest, body: bytes, attempt: int, seconds: float) -> Reply:
        try:
            text = body.decode("utf-8", "replace")
            check_depth(text)
            value = json.loads(text)
            choice = value["choices"][0]
            text = choice["message"]["content"]
            finish = choice.get("finish_reason")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            raise ValueError("not a chat completion") from None
        if text is not None and not isinstance(text, str):
            raise ValueError("its content is no text")
        # An answer may hold the key, if only to mock us; and half of a surrogate pair is no text.
        text = self._hushed((text or "").encode("utf-8", "replace").decode())
        usage = value.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        prompt_tokens = sum(estimate_tokens(message.content) for message in request.messages)
        return Reply(
            text.replace("\x00", "\ufffd"),
            shown(self._hushed(finish), 40) if isinstance(finish, str) else "",
            _count(usage.get("prompt_tokens"), prompt_tokens),
            _count(usage.get("completion_tokens"), estimate_tokens(text)),
            attempt,
            seconds,
        )


def _transport_errors() -> type[Exception]:
    import httpx2

    return httpx2.RequestError


def _count(value: object, otherwise: int) -> int:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if right and isinstance(value, int) else otherwise


def _message_in(body: bytes) -> str:
    """What a server says went wrong, wherever it says so."""
    text = body[:4000].decode("utf-8", "replace")
    try:
        check_depth(text)
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    error = value.get("error", value) if isinstance(value, dict) else value
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
