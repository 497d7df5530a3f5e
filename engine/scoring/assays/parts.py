"""Texts in pieces: what each named part of them costs, in bits, whatever it stands behind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.layout.lay_out import BEYOND
from engine.layout.requests import Request
from engine.scoring.traces import encoded_within
from rubrics.counted import count

if TYPE_CHECKING:
    from engine.scoring.backend import Backend
    from engine.scoring.tokenizer import HubTokenizer

__all__ = ["LaidParts", "Parts", "bits_of", "lay_parts", "unscorable"]

_LN2: Final = math.log(2)
Parts = Sequence[tuple[str, Sequence[str]]]
"""Pieces of a text, those that are measured under a name, the others under none."""
LaidParts = tuple[list[int], dict[str, tuple[int, int]]]
"""Ids of a text behind a line break, and where in them each named part stands."""


def lay_parts(encoder: HubTokenizer, parts: Parts) -> LaidParts:
    """A text as ids; a piece that is an added token of the vocabulary is that token."""
    marks = set(encoder.added)
    ids = [*encoder.prefix, *encoder.encode("\n")]
    spans = {}
    for name, pieces in parts:
        start = len(ids)
        for piece in pieces:
            ids += [encoder.vocabulary[piece]] if piece in marks else encoded_within(encoder, piece)
        if name:
            spans[name] = (start, len(ids))
    return ids, spans


def unscorable(texts: Sequence[LaidParts], message: Mapping[str, Any]) -> str:
    """Why not all of these texts can be scored; empty where they can."""
    longest = max(len(ids) for ids, _ in texts)
    if message["context"] is not None and longest > message["context"]:
        return f"longer than the candidate's context ({count(longest, 'token')} of {message['context']})"
    if message["vocabulary"] is not None and max(max(ids) for ids, _ in texts) >= message["vocabulary"]:
        return BEYOND
    return ""


def bits_of(backend: Backend, texts: Sequence[LaidParts]) -> dict[str, float]:
    """Bits of every named part, by name; some are missing where a server did not answer."""
    requests = [
        Request(str(at), "likelihood", "chosen", tuple(ids), (1, len(ids)), None) for at, (ids, _) in enumerate(texts)
    ]
    bits = {}
    for at, score in backend.score(requests, token_scores=True):
        assert score.tokens is not None
        for name, (start, end) in texts[at][1].items():
            bits[name] = -float(score.tokens.logprob[start - 1 : end - 1].astype("f8").sum()) / _LN2
    return bits
