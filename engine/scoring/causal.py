"""Is this a causal model? Tried on the model itself: what comes after a token may not change how likely it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch

from engine.scoring.model import plain_logits

__all__ = ["leak"]

_LENGTH: Final = 24
_ENDINGS: Final = 3


def leak(model: Any, vocabulary: int, context: int | None) -> float:
    """Most that the log-probability of any token changes with the last token of a text, nats, by the model's own
    forward: 0 but for rounding where it reads from left to right. What is no number is left out."""
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
    return float(apart.nan_to_num(nan=0.0, posinf=0.0).max())


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
