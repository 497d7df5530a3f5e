"""What is read off the logits, against every probability written out in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.scoring import readout


@pytest.mark.parametrize("rows_at_once", [1, 3, 4, 100])
def test_every_number_is_that_of_the_whole_distribution(rows_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = 11
    monkeypatch.setattr(readout, "logit_rows", lambda *_: rows_at_once)
    torch.manual_seed(0)
    logits = torch.randn(9, vocabulary) * 3
    rows, targets = torch.tensor([0, 0, 2, 3, 3, 3, 4, 7, 8]), torch.tensor([1, 5, 0, 2, 3, 10, 4, 6, 9])
    targets[-1] = logits[8].argmax()
    held: list[int] = []

    def logits_of(hidden: torch.Tensor) -> torch.Tensor:
        held.append(len(hidden))
        return logits[hidden[:, 0].long()]

    found = readout.read(logits_of, torch.arange(9.0)[:, None], rows, targets, vocabulary, details=True)
    assert max(held) <= rows_at_once
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
    assert found.entropy.numpy() == pytest.approx(-(p * np.log(p)).sum(1)[rows], abs=1e-5)
    assert found.margin.numpy() == pytest.approx(p.max(1)[rows] - mine, abs=1e-6)
    plain = readout.read(logits_of, torch.arange(9.0)[:, None], rows, targets, vocabulary, details=False)
    assert torch.equal(plain.logprob, found.logprob)
    assert plain[1:] == (None, None, None, None)
