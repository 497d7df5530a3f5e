"""How much is computed at one time."""

from __future__ import annotations

import pytest

from engine.machine.budgets import PIECE_ROWS, logit_rows, piece_tokens


@pytest.mark.parametrize(
    "vocabulary, kind, rows",
    [(8192, "cpu", 512), (32_768, "cpu", 128), (151_936, "cpu", 55), (262_144, "cpu", 31), (10**8, "cpu", 1),
     (151_936, "cuda", 1766), (10**9, "cuda", 1)],
)  # fmt: skip
def test_the_head_is_read_for_few_positions_at_a_time(vocabulary: int, kind: str, rows: int) -> None:
    assert logit_rows(vocabulary, kind) == rows
    # What glibc gives back to the system after each use begins at 32 MiB.
    assert kind == "cuda" or rows == 1 or 4 * rows * vocabulary < 32 << 20


@pytest.mark.parametrize("rows, tokens", [(1, 1 << 20), (64, 16384), (PIECE_ROWS, 4096)])
def test_a_piece_of_logits_has_one_size(rows: int, tokens: int) -> None:
    assert piece_tokens(rows) == tokens
