"""Documents as rows of tokens, to be trained on."""

from __future__ import annotations

import numpy as np

__all__ = ["Rows"]


class Rows:
    """Documents laid into rows of equal length, none of them cut in two: what a response answers stands before it.

    Positions begin anew with each document, from which transformers knows that none may look into another.

    `ids`, `weights` and `positions` have the shape [number, length + 1]; what is left over is `fill`, of weight 0.
    """

    def __init__(self, number: int, length: int, fill: int) -> None:
        shape = number, length + 1
        self.ids = np.full(shape, fill, dtype=np.uint16)
        self.weights = np.zeros(shape, dtype=np.float32)
        self.positions = np.zeros(shape, dtype=np.int16)
        self._row = self._at = 0

    @property
    def full(self) -> bool:
        return self._row == len(self.ids)

    def add(self, ids: list[int], weights: list[float]) -> None:
        """Append one document; it begins a new row where it does not fit, and is cut only where it fits none."""
        width = self.ids.shape[1]
        if self._at and self._at + len(ids) > width:
            self._row, self._at = self._row + 1, 0
        if not self.full:
            end = min(self._at + len(ids), width)
            self.ids[self._row, self._at : end] = ids[: end - self._at]
            # The first token of a document is foretold from nothing, or from the document before: it does not count.
            self.weights[self._row, self._at : end] = [0.0, *weights[1 : end - self._at]]
            self.positions[self._row, self._at :] = np.arange(width - self._at)
            self._at = end
