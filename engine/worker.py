"""The process that holds the accelerator: one candidate, all its tasks, then it ends and the memory is free.

Started as `python -m engine.worker`. It reads one JSON job from standard input and writes one JSON event a line to
standard output; everything else that anything prints goes to standard error, which the parent points at a log file.
Later lines on standard input are `pause` and `go on`; a paused worker sleeps, and keeps its memory. When standard input
closes, the parent is gone and so is the worker: nothing keeps an orphan alive.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.jobs.child import Events, be_polite, in_words, is_out_of_memory
from rubrics.errors import RudeError

if TYPE_CHECKING:
    from engine.layout.lay_out import Laid
    from engine.layout.requests import Request, Score
    from engine.scoring.backend import Backend
    from rubrics.schema import Pair, Suite

_FLUSH_SECONDS = 0.25
"""Verdicts are sent on at least this often, so that a stop loses little."""

_NO_ROOM = "close other programs or choose a smaller precision (--precision bf16, int8, nf4); scored pairs are kept"


class Gate:
    """Where work waits while the parent wants it to."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._open = threading.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether the parent wants work to wait."""
        return not self._open.is_set()

    def hear(self, line: str) -> None:
        """What the parent says."""
        if line == "pause":
            self._open.clear()
        elif line == "go on":
            self._open.set()

    def wait(self, phase: str, **task: int) -> None:
        """Return at once if open; else say so, sleep until it opens, and say which phase goes on."""
        if self.closed:
            self._events.send("phase", phase="paused", **task)
            self._open.wait()
            self._events.send("phase", phase=phase, **task)


