"""The app in a browser, through textual-serve: behind a token, for this machine alone unless told otherwise."""

from __future__ import annotations

import asyncio
import errno
import hmac
import ipaddress
import os
import re
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp_jinja2
from aiohttp import web
from textual_serve.server import Server

from engine.jobs.cancelling import heeded
from engine.jobs.child import own_modules, started_by
from rubrics.errors import BadInput, RudeError
from rude_tui.output import narrate

__all__ = ["AppServer", "serve_app"]

_FOLDER: Final = Path(__file__).with_name("web")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AppServer(Server):
    """Serves the app to whoever knows the token, as `?token=` once and as a cookie from then on."""

    def __init__(self, command: str, host: str, port: int, token: str) -> None:
        super().__init__(command, host=host, port=port, title="rude-tui", templates_path=_FOLDER)
        self.token = token
        # Browsers send a cookie to every port of a host, so two servers need two names.
        self._cookie = f"rude-tui-{port}"

    @property
    def address(self) -> str:
        """What to open in a browser."""
        host = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/?token={self.token}"

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard)
        app.router.add_get("/keys.js", self.handle_keys)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody through without the token, nor another site's page that borrows a browser which has it."""
        if not self._named_rightly(request.host):
            raise web.HTTPForbidden(text="this server is not known by that name\n", headers=_HEADERS)
        origin = request.headers.get("Origin")
        websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (websocket or origin is not None) and _site_in(origin) != request.host:
            raise web.HTTPForbidden(text="not from another site\n", headers=_HEADERS)
        token = request.query.get("token")
        if token is not None and not websocket and self._right(token):
            # The token leaves the address bar at once, so that it is in no history and no screenshot.
            answer = web.Response(status=302, headers={**_HEADERS, "Location": _place(request.path)})
            answer.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict", path="/")
            return answer
        if not self._right(request.cookies.get(self._cookie, "")):
            raise web.HTTPUnauthorized(
                text="open the address that rude-tui serve printed: it holds a token\n", headers=_HEADERS
            )
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode())

    def _named_rightly(self, host: str) -> bool:
        """Whether the Host header is one this server goes by: another site's name that leads here is refused."""
        name = _host_in(host)
        if name is None:
            return False
        if name in {self.host.lower(), "localhost", socket.gethostname().lower()}:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return not _is_loopback(self.host)
        return True

    @aiohttp_jinja2.template("app_index.html")
    async def handle_index(self, request: web.Request) -> dict[str, Any]:
        """The page that holds the terminal; its addresses are those the browser used."""
        requested = request.query.get("fontsize", "16")
        size = min(40, max(6, int(requested))) if requested.isascii() and requested.isdigit() else 16
        scheme = "wss" if request.scheme == "https" else "ws"
        return {"font_size": size, "websocket": f"{scheme}://{request.host}/ws"}

    async def handle_keys(self, request: web.Request) -> web.FileResponse:
        """What gives keys to the terminal from the start."""
        return web.FileResponse(_FOLDER / "keys.js")

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is."""
        narrate(f"open {self.address}", "Ctrl-C ends it")


def _host_in(host: str) -> str | None:
    """The name in a Host header, without its port; None where it is none."""
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").lower() if match else None


def _site_in(origin: str | None) -> str:
    """Host and port of an Origin header; empty where it names none."""
    try:
        return urlsplit(origin or "").netloc
    except ValueError:
        return ""


def _place(path: str) -> str:
    """A path as a redirect to this server: what begins with two strokes would be one to another."""
    return "/" + quote(path.lstrip("/\\"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def command(db: Path | None) -> str:
    """What is started for each browser, as one line for a shell."""
    words = [*started_by("rude_tui"), *(["--db", str(db)] if db else [])]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def serve_app(db: Path | None, host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        BadInput: no such address on this machine.
        RudeError: the port is taken, or may not be used.
    """
    os.environ.update(own_modules())
    asyncio.run(_serve(db, host, port))


async def _serve(db: Path | None, host: str, port: int) -> None:
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    server = AppServer(command(db), host, port, secrets.token_urlsafe(32))
    if not _is_loopback(host):
        narrate(f"warning: {host} can be reached from other machines, unencrypted; the token is all that guards it")
    runner = web.AppRunner(await server._make_app(), access_log=None, shutdown_timeout=2.0)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in heeded():
            loop.add_signal_handler(number, stop.set)
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        await stop.wait()
    finally:
        await runner.cleanup()
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, number)
    except OSError as error:
        raise BadInput(f"no such address ({error.strerror or error})", where=host, fix="--host 127.0.0.1") from None
    try:
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError as error:
        listening.close()
        where = f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            raise RudeError("the port is taken", where=where, fix="name another with --port, or --port 0") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise BadInput("is no address of this machine", where=where, fix="--host 127.0.0.1") from None
        raise RudeError(
            f"cannot be listened on ({error.strerror})", where=where, fix="name a --port above 1023"
        ) from None
    listening.setblocking(False)
    return listening
