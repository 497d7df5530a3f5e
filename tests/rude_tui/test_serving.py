"""The served app: nothing without the token, nothing for another site, one clear error where it cannot listen."""

from __future__ import annotations

import asyncio
import json
import shlex
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from rubrics.errors import BadInput, RudeError
from rude_tui.serving import AppServer, command, serve_app

ECHO = shlex.join([sys.executable, "-c", "import sys; sys.stdout.write('__GANGLION__\\n'); sys.stdin.read()"])


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """It listens on loopback; what it started has ended before the event loop does."""
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_shell

    async def keep(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_shell", keep)
    made = AppServer(ECHO, "127.0.0.1", 8000, "right")
    running = TestServer(await made._make_app())
    await running.start_server()
    yield running
    await running.close()
    for process in started:
        await process.communicate(b"")


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps cookies, as a browser does."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


PLACES = ["/", "/ws", "/keys.js", "/static/js/textual.js", "/download/x", "/nowhere"]


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=righ", "?token=%ff%00"])
@pytest.mark.parametrize("place", PLACES)
async def test_nothing_without_the_token(
    server: TestServer, browser: aiohttp.ClientSession, place: str, query: str
) -> None:
    async with browser.get(server.make_url(place + query)) as answer:
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
        assert "right" not in await answer.text()


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "evil.example", "127.0.0.1:x", "'", "", "[1:2]:999999"])
async def test_a_host_that_is_none_is_forbidden(server: TestServer, host: str) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(f"GET /?token=right HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.read()).split(b"\r\n")[0]
    writer.close()
    assert status.split()[1] in (b"403", b"400")


@pytest.mark.parametrize("origin", ["http://[", "//", "null", "http://[::1"])
async def test_an_origin_that_is_none_is_forbidden(
    server: TestServer, browser: aiohttp.ClientSession, origin: str
) -> None:
    async with browser.get(server.make_url("/?token=right"), headers={"Origin": origin}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example", "/%2f%2fevil.example"])
async def test_the_token_leads_to_no_other_server(server: TestServer, path: str) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(f"GET {path}?token=right HTTP/1.1\r\nHost: {server.host}\r\nConnection: close\r\n\r\n".encode())
    head = (await reader.read()).split(b"\r\n\r\n")[0].decode().splitlines()
    writer.close()
    (place,) = [line.partition(": ")[2] for line in head if line.startswith("Location")] or ["/"]
    assert place.startswith("/")
    assert place[1:2] not in ("/", "\\")


async def test_the_token_opens_the_page_and_leaves_the_address(
    server: TestServer, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(server.make_url("/?token=right"), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    async with browser.get(server.make_url("/")) as answer:
        text = await answer.text()
        assert answer.status == 200
        assert f'data-session-websocket-url="ws://{server.host}:{server.port}/ws"' in text
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "://" not in text.replace(f"ws://{server.host}:{server.port}/ws", "")  # no font from elsewhere


async def test_the_websocket_wants_cookie_and_origin(server: TestServer, browser: aiohttp.ClientSession) -> None:
    own = f"http://{server.host}:{server.port}"
    for origin in (own, None):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(server.make_url("/ws?token=right"), headers={"Origin": origin} if origin else {})
        assert refused.value.status in (401, 403)
    await (await browser.get(server.make_url("/?token=right"))).release()
    for origin in ("http://evil.example", f"https://{server.host}", "null", None):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(server.make_url("/ws"), headers={"Origin": origin} if origin else {})
        assert refused.value.status == 403
    async with browser.ws_connect(server.make_url("/ws"), headers={"Origin": own}) as opened:
        await opened.send_str(json.dumps(["ping", "1"]))
        assert json.loads((await opened.receive(timeout=120)).data) == ["pong", "1"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", ""])
async def test_another_name_for_this_machine_is_refused(
    server: TestServer, browser: aiohttp.ClientSession, host: str
) -> None:
    await (await browser.get(server.make_url("/?token=right"))).release()
    async with browser.get(server.make_url("/"), headers={"Host": host}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("size", ["1e9", "-3", "٣", "'><script>"])
async def test_a_font_size_that_is_none_is_ignored(
    server: TestServer, browser: aiohttp.ClientSession, size: str
) -> None:
    await (await browser.get(server.make_url("/?token=right"))).release()
    async with browser.get(server.make_url("/"), params={"fontsize": size}) as answer:
        assert 'data-font-size="16"' in await answer.text()


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RudeError, match="taken"):
            serve_app(None, "127.0.0.1", taken.getsockname()[1])


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(BadInput, match="address"):
        serve_app(None, "192.0.2.1", 0)


def test_the_database_s_name_is_no_command(tmp_path: Path) -> None:
    name = tmp_path / "a b; touch pwned $(id).duckdb"
    assert shlex.split(command(name))[-2:] == ["--db", str(name)]


@pytest.mark.long
def test_the_app_opens_in_several_browsers_at_once(chromium: Any, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "rude_tui", "--db", str(tmp_path / "x.duckdb"), "serve", "--port", "0"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        address = running.stderr.readline().removeprefix("open ").strip()
        try:
            views = [chromium.new_context().new_page() for _ in range(2)]
            said: list[str] = []
            asked: list[str] = []
            for view in views:
                view.on("pageerror", lambda error: said.append(str(error)))
                view.on("request", lambda request: asked.append(request.url))
                view.goto(address)
            for view in views:
                view.wait_for_selector("body.-first-byte", timeout=120_000)
                assert "token" not in view.url
                # Keys are heard without a click first.
                view.wait_for_function("document.activeElement.className == 'xterm-helper-textarea'", timeout=10_000)
            assert said == []
            assert all(url.startswith(address.partition("?")[0]) or url == "data:," for url in asked)
        finally:
            running.terminate()
        assert running.wait(timeout=120) == 0
