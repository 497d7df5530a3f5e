"""A chat process that says what nobody understands: whoever waits for its answer is told so, and does not wait on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.candidates.server import CallFailed
from engine.construct import local
from engine.construct.chat import ChatMessage, ChatRequest
from rubrics.errors import EndpointError

QUESTION = ChatRequest("local:x", (ChatMessage("user", "?"),), 0.0, 10)


def says(monkeypatch: pytest.MonkeyPatch, folder: Path, line: str) -> local.LocalModel:
    """A model whose process says one line, and then no more."""
    program = folder / "says"
    program.write_text(f"#!/bin/sh\nread told\nread asked\nprintf '%s\\n' '{line}'\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(local, "started_by", lambda module: [str(program)])
    return local.LocalModel(folder)


@pytest.mark.parametrize("line", ["no JSON", "[1]", '{"event": 3}', '{"event": "fatal"}', "[" * 2000])
async def test_a_line_that_is_no_event(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str) -> None:
    model = says(monkeypatch, tmp_path, line)
    with pytest.raises(EndpointError, match="sent what is not understood"):
        await model.reply(QUESTION)
    await model.close()


async def test_an_answer_without_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = says(monkeypatch, tmp_path, '{"event": "answer", "id": 0}')
    with pytest.raises(CallFailed, match="unreadable answer"):
        await model.reply(QUESTION)
    await model.close()
