"""A chat model on this machine as a `ChatModel`: it lives in a process of its own, so that its memory comes back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from pathlib import Path
from typing import Any, Final

from engine.candidates.server import CallFailed
from engine.construct.chat import ChatRequest, Reply
from engine.jobs.child import NO_EVENT, environment, read_event, started_by
from engine.machine.paths import log_dir
from rubrics.errors import EndpointError

__all__ = ["LocalModel"]

_LINE: Final = 64 * 2**20
"""Bytes an answer may have on one line."""


class LocalModel:
    """Started with the first question. Questions are answered one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._starting = asyncio.Lock()
        self._fault: EndpointError | None = None

    async def reply(self, request: ChatRequest) -> Reply:
        """The model's answer.

        Raises:
            CallFailed: the question is too long, or memory ran out.
            EndpointError: the model cannot be loaded, or its process died.
        """
        async with self._starting:
            if self._process is None:
                await self._start()
        if self._fault is not None:
            raise self._fault
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        await self._tell({"id": number, **request.content()})
        event = await future
        if event["event"] == "failed":
            raise CallFailed("cannot be answered", str(event.get("what")))
        if not isinstance(event.get("text"), str):
            raise CallFailed("unreadable answer")
        return Reply(
            event["text"].replace("\x00", "\ufffd"), event["finish"], event["prompt_tokens"],
            event["completion_tokens"], 1, event["seconds"],
        )  # fmt: skip

    async def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _start(self) -> None:
        log = log_dir() / "chat.log"
        with log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *started_by("engine.scoring.chat"),
                env=environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                limit=_LINE,
            )
        self._reader = asyncio.create_task(self._read())
        await self._tell({"model": str(self._folder)})

    async def _tell(self, line: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        # If it is dead, the reader finds out and says so.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        fault = EndpointError("its process ended", where=str(self._folder), fix="the log chat.log has the details")
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                break
            event = read_event(line.decode("utf-8", "backslashreplace"))
            if event["event"] == "fatal":
                fault = EndpointError(event["what"], where=event["where"], fix=event["fix"])
            elif event["event"] in ("answer", "failed"):
                future = self._waiting.pop(event.get("id", -1), None)
                if future is not None and not future.done():
                    future.set_result(event)
            elif event["event"] == NO_EVENT:
                # Nobody knows whose answer it was to be, and whoever waits for it would wait for ever.
                fault = EndpointError(
                    f"its process sent what is not understood: {event['what']}", where=str(self._folder), fix=fault.fix
                )
                break
        self._fault = fault
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(fault)
        self._waiting.clear()
