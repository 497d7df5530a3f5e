"""A strong model behind a server writes expert traces: greedily, once more where that gave none, with its
log-probabilities where the server tells them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.candidates.address import Address
from engine.candidates.server import CallFailed, Patience, Server, read_json
from engine.candidates.untrusted import shown
from engine.layout.wording import before_response
from engine.predictors.trace_file import TraceSet, read_traces
from rubrics.errors import BadInput
from rubrics.prompts import CheckSpec, RubricPrompt
from rubrics.schema import Message, Suite
from rubrics.targets import whole
from rubrics.world.verifiers import verify

__all__ = [
    "Asking",
    "TraceTask",
    "Unusable",
    "Writer",
    "WrittenTrace",
    "kept_lines",
    "tasks_of_prompts",
    "tasks_of_suite",
    "write_lines",
]  # fmt: skip

_AGAIN: Final = 0.7
"""Temperature of the second attempt: a greedy one would say the same again."""


@dataclass(frozen=True)
class Asking:
    """How traces are asked for."""

    most_tokens: int = 2048
    """Of one answer; one that is cut off there is none."""
    until: str = ""
    """A trace ends before the last place of this text, behind which the final answer stands; empty: it is the whole
    answer."""
    instruction: str = ""
    """Said first, as the system's message; empty: nothing."""


@dataclass(frozen=True)
class TraceTask:
    """One prompt that a trace is wanted of."""

    id: str
    cluster: str
    prompt: str
    """As candidates are shown it, up to where the response begins."""
    messages: tuple[tuple[str, str], ...]
    """Role and content of each turn, as the writer is asked."""
    checks: tuple[CheckSpec, ...] = ()
    """What a right answer has to pass."""


class WrittenTrace(NamedTuple):
    """One trace as it stands in the file."""

    id: str
    cluster: str
    prompt: str
    trace: str
    tokens: tuple[tuple[bytes, float], ...]
    """Bytes and log-probability (nats) of each; none where the server did not tell."""
    passed: bool = True
    """Whether it passes its checks; of a trace read back from a file nobody asks."""

    def to_json(self, writer: str, *, with_tokens: bool) -> str:
        """The line, for `trace_file`."""
        value: dict[str, Any] = {"id": self.id, "prompt": self.prompt, "trace": self.trace}
        if with_tokens:
            value["tokens"] = [_token(raw, logprob) for raw, logprob in self.tokens]
        return json.dumps({**value, "cluster": self.cluster, "writer": writer}, ensure_ascii=False)


class Unusable(Exception):
    """An answer that is no trace."""


def tasks_of_prompts(prompts: Iterable[RubricPrompt]) -> list[TraceTask]:
    """A task for each prompt, in order."""
    return [
        TraceTask(p.id, p.id, before_response(p.prompt_text), _turns(p.prompt), tuple((p.checks or {}).values()))
        for p in prompts
    ]


def tasks_of_suite(suite: Suite) -> list[TraceTask]:
    """A task for each prompt of a suite's pairs, which several may share, in order."""
    first = {pair.prompt_text: pair for pair in reversed(suite.scored)}
    return [
        TraceTask(pair.id, pair.cluster or pair.id, before_response(text), _turns(pair.prompt))
        for text, pair in reversed(first.items())
    ]


def _turns(prompt: str | list[Message]) -> tuple[tuple[str, str], ...]:
    return (("user", prompt),) if isinstance(prompt, str) else tuple((turn.role, turn.content) for turn in prompt)


def kept_lines(path: Path, tasks: Sequence[TraceTask], writer: str) -> dict[str, WrittenTrace]:
    """By id, what a file of before already has of these.

    Raises:
        BadInput: it holds something else: other prompts, or another model's traces.
    """
    if not path.exists():
        return {}
    read: TraceSet = read_traces(path)
    wanted = {task.id: task.prompt for task in tasks}
    for record in read.records:
        if wanted.get(record.id) != record.prompt or record.writer != writer:
            raise BadInput(
                f"is there and holds {record.id!r}, which is not by {writer} on one of these prompts", where=str(path),
                fix="name another file, or take that one away",
            )  # fmt: skip
    kept = {}
    for record in read.records:
        ends = [0, *accumulate(record.lengths)]
        raw = record.trace.encode()
        pieces = (raw[a:b] for a, b in pairwise(ends))
        tokens = tuple(zip(pieces, record.logprob, strict=True))
        kept[record.id] = WrittenTrace(record.id, record.cluster, record.prompt, record.trace, tokens)
    return kept


def write_lines(path: Path, tasks: Sequence[TraceTask], lines: dict[str, WrittenTrace], writer: str) -> bool:
    """Write what there is, in the tasks' order; whether with the writer's log-probabilities: all lines have them, or
    none."""
    there = [lines[task.id] for task in tasks if task.id in lines]
    told = all(line.tokens for line in there)
    if there:
        with whole(path) as scratch:
            text = "".join(line.to_json(writer, with_tokens=told) + "\n" for line in there)
            scratch.write_text(text, encoding="utf-8")
    return told


