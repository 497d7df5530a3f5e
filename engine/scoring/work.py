"""A worker's work for scoring: one candidate's suites and protocols laid out, reported, scored round by round."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.candidates.address import key_from
from engine.candidates.candidate import Served
from engine.jobs.child import Events, Gate
from engine.layout.lay_out import LayoutOptions, lay_out, token_lengths
from engine.layout.order import rounds
from engine.layout.wordings import Wording
from engine.stats.metrics import single_order
from rubrics.counted import count
from rubrics.errors import RudeError
from rubrics.reading import read_suite

if TYPE_CHECKING:
    from engine.layout.lay_out import Laid
    from engine.layout.requests import Request, Score, TokenScores
    from engine.scoring.backend import Backend
    from rubrics.schema import Pair, Suite

__all__ = ["look", "measure", "open_backend", "score", "send_requests", "unanswered"]

_FLUSH_SECONDS: Final = 0.25
"""Verdicts are sent on at least this often, so that a stop loses little."""

_SHARED_LESS: Final = "{:.1f} times as many tokens went through the model as with all prefixes shared"


def look(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Say of each model whether it could be scored, as far as tokenizer, config and the headers of its weights tell;
    no weights are read."""
    for number, model in enumerate(message["models"]):
        try:
            if model.get("served"):
                seen = _served_seen(model)
            else:
                seen = _seen(Path(model["folder"]), model["trust_remote_code"])
        except RudeError as error:
            events.send("refused", model=number, **error.to_json())
        else:
            events.send("seen", model=number, **seen)


def _seen(folder: Path, trust_remote_code: bool) -> dict[str, list[str]]:
    """What a reader of a model's numbers should know: of how its texts are cut into `tokens`, and other `notes`.

    Raises:
        CandidateError: it cannot be scored.
    """
    from engine.scoring.causal import assert_kind_is_causal
    from engine.scoring.config_entries import is_own
    from engine.scoring.load import opening
    from engine.scoring.tokenizer import open_tokenizer
    from engine.scoring.weights import assert_complete

    remarks = open_tokenizer(folder, trust_remote_code=trust_remote_code).remarks
    with opening(str(folder)):
        checked = assert_complete(folder, trust_remote_code=trust_remote_code)
        if not is_own(checked.config):
            assert_kind_is_causal(checked.config, checked.auto)
    return {"tokens": list(remarks), "notes": checked.notes}


def _served_seen(model: Mapping[str, Any]) -> dict[str, Any]:
    """What a server showed when it was tried, and what a reader of its numbers should know.

    Raises:
        CandidateError: it cannot score.
        EndpointError: it answers nobody.
    """
    import asyncio

    from engine.scoring.probe import examine, fixed_texts
    from engine.scoring.tokenizer import open_tokenizer

    encoder = open_tokenizer(Path(model["folder"]))
    served = Served(**model["served"])
    texts = fixed_texts(encoder, model["context"])
    examined = asyncio.run(examine(served, key_from(served.key_variable), texts, concurrency=model.get("concurrency")))
    reading = examined.reading
    return {"tokens": list(encoder.remarks), "notes": [], "fingerprint": reading.values, "spread": reading.spread}


