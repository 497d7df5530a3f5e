"""A real HTTP server on loopback that answers chat completions by a function of what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.candidates.address import parse_address

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Script:
    """A server that answers by a function of what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Answer = lambda asked: said("So it is.")

        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                script.asked.append(asked)
                value = script.answer(asked)
                body = json.dumps(value).encode()
                self.send_response(value.get("status", 200))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.address = parse_address(f"http://127.0.0.1:{self.http.server_address[1]}/v1#sage")


@contextmanager
def scripted() -> Iterator[Script]:
    """One server, as long as it is needed."""
    playing = Script()
    try:
        yield playing
    finally:
        playing.http.shutdown()
        playing.http.server_close()


def said(text: str, tokens: list[tuple[Any, float]] | None = None, finish: str = "stop") -> dict[str, Any]:
    """A chat completion; of a token whose text is bytes the server tells both."""
    choice: dict[str, Any] = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    if tokens is not None:
        choice["logprobs"] = {"content": [
            {"token": t if isinstance(t, str) else "?", "bytes": None if isinstance(t, str) else list(t), "logprob": p}
            for t, p in tokens
        ]}  # fmt: skip
    return {"choices": [choice]}
