"""A question to a model and its answer, as a line and word for word. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rubrics.counted import count
from screens.construct.headline import short_model
from screens.shell.colour import Colour
from screens.shell.plain import one_line, padded, plain

if TYPE_CHECKING:
    from engine.construct.reading import Call

__all__ = ["call_line", "call_text"]


def call_line(call: Call, colour: Colour) -> Text:
    """One call in the list."""
    tokens = call.prompt_tokens + call.completion_tokens
    return Text.assemble(
        f"{padded(call.purpose, 18)} {padded(short_model(call.model), 16)} ",
        (f"{call.seconds:>6.1f} s {tokens:>7,} tokens", colour("chance")),
        (f"  {one_line(call.answer, 160)}", colour("chance")),
    )


def call_text(call: Call, colour: Colour) -> Text:
    """One call, word for word: every message sent, then the answer."""
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(f"{one_line(call.purpose, 40)} · {one_line(call.model, 120)}\n", "bold")
    attempts = "" if call.attempts == 1 else f" · {call.attempts} attempts"
    text.append(
        f"{call.asked_at} · {call.seconds:.1f} s{attempts} · temperature {call.temperature:g} · vote {call.vote} · "
        f"{count(call.prompt_tokens, 'token')} read, {call.completion_tokens:,} written\n",
        faint,
    )
    for message in call.messages:
        text.append(f"\n▸ {one_line(message.role, 20)}\n", f"bold {colour('primary')}")
        text.append(plain(message.content) + "\n")
    text.append(f"\n◂ answer ({one_line(call.finish, 20)})\n", f"bold {colour('accent')}")
    text.append(plain(call.answer) + "\n")
    return text
