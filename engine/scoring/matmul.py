"""Products in fp32 by oneDNN where that is the faster library, at full precision and without a copy of any weight.

PyTorch sends fp32 products to its BLAS. oneDNN is in the same build, and one operator reaches it: the linear layer that
PyTorch's own compiler emits. It takes weights as they lie in memory, transposed ones too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.kernels import Matmul

__all__ = ["product", "use", "used_by"]


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias in fp32; shapes (…, n), (m, n), (m,) to (…, m). Forward only: it has no gradient."""
    if not weight.is_contiguous() and not weight.t().is_contiguous():
        # For rows with gaps between them oneDNN has its reference code only, a thousand times as slow.
        weight = weight.contiguous()
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out


class _Linear(nn.Linear):
    def forward(self, input: Tensor) -> Tensor:
        return product(input, self.weight, self.bias)


def use(model: nn.Module, wanted: Matmul = "onednn") -> Matmul:
    """Let a model's linear layers multiply by this library from now on; returns the one they use.

    Only layers that hold a plain fp32 matrix in this computer's memory change; parameters stay where they are. Where
    oneDNN is missing, or set to round fp32 numbers before it multiplies, nothing changes.
    """
    from transformers.pytorch_utils import Conv1D

    if wanted == "default" or not _exact():
        return "default"
    transposed = type("_TransposedConv", (_Transposed, Conv1D), {})
    for module in model.modules():
        weight = getattr(module, "weight", None)
        plain = isinstance(weight, Tensor) and weight.dtype == torch.float32 and weight.device.type == "cpu"
        if not plain or "forward" in vars(module):
            continue
        if type(module) is nn.Linear:
            module.__class__ = _Linear
        elif type(module) is Conv1D:
            module.__class__ = transposed
    return used_by(model)


def used_by(model: nn.Module) -> Matmul:
    """The library that a model's linear layers use."""
    return "onednn" if any(isinstance(module, _Linear | _Transposed) for module in model.modules()) else "default"


class _Transposed:
    """GPT-2's linear layer, whose weight lies the other way round."""

    weight: Tensor
    bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return product(x, self.weight.t(), self.bias)


def _exact() -> bool:
    settings: Any = torch.backends.mkldnn
    if not settings.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    told = (getattr(torch.backends, "fp32_precision", "none"), getattr(settings, "fp32_precision", "none"))
    product_told = getattr(getattr(settings, "matmul", None), "fp32_precision", "none")
    return {*told, product_told} <= {"none", "ieee"}
