"""Trace files: a strong model's solutions of prompts of the person's domain, for rBridge and the proxy metrics.

JSONL, one trace a line:

    {"id": "q1", "prompt": "How many …?\\n", "trace": "There are two …",
     "tokens": [{"token": "There", "logprob": -0.02}, {"token": " are", "logprob": -0.1}, …],
     "spans": [[0, 12]], "cluster": "arithmetic", "writer": "gpt-oss-120b"}

- `prompt` and `trace` are put together as they stand, without anything between; the final answer is left out of both.
- `tokens` are the frontier model's, as OpenAI-style `logprobs.content` lists them (`bytes`, where there, counts before
  `token`; other keys are passed over); together they are the trace, byte for byte. Weighted mode needs them, in every
  line.
- `spans` are half-open ranges of characters in the trace that matter most. Mask mode needs them, in every line; it
  needs no frontier.
- `cluster` names traces that belong together (default: each is its own); intervals resample clusters.
- `writer` names the model that wrote the trace: where it is a candidate too, it reads its own words.

A line may have both, one or neither; with neither only the plain loss of the traces is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.predictors.rbridge import Trace
from rubrics.counted import agreeing
from rubrics.errors import BadInput
from rubrics.faults import Fault, nearest, shown, summarise
from rubrics.jsonl import open_lines, parse_lines

__all__ = ["TraceRecord", "TraceSet", "by_candidates", "parse_traces", "read_traces"]

_FIELDS: Final = ("id", "prompt", "trace", "tokens", "spans", "cluster", "writer")
_MOST: Final = 1e100
"""Nats beyond which no token was ever surprising."""
_SLACK: Final = 1e-6
"""Servers round a certain token's log-probability to a hair above zero."""


@dataclass(frozen=True, eq=False)
class TraceRecord:
    """One line of a trace file."""

    id: str
    prompt: str
    trace: str
    cluster: str
    lengths: tuple[int, ...] = ()
    """UTF-8 bytes of each frontier token; empty where the line has none."""
    logprob: tuple[float, ...] = ()
    """Nats, of the same tokens."""
    spans: tuple[tuple[int, int], ...] = ()
    writer: str = ""
    """The model that wrote it, as the file calls it; empty where it does not say."""

    @cached_property
    def frontier(self) -> Trace:
        """The trace as the frontier model wrote it."""
        return Trace(self.trace, np.array(self.lengths, np.int64), np.array(self.logprob, np.float64))

    def to_json(self) -> str:
        """One line without blanks; the same record always gives the same line."""
        written = [self.writer] if self.writer else []
        return json.dumps(
            [self.id, self.prompt, self.trace, self.cluster, self.lengths, self.logprob, self.spans, *written],
            ensure_ascii=False, separators=(",", ":"),
        )  # fmt: skip

    @classmethod
    def from_json(cls, line: str) -> TraceRecord:
        """What `to_json` wrote."""
        name, prompt, trace, cluster, lengths, logprob, spans, *writer = json.loads(line)
        ranges = tuple((a, b) for a, b in spans)
        return cls(name, prompt, trace, cluster, tuple(lengths), tuple(logprob), ranges, *writer)


@dataclass(frozen=True, eq=False)
class TraceSet:
    """A whole file."""

    name: str
    records: tuple[TraceRecord, ...]

    @cached_property
    def hash(self) -> str:
        """SHA-256 (64 hex digits) of what is in it, whatever the order of keys or the blanks in the file."""
        return hashlib.sha256("\n".join(record.to_json() for record in self.records).encode()).hexdigest()

    @classmethod
    def from_lines(cls, name: str, lines: Iterable[str]) -> TraceSet:
        """A file whose records `to_json` wrote."""
        return cls(name, tuple(map(TraceRecord.from_json, lines)))

    @property
    def weighted(self) -> bool:
        """Whether every trace has its frontier tokens."""
        return all(record.lengths for record in self.records)

    @property
    def masked(self) -> bool:
        """Whether every trace has marked spans."""
        return all(record.spans for record in self.records)

    @property
    def writers(self) -> tuple[str, ...]:
        """Who wrote them, as far as the file says."""
        return tuple(dict.fromkeys(record.writer for record in self.records if record.writer))

    def by_candidates(self, names: Iterable[str]) -> str:
        """What must be said where one of these candidates wrote some of the traces; empty where none did."""
        return by_candidates(self.writers, self.name, names)


def by_candidates(writers: Iterable[str], file: str, names: Iterable[str]) -> str:
    """What must be said where one of these candidates is among the writers of a trace file; empty where none is."""
    written = {_plain_name(writer) for writer in writers}
    own = sorted({name for name in names if _plain_name(name) in written})
    if not own:
        return ""
    return f"{', '.join(own)} wrote traces of {file} and reads its own words there: its place by them is no evidence"


def _plain_name(name: str) -> str:
    """A model's name without address, owner and folder, case folded."""
    return name.rpartition("#")[2].rstrip("/").rpartition("/")[2].casefold()


def read_traces(path: Path) -> TraceSet:
    """The traces in a file.

    Raises:
        BadInput: with every fault found, each with line and field; nothing is taken from a file with a fault.
    """
    with open_lines(path, BadInput) as lines:
        return parse_traces(lines, name=path.stem, where=str(path))


