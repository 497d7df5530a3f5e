"""Which words of two responses differ."""

from engine.results.differing import Difference, differing

__all__ = ["Difference", "differing"]
