"""What the numbers in a weights file are worth, seen as it is read for its hash: some may be none, or all be zero."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.candidates.headers import Tensor, bits, places_in
from engine.candidates.parts import is_beside, is_buffer, listed
from rubrics.counted import agreeing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Contents", "Faults"]

_INFINITE: Final = {
    "F64": 0x7FF << 52, "F32": 0xFF << 23, "F16": 0x1F << 10, "BF16": 0xFF << 7, "F8_E5M2": 0x1F << 2, "F8_E4M3": 0x7F,
}  # fmt: skip
"""By type: bits, without the sign, from which on a pattern is no finite number."""
_BLOCK: Final = 1 << 17
"""Numbers looked at in one go: what a core keeps at hand."""


class Faults(NamedTuple):
    """What is wrong with the numbers of a file."""

    not_finite: tuple[str, ...] = ()
    """Tensors that hold NaN or an infinity."""
    zero: tuple[str, ...] = ()
    """Matrices that hold nothing but zeros, as where a download reserved the room and stopped."""

    @property
    def refusal(self) -> str:
        """Why such a model cannot be scored; empty if it can."""
        if not self.not_finite:
            return ""
        said = agreeing(len(self.not_finite), "{n} of its tensors [holds|hold] what is no number (NaN or infinite)")
        return f"{said}: {listed(self.not_finite)}"

    @property
    def note(self) -> str:
        """What a reader of its numbers should know; empty for nothing."""
        if not self.zero:
            return ""
        said = agreeing(len(self.zero), "{n} of its matrices [holds|hold] nothing but zeros")
        return f"{said} ({listed(self.zero)}): was it fetched whole?"


class Contents:
    """The numbers of one safetensors file, which comes piece by piece.

    Parts that a text does not pass, and buffers, may hold what they like; of a file without a header nothing is said.
    """

    def __init__(self, path: Path) -> None:
        try:
            placed = [place for place in places_in(path) if _matters(place[0])]
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            placed = []
        self._left = [_Numbers(*place) for place in reversed(placed)]
        self._seen: list[_Numbers] = []
        self._at = 0

    def take(self, piece: memoryview) -> None:
        """The next piece of the file, whose beginning is where the last one ended."""
        end = self._at + len(piece)
        while self._left and self._left[-1].start < end:
            numbers = self._left[-1]
            numbers.take(piece[max(0, numbers.start - self._at) : numbers.end - self._at])
            if numbers.end > end:
                break
            self._seen.append(self._left.pop())
        self._at = end

    @property
    def faults(self) -> Faults:
        """What was wrong with all that came."""
        return Faults(
            tuple(numbers.tensor.name for numbers in self._seen if numbers.largest >= _INFINITE[numbers.tensor.dtype]),
            tuple(
                n.tensor.name for n in self._seen if n.largest == 0 and len(n.tensor.shape) > 1 and n.tensor.size > 1
            ),
        )


def _matters(tensor: Tensor) -> bool:
    return tensor.dtype in _INFINITE and tensor.size > 0 and not is_buffer(tensor) and not is_beside(tensor.name)


class _Numbers:
    """Those of one tensor, between two places of the file."""

    def __init__(self, tensor: Tensor, start: int, end: int) -> None:
        import numpy as np

        self.tensor, self.start, self.end = tensor, start, end
        self.largest = 0
        """Of their bits without the sign."""
        self._kind = np.dtype(f"<u{bits(tensor.dtype) // 8}")
        self._mask = self._kind.type((1 << (bits(tensor.dtype) - 1)) - 1)
        self._cut = b""

    def take(self, piece: memoryview) -> None:
        import numpy as np

        if self._cut:
            # A number may be cut in two where one piece ends.
            rest = self._kind.itemsize - len(self._cut)
            self._cut += bytes(piece[:rest])
            piece = piece[rest:]
            if len(self._cut) < self._kind.itemsize:
                return
            self._look(np.frombuffer(self._cut, self._kind))
        whole = len(piece) // self._kind.itemsize
        self._look(np.frombuffer(piece, self._kind, whole))
        self._cut = bytes(piece[whole * self._kind.itemsize :])

    def _look(self, numbers: npt.NDArray[np.unsignedinteger]) -> None:
        for at in range(0, len(numbers), _BLOCK):
            self.largest = max(self.largest, int((numbers[at : at + _BLOCK] & self._mask).max()))
