"""In which order requests go to a server, and as what: so that its prefix cache serves what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from engine.layout.requests import Request
from engine.scoring.asking import Routes

__all__ = ["Order", "in_order", "token_by_token"]

_WORTH_WAITING: Final = 256
"""Tokens in common from which a request waits for the first of its kind: a server computes what is not yet in its cache
once for each that comes at the same time."""
_NEXT_TOKEN_COSTS: Final = 115
"""Tokens of a prompt that take as long as one next-token request whose beginning is cached. Measured with vLLM 0.32 on
two cores: 60 of them took 5.2 s, 12 prompts of 1,260 tokens 11.4 s."""
_LEAST_PREFIX: Final = 512
"""Tokens before the response below which the difference is not worth a thought."""


class Order(NamedTuple):
    """Requests by index."""

    first: list[int]
    """To be sent at once."""
    after: dict[int, list[int]]
    """To be sent once the request they begin like has been answered."""


def in_order(requests: Sequence[Request], routes: Routes, apiece: Collection[int]) -> Order:
    """Of all that begin alike and whose beginning a cache may serve the first goes ahead; neighbours in the rest have
    most in common.

    Args:
        apiece: see `token_by_token`.
    """
    ordered = sorted(range(len(requests)), key=lambda index: requests[index].ids)
    first: list[int] = []
    after: dict[int, list[int]] = {}
    leader: int | None = None
    for index in ordered:
        labelled = requests[index].labels is not None and routes.following is not None
        cached = labelled or routes.span.reads_cache or index in apiece
        if not cached:
            first.append(index)
        elif leader is not None and _common(requests[leader].ids, requests[index].ids) >= _WORTH_WAITING:
            after.setdefault(leader, []).append(index)
        else:
            leader = index
            first.append(index)
    return Order(first, after)


def token_by_token(requests: Sequence[Request], routes: Routes) -> set[int]:
    """Indices of the `likelihood` requests whose response is asked for as one next-token request an id.

    A server that computes a prompt whole for its log-probabilities, whatever its cache holds, is asked so where the
    response is short and what stands before it long: that is then computed once for all that begin alike.
    """
    if routes.following is None or routes.span.reads_cache:
        return set()
    before = {i: r.ids[: r.scored[0]] for i, r in enumerate(requests) if r.scored is not None}
    alike = Counter(before.values())
    return {
        index
        for index, prefix in before.items()
        if len(prefix) >= _LEAST_PREFIX
        and len(prefix) / alike[prefix] + _NEXT_TOKEN_COSTS * (len(requests[index].ids) - len(prefix))
        < len(requests[index].ids)
    }


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many ids two sequences begin with alike."""
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
