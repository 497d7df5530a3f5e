"""Muon in single precision, the matrices of one shape at once: many times as fast as PyTorch's on a processor that has
no arithmetic for bfloat16, where that one spends two thirds of a small model's training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import torch

__all__ = ["SingleMuon", "orthogonal"]

_COEFFICIENTS: Final = (3.4445, -4.775, 2.0315)
_STEPS: Final = 5
_MOMENTUM: Final = 0.95


class SingleMuon(torch.optim.Optimizer):
    """Nesterov momentum, made orthogonal (Jordan et al. 2024); as `torch.optim.Muon`, but for rounding."""

    def __init__(self, params: Iterable[torch.nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[torch.nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                updates = orthogonal(torch.stack([self._momentum(parameter) for parameter in parameters]))
                pace = group["lr"] * math.sqrt(max(1.0, shape[0] / shape[1]))
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-pace)

    def _momentum(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        return gradient.lerp(state["momentum"], _MOMENTUM)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(matrices, rows, columns), each with its singular values brought to about 1 by Newton and Schulz's iteration."""
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
