"""A real HTTP server on loopback that scores with a model as vLLM, SGLang and others do, and misbehaves on demand.

Requests and answers are those that were seen of vLLM 0.32, and SGLang's published schema; numbers come from the model's
own forward, one request at a time.
"""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch
from waiting import PATIENCE

KEY = "sk-3141592653589793238462643383279502884"


class Model:
    """Log-probabilities by the model's own forward, fp32."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM

        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
        self.lock = threading.Lock()

    def logprobs(self, ids: Sequence[int]) -> np.ndarray:
        """Shape (ids, vocabulary): row i is what comes after `ids[: i + 1]`."""
        with self.lock, torch.inference_mode():
            logits = self.model(torch.tensor([list(ids)])).logits[0].float()
            return torch.log_softmax(logits, -1).numpy()


@cache
def model_of(folder: Path) -> Model:
    """Loaded once for all tests of a process."""
    return Model(folder)


class ScoringServer:
    """One server with one model.

    Args:
        kind: `vllm`, `sglang`, `echo` (OpenAI's older completions), `llamacpp` (one entry, whatever is asked),
            `transformers` (no log-probabilities), `leaky` (whose cache changes what it says of a prompt).
        key: what it wants as a bearer token; empty for none.
    """

    def __init__(self, folder: Path, kind: str = "vllm", *, name: str = "cand", root: str = "", key: str = "") -> None:
        self.folder, self.kind, self.name, self.key = folder, kind, name, key
        self.root = root or str(folder)
        self.version = "0.32.0"
        self.model = model_of(folder)
        self.faults: deque[str] = deque()
        """What goes wrong with the next requests for scores, one each."""
        self.always = ""
        """What goes wrong with all of them."""
        self.after: int | None = None
        """Requests for scores that are answered before `then` is called, once."""
        self.then: Any = None
        self.asked: list[dict[str, Any]] = []
        """Bodies of all requests for scores."""
        self.most_at_once = self.now = 0
        self.hold = threading.Event()
        """Set: answers go out. Cleared: they wait."""
        self.hold.set()
        self.lock = threading.Lock()
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1#{self.name}"

    def start(self) -> None:
        self.http = _Http(("127.0.0.1", self.port), _Handler)
        self.http.server = self
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=lambda: self.http.serve_forever(poll_interval=0.02), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """No more answers; connections are dropped."""
        self.hold.set()
        self.http.shutdown()
        self.http.drop()
        self.http.server_close()
        self.thread.join()


@contextmanager
def serving(folder: Path, kind: str = "vllm", **options: Any) -> Iterator[ScoringServer]:
    server = ScoringServer(folder, kind, **options)
    try:
        yield server
    finally:
        server.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True
    server: ScoringServer

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def drop(self) -> None:
        import contextlib
        import socket

        for request in list(self.open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Clients that go away, and answers that are cut off, are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    @property
    def play(self) -> ScoringServer:
        return self.server.server  # type: ignore[attr-defined, no-any-return]

    def allowed(self) -> bool:
        if self.play.key and self.headers.get("Authorization") != f"Bearer {self.play.key}":
            self.send(401, {"error": {"message": f"bad key {self.headers.get('Authorization', '')}"}})
            return False
        return True

    def do_GET(self) -> None:
        play = self.play
        if not self.allowed():
            return None
        if self.path == "/v1/models":
            owner = {"echo": "other", "leaky": "vllm", "transformers": "hf"}.get(play.kind, play.kind)
            entry = {"id": play.name, "object": "model", "owned_by": owner, "root": play.root}
            if play.kind in ("vllm", "leaky", "sglang"):
                entry["max_model_len"] = 2048
            return self.send(200, {"object": "list", "data": [entry]})
        if self.path == "/version" and play.kind in ("vllm", "leaky"):
            return self.send(200, {"version": play.version})
        if self.path == "/get_server_info" and play.kind == "sglang":
            return self.send(200, {"version": "0.5.6", "model_path": play.root})
        if self.path == "/props" and play.kind == "llamacpp":
            return self.send(200, {"build_info": "b7200-abcdef"})
        return self.send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        play = self.play
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.allowed():
            return
        place = {"sglang": "/generate"}.get(play.kind, "/v1/completions")
        if self.path != place:
            self.send(404, {"detail": "Not Found"})
            return
        with play.lock:
            play.asked.append(body)
            fault = play.faults.popleft() if play.faults else play.always
            play.now += 1
            play.most_at_once = max(play.most_at_once, play.now)
            then = None
            if play.after is not None:
                play.after -= 1
                if play.after < 0:
                    play.after, then = None, play.then
        try:
            if then is not None:
                then()
            play.hold.wait(PATIENCE)
            self.answer(play, body, fault)
        finally:
            with play.lock:
                play.now -= 1

    def answer(self, play: ScoringServer, body: dict[str, Any], fault: str) -> None:
        if fault == "429":
            return self.send(429, {"error": "slow down"}, {"Retry-After": "0.1"})
        if fault in ("500", "503"):
            return self.send(int(fault), {"error": {"message": f"oops, {self.headers.get('Authorization', '')}"}})
        if fault == "400":
            return self.send(400, {"error": {"message": "cannot be"}})
        if fault == "hangup":
            self.close_connection = True
            return None
        if fault == "slow":
            # Longer than whoever asks waits; they are gone by then.
            threading.Event().wait(1.0)
        value = self.scores(play, body)
        if fault in ("nan", "short", "other"):
            spoil(value, fault)
        data = json.dumps(value).encode()
        if fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return None
        return self.send(200, value)

    def scores(self, play: ScoringServer, body: dict[str, Any]) -> dict[str, Any]:
        if play.kind == "sglang":
            return sglang(play.model, body)
        if play.kind == "echo":
            return echo(play.model, body)
        if play.kind == "llamacpp":
            entry = {"id": 5, "token": "x", "bytes": [120], "logprob": -0.7, "top_logprobs": []}
            return {"choices": [{"text": "x", "index": 0, "logprobs": {"content": [entry]}, "finish_reason": "length"}]}
        if play.kind == "transformers":
            return {"choices": [{"text": "x", "index": 0, "logprobs": None, "finish_reason": "length"}]}
        value = vllm(play.model, body)
        if play.kind == "leaky" and "prompt_logprobs" in body:
            # Once others with this beginning have been through, what stands of it in the cache is read wrongly.
            begun = [other["prompt"] for other in play.asked[:-1] if other["prompt"][:8] == body["prompt"][:8]]
            if len(begun) > 3:
                for entry in value["choices"][0]["prompt_logprobs"][1:8]:
                    next(iter(entry.values()))["logprob"] -= 1.0
        return value

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, content in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(data)


def _entry(row: np.ndarray, token: int) -> dict[str, Any]:
    return {
        "logprob": float(row[token]), "rank": int((row > row[token]).sum()) + 1, "decoded_token": f"<{token}>",
    }  # fmt: skip


def vllm(model: Model, body: dict[str, Any]) -> dict[str, Any]:
    """`/v1/completions` of vLLM 0.32."""
    ids = body["prompt"]
    rows = model.logprobs(ids)
    sampled = int(rows[-1].argmax())
    choice: dict[str, Any] = {"index": 0, "text": f"<{sampled}>", "finish_reason": "length", "prompt_logprobs": None}
    if body.get("prompt_logprobs") is not None:
        entries: list[Any] = [None]
        for row, token in zip(rows[:-1], ids[1:], strict=True):
            entry = {str(token): _entry(row, token)}
            for other in [int(row.argmax())][: body["prompt_logprobs"]]:
                entry.setdefault(str(other), _entry(row, other))
            entries.append(entry)
        choice["prompt_logprobs"] = entries
    if (named := body.get("logprob_token_ids")) is not None:
        told = {f"token_id:{token}": float(rows[-1][token]) for token in dict.fromkeys([sampled, *named])}
        choice["logprobs"] = {
            "tokens": [f"token_id:{sampled}"], "token_logprobs": [float(rows[-1][sampled])], "top_logprobs": [told],
        }  # fmt: skip
    return {"object": "text_completion", "choices": [choice], "system_fingerprint": "vllm-0.32.0-12345678"}


def echo(model: Model, body: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's older completions, with ids for tokens; what it does not know it ignores."""
    ids = body["prompt"]
    rows = model.logprobs(ids)
    logprobs: dict[str, Any] | None = None
    if body.get("echo"):
        values = [None, *(float(row[token]) for row, token in zip(rows[:-1], ids[1:], strict=True))]
        tops: list[Any] = [None]
        for row in rows[:-1]:
            best = [int(row.argmax())][: body["logprobs"]]
            tops.append({f"token_id:{token}": float(row[token]) for token in best})
        logprobs = {"tokens": [f"token_id:{t}" for t in ids], "token_logprobs": values, "top_logprobs": tops}
    return {"choices": [{"index": 0, "text": "", "logprobs": logprobs, "finish_reason": "length"}]}


def sglang(model: Model, body: dict[str, Any]) -> dict[str, Any]:
    """`/generate` of SGLang, as its documentation and its source have it."""
    ids, start = body["input_ids"], body["logprob_start_len"]
    rows = model.logprobs(ids)
    meta: dict[str, Any] = {"prompt_tokens": len(ids), "completion_tokens": 1, "cached_tokens": 0}
    start = len(ids) - 1 if start < 0 else start
    places = range(start + 1, len(ids))
    first = [None, ids[start], None]
    meta["input_token_logprobs"] = [first, *([float(rows[p - 1][ids[p]]), ids[p], None] for p in places)]
    if body.get("top_logprobs_num"):
        best = [int(rows[p - 1].argmax()) for p in places]
        tops = ([[float(rows[p - 1][token]), token, None]] for p, token in zip(places, best, strict=True))
        meta["input_top_logprobs"] = [None, *tops]
    if (named := body.get("token_ids_logprob")) is not None:
        meta["output_token_ids_logprobs"] = [[[float(rows[-1][token]), token, None] for token in named]]
    return {"text": "x", "output_ids": [1], "meta_info": meta}


def spoil(value: dict[str, Any], fault: str) -> None:
    """Make an answer of vLLM wrong."""
    choice = value["choices"][0]
    entries = choice.get("prompt_logprobs")
    if entries is not None:
        if fault == "short":
            entries.pop()
        elif fault == "nan":
            next(iter(entries[-1].values()))["logprob"] = math.nan
        else:
            entries[-1] = {"999999": next(iter(entries[-1].values()))}
        return
    told = choice["logprobs"]["top_logprobs"][0]
    for name in list(told):
        if fault == "nan":
            told[name] = math.nan
        else:
            del told[name]
