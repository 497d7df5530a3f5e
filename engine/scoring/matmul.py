"""The faster way to multiply, where PyTorch takes another; at full precision, and no weight is kept twice.

PyTorch sends fp32 products to its BLAS. oneDNN is in the same build, and one operator reaches it: the linear layer that
PyTorch's own compiler emits. It takes weights as they lie in memory, transposed ones too. Products in bf16, where the
processor has no instruction for them, are done in fp32, and only the result is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from engine.machine.kernels import Matmul

__all__ = ["product", "use", "used_by", "widened", "with_gradients"]

_OURS = "_multiplies_forward_only"
"""Marks a kind of layer that was changed here."""
_WIDENED = 1 << 22
"""Elements of a weight that are fp32 numbers at a time."""


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias in fp32; shapes (…, n), (m, n), (m,) to (…, m). Forward only: it has no gradient."""
    if not weight.is_contiguous() and not weight.t().is_contiguous():
        # For rows with gaps between them oneDNN has its reference code only, a thousand times as slow.
        weight = weight.contiguous()
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out


def widened(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias, multiplied and added up in fp32, rounded once to x's type; shapes as `product`'s."""
    wide = x.float()
    out = x.new_empty(*x.shape[:-1], len(weight))
    step = max(1, _WIDENED // weight.shape[1])
    for start in range(0, len(weight), step):
        rows = slice(start, start + step)
        out[..., rows] = linear(wide, weight[rows].float(), None if bias is None else bias[rows].float())
    return out


_WAYS: dict[Matmul, tuple[torch.dtype, Callable[..., Tensor]]] = {
    "onednn": (torch.float32, product),
    "fp32": (torch.bfloat16, widened),
}
"""Which layers change, by the type of their numbers, and what multiplies there."""


def use(model: nn.Module, way: Matmul = "onednn") -> Matmul:
    """Let a model multiply this way from now on; returns the way that it does.

    Attention changes, and linear layers that hold a plain matrix in this computer's memory; a layer of a kind of its
    own multiplies as it did, and parameters stay where they are. Where oneDNN is missing, or set to round fp32 numbers
    before it multiplies, nothing changes.
    """
    from transformers.pytorch_utils import Conv1D

    if way == "default" or (way == "onednn" and not _exact()):
        return "default"
    dtype, multiply = _WAYS[way]

    def straight(self: nn.Linear, input: Tensor) -> Tensor:
        return multiply(input, self.weight, self.bias)

    def transposed(self: Conv1D, x: Tensor) -> Tensor:
        return multiply(x, self.weight.t(), self.bias)

    # GPT-2's linear layer holds its weight the other way round.
    changed = {
        kind: type(kind.__name__, (kind,), {"forward": forward, _OURS: True})
        for kind, forward in ((nn.Linear, straight), (Conv1D, transposed))
    }
    for module in model.modules():
        weight = getattr(module, "weight", None)
        plain = isinstance(weight, Tensor) and weight.dtype == dtype and weight.device.type == "cpu"
        if plain and type(module) in changed and "forward" not in vars(module):
            module.__class__ = changed[type(module)]
    model.__dict__["_products"] = way
    return way


def with_gradients(model: nn.Module) -> None:
    """Let a model multiply as it did before `use`, whose products have no gradient: nothing is learned through them."""
    for module in model.modules():
        kind = type(module)
        if _OURS in vars(kind):
            module.__class__ = kind.__mro__[1]
    vars(model).pop("_products", None)


def used_by(model: nn.Module) -> Matmul:
    """The way that a model multiplies."""
    way: Matmul = vars(model).get("_products", "default")
    return way


def _exact() -> bool:
    settings: Any = torch.backends.mkldnn
    if not settings.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    precisions = (getattr(torch.backends, "fp32_precision", "none"), getattr(settings, "fp32_precision", "none"))
    product_precision = getattr(getattr(settings, "matmul", None), "fp32_precision", "none")
    return {*precisions, product_precision} <= {"none", "ieee"}
