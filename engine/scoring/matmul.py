"""The faster way to multiply, where PyTorch takes another; at full precision, and no weight is kept twice.

PyTorch sends fp32 products to its BLAS. oneDNN is in the same build, and one operator reaches it: the linear layer that
PyTorch's own compiler emits. It takes weights as they lie in memory, transposed ones too. Of a bf16 model only what
goes into a product is rounded to bf16, and nothing where the processor has no instruction for such products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from engine.jobs.child import is_out_of_memory
from engine.machine.kernels import Matmul
from engine.scoring.between import kept_in_fp32

__all__ = ["narrowed", "product", "rows_of", "use", "used_by", "widened", "with_gradients"]

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


def narrowed(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias of bf16 numbers, added up in fp32, rounded once, in x's type; shapes as `product`'s."""
    return linear(x.to(weight.dtype), weight, bias).to(x.dtype)


def widened(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias, multiplied and added up in fp32, in x's type; shapes as `product`'s. Of a large weight
    some rows are fp32 numbers at a time."""
    wide = x.float()
    out = x.new_empty(*x.shape[:-1], len(weight))
    step = max(1, _WIDENED // weight.shape[1])
    for start in range(0, len(weight), step):
        rows = slice(start, start + step)
        out[..., rows] = linear(wide, weight[rows].float(), None if bias is None else bias[rows].float())
    return out


_WAYS: dict[Matmul, tuple[torch.dtype, Callable[..., Tensor]]] = {
    "onednn": (torch.float32, product),
    "mixed": (torch.bfloat16, narrowed),
    "wide": (torch.bfloat16, widened),
}
"""Which layers change, by the type of their numbers, and what multiplies there."""


def use(model: nn.Module, way: Matmul = "onednn") -> Matmul:
    """Let a model multiply this way from now on; returns the way that it does.

    Attention changes, and linear layers that hold a plain matrix in this computer's memory; a layer of a kind of its
    own multiplies as it did, and parameters stay where they are. Where oneDNN is missing, or set to round fp32 numbers
    before it multiplies, nothing changes. A model that cannot be run with fp32 numbers between its products keeps its
    own there.
    """
    if way == "default" or (way == "onednn" and not _exact()):
        return "default"
    _become(_linear(model, *_WAYS[way]))
    if way != "onednn":
        _keep_fp32_between(model)
    model.__dict__["_products"] = way
    return way


def _keep_fp32_between(model: nn.Module) -> None:
    changes = [*kept_in_fp32(model)]
    before = [(module, type(module)) for module, _ in changes]
    _become(changes)
    if not _runs(model):
        _become(before)


def rows_of(layer: nn.Linear, x: Tensor, rows: slice) -> Tensor:
    """Some rows of what a linear layer gives, multiplied as it does: shape (…, rows)."""
    multiply: Callable[..., Tensor] = getattr(type(layer), "multiply", linear)
    return multiply(x, layer.weight[rows], None if layer.bias is None else layer.bias[rows])


def _linear(
    model: nn.Module, dtype: torch.dtype, multiply: Callable[..., Tensor]
) -> Iterator[tuple[nn.Module, type[nn.Module]]]:
    from transformers.pytorch_utils import Conv1D

    def straight(self: nn.Linear, input: Tensor) -> Tensor:
        return multiply(input, self.weight, self.bias)

    def transposed(self: Conv1D, x: Tensor) -> Tensor:
        return multiply(x, self.weight.t(), self.bias)

    # GPT-2's linear layer holds its weight the other way round.
    changed = {
        kind: type(kind.__name__, (kind,), {"forward": forward, "multiply": staticmethod(multiply), _OURS: True})
        for kind, forward in ((nn.Linear, straight), (Conv1D, transposed))
    }
    for module in model.modules():
        weight = getattr(module, "weight", None)
        plain = isinstance(weight, Tensor) and weight.dtype == dtype and weight.device.type == "cpu"
        if plain and type(module) in changed and "forward" not in vars(module):
            yield module, changed[type(module)]


def _become(changes: Iterable[tuple[nn.Module, type[nn.Module]]]) -> None:
    for module, kind in changes:
        module.__class__ = kind


def _runs(model: Any) -> bool:
    try:
        with torch.inference_mode():
            model(torch.zeros(1, 2, dtype=torch.long, device=model.get_input_embeddings().weight.device))
    except (TypeError, ValueError, AttributeError, LookupError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        return False
    return True


def with_gradients(model: nn.Module) -> None:
    """Let a model multiply as it did before `use`, where its products have no gradient and nothing is learned."""
    if used_by(model) != "onednn":
        return
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
