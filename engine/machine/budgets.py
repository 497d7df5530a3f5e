"""How much is computed at one time; what is estimated before a model is loaded and what scoring does are one."""

from __future__ import annotations

from typing import Final

__all__ = ["BUDGET_TOKENS", "KEPT_BYTES", "KERNELS_KEPT", "LEAST_TOKENS", "PIECE_ROWS", "logit_rows", "piece_tokens"]

BUDGET_TOKENS: Final = {"cpu": 1024, "cuda": 8192}
"""Tokens in one forward pass where nobody says otherwise, by device. On a CPU a thousand keep its matrix units as busy
as more would; of larger activations the allocator gives the memory back after each, to be cleared for the next. A GPU
needs more until its own work outlasts Python's. Not by what is free: the same work should be done the same way beside
another program, and be what the estimate is of. Where memory runs out, scoring halves it."""

LEAST_TOKENS: Final = {"cpu": 64, "cuda": 256}
"""Tokens in one forward pass below which no memory that a person sets brings it: less would save little and take
several times as long."""

KEPT_BYTES: Final = {"cpu": 1 << 30, "cuda": 8 << 30}
"""Keys and values of exemplars kept from one round to the next where nobody says otherwise, at most, by device; what
there is no room for is computed in every round. A model of 4 B keeps some 7,000 tokens in a gigabyte."""

KERNELS_KEPT: Final = 128
"""Shapes of products that oneDNN keeps its code for. A pass over pairs of the usual lengths has 19 to 27 of
them, one over 18,000 tokens some 70 at most."""

PIECE_ROWS: Final = 256
"""Positions that the output head is applied to at one time where its vocabulary is read in pieces."""

_PIECE: Final = 1 << 20
"""Logits of a piece: four megabytes in fp32."""

_LOGITS: Final = {"cpu": 4 << 20, "cuda": 256 << 20}
"""Logits in existence at one time, by device."""

_HEAD_ROWS: Final = 64
"""Positions that keep a CPU's matrix units busy in the output head."""

_REUSED_LOGITS: Final = (8 << 20) - 1024
"""In fp32 just below 32 MiB: larger pieces of memory glibc gives back to the system after each use."""


def piece_tokens(rows: int) -> int:
    """Tokens of the vocabulary whose logits are there at one time, for some positions."""
    return max(2048, _PIECE // max(1, rows))


def logit_rows(vocabulary: int, device_kind: str) -> int:
    """Positions that the output head is applied to at one time, so that their logits take little memory."""
    vocabulary = max(1, vocabulary)
    rows = _LOGITS[device_kind] // vocabulary
    if device_kind == "cpu":
        rows = max(rows, min(_HEAD_ROWS, _REUSED_LOGITS // vocabulary))
    return max(1, rows)