def measure(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Report the size of every task; loads no weights."""
    if not message.get("served"):
        _seen(Path(message["model"]), message["trust_remote_code"])
    _prepared(message, events)


def send_requests(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Send every request exactly as it would be scored; loads no weights."""
    for task in _tasks(message, events):
        task.send_requests()


def score(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Score every task, as far as it is not done."""
    tasks = _prepared(message, events)
    if tasks:
        gate.wait("tokenising")
        backend = open_backend(message, events, max(max(task.laid.lengths.values(), default=0) for task in tasks))
        for task in tasks:
            task.score(backend, gate)


def open_backend(message: Mapping[str, Any], events: Events, longest: int = 0) -> Backend:
    """What scores for this candidate: its weights, loaded into this process, or the server that holds it.

    Args:
        longest: tokens in the longest request.
    """
    events.send("phase", phase="loading")
    if message.get("backend"):
        return _open_plugin(message, events)
    if message.get("served"):
        return _open_served(message, events)
    from engine.scoring.backend import LocalBackend
    from engine.scoring.checked import load_checked
    from engine.scoring.memory import within

    pieces = within(message, longest)
    loaded = load_checked(message)
    backend = LocalBackend(loaded, *pieces)
    events.send("loaded", facts=dict(loaded.facts))
    return backend


def _open_plugin(message: Mapping[str, Any], events: Events) -> Backend:
    """What another package scores the same files with.

    Raises:
        BadInput: it cannot be used.
    """
    from engine.candidates.hashing import assert_unchanged
    from engine.machine.paths import digest_dir
    from rubrics.plugins import assert_usable, load_function, named

    plugin = named("backends", message["backend"])
    assert plugin is not None, f"{message['backend']} was there when the run was planned"
    open_ = assert_usable(plugin, load_function(plugin))
    folder = Path(message["model"])
    backend: Backend = open_(
        folder, precision=message["precision"], device=message["device"], threads=message.get("threads"),
        trust_remote_code=message["trust_remote_code"],
    )  # fmt: skip
    assert_unchanged(folder, message["hashes"], remembered=digest_dir())
    events.send("loaded", facts={"backend": str(plugin)})
    return backend


def _open_served(message: Mapping[str, Any], events: Events) -> Backend:
    from engine.candidates.hashing import assert_unchanged
    from engine.machine.paths import digest_dir
    from engine.scoring.probe import fixed_texts
    from engine.scoring.served import ServedBackend, telling
    from engine.scoring.tokenizer import open_tokenizer

    folder, served = Path(message["model"]), Served(**message["served"])
    texts = fixed_texts(open_tokenizer(folder), message["context"])
    assert_unchanged(folder, message["hashes"], remembered=digest_dir())
    concurrency, told = message.get("concurrency"), telling(events)
    backend = ServedBackend(served, key_from(served.key_variable), texts, concurrency=concurrency, told=told)
    events.send("loaded", facts=backend.facts)
    return backend


def unanswered(backend: Backend, noun: str) -> RudeError | None:
    """What to say of the work that nobody answered; taken out of the backend's account."""
    waiting = dict(backend.stats.waiting)
    backend.stats.waiting.clear()
    if not waiting:
        return None
    why = ", ".join(f"{reason} ({number})" for reason, number in Counter(waiting.values()).most_common(3))
    fix = "see to the server, then start it again: those alone are asked"
    return RudeError(f"{count(len(waiting), noun)} not answered, and waiting: {why}", fix=fix)


def _prepared(message: Mapping[str, Any], events: Events) -> list[_Task]:
    return [task for task in _tasks(message, events) if task.prepare()]


def _tasks(message: Mapping[str, Any], events: Events) -> Iterator[_Task]:
    events.send("phase", phase="tokenising")
    from engine.candidates.hashing import assert_unchanged
    from engine.scoring.tokenizer import open_tokenizer

    folder = Path(message["model"])
    assert_unchanged(folder, {})
    encoder = open_tokenizer(folder, trust_remote_code=message["trust_remote_code"])
    for number, spec in enumerate(message["tasks"]):
        try:
            yield _Task(number, spec, message, encoder, events)
        except RudeError as error:
            # One protocol that cannot be laid out (labels that are no single tokens) leaves the other standing.
            events.send("task_failed", task=number, **error.to_json())


class _Task:
    """One suite under one protocol."""

    def __init__(
        self, number: int, spec: Mapping[str, Any], message: Mapping[str, Any], encoder: Any, events: Events
    ) -> None:
        self.number = number
        self.spec = spec
        self.encoder = encoder
        self._texts: dict[int, str] = {}
        """What ids stand for, as far as it was asked."""
        self.events = events
        self.counts_tokens = message["kind"] != "score"
        """Putting every request together once costs time that a run need not wait for."""
        self.suite: Suite = read_suite(Path(spec["suite_file"]))
        wording = Wording.of_json(spec["wording"])
        options = LayoutOptions(spec["protocol"], spec["shots"], spec["show_criteria"], spec["prompt"], wording)
        events.send("phase", phase="tokenising", task=number)
        self.laid: Laid = lay_out(self.suite, encoder, options, message.get("context"), message.get("vocabulary"))
        self.about_vocabulary = _beyond(encoder.vocabulary, message.get("vocabulary"))
        self.rounds: list[list[str]] = []
        """Ids still to score, a round at a time."""
        self.by_id: dict[str, Pair] = {pair.id: pair for pair in self.suite.scored}

    def send_requests(self) -> None:
        """Every request exactly as it would be scored."""
        selected = set(self.spec["pairs"])
        for pair_id, requests in self.laid.requests.items():
            if selected and pair_id not in selected:
                continue
            for request in requests:
                tokens = [self.encoder.decode_token(number) for number in request.ids]
                self.events.send("request", task=self.number, request=request.to_json(), tokens=tokens)
        self._send_laid(len(self.laid.requests))

    def prepare(self) -> bool:
        """Report what can be scored; True if anything is left to do."""
        done = set(self.spec["done"])
        order = list(rounds(self.suite.scored, self.laid.lengths, seed=self.spec["seed"], limit=self.spec["limit"]))
        left = [[pair_id for pair_id in ids if pair_id not in done] for ids in order]
        # Whole rounds go to one of several workers: it computes what a worker alone would, batch by batch.
        number, of = self.spec.get("shard", (0, 1))
        self.rounds = [ids for ids in left[number::of] if ids]
        self._send_laid(sum(map(len, order)), sum(map(len, left)))
        return bool(self.rounds)

    def _send_laid(self, total: int, left: int = 0) -> None:
        self.events.send(
            "laid",
            task=self.number,
            total=total,
            left=left,
            own=sum(map(len, self.rounds)),
            tokens=self._tokens() if self.counts_tokens else None,
            notes=[*self.laid.notes, *self.about_vocabulary],
            skipped=[[skip.pair_id, skip.reason, skip.tokens, skip.limit] for skip in self.laid.skipped],
        )

    def _tokens(self) -> int:
        return sum(len(request.ids) for requests in self.laid.requests.values() for request in requests)

    def score(self, backend: Backend, gate: Gate) -> None:
        """Score round by round, sending verdicts as they are complete."""
        self.events.send("phase", phase="scoring", task=self.number)
        sender = _Sender(self.number, backend, self.events)
        for ids in self.rounds:
            requests = [request for pair_id in ids for request in self.laid.requests[pair_id]]
            for request, score in self._scores(backend, requests):
                sender.add(self._finished(request, score))
                # Scores are computed when they are asked for: not asking is waiting.
                if gate.closed:
                    sender.flush()
                    gate.wait("scoring", task=self.number)
        sender.flush()
        if (failure := unanswered(backend, "pair")) is not None:
            self.events.send("task_failed", task=self.number, **failure.to_json())
        else:
            self.events.send("task_done", task=self.number, facts=sender.facts(done=True))

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
        packed = []
        for view, (_, score) in views.items():
            if score.tokens is not None:
                lengths = token_lengths(self.encoder, getattr(pair, view))
                assert len(lengths) == len(score.tokens), f"{pair.id} has other tokens than were scored"
                tokens = replace(score.tokens, wanted=self._wanted(score.tokens))
                packed.append([view, base64.b64encode(tokens.to_bytes()).decode(), lengths])
        return packed

    @cached_property
    def _known(self) -> frozenset[int]:
        """The ids that its tokenizer knows."""
        return frozenset(self.encoder.vocabulary.values())

    def _wanted(self, tokens: TokenScores) -> tuple[str, ...]:
        """What the model would have said in place of each token; empty where it is the token itself."""
        if tokens.best is None:
            return ()
        for best in set(tokens.best.tolist()) - self._texts.keys():
            # An embedding may have rows that its tokenizer knows nothing of.
            self._texts[best] = self.encoder.decode_token(best) if best in self._known else f"[{best}]"
        other = zip(tokens.best.tolist(), (tokens.rank > 1).tolist(), strict=True)
        return tuple(self._texts[best] if wanted else "" for best, wanted in other)


def _beyond(vocabulary: Mapping[str, int], rows: int | None) -> list[str]:
    """The whole vocabulary against the embedding, as a note; what pairs need of it is seen when they are laid out."""
    most = max(vocabulary.values(), default=0)
    if rows is None or most < rows:
        return []
    return [f"its tokenizer knows ids up to {most:,}, the model's embedding has {rows:,} rows"]


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
        self._before = self._counts()

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

    def _counts(self) -> tuple[int, int, float, int]:
        stats = self._backend.stats
        return stats.tokens, stats.distinct_tokens, stats.seconds, stats.tree_tokens

    def facts(self, done: bool = False) -> dict[str, Any]:
        """What the work has cost so far; once it is done, also what sharing less than could be has cost."""
        stats = self._backend.stats
        tokens, distinct, seconds, tree = (
            now - before for now, before in zip(self._counts(), self._before, strict=True)
        )
        cost = [_SHARED_LESS.format(distinct / tree)] if done and tree and distinct > tree else []
        return {
            "tokens": tokens,
            "distinct_tokens": distinct,
            "seconds": seconds,
            "memory": max(stats.peak_bytes, self._process.memory_info().rss),
            "notes": [*stats.notes, *cost],
        }
