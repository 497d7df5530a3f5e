"""How often a server is asked, and what is shown of a key that comes back."""

from __future__ import annotations

import asyncio

import pytest
from waiting import PATIENCE

from engine.candidates.address import parse_address
from engine.candidates.server import CallFailed, Patience, Server, read_json, without_key

KEY = "sk-3141592653589793238462643383279502884"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"no: {KEY}!", "no: [key]!"),
        (f"cut: {KEY[:33]}-", "cut: [key]-"),
        (f"{KEY[5:20]} and {KEY[-12:]}", "[key] and [key]"),
        (KEY + KEY, "[key]"),
        ("sk-3141…2884 is not valid", "sk-3141…2884 is not valid"),
        ("", ""),
    ],
)
def test_no_longer_piece_of_it_is_shown(text: str, shown: str) -> None:
    assert without_key(text, KEY) == shown


def test_a_short_key_is_cut_out_whole_and_none_changes_nothing() -> None:
    assert without_key("Bearer abc, abcd, ab", "abc") == "Bearer [key], [key]d, ab"
    assert without_key("Bearer abc", "") == "Bearer abc"


def test_after_so_long_no_further_attempt_is_begun() -> None:
    """One that takes the question and never answers is not asked as often as one that says at once that it cannot."""
    asked, told = [], []

    async def ask(longest: float, seconds: float) -> CallFailed:
        patience = Patience(timeout=seconds, attempts=4, pause=0.0, longest=longest)
        server = Server(parse_address("http://127.0.0.1:9/v1#m"), "", patience, told=told.append)

        async def silent(*_: object) -> None:
            asked.append(longest)
            await asyncio.sleep(PATIENCE)

        server._send = silent  # type: ignore[assignment, method-assign]
        try:
            with pytest.raises(CallFailed, match="timed out") as caught:
                await server.ask("http://127.0.0.1:9/v1/models", None, read_json)
            return caught.value
        finally:
            await server.close()

    assert asyncio.run(ask(longest=60.0, seconds=0.01)).attempts == 4
    assert asyncio.run(ask(longest=0.0, seconds=0.01)).attempts == 1
    assert asked == [60.0] * 4 + [0.0]
    assert told == ["timed out"] * 3