def parse_traces(lines: Iterable[bytes], *, name: str, where: str) -> TraceSet:
    """`read_traces` for lines of bytes."""
    faults: list[Fault] = []
    records: dict[str, TraceRecord] = {}
    for number, value in parse_lines(lines):
        if isinstance(value, Fault):
            faults.append(value)
            continue
        before = len(faults)
        faults += _faults(value, number)
        if len(faults) > before:
            continue
        record = _record(value, number)
        if record.id in records:
            faults.append(Fault(number, "id", f"{shown(record.id)} stands further up; give each its own"))
        records[record.id] = record
    if faults:
        raise BadInput(summarise(faults), where=where, fix="mend these lines; nothing was read")
    if not records:
        raise BadInput("holds no traces", where=where, fix='give one {"prompt", "trace", "tokens"} object a line')
    for field, having in (("tokens", "lengths"), ("spans", "spans")):
        count = sum(bool(getattr(record, having)) for record in records.values())
        if 0 < count < len(records):
            raise BadInput(
                agreeing(count, f"{{n}} of {len(records):,} lines [has|have] {field}: all must, or none"), where=where,
                fix="complete the file, or split it in two",
            )  # fmt: skip
    return TraceSet(name, tuple(records.values()))


def _record(value: dict[str, Any], number: int) -> TraceRecord:
    name = value.get("id", f"line {number}")
    tokens = value.get("tokens") or []
    return TraceRecord(
        name, value["prompt"], value["trace"], value.get("cluster", name),
        tuple(len(_piece(token)) for token in tokens),
        tuple(min(0.0, float(token["logprob"])) for token in tokens),
        tuple((start, stop) for start, stop in value.get("spans") or []), value.get("writer", ""),
    )  # fmt: skip


def _piece(token: dict[str, Any]) -> bytes:
    raw = token.get("bytes")
    return bytes(raw) if raw is not None else str(token["token"]).encode()


def _faults(value: dict[str, Any], number: int) -> Iterator[Fault]:
    for key in value:
        if key not in _FIELDS:
            close = nearest(key, _FIELDS)
            hint = f"did you mean {close}?" if close else f"known: {', '.join(_FIELDS)}"
            yield Fault(number, shown(key)[1:-1], f"no such field; {hint}")
    sound = True
    for key, required in (("id", False), ("prompt", True), ("trace", True), ("cluster", False), ("writer", False)):
        if key not in value:
            if required:
                sound = False
                yield Fault(number, key, "is missing; add it")
        elif not isinstance(value[key], str):
            sound = False
            yield Fault(number, key, "must be text")
        elif key != "prompt" and not value[key].strip():
            sound = False
            yield Fault(number, key, "is blank; write something")
    if sound:
        yield from _token_faults(value, number)
        yield from _span_faults(value, number)


def _token_faults(value: dict[str, Any], number: int) -> Iterator[Fault]:
    tokens = value.get("tokens")
    if tokens is None:
        return
    if not isinstance(tokens, list) or not tokens:
        yield Fault(number, "tokens", "must be a list of {token, logprob}, or left out")
        return
    for at, token in enumerate(tokens):
        if (what := _token_fault(token)) is not None:
            yield Fault(number, f"tokens.{at}", what)
            return
    written, raw = b"".join(map(_piece, tokens)), value["trace"].encode()
    if written != raw:
        same = next((i for i, (a, b) in enumerate(zip(written, raw, strict=False)) if a != b), None)
        same = min(len(written), len(raw)) if same is None else same
        at = _holding(tokens, same)
        yield Fault(
            number, "tokens",
            f"do not make up the trace: they part from it at byte {same}, token {at}; give them without the final "
            "answer, and with bytes where a token is part of a character",
        )  # fmt: skip


def _holding(tokens: Sequence[dict[str, Any]], byte: int) -> int:
    end = 0
    for at, token in enumerate(tokens):
        end += len(_piece(token))
        if byte < end:
            return at
    return len(tokens)


def _token_fault(token: object) -> str | None:
    if not isinstance(token, dict) or "logprob" not in token or not ("token" in token or "bytes" in token):
        return "must be an object with token and logprob"
    logprob, raw = token["logprob"], token.get("bytes")
    # Compared, not converted: a whole number may be larger than any float.
    if not _is(logprob, (int, float)) or not -_MOST <= logprob <= _SLACK:
        return f"logprob {shown(logprob)} is no log-probability (nats, zero or below)"
    if raw is not None:
        return None if isinstance(raw, list) and all(map(_is_byte, raw)) else "bytes must be a list of 0 to 255"
    return None if isinstance(token.get("token"), str) else "token must be text"


def _span_faults(value: dict[str, Any], number: int) -> Iterator[Fault]:
    spans = value.get("spans")
    if spans is None:
        return
    if not isinstance(spans, list) or not spans:
        yield Fault(number, "spans", "must be a list of [start, stop], or left out")
        return
    size = len(value["trace"])
    for at, span in enumerate(spans):
        if not (isinstance(span, list) and len(span) == 2 and all(_is(end, int) for end in span)):
            yield Fault(number, f"spans.{at}", "must be two whole numbers, [start, stop]")
        elif not 0 <= span[0] < span[1] <= size:
            yield Fault(number, f"spans.{at}", f"{span[0]}–{span[1]} is not inside a trace of {size} characters")


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