def main() -> int:
    """Do the job on standard input."""
    # Native code prints where it likes; only events may reach the parent.
    events = Events(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    line = sys.stdin.readline()
    if not line:
        return 1
    job: dict[str, Any] = json.loads(line)
    gate = Gate(events)
    threading.Thread(target=_listen, args=(gate,), daemon=True).start()
    be_polite(job.get("threads"))
    try:
        _work(job, events, gate)
    except RudeError as error:
        traceback.print_exc()
        events.send("fatal", **_told(error))
        return 1
    except Exception as error:  # noqa: BLE001 - the parent reports it and goes on with the next candidate
        traceback.print_exc()
        fix = _NO_ROOM if is_out_of_memory(error) else "the log has the details"
        events.send("fatal", what=in_words(error), where=job["model"], fix=fix, code=1)
        return 1
    events.send("bye")
    return 0


def _told(error: RudeError) -> dict[str, Any]:
    return {"what": error.what, "where": error.where, "fix": error.fix, "code": int(error.exit_code)}


def _listen(gate: Gate) -> None:
    for line in sys.stdin:
        gate.hear(line.strip())
    os._exit(1)


def _work(job: Mapping[str, Any], events: Events, gate: Gate) -> None:
    if job["mode"] == "traces":
        from engine.scoring.traces import score_traces

        score_traces(job, events.send)
        return
    if job["mode"] == "posttrain":
        events.send("phase", phase="loading")
        from engine.posttrain.train import post_train

        post_train(job, events.send, lambda: gate.wait("training"))
        return
    events.send("phase", phase="tokenising")
    from engine.scoring.tokenizer import open_tokenizer

    folder = Path(job["model"])
    encoder = open_tokenizer(folder, trust_remote_code=job["trust_remote_code"])
    tasks = []
    for number, spec in enumerate(job["tasks"]):
        try:
            task = _Task(number, spec, job, encoder, events)
        except RudeError as error:
            # One protocol that cannot be laid out (labels that are no single tokens) leaves the other standing.
            events.send("task_failed", task=number, **_told(error))
            continue
        if job["mode"] == "layout":
            task.send_layout(events, encoder)
        elif task.prepare(events):
            tasks.append(task)
    if not tasks or job["mode"] == "plan":
        return
    gate.wait("tokenising")
    events.send("phase", phase="loading")
    from engine.scoring.backend import LocalBackend
    from engine.scoring.load import load_model

    loaded = load_model(
        folder,
        job["precision"],
        job["device"],
        attention=job["attention"],
        threads=job.get("threads"),
        trust_remote_code=job["trust_remote_code"],
    )
    backend = LocalBackend(loaded)
    events.send("loaded", facts=dict(loaded.facts))
    for task in tasks:
        task.score(backend, events, gate)


class _Task:
    """One suite under one protocol."""

    def __init__(
        self, number: int, spec: Mapping[str, Any], job: Mapping[str, Any], encoder: Any, events: Events
    ) -> None:
        from engine.layout.lay_out import LayoutOptions, lay_out
        from rubrics.reading import read_suite

        self.number = number
        self.mode = job["mode"]
        self.spec = spec
        self.encoder = encoder
        self.suite: Suite = read_suite(Path(spec["suite_file"]))
        options = LayoutOptions(spec["protocol"], spec["shots"], spec["show_criteria"], spec["prompt"])
        events.send("phase", phase="tokenising", task=number)
        self.laid: Laid = lay_out(self.suite, encoder, options, job.get("context"))
        self.rounds: list[list[str]] = []
        """Ids still to score, a round at a time."""
        self.by_id: dict[str, Pair] = {pair.id: pair for pair in self.suite.scored}

    def send_layout(self, events: Events, encoder: Any) -> None:
        """Every request exactly as it would be scored."""
        wanted = set(self.spec["pairs"])
        for pair_id, requests in self.laid.requests.items():
            if wanted and pair_id not in wanted:
                continue
            for request in requests:
                tokens = [encoder.decode_token(number) for number in request.ids]
                events.send("request", task=self.number, request=request.to_json(), tokens=tokens)
        self._send_laid(events, len(self.laid.requests))

    def prepare(self, events: Events) -> bool:
        """Report what can be scored; True if anything is left to do."""
        from engine.layout.order import rounds

        done = set(self.spec["done"])
        order = list(rounds(self.suite.scored, self.laid.lengths, seed=self.spec["seed"], limit=self.spec["limit"]))
        self.rounds = [left for ids in order if (left := [i for i in ids if i not in done])]
        self._send_laid(events, sum(map(len, order)))
        return bool(self.rounds)

    def _send_laid(self, events: Events, total: int) -> None:
        events.send(
            "laid",
            task=self.number,
            total=total,
            left=sum(map(len, self.rounds)),
            tokens=self._tokens() if self.mode != "score" else None,
            notes=list(self.laid.notes),
            skipped=[[skip.pair_id, skip.reason, skip.tokens, skip.limit] for skip in self.laid.skipped],
        )

    def _tokens(self) -> int:
        # Puts every request together once, which a run need not wait for.
        return sum(len(request.ids) for requests in self.laid.requests.values() for request in requests)

    def score(self, backend: Backend, events: Events, gate: Gate) -> None:
        """Score round by round, sending verdicts as they are complete."""
        events.send("phase", phase="scoring", task=self.number)
        sender = _Sender(self.number, backend, events)
        for ids in self.rounds:
            requests = [request for pair_id in ids for request in self.laid.requests[pair_id]]
            for request, score in self._scores(backend, requests):
                sender.add(self._finished(request, score))
                # Scores are computed when they are asked for: not asking is waiting.
                if gate.closed:
                    sender.flush()
                    gate.wait("scoring", task=self.number)
        sender.flush()
        events.send("task_done", task=self.number, facts=sender.facts())

    def _scores(self, backend: Backend, requests: Sequence[Request]) -> Iterator[tuple[Request, Score]]:
        self._open: dict[str, dict[str, tuple[Request, Score]]] = {}
        for index, score in backend.score(requests, token_scores=self.spec["token_scores"]):
            yield requests[index], score

    def _finished(self, request: Request, score: Score) -> dict[str, Any] | None:
        views = self._open.setdefault(request.pair_id, {})
        views[request.view] = (request, score)
        if len(views) < len(self.laid.requests[request.pair_id]):
            return None
        del self._open[request.pair_id]
        pair = self.by_id[request.pair_id]
        return {"verdict": _verdict(pair, views, self.spec["seed"]), "tokens": self._tokens_of(pair, views)}

    def _tokens_of(self, pair: Pair, views: Mapping[str, tuple[Request, Score]]) -> list[list[Any]]:
        from engine.layout.lay_out import token_lengths

        found = []
        for view, (_, score) in views.items():
            if score.tokens is not None:
                lengths = token_lengths(self.encoder, getattr(pair, view))
                assert len(lengths) == len(score.tokens), f"{pair.id} has other tokens than were scored"
                found.append([view, base64.b64encode(score.tokens.to_bytes()).decode(), lengths])
        return found


def _verdict(pair: Pair, views: Mapping[str, tuple[Request, Score]], seed: int) -> dict[str, Any]:
    row: dict[str, Any] = {"pair_id": pair.id}
    for view, (request, score) in views.items():
        if request.protocol == "choice":
            row[f"log_odds_{view}"] = score.value
        else:
            assert request.scored is not None
            row[f"ll_{view}"] = score.value
            row[f"tokens_{view}"] = request.scored[1] - request.scored[0]
            row[f"bytes_{view}"] = len(getattr(pair, view).encode())
    if "log_odds_chosen_first" in row:
        from engine.stats.metrics import single_order

        row["single_chosen_first"] = single_order(pair.id, seed)
    return row


class _Sender:
    """Gathers verdicts and sends them a few times a second."""

    def __init__(self, task: int, backend: Backend, events: Events) -> None:
        import psutil

        self._task = task
        self._backend = backend
        self._events = events
        self._rows: list[dict[str, Any]] = []
        self._since = time.monotonic()
        self._process = psutil.Process()
        # One backend serves all tasks and counts on; a task's cost is what it adds.
        self._before = (backend.stats.tokens, backend.stats.distinct_tokens, backend.stats.seconds)

    def add(self, row: dict[str, Any] | None) -> None:
        """Keep a row; send what has gathered when it is time."""
        if row is not None:
            self._rows.append(row)
        if time.monotonic() - self._since >= _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Send what has gathered."""
        self._since = time.monotonic()
        if self._rows:
            self._events.send("verdicts", task=self._task, rows=self._rows, facts=self.facts())
            self._rows = []

    def facts(self) -> dict[str, Any]:
        """What the work has cost so far."""
        stats = self._backend.stats
        tokens, distinct, seconds = self._before
        return {
            "tokens": stats.tokens - tokens,
            "distinct_tokens": stats.distinct_tokens - distinct,
            "seconds": stats.seconds - seconds,
            "memory": max(stats.peak_bytes, self._process.memory_info().rss),
            "notes": list(stats.notes),
        }


if __name__ == "__main__":
    raise SystemExit(main())
