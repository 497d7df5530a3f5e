"""The six accuracies: from what a candidate said about each pair to a score of 1, ½ or 0.

`choice` gives two log-odds a pair, log p(label of chosen) − log p(label of rejected), one with the chosen response
shown first and one with the rejected. `likelihood` gives the log-likelihood of both responses in nats, with their
lengths. What was not scored is NaN, and stays NaN.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["HEADLINE", "METRICS", "Columns", "Metric", "headline_win", "single_order", "win"]

FloatArray = npt.NDArray[np.float64]


class Columns(Protocol):
    """Verdicts as columns of equal length (pairs,); NaN where a protocol has no such number."""

    @property
    def log_odds_chosen_first(self) -> FloatArray: ...
    @property
    def log_odds_rejected_first(self) -> FloatArray: ...
    @property
    def ll_chosen(self) -> FloatArray: ...
    @property
    def ll_rejected(self) -> FloatArray: ...
    @property
    def tokens_chosen(self) -> FloatArray: ...
    @property
    def tokens_rejected(self) -> FloatArray: ...
    @property
    def bytes_chosen(self) -> FloatArray: ...
    @property
    def bytes_rejected(self) -> FloatArray: ...
    @property
    def single_chosen_first(self) -> npt.NDArray[np.bool_]:
        """Which order `single` reads; see `single_order`."""


@dataclass(frozen=True)
class Metric:
    """One accuracy by name."""

    name: str
    protocol: Literal["choice", "likelihood"]
    chance: float
    """What a candidate that cannot tell reaches."""
    words: str
    """Its name in a figure: accuracy by …"""
    help: str
    """What it is and how it is computed, in one line."""
    margin: Callable[[Columns], FloatArray]
    """(pairs,): how far the chosen response is ahead, in nats (per token or byte where the name says so)."""

    def score(self, columns: Columns) -> npt.NDArray[np.float32]:
        """(pairs,): 1 right, 0 wrong, ½ a tie, NaN not scored.

        `strict` takes a tie as a fair coin in its order – ½ beside a right answer, ¼ beside another tie – so that a
        candidate which always ties is at chance.
        """
        if self.name == "strict":
            return win(columns.log_odds_chosen_first) * win(columns.log_odds_rejected_first)
        return win(self.margin(columns))


def win(margin: FloatArray) -> npt.NDArray[np.float32]:
    """1 above zero, ½ at zero, 0 below, NaN for NaN."""
    return ((np.sign(margin) + 1) / 2).astype(np.float32)


def single_order(pair_id: str, seed: int = 0) -> bool:
    """Whether `single` reads the order that shows the chosen response first."""
    return bool(hashlib.blake2b(f"{seed}:{pair_id}".encode(), digest_size=1).digest()[0] & 1)


def _averaged(columns: Columns) -> FloatArray:
    return (columns.log_odds_chosen_first + columns.log_odds_rejected_first) / 2


def _single(columns: Columns) -> FloatArray:
    return np.where(columns.single_chosen_first, columns.log_odds_chosen_first, columns.log_odds_rejected_first)


def _strict(columns: Columns) -> FloatArray:
    return np.minimum(columns.log_odds_chosen_first, columns.log_odds_rejected_first)


def _sum(columns: Columns) -> FloatArray:
    return columns.ll_chosen - columns.ll_rejected


def _per_token(columns: Columns) -> FloatArray:
    return columns.ll_chosen / columns.tokens_chosen - columns.ll_rejected / columns.tokens_rejected


def _per_byte(columns: Columns) -> FloatArray:
    return columns.ll_chosen / columns.bytes_chosen - columns.ll_rejected / columns.bytes_rejected


METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(
            "averaged",
            "choice",
            0.5,
            "choice, mean of both orders",
            "share of pairs whose mean log-odds over both orders favour the chosen response; a tie counts ½",
            _averaged,
        ),
        Metric(
            "single",
            "choice",
            0.5,
            "choice, in one order",
            "share right in one order per pair, drawn by a seeded hash of the pair's id; a tie counts ½",
            _single,
        ),
        Metric(
            "strict",
            "choice",
            0.25,
            "choice, right in both orders",
            "share right in both orders; a tie counts as a fair coin in its order (½, both ¼)",
            _strict,
        ),
        Metric(
            "per_byte",
            "likelihood",
            0.5,
            "likelihood per byte",
            "share of pairs whose chosen response has the higher log-likelihood per UTF-8 byte; a tie counts ½",
            _per_byte,
        ),
        Metric(
            "per_token",
            "likelihood",
            0.5,
            "likelihood per token",
            "share of pairs whose chosen response has the higher log-likelihood per token; a tie counts ½",
            _per_token,
        ),
        Metric(
            "sum",
            "likelihood",
            0.5,
            "likelihood of the whole response",
            "share of pairs whose chosen response has the higher log-likelihood, summed over tokens; a tie counts ½",
            _sum,
        ),
    )
}
"""By name; within a protocol the headline comes first."""

HEADLINE: Final[Mapping[str, str]] = {"choice": "averaged", "likelihood": "per_byte"}
"""The metric shown where none is named."""


def headline_win(verdict: Mapping[str, Any]) -> float:
    """The score of one verdict under its protocol's headline; its fields are named as the columns are."""
    metric = METRICS[HEADLINE["likelihood" if "ll_chosen" in verdict else "choice"]]
    return float(win(metric.margin(SimpleNamespace(**verdict))))
