"""How many of k answers are enough: pass@k without bias (Chen et al. 2021, arXiv 2107.03374, §2.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["pass_at_k"]

FloatArray = npt.NDArray[np.float64]


def pass_at_k(met: FloatArray, drawn: int, k: int) -> FloatArray:
    """The chance that at least one of k answers is right, estimated from `drawn` of them: 1 − C(n − c, k) / C(n, k).

    Args:
        met: (prompts,), answers that were right, c.
        drawn: answers a prompt, n.
        k: at most n.

    Raises:
        ValueError: k is not between 1 and n.
    """
    if not 1 <= k <= drawn:
        raise ValueError(f"pass@{k} cannot be estimated from {drawn} answers")
    # The quotient of the two as a product, which no factorial overflows: Π (1 − k / i) for i from n − c + 1 to n.
    factors = 1.0 - k / np.arange(1, drawn + 1, dtype=np.float64)
    wrong = np.array([np.prod(factors[int(drawn - c) :]) if drawn - c >= k else 0.0 for c in met])
    estimate: FloatArray = 1.0 - wrong
    return estimate
