"""A real HTTP server on loopback that plays generator and verifier from a script, and prompts whose truth is proven.

What a model does is in its name, parts joined by `+`: `oracle` writes and judges as the procedural world proves;
`tags` does the same for any prompt at all, by marks in the text; `stubborn`, `sloppy`, `wordy`, `lies:0.1`, `broken`,
`cut`, `busy`, `flaky`, `slow`, `hangup`, `refuses`, `lost` and `mocks` say how it misbehaves.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import PATIENCE

from engine.construct.chat import ChatRequest, Reply
from rubrics.prompts import RubricPrompt
from rubrics.world.families import SUBJECTS
from rubrics.world.requests import Request, compose
from rubrics.world.things import Rng
from rubrics.world.verifiers import verify

FENCE = re.compile(r"<<<(\w+) (\w+)\n(.*?)\n\1 \2>>>", re.DOTALL)
LISTED = re.compile(r"^- \((\w+)\) (.*)$", re.MULTILINE)


def lot(*parts: object) -> float:
    """A number from 0 to 1 that depends on nothing but what is given."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) / 2**64


@dataclass(frozen=True)
class Proven:
    """A prompt of the procedural world, all of whose ways to answer are proven."""

    request: Request
    settings: tuple[int, ...]
    prompt: RubricPrompt

    def answer(self, violated: set[str]) -> str:
        ways = [1 - s if c.id in violated else s for c, s in zip(self.prompt.criteria, self.settings, strict=True)]
        return self.request.response(ways)

    def met(self, response: str) -> dict[str, bool]:
        checks = self.request.checks(self.settings)
        return {c.id: verify(check, response) for c, check in zip(self.prompt.criteria, checks, strict=True)}


def proven_prompts(count: int, criteria: int | None = None, *, seed: int = 0) -> list[Proven]:
    """Prompts of one to five criteria, or of so many; each combination of violations has an answer that is proven."""
    rng = Rng(f"construct {seed}")
    found: dict[str, Proven] = {}
    for family in itertools.cycle(SUBJECTS):
        if len(found) == count:
            return list(found.values())
        for request in itertools.islice(compose(rng, family, criteria), 20):
            n = len(request.traits)
            settings = tuple(rng.randrange(2) for _ in range(n))
            text = request.prompt(settings)
            ways = list(itertools.product((0, 1), repeat=n))
            short = criteria is not None and n != criteria
            if short or text in found or not all(request.proven(settings, way) for way in ways):
                continue
            # Answers all differ, or a lie about one would be a lie about another.
            if len({request.response(way) for way in ways}) < len(ways):
                continue
            rubric = list(request.criteria(settings))
            name = f"p{len(found):04d}"
            prompt = RubricPrompt(id=name, domain=family.domain, prompt=text, criteria=rubric)
            found[text] = Proven(request, settings, prompt)
            break
    raise AssertionError("families never end")


@dataclass
class Script:
    """What the server knows and what it has seen."""

    world: dict[str, Proven] = field(default_factory=dict)
    labels: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    """Prompt, response, criterion: whether it is met. For trials."""
    requests: list[dict[str, object]] = field(default_factory=list)
    """Bodies of all requests, in order."""
    keys: list[str] = field(default_factory=list)
    """Idempotency keys of all requests, in order."""
    kept: dict[str, dict[str, object]] = field(default_factory=dict)
    """Whole answers by idempotency key: the same key gets the same answer, and costs nothing."""
    billed: Counter[str] = field(default_factory=Counter)
    """How often each idempotency key was answered at a price."""
    tries: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=dict)
    """When each of the same requests came, in seconds of a monotonic clock."""
    most_at_once: int = 0
    delay: float = 0.0
    answered: int = sys.maxsize
    """How many different questions are answered before `go_on` is set; those after them wait for it."""
    go_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    now: int = 0

    def forget(self) -> None:
        """As if nobody had asked anything yet."""
        for seen in (self.requests, self.keys, self.kept, self.billed, self.tries, self.times):
            seen.clear()

    def knows(self, *proven: Proven) -> None:
        self.world.update({one.prompt.prompt_text: one for one in proven})


