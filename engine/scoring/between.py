"""What lies between a bf16 model's products, in fp32: the residual stream, norms, positions, gates.

Types do most of it. Where embeddings come as fp32 numbers and products give back what they are given, all that a
model's own code does in between is in fp32, since PyTorch widens the narrower of two. What is left are layers that take
numbers of one type only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, rms_norm
from torch.utils._pytree import tree_map

__all__ = ["kept_in_fp32"]


def kept_in_fp32(model: nn.Module) -> Iterator[tuple[nn.Module, type[nn.Module]]]:
    """Modules that have to change, each with the class that it is to be of; layers that multiply as they were told to
    take what they are given."""
    kinds: dict[type[nn.Module], type[nn.Module]] = {}
    for module in model.modules():
        kind = type(module)
        if "forward" not in vars(module) and (forward := _forward(module)) is not None:
            yield module, kinds.setdefault(kind, type(kind.__name__, (kind,), {"forward": forward}))


def _forward(module: nn.Module) -> Callable[..., Any] | None:
    """What a module's forward has to be; None where it is right as it is."""
    own = type(module).forward
    if hasattr(module, "multiply"):
        return None
    if isinstance(module, nn.Embedding):
        return lambda self, *given, **named: _wide(own(self, *given, **named))
    if type(module) is nn.LayerNorm:
        return _layer_norm
    if type(module) is nn.RMSNorm:
        return _rms_norm
    if any(weight.dim() > 1 and weight.dtype == torch.bfloat16 for weight in module.parameters(recurse=False)):
        # It multiplies by itself: experts, routers, convolutions.
        return lambda self, *given, **named: tree_map(_wide, own(self, *tree_map(_narrow, given), **_narrowed(named)))
    return None


def _layer_norm(self: nn.LayerNorm, input: Tensor) -> Tensor:
    return layer_norm(input.float(), self.normalized_shape, _wide(self.weight), _wide(self.bias), self.eps)


def _rms_norm(self: nn.RMSNorm, x: Tensor) -> Tensor:
    return rms_norm(x.float(), self.normalized_shape, _wide(self.weight), self.eps)


def _narrowed(named: dict[str, Any]) -> dict[str, Any]:
    return {name: tree_map(_narrow, value) for name, value in named.items()}


def _narrow(value: Any) -> Any:
    return value.bfloat16() if isinstance(value, Tensor) and value.dtype == torch.float32 else value


def _wide(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype == torch.bfloat16 else value
