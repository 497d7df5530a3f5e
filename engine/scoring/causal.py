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
from engine.scoring.miniature import VOCABULARY, miniature
from engine.scoring.model import plain_logits
from rubrics.errors import CandidateError

__all__ = ["assert_kind_is_causal", "leak", "not_causal", "reads_ahead"]

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


def not_causal(changes: npt.NDArray[np.float32]) -> CandidateError:
    """What to say of a model that reads ahead."""
    return CandidateError(
        "it is no causal language model: it reads in both directions, so that a later token changes the "
        f"log-probability of an earlier one by {changes.max():.2g} nats, and a text has no likelihood",
        fix="choose the causal language model that it was made from; this may be an embedding model",
    )


def assert_kind_is_causal(config: Any, auto: Any) -> None:
    """Stop where a small model of the same kind and settings reads ahead: the large one will. One that cannot be made
    small is not judged.

    Args:
        config, auto: as in `miniature`.

    Raises:
        CandidateError: it does.
    """
    model = miniature(config, auto)
    if model is None:
        return
    changes = leak(model, VOCABULARY, None)
    if reads_ahead(changes, "fp32"):
        raise not_causal(changes)


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
