"""rBridge: the NLL of a strong model's reasoning, each token weighted by how sure that model was of it.

Source: arXiv 2509.21013, the algorithm as printed; `masked` is the mode of its released code. Lower is better.

The two models cut the text differently, so they meet in its characters: a character has the probability of the
frontier token that holds it (its first byte, where a token splits it), and a candidate's token weighs the mean over
the characters it touches. All lengths are in UTF-8 bytes per token and cover the trace and nothing else: no BOS, no
prompt, no final answer. A token of no bytes is one that shares a character with the token before it, which has all the
bytes; it touches that character.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Masked", "Trace", "bits_per_byte", "masked", "rbridge", "token_weights"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trace:
    """A reasoning trace as the frontier model wrote it; arrays have shape (frontier tokens,).

    Raises:
        ValueError: lengths do not add up to the text, or a log-probability is above zero or no number.
    """

    text: str
    lengths: npt.NDArray[np.int64]
    logprob: FloatArray
    """Nats, as in OpenAI-style `logprobs`."""

    def __post_init__(self) -> None:
        if len(self.lengths) != len(self.logprob):
            raise ValueError(f"{len(self.lengths)} lengths for {len(self.logprob)} log-probabilities")
        if not (np.asarray(self.logprob) <= 1e-6).all():
            raise ValueError("log-probabilities must be numbers, zero or below")
        _ends(self.text, self.lengths)

    def characters(self) -> FloatArray:
        """(characters,): the frontier's probability of the token that holds each."""
        starts = np.cumsum([0, *(len(character.encode()) for character in self.text)])[:-1]
        holder = np.searchsorted(np.cumsum(self.lengths), starts, side="right")
        probabilities: FloatArray = np.exp(np.asarray(self.logprob, dtype=np.float64)[holder])
        return probabilities


def token_weights(trace: Trace, lengths: npt.NDArray[np.int64]) -> FloatArray:
    """(tokens,): the frontier's mean probability over the characters that each of a candidate's tokens touches.

    Args:
        lengths: (tokens,), bytes of the trace in each of the candidate's tokens.
    """
    ends = _ends(trace.text, lengths)
    sizes = np.array([len(character.encode()) for character in trace.text])
    character = np.repeat(np.arange(len(sizes)), sizes)
    sums = np.concatenate([[0.0], np.cumsum(trace.characters())])
    starts, stops = _touched(ends, lengths)
    first, last = character[starts], character[stops - 1] + 1
    means: FloatArray = (sums[last] - sums[first]) / (last - first)
    return means


def rbridge(
    weights: Sequence[FloatArray],
    nll: Sequence[FloatArray],
    *,
    over: Literal["trace", "set"] = "trace",
    level: float = 1.0,
) -> FloatArray:
    """(traces,): mean over a trace's tokens of NLL times weight, the weights brought to 0 to 1; NaN without tokens.

    Divided by the number of tokens, not by the sum of weights. A benchmark's value is the mean over its traces.

    Args:
        weights: `token_weights`, one array per trace.
        nll: −log p(token | prompt, earlier tokens) of the same tokens, nats.
        over: whether least and largest weight are found in each trace, as printed, or in all of them together.
        level: what every token weighs where all weights are equal, a case the source leaves open.
    """
    if [len(w) for w in weights] != [len(n) for n in nll]:
        raise ValueError("weights and NLL need one entry per token, trace by trace")
    everything = np.concatenate([*weights, np.zeros(0)])
    values = np.full(len(weights), math.nan)
    for i, (weight, loss) in enumerate(zip(weights, nll, strict=True)):
        if not len(loss):
            continue
        span = weight if over == "trace" else everything
        low, high = float(span.min()), float(span.max())
        # Sums over characters leave rounding where all weights are equal.
        scaled = (weight - low) / (high - low) if high - low > 1e-12 else np.full(len(weight), level)
        values[i] = float(np.mean(loss * scaled))
    return values


class Masked(NamedTuple):
    """What the marked part of one trace costs."""

    bits: float
    size: int
    """UTF-8 bytes of the tokens that were counted."""


def masked(text: str, lengths: npt.NDArray[np.int64], nll: FloatArray, spans: Sequence[tuple[int, int]]) -> Masked:
    """Mask mode: only tokens that overlap a marked span count, whole.

    Args:
        text: the trace.
        lengths: (tokens,), bytes of the trace in each of the candidate's tokens.
        nll: (tokens,), nats.
        spans: half-open, in characters; they may overlap and may run over lines.

    Raises:
        ValueError: a span lies outside the text or is empty, or lengths do not add up.
    """
    ends = _ends(text, lengths)
    if len(nll) != len(ends):
        raise ValueError(f"{len(ends)} lengths for {len(nll)} losses")
    marked = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    places = np.cumsum([0, *(len(character.encode()) for character in text)])
    for start, stop in spans:
        if not 0 <= start < stop <= len(text):
            raise ValueError(f"span {start}–{stop} is not inside a text of {len(text)} characters")
        marked[places[start] : places[stop]] = 1
    sums = np.concatenate([[0], np.cumsum(marked)])
    starts, stops = _touched(ends, lengths)
    counted = sums[stops] > sums[starts]
    return Masked(float(np.sum(np.asarray(nll)[counted])) / math.log(2), int(lengths[counted].sum()))


def bits_per_byte(costs: Sequence[Masked]) -> float:
    """All bits over all bytes; NaN where nothing was marked."""
    size = sum(cost.size for cost in costs)
    return sum(cost.bits for cost in costs) / size if size else math.nan


def _touched(
    ends: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(tokens,) each: the half-open range of bytes that a token touches, at least one byte."""
    starts = np.where(lengths > 0, ends - lengths, np.maximum(ends - 1, 0))
    return starts, np.maximum(ends, starts + 1)


def _ends(text: str, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    ends: npt.NDArray[np.int64] = np.cumsum(lengths, dtype=np.int64)
    size = len(text.encode())
    if (np.asarray(lengths) < 0).any() or (int(ends[-1]) if len(ends) else 0) != size:
        raise ValueError(f"tokens of {int(sum(lengths))} bytes do not make up a text of {size}")
    return ends