def canonical(body: dict[str, object]) -> str:
    return json.dumps(body, sort_keys=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        script = self.server.script  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = canonical(body)
        with script.lock:
            script.requests.append(body)
            script.keys.append(self.headers.get("Idempotency-Key", ""))
            script.tries[key] += 1
            attempt = script.tries[key]
            script.times.setdefault(key, []).append(time.monotonic())
            script.now += 1
            script.most_at_once = max(script.most_at_once, script.now)
            early = len(set(script.keys)) <= script.answered
        try:
            early or script.go_on.wait(PATIENCE)
            self.play(script, body, attempt)
        finally:
            with script.lock:
                script.now -= 1

    def play(self, script: Script, body: dict, attempt: int) -> None:
        parts = body["model"].split("+")
        time.sleep(script.delay)
        if self.path != "/v1/chat/completions" or "lost" in parts:
            return self.send(404, {"error": {"message": "no such model"}})
        if "refuses" in parts:
            return self.send(401, {"error": {"message": f"bad key {self.headers.get('Authorization', '')}"}})
        if "badrequest" in parts:
            return self.send(400, {"error": {"message": "context too long"}})
        if "busy" in parts and attempt == 1:
            return self.send(429, {"error": "slow down"}, {"Retry-After": "0.2"})
        if "flaky" in parts and attempt <= 2:
            return self.send(500, {"error": "oops"})
        if "dead" in parts:
            return self.send(503, {"error": "down"})
        if "slow" in parts and attempt == 1:
            # Until the asker has lost patience and asks again.
            while script.tries[canonical(body)] == 1:
                time.sleep(0.01)
        if "hangup" in parts and attempt == 1:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [{"mess')
            self.close_connection = True
            return None
        mark = self.headers.get("Idempotency-Key", "")
        with script.lock:
            if mark in script.kept:
                return self.send(200, script.kept[mark])
            script.billed[mark] += 1
        text, finish = answer(script, parts, body)
        value = {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}],
            "usage": {"prompt_tokens": len(canonical(body)) // 4, "completion_tokens": len(text) // 4 + 1},
        }
        if "mocks" in parts:
            value["choices"][0]["message"]["content"] = text + " " + self.headers.get("Authorization", "")
        with script.lock:
            script.kept[mark] = value
        return self.send(200, value)

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, content in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(data)


def answer(script: Script, parts: list[str], body: dict) -> tuple[str, str]:
    """What the model says, and why it stopped."""
    turns = [message["content"] for message in body["messages"]]
    asked = turns[1]
    repairing = "malformed" in parts or (len(turns) > 2 and "not the JSON object asked for" in turns[-1])
    fenced = {name: text for name, _, text in FENCE.findall(asked)}
    world = script.world.get(fenced["request"])
    if "Requirement (" in asked:
        if "malformed" in parts or ("broken" in parts and not repairing):
            return '{"quote": "so", "met": tru', "stop"
        return judged(script, parts, asked, fenced, world, body), "stop"
    if "requirements that a good answer" in asked:
        drafts = [{"text": f"Says thing {n}.", "subcategory": s} for n, s in enumerate(("Scope", "Logic", "Format"))]
        return "Here they are:\n```json\n" + json.dumps({"criteria": drafts}) + "\n```", "stop"
    if "cut" in parts and "cannot be used" not in turns[-1]:
        return "This answer is cut off in the mid", "length"
    return written(parts, asked, fenced, world, body)


def written(parts: list[str], asked: str, fenced: dict[str, str], world: Proven | None, body: dict) -> tuple[str, str]:
    fails, _, _ = asked.partition("It must MEET every one")
    listed = [text for _, text in LISTED.findall(fails)] if "answer" in fenced else []
    seed = (body["seed"], canonical(body["messages"]))  # type: ignore[arg-type]
    if world is not None:
        violated = {c.id for c in world.prompt.criteria if c.text in listed}
        ids = [c.id for c in world.prompt.criteria]
    else:
        violated, ids = set(listed), [text for _, text in LISTED.findall(asked)]
    if "stubborn" in parts and ids:
        violated ^= {ids[0]}
    for part in parts:
        name, _, rate = part.partition(":")
        if name == "sloppy" and not rate and listed:
            violated ^= set([i for i in ids if i not in violated][:1])
        elif name == "sloppy" and rate:
            violated ^= {i for i in ids if lot("sloppy", seed, i) < float(rate)}
        elif name == "varied":
            violated = {i for i in ids if lot("varied", seed, i) < 0.4}
    if world is not None:
        text = world.answer(violated)
    else:
        text = tagged(violated, asked, fenced, seed, wordy="wordy" in parts)
    if '"replacement"' in asked:
        span, new = located(fenced["answer"], text)
        return json.dumps({"span": span, "replacement": new}), "stop"
    return text, "stop"


def located(old: str, new: str) -> tuple[str, str]:
    return old, new


WORDS = ("river", "stone", "lamp", "garden", "copper", "window", "north", "harbour", "linen", "winter", "apple")


def tagged(violated: set[str], asked: str, fenced: dict[str, str], seed: object, *, wordy: bool) -> str:
    """Running words with a mark for each criterion that is violated, as long as is asked for."""
    rng = random.Random(repr(seed))
    found = re.search(r"(\d+) to (\d+) characters", asked)
    low, high = (int(found[1]), int(found[2])) if found else (300, 500)
    if wordy:
        high = low = high * 2
    marks = "".join(f" [{mark(text)}]" for text in sorted(violated))
    text = "The answer"
    while len(text) + len(marks) < (low + high) // 2 - 1:
        text += " " + rng.choice(WORDS)
    return (text + marks)[: max(high, 10)].ljust(low, ".") + ("" if text else ".")


def mark(criterion: str) -> str:
    return hashlib.sha256(criterion.encode()).hexdigest()[:6]


def judged(
    script: Script, parts: list[str], asked: str, fenced: dict[str, str], world: Proven | None, body: dict
) -> str:
    response = fenced["response"]
    criterion = asked.rpartition("Requirement (")[2].splitlines()[1]
    label = (fenced["request"], response, criterion)
    if label in script.labels:
        met = script.labels[label]
    elif world is not None:
        name = next(c.id for c in world.prompt.criteria if c.text == criterion)
        met = world.met(response)[name]
    else:
        met = f"[{mark(criterion)}]" not in response
    for part in parts:
        name, _, rate = part.partition(":")
        if name == "lies" and lot("lie", body["seed"], fenced["request"], response, criterion) < float(rate):
            met = not met
    return json.dumps({"quote": response[:20], "reason": "because it is so", "met": met})


class Inside:
    """The same play without a network, for statistics that need many questions."""

    def __init__(self, script: Script, model: str) -> None:
        self.script, self.parts = script, model.split("+")

    async def reply(self, request: ChatRequest) -> Reply:
        body = {"messages": [m._asdict() for m in request.messages], "seed": request.vote}
        text, finish = answer(self.script, self.parts, body)
        return Reply(text, finish, 1, 1)

    async def close(self) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    script: Script

    def handle_error(self, *_: object) -> None:
        """Clients that go away are part of the play."""


class Scripted:
    """The server as tests see it."""

    def __init__(self) -> None:
        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.script = Script()
        self.thread = threading.Thread(target=lambda: self.http.serve_forever(poll_interval=0.02), daemon=True)
        self.thread.start()

    @property
    def script(self) -> Script:
        return self.http.script

    def spec(self, model: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1#{model}"

    def inside(self, model: str) -> Inside:
        return Inside(self.script, model)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server that plays from a script."""
    scripted = Scripted()
    yield scripted
    scripted.close()


@pytest.fixture(scope="session")
def proven() -> list[Proven]:
    """Two dozen prompts of the procedural world."""
    return proven_prompts(24)


@pytest.fixture(scope="session")
def make_proven() -> object:
    """More of them, of any kind."""
    return proven_prompts


@pytest.fixture(scope="session")
def plain_prompts() -> list[RubricPrompt]:
    """A dozen prompts that only the marks in a text can judge."""
    kinds = ("Factuality", "Completeness", "Format", "Safety", "Scope", "Persona")
    return [
        RubricPrompt.model_validate(
            {
                "id": f"q{n:02d}",
                "domain": "tests",
                "prompt": f"Question number {n}?",
                "criteria": [
                    {"id": f"c{k}", "text": f"Keeps rule {k} of question {n}.", "subcategory": kinds[(n + k) % 6]}
                    for k in range(4)
                ],
            }
        )
        for n in range(12)
    ]