@dataclass
class Writer:
    """Asks one model of one server."""

    address: Address
    key: str
    asking: Asking
    patience: Patience = field(default_factory=Patience)
    tells: bool = True
    """Whether it is asked for log-probabilities; no more once it has answered without them alone."""

    def __post_init__(self) -> None:
        self._server = Server(self.address, self.key, self.patience)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def trace(self, task: TraceTask) -> WrittenTrace:
        """The greedy answer, or a second one where that is none or fails its checks.

        A second answer that fails them too is kept: traces are not filtered by whether they are right (arXiv
        2509.21013).

        Raises:
            Unusable: neither gave a trace; says why the second did not.
            CallFailed, EndpointError: as `Server.ask`.
        """
        try:
            line = await self._attempt(task, 0)
            if line.passed:
                return line
        except Unusable:
            pass
        return await self._attempt(task, 1)

    async def _attempt(self, task: TraceTask, attempt: int) -> WrittenTrace:
        turns = (("system", self.asking.instruction), *task.messages) if self.asking.instruction else task.messages
        payload: dict[str, Any] = {
            "model": self.address.model, "messages": [{"role": role, "content": content} for role, content in turns],
            "temperature": _AGAIN if attempt else 0.0, "seed": attempt, "max_tokens": self.asking.most_tokens,
            "stream": False,
        }  # fmt: skip
        text, finish, tokens = await self._asked(payload)
        if finish == "length":
            raise Unusable(f"was cut off at {self.asking.most_tokens:,} tokens")
        trace, tokens = _ended(text, tokens, self.asking.until)
        if not trace.strip():
            raise Unusable("is empty" if not text.strip() else f"has nothing before {self.asking.until!r}")
        passed = all(verify(spec.check(), text) for spec in task.checks)
        return WrittenTrace(task.id, task.cluster, task.prompt, trace, tokens, passed)

    async def _asked(self, payload: dict[str, Any]) -> tuple[str, str, tuple[tuple[bytes, float], ...]]:
        url = f"{self.address.url}/chat/completions"
        if self.tells:
            try:
                return (await self._server.ask(url, {**payload, "logprobs": True}, self._read)).value
            except CallFailed as error:
                if not error.reason.startswith(("HTTP 400", "HTTP 422")):
                    raise
        answer = (await self._server.ask(url, payload, self._read)).value
        self.tells = False
        return answer

    def _read(self, body: bytes) -> tuple[str, str, tuple[tuple[bytes, float], ...]]:
        try:
            choice = read_json(body)["choices"][0]
            text = choice["message"]["content"]
            finish = choice.get("finish_reason")
            told = choice.get("logprobs")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise ValueError("not a chat completion") from None
        if not isinstance(text, str | None):
            raise ValueError("its content is no text")
        text = (text or "").encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        if self._server.hushed(text) != text:
            raise ValueError("it holds the key")
        content = told.get("content") if isinstance(told, dict) else None
        return text, shown(finish, 40) if isinstance(finish, str) else "", _tokens(content, text)


def _tokens(content: object, text: str) -> tuple[tuple[bytes, float], ...]:
    """The tokens that make up the text; none where they do not. What stands behind it is a sign that it ended."""
    raw, tokens, end = text.encode(), [], 0
    for entry in content if isinstance(content, list) else ():
        if end == len(raw):
            break
        try:
            given = entry.get("bytes")
            piece = bytes(given) if given is not None else entry["token"].encode()
            logprob = float(entry["logprob"])
        except (AttributeError, KeyError, TypeError, ValueError):
            return ()
        if not piece or raw[end : end + len(piece)] != piece or not -1e100 <= logprob <= 1e-6:
            return ()
        tokens.append((piece, min(0.0, logprob)))
        end += len(piece)
    return tuple(tokens) if end == len(raw) else ()


def _ended(
    text: str, tokens: tuple[tuple[bytes, float], ...], until: str
) -> tuple[str, tuple[tuple[bytes, float], ...]]:
    """A text up to the last place of `until`, and the tokens that lie before it whole.

    Raises:
        Unusable: that does not stand in it.
    """
    if not until:
        return text, tokens
    at = text.rfind(until)
    if at < 0:
        raise Unusable(f"has no {until!r} that ends the trace")
    if not tokens:
        return text[:at].rstrip(), ()
    limit, end, kept = len(text[:at].rstrip().encode()), 0, []
    for piece, logprob in tokens:
        if end + len(piece) > limit:
            break
        kept.append((piece, logprob))
        end += len(piece)
    whole_text = b"".join(piece for piece, _ in kept).decode("utf-8", "ignore")
    while kept and b"".join(piece for piece, _ in kept) != whole_text.encode():
        kept.pop()
        whole_text = b"".join(piece for piece, _ in kept).decode("utf-8", "ignore")
    return whole_text, tuple(kept)


def _token(raw: bytes, logprob: float) -> dict[str, Any]:
    text = raw.decode("utf-8", "replace")
    return {"token": text, "logprob": logprob, **({} if text.encode() == raw else {"bytes": list(raw)})}
