"""The numbers in a GGUF file: dequantised, and turned back into the order and form in which the model has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from engine.candidates.gguf_header import Packed
from engine.candidates.gguf_model import Turn
from engine.candidates.untrusted import shown
from rubrics.errors import CandidateError

if TYPE_CHECKING:
    import torch

__all__ = ["Values", "dequantised"]

_FloatArray = npt.NDArray[np.float32]

_PLAIN: Final = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}


class Values:
    """A tensor of a file, as transformers asks for those of a safetensors file; read anew whenever it is asked for.

    Args:
        turn: what the format did to its numbers.
        config: of the model, for its heads.
        where: the file, as errors name it.
    """

    def __init__(self, held: Packed, turn: Turn, config: Mapping[str, Any], where: str) -> None:
        self._held, self._turn, self._config, self._where = held, turn, config, where

    def get_shape(self) -> list[int]:
        return list(self._held.shape)

    def get_dtype(self) -> str:
        return "F32"

    def __getitem__(self, _: object) -> torch.Tensor:
        """All of it, in fp32.

        Raises:
            CandidateError: the file has become shorter, or a number is none.
        """
        import torch

        return torch.from_numpy(self._turned(self._read()))

    def _read(self) -> _FloatArray:
        name = shown(self._held.name, 80)
        with self._held.file.open("rb") as source:
            source.seek(self._held.start)
            raw = np.fromfile(source, np.uint8, self._held.nbytes)
        if len(raw) < self._held.nbytes:
            raise CandidateError(f"is cut short at {name}", where=self._where, fix="fetch the file again")
        values = dequantised(raw, self._held.kind, self._held.shape)
        # A number that is none is the smallest or the largest of all.
        if not (np.isfinite(values.min()) and np.isfinite(values.max())):
            raise CandidateError(
                f"{name} holds numbers that are not finite", where=self._where, fix="get the file anew from its source"
            )
        return values

    def _turned(self, values: _FloatArray) -> _FloatArray:
        if self._turn == "norm":
            return values - np.float32(1)
        if not self._turn:
            return values
        heads = self._config["num_attention_heads" if self._turn == "query" else "num_key_value_heads"]
        if len(values) % (2 * heads):
            raise CandidateError(
                f"{shown(self._held.name, 80)} cannot be split into {heads} heads", where=self._where,
                fix="get the file anew from its source",
            )  # fmt: skip
        # Rows of a head lie in pairs, (first, second) of each rotation; the model has all first ones before all second.
        pairs = values.reshape(heads, -1, 2, *values.shape[1:])
        return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(values.shape)


def dequantised(raw: npt.NDArray[np.uint8], kind: str, shape: tuple[int, ...]) -> _FloatArray:
    """The numbers that a tensor's bytes stand for.

    Args:
        raw: all bytes of the tensor.
        kind: how they are stored; a key of `BLOCKS`.
        shape: of the numbers.
    """
    if kind in _PLAIN:
        values: _FloatArray = raw.view(_PLAIN[kind]).astype(np.float32, copy=False)
    elif kind == "BF16":
        # The upper half of a number in single precision.
        values = (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        from gguf import GGMLQuantizationType, dequantize

        values = dequantize(raw.reshape(shape[0] if len(shape) > 1 else 1, -1), GGMLQuantizationType[kind])
    return values.reshape(shape)
