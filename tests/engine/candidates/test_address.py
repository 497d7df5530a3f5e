"""Addresses of servers: what is taken, what is refused, and that nothing secret is said of either."""

from __future__ import annotations

import asyncio

import pytest

from engine.candidates.address import parse_address
from engine.candidates.server import Patience, Server, read_json
from rubrics.errors import BadInput, EndpointError


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://127.0.0.1:8000/v1#cand", "http://127.0.0.1:8000/v1", "cand"),
        ("https://gpu-box.example/v1/#org/llama-70b", "https://gpu-box.example/v1", "org/llama-70b"),
        ("http://[::1]:8000/v1#a b", "http://[::1]:8000/v1", "a b"),
        ("http://GPU_box#a#b", "http://GPU_box", "a#b"),
    ],
)
def test_an_address_is_taken_apart(text: str, url: str, model: str) -> None:
    address = parse_address(text)
    assert (address.url, address.model) == (url, model)


@pytest.mark.parametrize(
    "text",
    [
        "http://a..b/v1#m", "http://bücher.example/v1#m", "http://a b/v1#m", "http://a/v 1#m", "http://a\nb/v1#m",
        "http://a/v1#m\x1b[31m", "http://a/v1#m\ud800", "http://[::1/v1#m", "http://a:65536/v1#m", "http:///v1#m",
        "http://http://a/v1#m", "http://HTTPS:8000/v1#m",
        "http://a:8000x/v1#m", "http://a/" + 3000 * "x" + "#m",
    ],
)  # fmt: skip
def test_what_no_request_can_be_sent_to_is_no_address(text: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:hunter2@a/v1#m", "http://hunter2@a/v1#m", "http://a/v1?key=hunter2#m", "http://me:hunter2@a/v1",
        "http://b/me:hunter2@a/v1", "http://me:\nhunter2@a/v1?key=hunter2#m", "http://a b/v1?key=hunter2#m",
        "http://me:hunter2@a:65536/v1?key=hunter2#m", "http://me:hunter2", "http://me:hunter2/v1#m",
        "http://[::1]:hunter2/v1#m", "http://http:/me:hunter2", "http://a/me:hunter2/v1", "http://https://me:hunter2#m",
        "http://hunter2/x@127.0.0.1/v1#m", "http://a/v1?key=@hunter2#m",
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_address(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "root"),
    [("http://v1#m", "http://v1"), ("http://h/v1/#m", "http://h"), ("http://h/api/v1#m", "http://h/api")],
)
def test_the_server_itself_is_above_its_first_version_and_never_another_host(text: str, root: str) -> None:
    assert parse_address(text).root == root


@pytest.mark.parametrize("text", ["http://@a/v1#m", "http://a/v1?#m"])
def test_an_empty_user_or_query_is_refused_too(text: str) -> None:
    """It would be in the middle of what is asked for."""
    with pytest.raises(BadInput, match="carries"):
        parse_address(text)


def test_what_only_the_client_knows_to_be_none_is_said() -> None:
    async def ask() -> None:
        server = Server(parse_address("http://1270.0.0.1/v1#m"), "", Patience(attempts=1))
        try:
            await server.ask(f"{server.address.url}/models", None, read_json)
        finally:
            await server.close()

    with pytest.raises(EndpointError, match="is no address"):
        asyncio.run(ask())
