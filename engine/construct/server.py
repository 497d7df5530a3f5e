"""An OpenAI-compatible chat server as a `ChatModel`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from engine.candidates.address import Address
from engine.candidates.server import Patience, Server, read_json
from engine.candidates.untrusted import shown
from engine.construct.chat import ChatRequest, Reply, estimate_tokens
from engine.construct.spec import ModelSpec

__all__ = ["ServedModel"]


class ServedModel:
    """One model of one server."""

    def __init__(self, spec: ModelSpec, key: str, patience: Patience) -> None:
        self._spec = spec
        self._server = Server(Address(spec.url, spec.model), key, patience)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def reply(self, request: ChatRequest) -> Reply:
        """The server's answer, asked for again where what failed may pass.

        Raises:
            CallFailed: refused, or failed as often as patience allows.
            EndpointError: wrong key, no such model, or nobody there.
        """
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
        answer = await self._server.ask(
            f"{self._spec.url}/chat/completions", payload, lambda body: self._read(request, body),
            {"Idempotency-Key": request.key},
        )  # fmt: skip
        return replace(answer.value, attempts=answer.attempts, seconds=answer.seconds)

    def _read(self, request: ChatRequest, body: bytes) -> Reply:
        try:
            value = read_json(body)
            choice = value["choices"][0]
            text = choice["message"]["content"]
            finish = choice.get("finish_reason")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise ValueError("not a chat completion") from None
        if text is not None and not isinstance(text, str):
            raise ValueError("its content is no text")
        # An answer may hold the key, if only to mock us; and half of a surrogate pair is no text.
        text = self._server.hushed((text or "").encode("utf-8", "replace").decode())
        usage = value.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        prompt_tokens = sum(estimate_tokens(message.content) for message in request.messages)
        return Reply(
            text.replace("\x00", "\ufffd"),
            shown(self._server.hushed(finish), 40) if isinstance(finish, str) else "",
            _count(usage.get("prompt_tokens"), prompt_tokens),
            _count(usage.get("completion_tokens"), estimate_tokens(text)),
        )


def _count(value: object, otherwise: int) -> int:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if right and isinstance(value, int) else otherwise
