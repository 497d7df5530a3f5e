"""Before anything of a server is believed: can it answer, does it answer alike, and which model answers?

A list of names would be wrong tomorrow, so every server is tried. What is asked for: the ids that were sent, one
log-probability for each, a beginning that is worth the same alone as in the whole, labels that are worth what they are
worth as a text, and the same twice, also after others with the same beginning have been through (a prefix cache that
meets log-probabilities of the prompt may hand out stale ones: vLLM issue 42019).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from engine.candidates.address import Address, parse_address
from engine.candidates.candidate import Served
from engine.candidates.fingerprint import apart
from engine.candidates.server import CallFailed, NotThere, Patience, Server
from engine.layout.lay_out import TextEncoder
from engine.scoring.asking import Inquiry, Routes
from engine.scoring.check import TOLERANCE
from engine.scoring.routes import NEXT_ROUTES, SPAN_ROUTES, NextRoute, SpanRoute
from rubrics.errors import CandidateError, EndpointError

__all__ = ["Examined", "Reading", "examine", "fixed_texts", "quick_reading"]

_TEXTS: Final = (
    "The ferry leaves at 07:45 from the north pier; whoever comes later waits for the next, at noon.\n\nTickets: 12.",
    "def area(w, h):\n    return w * h  # in square metres\n\nA table of 2 by 3 metres has an area of 6.",
    "Please answer in two sentences, name one colour, and do not use lists. My favourite colour is blue because",
)
"""Prose, code and a request; never changed, since stored fingerprints are of them."""
_LONGEST: Final = 64
"""Tokens of each."""
_PATIENCE: Final = Patience(timeout=300.0, attempts=3, pause=0.3)
"""Of the probe: what is not understood will not be understood the sixth time."""
_PASSING: Final = frozenset({"timed out", "HTTP 429", "HTTP 502", "HTTP 503", "HTTP 504"})
"""Failures of a server that is busy, or still loads its model."""
_COMPANY: Final = 5
"""As many times the fixed texts are sent at once: rounding follows the size of a server's batch."""
_LARGEST: Final = TOLERANCE["bf16"]
"""Largest difference in one token, nats, that is put down to rounding at a precision that is not known."""


class Reading(NamedTuple):
    """What tells a model from others."""

    values: tuple[float, ...]
    """Log-probabilities of the tokens of fixed texts, nats."""
    spread: float
    """Mean difference to the same asked in another company, nats a token."""


@dataclass(frozen=True)
class Examined:
    """A server that can score."""

    routes: Routes
    reading: Reading


def fixed_texts(encoder: TextEncoder, context: int | None) -> list[list[int]]:
    """The fixed texts as ids.

    Args:
        context: the longest request that the server takes, in tokens.

    Raises:
        CandidateError: the tokenizer cuts them into too little to try anything.
    """
    longest = min(_LONGEST, context or _LONGEST)
    texts = [[*encoder.prefix, *encoder.encode(text)][:longest] for text in _TEXTS]
    if min(map(len, texts)) < 8:
        raise CandidateError("its context or its tokenizer leaves no room for a text", fix="check the tokenizer")
    return texts


async def examine(
    served: Served, key: str, texts: Sequence[Sequence[int]], *, concurrency: int | None = None
) -> Examined:
    """Try a server.

    Args:
        texts: of `fixed_texts`.
        concurrency: requests in flight at most; None: all that are to be read in company.

    Raises:
        CandidateError: it cannot score; says why, and what to do.
        EndpointError: it answers nobody, or not now.
        BadInput: its address cannot be read.
    """
    server = Server(parse_address(served.address), key, _PATIENCE)

    def asking(span: SpanRoute, following: NextRoute | None = None) -> Inquiry:
        return Inquiry(server, Routes(span, following), None if concurrency is None else lambda: concurrency)

    try:
        reasons: dict[str, str] = {}
        for span in SPAN_ROUTES:
            try:
                asked = asking(span)
                values = await _believable(asked, texts)
                routes = Routes(span, await _next_route(partial(asking, span), texts, values))
                again = (await asked.span(texts[0], 1)).logprob
                _same("the same, after labels behind the same beginning", values, again)
                return Examined(routes, await _reading(asked, texts))
            except (CallFailed, NotThere, _Doubt) as error:
                if isinstance(error, CallFailed) and error.reason in _PASSING:
                    # It says nothing of what the server can do.
                    fix = "wait until the server is ready, or see to it, then start again"
                    raise EndpointError(f"does not answer now: {error}", where=served.address, fix=fix) from None
                reasons[span.name] = error.what if isinstance(error, NotThere) else str(error)
        raise _refusal(server.address, served, reasons)
    finally:
        await server.close()


