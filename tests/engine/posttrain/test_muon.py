"""Muon in single precision: what PyTorch's does, but for rounding."""

from __future__ import annotations

import pytest
import torch

from engine.posttrain.muon import SingleMuon, orthogonal


@pytest.mark.parametrize("shape", [(24, 16), (16, 24), (16, 16)])
def test_steps_are_those_of_pytorch(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    start, other = torch.randn(shape), torch.randn(shape)
    mine, theirs = ([torch.nn.Parameter(start.clone()), torch.nn.Parameter(other.clone())] for _ in range(2))
    steps = [SingleMuon(mine, lr=0.02, weight_decay=0.01), torch.optim.Muon(theirs, lr=0.02, weight_decay=0.01)]
    for _ in range(4):
        gradients = [torch.randn(shape), torch.randn(shape)]
        for parameters, optimiser in zip((mine, theirs), steps, strict=True):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient.clone()
            optimiser.step()
    for a, b, begun in zip(mine, theirs, (start, other), strict=True):
        moved = float((b.detach() - begun).norm())
        assert moved > 0.1
        # bfloat16 has three digits.
        assert float((a - b).detach().norm()) < 0.02 * moved


def test_singular_values_come_near_one() -> None:
    torch.manual_seed(2)
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 20, 30)))
    assert 0.3 < float(values.min()) < float(values.max()) < 1.4
