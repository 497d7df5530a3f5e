"""The same model in fp32, whatever it was loaded as: every operation on numbers of less precision is done in fp32.

One weight at a time is widened, so that no second model is held. What was rounded when it was stored stays so: these
are the numbers that the stored weights stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

__all__ = ["in_fp32"]

_NARROW = (torch.bfloat16, torch.float16)


@contextmanager
def in_fp32(model: Any) -> Iterator[None]:
    """Inside, a model's own forward is computed in fp32; quantised layers multiply by what their weights stand for."""
    quantised = [m for m in model.modules() if type(m).__name__ in ("Linear4bit", "Linear8bitLt")]
    own = [vars(module).get("forward") for module in quantised]
    for module in quantised:
        module.forward = _by_stored_weights(module)
    try:
        with _Wide():
            yield
    finally:
        for module, forward in zip(quantised, own, strict=True):
            del module.forward
            if forward is not None:
                module.forward = forward


def _by_stored_weights(module: Any) -> Callable[[Tensor], Tensor]:
    from transformers.integrations.bitsandbytes import dequantize_bnb_weight

    def forward(x: Tensor) -> Tensor:
        weight = dequantize_bnb_weight(module.weight, getattr(module, "state", None))
        return linear(x, weight.to(x.device), module.bias)

    return forward


class _Wide(TorchFunctionMode):
    """Inside, functions of PyTorch take and give fp32 numbers in place of narrower ones."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        kwargs = kwargs or {}
        if func is torch.nn.functional.embedding:
            # Of a table only the rows that are looked up.
            return _wide(func(*args, **kwargs))
        if getattr(func, "__name__", "") in ("__get__", "__set__"):
            # A tensor's own attributes, of which setting one has to reach the tensor itself.
            return func(*args, **kwargs)
        return tree_map(_wide, func(*tree_map(_wide, tuple(args)), **tree_map(_wide, dict(kwargs))))


def _wide(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.dtype in _NARROW else value
    return torch.float32 if isinstance(value, torch.dtype) and value in _NARROW else value
