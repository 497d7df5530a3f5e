"""Expert traces through a model: loss, rank, entropy and margin of every token, one request a trace."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.jobs.child import Events, Gate
from engine.layout.lay_out import BEYOND, PlacingEncoder, token_lengths
from engine.layout.requests import Request
from engine.scoring.work import open_backend, unanswered
from rubrics.counted import count

if TYPE_CHECKING:
    from engine.scoring.backend import Backend, Stats

__all__ = ["encoded_within", "lay_trace", "score_traces"]

_FLUSH_SECONDS = 0.25


def lay_trace(encoder: PlacingEncoder, name: str, prompt: str, trace: str) -> Request:
    """Prompt and trace as ids, the trace's scored; the boundary between them is a boundary of tokens.

    Each is encoded behind a line break whose tokens are dropped again, so that neither is taken for the start of a
    text; the tokenizer's own prefix (BOS) comes first.
    """
    head = [*encoder.prefix, *encoded_within(encoder, prompt)]
    tail = encoded_within(encoder, trace)
    ids = (*head, *tail)
    return Request(name, "likelihood", "chosen", ids, (len(head), len(ids)), None)


def encoded_within(encoder: PlacingEncoder, text: str) -> list[int]:
    """Ids of a text as a part of another: its first token is not taken for the start of a text."""
    if not text:
        return []
    anchor = encoder.encode("\n")
    ids = encoder.encode("\n" + text)
    return ids[len(anchor) :] if ids[: len(anchor)] == anchor else encoder.encode(text)


def score_traces(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Score what a message asks for: events `traces` with rows, several times a second, and `cost` at its end.

    Args:
        message: `model`, `precision`, `device`, `attention`, `threads`, `context`, `vocabulary`,
            `trust_remote_code`, `parameters`, and `traces_file`: JSON lines of [position, prompt, trace].
    """
    events.send("phase", phase="tokenising")
    from engine.scoring.tokenizer import open_tokenizer

    encoder = open_tokenizer(Path(message["model"]), trust_remote_code=message["trust_remote_code"])
    requests: list[Request] = []
    texts: list[tuple[int, str]] = []
    skipped = []
    for line in Path(message["traces_file"]).read_text(encoding="utf-8").split("\n"):
        position, prompt, trace = json.loads(line)
        request = lay_trace(encoder, str(position), prompt, trace)
        assert request.scored is not None
        why = _unscorable(request, message["context"], message["vocabulary"])
        if why:
            skipped.append([position, None, [], why])
        else:
            requests.append(request)
            texts.append((position, trace))
    if skipped:
        events.send("traces", rows=skipped)
    if not requests:
        return
    backend = open_backend(message, events, max(len(request.ids) for request in requests))
    events.send("phase", phase="scoring")
    rows: list[list[Any]] = []
    since = began = time.monotonic()
    try:
        for row in _scored(backend, encoder, requests, texts):
            rows.append(row)
            if gate.closed:
                events.send("traces", rows=rows)
                rows = []
                gate.wait("scoring")
            if time.monotonic() - since >= _FLUSH_SECONDS:
                events.send("traces", rows=rows)
                rows, since = [], time.monotonic()
    finally:
        events.send("cost", cost=_cost(backend.stats, message["parameters"], time.monotonic() - began))
    events.send("traces", rows=rows)
    events.send("notes", notes=list(backend.stats.notes))
    if (failure := unanswered(backend, "trace")) is not None:
        raise failure


def _cost(stats: Stats, parameters: int | None, seconds: float) -> dict[str, float]:
    """What is known of it; FLOPs are 2 a parameter and token that went through the model (Kaplan et al. 2020)."""
    cost = {"seconds": seconds, "tokens": float(stats.distinct_tokens), "peak_bytes": float(stats.peak_bytes)}
    if parameters:
        cost["flops"] = 2.0 * parameters * stats.distinct_tokens
    return {name: value for name, value in cost.items() if value}


def _unscorable(request: Request, context: int | None, vocabulary: int | None) -> str:
    assert request.scored is not None
    start, end = request.scored
    if start == end:
        return "the trace has no tokens"
    if start == 0:
        return "nothing stands before the trace, so its first token has no probability"
    if context is not None and len(request.ids) > context:
        return f"longer than the candidate's context ({count(len(request.ids), 'token')} of {context})"
    if vocabulary is not None and max(request.ids) >= vocabulary:
        return BEYOND
    return ""


def _scored(
    backend: Backend, encoder: PlacingEncoder, requests: list[Request], texts: list[tuple[int, str]]
) -> Iterator[list[Any]]:
    for index, score in backend.score(requests, token_scores=True):
        position, trace = texts[index]
        lengths = token_lengths(encoder, trace)
        assert score.tokens is not None
        assert len(lengths) == len(score.tokens), f"trace {position} has other tokens than were scored"
        yield [position, base64.b64encode(score.tokens.to_bytes()).decode(), lengths, None]