async def _reading(asked: Inquiry, texts: Sequence[Sequence[int]]) -> Reading:
    """The fixed texts read one by one, and all at once.

    Raises:
        CallFailed, EndpointError: the server did not answer.
    """
    alone = [value for ids in texts for value in (await asked.span(ids, 1)).logprob]
    company = [ids[shift:] for shift in range(1, _COMPANY) for ids in texts]
    together, _ = await asyncio.gather(quick_reading(asked, texts), quick_reading(asked, company))
    return Reading(tuple(alone), apart(alone, together))


async def quick_reading(asked: Inquiry, texts: Sequence[Sequence[int]]) -> list[float]:
    """The fixed texts read all at once.

    Raises:
        CallFailed, EndpointError: the server did not answer.
    """
    spans = await asyncio.gather(*(asked.span(ids, 1) for ids in texts))
    return [value for span in spans for value in span.logprob]


class _Doubt(Exception):
    """Why an answer is not believed."""


async def _believable(asked: Inquiry, texts: Sequence[Sequence[int]]) -> list[float]:
    """Log-probabilities of the first text's ids behind the first, after all that could show them wrong."""
    ids, others = list(texts[0]), texts[1:]
    half = len(ids) // 2

    async def read(ids: Sequence[int], start: int = 1) -> list[float]:
        return (await asked.span(ids, start)).logprob

    whole = await read(ids)
    _same("the first half alone", whole[: half - 1], await read(ids[:half]))
    _same("the second half", whole[half - 1 :], await read(ids, half))
    # Others that begin alike, to whose end a cache may have kept the beginning.
    for other in others:
        await read([*ids[:half], *other])
    _same("the same, after others with the same beginning", whole, await read(ids))
    return whole


async def _next_route(
    asking: Callable[[NextRoute | None], Inquiry], texts: Sequence[Sequence[int]], whole: Sequence[float]
) -> NextRoute | None:
    """The route for labels that gives what they are worth as a text; None where there is none."""
    ids = list(texts[0])
    half = len(ids) // 2
    other = next((token for token in texts[1] if token != ids[half]), ids[0])
    appended = (await asking(None).span([*ids[:half], other], half)).logprob[0]
    expected = [whole[half - 1], appended]
    for route in NEXT_ROUTES:
        asked = asking(route)
        try:
            for _ in range(2):
                labels = await asked.following(ids[:half], [ids[half], other])
                _same("labels", expected, labels)
        except (CallFailed, NotThere, _Doubt):
            continue
        return route
    return None


def _same(what: str, expected: Sequence[float], got: Sequence[float]) -> None:
    worst = max((abs(a - b) for a, b in zip(expected, got, strict=True)), default=math.inf)
    if not worst <= _LARGEST:
        raise _Doubt(f"{what}: {worst:.2g} nats off in one token")


def _refusal(address: Address, served: Served, reasons: dict[str, str]) -> CandidateError:
    tried = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    fix = "serve it with vLLM or SGLang, or name the model's folder or .gguf file"
    if "llama" in served.engine:
        fix = "name its .gguf file as the model: it is loaded here, and scored exactly"
    return CandidateError(
        f"its server does not give the log-probability of each id ({tried})", where=str(address), fix=fix
    )
