"""What can be asked of a server, and how its answers are read: log-probabilities of ids, each beside the id it is of.

Two things are wanted: of every id of a span, given all before it (`SpanRoute`), and of some ids that may come next
(`NextRoute`). Which route a server answers is for the probe to find out; names of servers decide nothing.

- vLLM, `/v1/completions` with `prompt_logprobs`, and with `logprob_token_ids`;
- servers that `echo` the prompt with log-probabilities, as OpenAI's completions did, ids given as `token_id:ID`;
- SGLang, `/generate` with `logprob_start_len`, and with `token_ids_logprob`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from engine.candidates.address import Address
from engine.candidates.server import read_json
from rubrics.counted import count

__all__ = ["NEXT_ROUTES", "SPAN_ROUTES", "NextRoute", "Span", "SpanRoute"]

_ABOVE_ONE: Final = 1e-3
"""Nats by which rounding may put a probability above 1."""


class Span(NamedTuple):
    """What a model says of the ids of a span, in order."""

    logprob: list[float]
    """Nats."""
    rank: list[int]
    """1 + how many ids are more probable; 0 where the server does not tell."""
    top: list[float]
    """Log-probability of the likeliest id, nats; NaN where the server does not tell."""


class SpanRoute(ABC):
    """A way to ask for the log-probabilities of a span's ids."""

    name: str
    reads_cache = False
    """Whether what stands before the span is taken from the server's prefix cache, where that holds it."""

    @abstractmethod
    def url(self, address: Address) -> str:
        """Where it is asked."""

    @abstractmethod
    def payload(self, model: str, ids: Sequence[int], start: int, *, details: bool) -> dict[str, Any]:
        """What is asked.

        Args:
            start: the span is `ids[start:]`; at least 1.
            details: whether the likeliest id is wanted too.
        """

    def read(self, body: bytes, ids: Sequence[int], start: int) -> Span:
        """What an answer says.

        Raises:
            ValueError: it is no answer to this question.
        """
        try:
            entries = self._entries(read_json(body), ids, start)
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"no log-probabilities of the prompt ({type(error).__name__}: {error})") from None
        return Span(*map(list, zip(*entries, strict=True)))

    @abstractmethod
    def _entries(self, value: Any, ids: Sequence[int], start: int) -> list[tuple[float, int, float]]:
        """Log-probability, rank and the likeliest's, of each id of the span."""


class NextRoute(ABC):
    """A way to ask how probable some ids are as the next one."""

    name: str

    @abstractmethod
    def url(self, address: Address) -> str:
        """Where it is asked."""

    @abstractmethod
    def payload(self, model: str, ids: Sequence[int], wanted: Sequence[int]) -> dict[str, Any]:
        """What is asked."""

    def read(self, body: bytes, wanted: Sequence[int]) -> list[float]:
        """Log-probability of each wanted id, nats.

        Raises:
            ValueError: it is no answer to this question.
        """
        try:
            return self._values(read_json(body), wanted)
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"not the log-probabilities of the labels ({type(error).__name__}: {error})") from None

    @abstractmethod
    def _values(self, value: Any, wanted: Sequence[int]) -> list[float]:
        """In the order of `wanted`."""


