"""What a predictor costs a candidate, as it was measured while its numbers were: seconds, FLOPs, memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["FREE", "Cost", "price_of_facts"]


class Cost(NamedTuple):
    """NaN where it is not known."""

    seconds: float
    flops: float
    """2 a parameter and token that was read, 6 where a gradient was taken (Kaplan et al. 2020, arXiv 2001.08361, §2.1);
    what is shared between requests is read once."""
    peak_bytes: float
    """The most memory in use at once."""


FREE = Cost(0.0, 0.0, 0.0)
"""Of what is known of a candidate without running it."""


def price_of_facts(facts: Mapping[str, float]) -> Cost:
    """From what an assay has kept of its cost."""
    return Cost(*(float(facts.get(name, math.nan)) for name in Cost._fields))
