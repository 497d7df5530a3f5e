"""Is this a causal model? Tried on the model itself: what comes after a token may not change how likely it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from engine.machine.kernels import Precision
from engine.scoring.check import TOLERANCE
from engine.scoring.model import plain_logits

__all__ = ["leak", "reads_ahead"]

_LENGTH: Final = 24
_ENDINGS: Final = 3


def leak(model: Any, vocabulary: int, context: int | None) -> npt.NDArray[np.float32]:
    """How much the log-probability of each token changes with the last token of a text, nats, by the model's own
    forward; shape (tokens,). 0 but for rounding where it reads from left to right, and where it gives no numbers."""
    # Some models without a limit say -1.
    length = min(_LENGTH, context) if context and context > 1 else _LENGTH
    ids = torch.from_numpy(np.random.default_rng(21).integers(0, vocabulary, length))
    before = torch.arange(length - 1)
    logprobs = []
    with torch.inference_mode(), _rows_apart(model):
        for ending in range(_ENDINGS):
            other = ids.clone()
            other[-1] = (ids[-1] + vocabulary * ending // _ENDINGS) % vocabulary
            logits = plain_logits(model, other, before).float().cpu()
            # Asked about are the first text's tokens each time: what stands before them is the same.
            logprobs.append(logits.log_softmax(-1)[before, ids[1:]])
    apart = torch.stack(logprobs).amax(0) - torch.stack(logprobs).amin(0)
    changes: npt.NDArray[np.float32] = apart.nan_to_num(nan=0.0, posinf=0.0).numpy()
    return changes


def reads_ahead(changes: npt.NDArray[np.float32], precision: Precision) -> bool:
    """Whether changes are more than rounding.

    Where weights are not fp32, rounding alone may send an earlier token of a mixture of experts to another expert: that
    moves few tokens, and by tenths of a nat.
    """
    allowed = TOLERANCE[precision]
    if precision == "fp32":
        return bool(changes.max() > allowed)
    return bool(np.quantile(changes, 0.75) > allowed or changes.max() > 4 * allowed)


@contextmanager
def _rows_apart(model: Any) -> Iterator[None]:
    """bitsandbytes in int8 rounds each row by the outliers of all, which moves a log-probability by tenths of a nat."""
    states = [module.state for module in model.modules() if hasattr(getattr(module, "state", None), "threshold")]
    thresholds = [state.threshold for state in states]
    try:
        for state in states:
            state.threshold = 0.0
        yield
    finally:
        for state, threshold in zip(states, thresholds, strict=True):
            state.threshold = threshold