def _nats(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or value > _ABOVE_ONE:
        raise ValueError(f"{value!r} is no log-probability")
    return min(0.0, float(value))


def _each(entries: Sequence[Any], ids: Sequence[int]) -> None:
    if len(entries) != len(ids):
        raise ValueError(f"{count(len(entries), 'log-probability', 'log-probabilities')} for {len(ids)} ids")


class _Prompt(SpanRoute):
    """vLLM's extension. It never reads the prefix cache for it, but fills it."""

    name = "prompt_logprobs"

    def url(self, address: Address) -> str:
        return f"{address.url}/completions"

    def payload(self, model: str, ids: Sequence[int], start: int, *, details: bool) -> dict[str, Any]:
        return {
            "model": model, "prompt": list(ids), "max_tokens": 1, "temperature": 0, "prompt_logprobs": int(details),
        }  # fmt: skip

    def _entries(self, value: Any, ids: Sequence[int], start: int) -> list[tuple[float, int, float]]:
        entries = value["choices"][0]["prompt_logprobs"]
        _each(entries, ids)
        return [self._entry(entries[place], ids[place]) for place in range(start, len(ids))]

    def _entry(self, entry: Any, token: int) -> tuple[float, int, float]:
        if str(token) not in entry:
            raise ValueError(f"it tells of other ids than {token}")
        told = {name: (_nats(each["logprob"]), each.get("rank")) for name, each in entry.items()}
        own, rank = told[str(token)]
        # The one likeliest comes along where it was asked for, or where it is this one.
        tops = [logprob for logprob, place in told.values() if place == 1]
        return own, rank if type(rank) is int and rank > 0 else 0, max(tops, default=math.nan)


class _Echo(SpanRoute):
    """OpenAI's older completions: the prompt comes back with its log-probabilities."""

    name = "echo"

    def url(self, address: Address) -> str:
        return f"{address.url}/completions"

    def payload(self, model: str, ids: Sequence[int], start: int, *, details: bool) -> dict[str, Any]:
        return {
            "model": model, "prompt": list(ids), "max_tokens": 0, "temperature": 0, "echo": True,
            "logprobs": int(details), "return_tokens_as_token_ids": True,
        }  # fmt: skip

    def _entries(self, value: Any, ids: Sequence[int], start: int) -> list[tuple[float, int, float]]:
        told = value["choices"][0]["logprobs"]
        if "content" in told:
            # The newer form, of the answer alone.
            _each(told["content"], ids)
        tokens, values = told["tokens"], told["token_logprobs"]
        tops = told.get("top_logprobs") or [None] * len(values)
        _each(values, ids)
        _each(tokens, ids)
        _each(tops, ids)
        entries = []
        for place in range(start, len(ids)):
            if tokens[place] != f"token_id:{ids[place]}":
                raise ValueError(f"it echoes {str(tokens[place])[:40]!r} for id {ids[place]}")
            own = _nats(values[place])
            others = [_nats(other) for other in (tops[place] or {}).values()]
            top = max((own, *others)) if others else math.nan
            entries.append((own, 1 if own == top else 0, top))
        return entries


class _Generate(SpanRoute):
    """SGLang's own. Where the span starts late, its radix cache serves what stands before."""

    name = "generate"
    reads_cache = True

    def url(self, address: Address) -> str:
        return f"{address.root}/generate"

    def payload(self, model: str, ids: Sequence[int], start: int, *, details: bool) -> dict[str, Any]:
        return {
            "input_ids": list(ids), "sampling_params": {"max_new_tokens": 1, "temperature": 0},
            "return_logprob": True, "logprob_start_len": start - 1, "top_logprobs_num": int(details),
        }  # fmt: skip

    def _entries(self, value: Any, ids: Sequence[int], start: int) -> list[tuple[float, int, float]]:
        told = value["meta_info"]
        # The first place it starts at has no value: nothing is computed before it.
        entries, span = told["input_token_logprobs"], list(ids[start - 1 :])
        _each(entries, span)
        tops = told.get("input_top_logprobs") or [None] * len(entries)
        _each(tops, span)
        read = []
        for entry, token, likeliest in list(zip(entries, span, tops, strict=True))[1:]:
            if entry[1] != token:
                raise ValueError(f"it tells of id {entry[1]!r} where {token} was sent")
            own = _nats(entry[0])
            top = max((own, *(_nats(other[0]) for other in likeliest))) if likeliest else math.nan
            read.append((own, 1 if own == top else 0, top))
        return read


class _LabelIds(NextRoute):
    """vLLM's extension: of named ids, besides those sampled. The prefix cache serves it."""

    name = "logprob_token_ids"

    def url(self, address: Address) -> str:
        return f"{address.url}/completions"

    def payload(self, model: str, ids: Sequence[int], wanted: Sequence[int]) -> dict[str, Any]:
        return {
            "model": model, "prompt": list(ids), "max_tokens": 1, "temperature": 0, "logprobs": len(wanted),
            "logprob_token_ids": list(wanted), "return_tokens_as_token_ids": True,
        }  # fmt: skip

    def _values(self, value: Any, wanted: Sequence[int]) -> list[float]:
        told = value["choices"][0]["logprobs"]["top_logprobs"][0]
        return [_nats(told[f"token_id:{token}"]) for token in wanted]


class _GenerateLabels(NextRoute):
    """SGLang's own."""

    name = "token_ids_logprob"

    def url(self, address: Address) -> str:
        return f"{address.root}/generate"

    def payload(self, model: str, ids: Sequence[int], wanted: Sequence[int]) -> dict[str, Any]:
        return {
            "input_ids": list(ids), "sampling_params": {"max_new_tokens": 1, "temperature": 0},
            "return_logprob": True, "logprob_start_len": -1, "token_ids_logprob": list(wanted),
        }  # fmt: skip

    def _values(self, value: Any, wanted: Sequence[int]) -> list[float]:
        told = {entry[1]: entry[0] for entry in value["meta_info"]["output_token_ids_logprobs"][0]}
        return [_nats(told[token]) for token in wanted]


SPAN_ROUTES: Final[tuple[SpanRoute, ...]] = (_Prompt(), _Generate(), _Echo())
"""In the order in which they are tried."""
NEXT_ROUTES: Final[tuple[NextRoute, ...]] = (_LabelIds(), _GenerateLabels())
