"""What is read off the logits, against every probability written out in float64."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
import torch

from engine.scoring import head, readout
from engine.scoring.backend import LocalBackend
from engine.scoring.model import Halves

VOCABULARY = 11


class Cut:
    """Logits that are there, given in pieces of some tokens, as a head would that computes them."""

    def __init__(self, logits: torch.Tensor, rows: int, step: int) -> None:
        self.rows, self._logits, self._step = rows, logits, step
        self.held: list[int] = []

    def pieces(self, states: torch.Tensor) -> Iterable[torch.Tensor]:
        self.held.append(len(states))
        return self._logits[states[:, 0].long()].split(self._step, 1)

    def at(self, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor | None:
        return None if self._step == VOCABULARY else self._logits[states[:, 0].long(), ids]


@pytest.mark.parametrize("rows_at_once", [1, 3, 4, 100])
@pytest.mark.parametrize("tokens_at_once", [1, 3, VOCABULARY])
def test_every_number_is_that_of_the_whole_distribution(rows_at_once: int, tokens_at_once: int) -> None:
    torch.manual_seed(0)
    logits = torch.randn(9, VOCABULARY) * 3
    logits[2, 7] = -torch.inf
    rows, targets = torch.tensor([0, 0, 2, 3, 3, 3, 4, 7, 8]), torch.tensor([1, 5, 0, 2, 3, 10, 4, 6, 9])
    targets[-1] = logits[8].argmax()
    cut, states = Cut(logits, rows_at_once, tokens_at_once), torch.arange(9.0)[:, None]
    found = readout.read(cut, states, rows, targets, details=True)
    assert max(cut.held) <= rows_at_once
    wide = logits.double().numpy()
    p = np.exp(wide) / np.exp(wide).sum(1, keepdims=True)
    mine = p[rows, targets]
    assert found.logprob.numpy() == pytest.approx(np.log(mine), abs=1e-5)
    assert found.rank is not None
    assert found.entropy is not None
    assert found.margin is not None
    assert found.rank.tolist() == [1 + int((p[r] > p[r, t]).sum()) for r, t in zip(rows, targets, strict=True)]
    assert found.rank[-1] == 1
    assert found.best is not None
    assert found.best.tolist() == [int(p[r].argmax()) for r in rows]
    entropies = -(p * np.log(np.where(p > 0, p, 1))).sum(1)
    assert found.entropy.numpy() == pytest.approx(entropies[rows], abs=1e-5)
    assert found.margin.numpy() == pytest.approx(p.max(1)[rows] - mine, abs=1e-6)
    plain = readout.read(cut, states, rows, targets, details=False)
    assert torch.equal(plain.logprob, found.logprob)
    assert plain[1:] == (None, None, None, None)


def test_a_target_is_read_as_it_is_known_best_and_is_never_above_itself() -> None:
    class Rounded(Cut):
        def pieces(self, states: torch.Tensor) -> Iterable[torch.Tensor]:
            return (piece.bfloat16() for piece in super().pieces(states))

    torch.manual_seed(0)
    logits = torch.randn(50, VOCABULARY) * 3 + 40
    rows = torch.arange(50)
    found = readout.read(Rounded(logits, 64, 4), rows.float()[:, None], rows, logits.argmax(1), details=True)
    coarse = logits.bfloat16().float()
    coarse[rows, logits.argmax(1)] = logits.amax(1)
    expected = coarse.double().log_softmax(1)[rows, logits.argmax(1)]
    assert found.logprob.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert found.rank is not None
    assert found.rank.tolist() == (1 + (coarse > logits.amax(1)[:, None]).sum(1)).tolist()


@pytest.mark.parametrize(
    ("name", "changes", "kind"),
    [
        ("llama", {}, head.HeadInPieces), ("llama", {"tie_word_embeddings": True}, head.HeadInPieces),
        ("gpt2", {}, head.HeadInPieces), ("gemma3_text", {}, head.WholeHead), ("granite", {}, head.WholeHead),
        ("gemma3_text", {"final_logit_softcapping": None}, head.HeadInPieces),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pieces_are_read_where_nothing_follows_the_last_matrix(name, changes, kind, dtype, build):
    halves = Halves(build(name, **changes).model.to(dtype))
    halves.states(*(torch.arange(3) for _ in range(3)))
    assert type(halves.head) is kind


def test_a_batchs_logits_never_exist_at_once_and_are_exact(build, requests, assert_exact, monkeypatch):
    made, real = [], head.rows_of
    monkeypatch.setattr(head, "piece_tokens", lambda rows: 64)
    monkeypatch.setattr(head, "rows_of", lambda *given: made.append(real(*given)) or made[-1])
    loaded = build("llama")
    backend = LocalBackend(loaded, token_budget=200)
    made.clear()
    scores = dict(backend.score(requests, token_scores=True))
    assert {piece.shape[1] for piece in made} == {64, 300 % 64}
    assert max(len(piece) for piece in made) <= 256
    assert_exact(build("llama").model, requests, scores)
