"""One question to a model and its answer, as plain data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

__all__ = ["Asker", "ChatMessage", "ChatModel", "ChatRequest", "Reply", "estimate_tokens"]


class ChatMessage(NamedTuple):
    """One turn."""

    role: str
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """What is asked. Two requests that are equal are one: the answer to the first serves for both."""

    model: str
    """The whole SPEC, so that two servers with a model of the same name are not confused."""
    messages: tuple[ChatMessage, ...]
    temperature: float
    max_tokens: int
    vote: int = 0
    """Tells votes apart that ask the same; also sent as the sampling seed."""
    schema: str = ""
    """JSON schema the server is asked to hold the answer to; empty for none."""

    def content(self) -> dict[str, Any]:
        """All that was asked, as it is hashed and stored."""
        return {
            "model": self.model,
            "messages": [message._asdict() for message in self.messages],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "vote": self.vote,
            "schema": self.schema,
        }

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that was asked, hexadecimal."""
        text = json.dumps(self.content(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    text: str
    finish: str
    """The server's word for why it stopped: `stop`, `length` (cut off), …"""
    prompt_tokens: int
    completion_tokens: int
    attempts: int = 1
    """Requests it took, those that failed included."""
    seconds: float = 0.0
    """Of the attempt that succeeded."""


class ChatModel(Protocol):
    """Something that answers."""

    async def reply(self, request: ChatRequest) -> Reply:
        """The answer.

        Raises:
            CallFailed: this question failed.
            EndpointError: no question can succeed.
        """

    async def close(self) -> None:
        """Let go of connections and processes."""


class Asker(Protocol):
    """Whoever puts questions to models, and may remember answers."""

    async def ask(self, request: ChatRequest, example: str, purpose: str) -> Reply:
        """The answer.

        Args:
            example, purpose: what it is for, to be kept with it.

        Raises:
            CallFailed: this question failed.
            EndpointError: no question can succeed.
        """


def estimate_tokens(text: str) -> int:
    """Tokens of a text where nobody has counted them: a quarter of its bytes, at least one."""
    return max(1, len(text.encode("utf-8", "surrogatepass")) // 4)
