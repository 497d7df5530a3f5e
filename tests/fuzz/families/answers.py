"""What others answer: a worker's events, a chat server's replies, and a browser's requests to the served app."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import itertools
import json
import math
import re
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from tests.fuzz import scenes
from tests.fuzz.family import Case, Family, NotValid, Unsure, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES", "Pretended"]

_REPLY: Final = {
    "id": "x",
    "object": "chat.completion",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": '{"quote": "", "reason": "It is.", "met": true}'},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 9},
}
_KEY: Final = "sk-3141592653589793238462643383279502884"


class Replies(Family):
    """A chat server's answer to a question of a construction, and the JSON that is looked for in it."""

    name = "chat answers"
    share = 3.0

    def prepare(self, home: Path) -> None:
        from engine.candidates.server import Patience
        from engine.construct.server import ServedModel
        from engine.construct.spec import parse_spec

        self.loop = asyncio.new_event_loop()
        self.model = ServedModel(
            parse_spec("http://127.0.0.1:9/v1#m"), _KEY, Patience(timeout=5, attempts=2, pause=0.0)
        )

    def make(self, change: Mutator) -> Case:
        reply = change.value(_REPLY)
        raw = change.json(reply)
        raw = change.raw(raw) if change.chance.random() < 0.25 else raw
        status = change.chance.choice([200] * 8 + [204, 301, 400, 401, 404, 413, 429, 500, 503])
        headers = {"content-type": "application/json"}
        if change.chance.random() < 0.2:
            name, value = change.chance.choice(
                [
                    ("content-encoding", "gzip"),
                    ("content-encoding", "br"),
                    ("retry-after", "0"),
                    ("retry-after", "nan"),
                    ("retry-after", "-inf"),
                    ("retry-after", "Wed, 99 Oct 2015 07:28:00 GMT"),
                    ("retry-after", "1e-9"),
                    ("content-type", "text/html; charset=utf-99"),
                    ("content-length", "3"),
                    ("location", "http://elsewhere.example/"),
                ]
            )
            headers[name] = value
        if status != 200 and change.chance.random() < 0.5:
            raw = change.json(change.value({"error": {"message": f"no: {_KEY}", "type": "x"}}))
        if headers.get("content-encoding") == "gzip" and change.chance.random() < 0.7:
            raw = gzip.compress(raw, mtime=0)
        return Case({"reply": raw}, {"status": status, "headers": headers})

    def enter(self, case: Case, folder: Path) -> Any:
        import httpx2

        from engine.candidates.server import CallFailed
        from engine.construct.answers import CriterionVerdict, read_json
        from engine.construct.chat import ChatMessage, ChatRequest

        def answer(request: Any) -> Any:
            return httpx2.Response(case.asked["status"], headers=case.asked["headers"], content=case.files["reply"])

        self.model._server._client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
        self.model._server._resting_until = 0.0
        request = ChatRequest("m", (ChatMessage("user", "?"),), 0.0, 10)
        try:
            reply = self.loop.run_until_complete(asyncio.wait_for(self.model.reply(request), 60))
        except CallFailed as failed:
            return None, str(failed)
        try:
            return reply, read_json(reply.text, CriterionVerdict)
        except ValueError as fault:
            return reply, str(fault)

    def judge(self, case: Case, got: Any) -> str:
        reply, verdict = got
        if reply is None:
            return "the key is in what is said" if _KEY[:30] in verdict else ""
        if case.asked["status"] != 200 or _KEY[:30] in reply.text + reply.finish or "\0" in reply.text:
            return f"taken: {reply}"
        if not (0 <= reply.prompt_tokens < 2**31 and 0 <= reply.completion_tokens < 2**31):
            return f"{reply} counts wrongly"
        if "content-encoding" in case.asked["headers"]:
            return ""
        try:
            value = json.loads(case.files["reply"].decode("utf-8", "replace"))
            text = value["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as fault:
            return f"taken, though {fault!r}"
        written = (text or "").encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        pieces = [_KEY[at : at + 12] for at in range(len(_KEY) - 11)]
        if any(piece in reply.text for piece in pieces):
            return "a piece of the key is in the reply"
        if written != reply.text and not any(piece in written for piece in pieces):
            return f"{reply.text!r} is not {text!r}"
        if isinstance(verdict, str):
            return ""
        # The first object that fits: its `met` is a boolean that stands there as such.
        return (
            ""
            if type(verdict.met) is bool and re.search(rf'"met"\s*:\s*{str(verdict.met).lower()}', reply.text)
            else f"{verdict} out of {reply.text!r}"
        )

    def said(self, got: Any) -> str:
        return got[1] if isinstance(got[1], str) and got[0] is None else ""


_WORK: Final[list[dict[str, Any]]] = [
    {"event": "phase", "phase": "tokenising"},
    {"event": "laid", "task": 0, "total": 12, "left": 12, "tokens": None, "notes": ["BOS: none"], "skipped": []},
    {"event": "phase", "phase": "loading"},
    {"event": "loaded", "facts": {"device": "cpu"}},
    {"event": "phase", "phase": "scoring", "task": 0},
]
_FACTS: Final = {"tokens": 10, "distinct_tokens": 5, "seconds": 0.1, "memory": 1000, "notes": []}


def _script() -> list[dict[str, Any]]:
    rows = [scenes.verdict_row("run-base", f"p{n:03}") for n in range(scenes.PAIRS)]
    rows[0]["tokens"] = [["chosen", base64.b64encode(b"\0" * 12).decode(), [5]]]
    return [
        *_WORK,
        {"event": "verdicts", "task": 0, "rows": rows[:7], "facts": _FACTS},
        {"event": "verdicts", "task": 0, "rows": rows[7:], "facts": _FACTS},
        {"event": "task_done", "task": 0, "facts": {**_FACTS, "device": "cpu"}},
        {"event": "bye"},
    ]


class Pretended:
    """A process that has said what it had to say."""

    pid = 0

    def __init__(self, said: bytes) -> None:
        self.stdin = io.StringIO()
        self.stdout = io.TextIOWrapper(io.BytesIO(said), encoding="utf-8", errors="backslashreplace")

    def poll(self) -> int:
        return 0

    def wait(self) -> int:
        return 0

    def kill(self) -> None:
        pass


class Events(Family):
    """A worker's lines through the real handle on a worker, the real job and a real database."""

    name = "worker events"
    share = 0.02

    def prepare(self, home: Path) -> None:
        self.blank = scenes.blank_store(home)
        self.home = home
        self.suite = scenes.small_suite()
        self.plan = scenes.small_plan(self.suite)
        self.numbers = itertools.count()

    def make(self, change: Mutator) -> Case:
        raw = change.lines(change.value(_script(), 2))
        return Case({"events": change.raw(raw) if change.chance.random() < 0.3 else raw})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.jobs import process
        from engine.jobs.job import perform
        from engine.store.connection import Store
        from engine.store.runs import stored_runs
        from engine.store.verdicts import load_verdicts

        before = process.subprocess
        process.subprocess = SimpleNamespace(PIPE=-1, Popen=lambda *_, **__: Pretended(case.files["events"]))
        path = self.home / f"{next(self.numbers)}.duckdb"
        store = Store(scenes.copy(self.blank, path))
        try:
            (state,) = perform(store, self.plan)
            (run,) = stored_runs(store)
            found = load_verdicts(store, "likelihood", [run.run_id])[run.run_id]
            return state, run, found
        finally:
            process.subprocess = before
            path.unlink()
            shutil.rmtree(self.home / f"{path.name}.wal", ignore_errors=True)

    def judge(self, case: Case, got: Any) -> str:
        state, run, found = got
        if str(state.phase) not in ("done", "failed") or str(run.status) != str(state.phase):
            return f"{state.phase} and {run.status}"
        sent: dict[str, list[tuple[float, float]]] = {}
        clean = True
        # A stream of text ends its lines by carriage returns too.
        for line in re.split(rb"\r\n|\r|\n", case.files["events"]):
            try:
                event = strict_json(line.decode(), constants=True)
            except (NotValid, Unsure, UnicodeDecodeError):
                clean = False
                continue
            rows = event.get("rows") if isinstance(event, dict) else None
            for row in rows if isinstance(rows, list) else []:
                verdict = row.get("verdict") if isinstance(row, dict) else None
                if isinstance(verdict, dict) and isinstance(verdict.get("pair_id"), str):
                    both = tuple(verdict.get(f"ll_{side}") for side in ("chosen", "rejected"))
                    if all(type(value) in (int, float) and -1e30 < value <= 0.1 for value in both):
                        sent.setdefault(verdict["pair_id"], []).append(both)  # type: ignore[arg-type]
        for place, chosen, rejected in zip(found.position, found.ll_chosen, found.ll_rejected, strict=True):
            pair = self.suite.scored[int(place)].id
            if not (math.isfinite(chosen) and math.isfinite(rejected)):
                return f"{pair} is stored as {chosen}, {rejected}"
            if (chosen, rejected) not in sent.get(pair, []):
                return f"{pair} is stored as {chosen}, {rejected}, which was never sent"
        whole = [json.loads(line) for line in case.files["events"].splitlines() if line.strip()] if clean else None
        if whole == _script() and (len(found.position) != scenes.PAIRS or str(state.phase) != "done"):
            return f"{len(found.position)} of {scenes.PAIRS} stored, {state.phase}"
        return ""

    def said(self, got: Any) -> str:
        return "\n".join([got[0].error, *got[0].notes])


_TOKEN: Final = "3f9Hq_right-token"


class Requests(Family):
    """Bytes to the served app's socket."""

    name = "served app"
    share = 0.5
    in_slice = False

    def prepare(self, home: Path) -> None:
        from aiohttp import web

        from rude_tui.serving import AppServer

        self.loop = asyncio.new_event_loop()

        async def start() -> None:
            self.server = AppServer("true", "127.0.0.1", 8000, _TOKEN)
            self.runner = web.AppRunner(await self.server._make_app(), access_log=None)
            self.faults: list[str] = []
            self.loop.set_exception_handler(lambda _, context: self.faults.append(str(context)))
            await self.runner.setup()
            self.listening = socket.create_server(("127.0.0.1", 0))
            await web.SockSite(self.runner, self.listening).start()
            self.port = self.listening.getsockname()[1]

        self.loop.run_until_complete(start())

    def make(self, change: Mutator) -> Case:
        place = change.chance.choice(
            [
                "/",
                f"/?token={_TOKEN}",
                "/?token=x",
                "//elsewhere.example/",
                f"//elsewhere.example/?token={_TOKEN}",
                "/static/js/textual.js",
                "/static/../app.py",
                "/ws",
                "/download/x",
                "/?fontsize=9e9",
            ]
        )
        lines = change.value(
            [
                change.chance.choice(["GET", "GET", "HEAD", "POST", "OPTIONS"]),
                place,
                "HTTP/1.1",
                "Host",
                "127.0.0.1:8000",
                "Origin",
                "http://127.0.0.1:8000",
                "Cookie",
                f"rude-tui-8000={change.chance.choice([_TOKEN, 'x'])}",
            ]
        )
        words = [str(word).replace("\n", "") for word in lines] if isinstance(lines, list) else ["GET", "/"]
        head = (
            " ".join(words[:3])
            + "\r\n"
            + "".join(f"{a}: {b}\r\n" for a, b in zip(words[3::2], words[4::2], strict=False))
        )
        raw = (head + "\r\n").encode("utf-8", "surrogatepass")
        return Case({"request": change.raw(raw) if change.chance.random() < 0.3 else raw})

    def enter(self, case: Case, folder: Path) -> Any:
        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(case.files["request"][:60_000])
            writer.write_eof()
            try:
                return await asyncio.wait_for(reader.read(1 << 20), 20)
            except ConnectionError:
                return b""
            finally:
                writer.close()

        self.faults.clear()
        return self.loop.run_until_complete(ask())

    def judge(self, case: Case, got: Any) -> str:
        head = got.split(b"\r\n\r\n")[0].decode("latin-1")
        status = int(head[9:12]) if head.startswith("HTTP/1.") and head[9:12].isdigit() else 0
        if status >= 500 and status != 505 and status != 501:
            return f"answered {head[:200]!r}"
        if self.faults:
            return f"the loop was told of {self.faults[0][:300]}"
        if _TOKEN.encode() not in case.files["request"] and (status in (200, 101) or _TOKEN in head):
            return f"let in without the token: {head[:200]!r}"
        for line in head.splitlines():
            if line.lower().startswith("location:"):
                place = line.partition(":")[2].strip()
                if not place.startswith("/") or place.startswith(("//", "/\\")):
                    return f"sent on to {place!r}"
        return ""


FAMILIES: list[type[Family]] = [Replies, Events, Requests]
