"""Which way a correlation points where lower is better."""

from __future__ import annotations

__all__ = ["turned"]


def turned(predictor: str, predictor_higher: bool, outcome: str, outcome_higher: bool) -> list[str]:
    """How the sign of a correlation is to be read, where a number that is better when lower is part of it."""
    lower = [name for name, higher in ((predictor, predictor_higher), (outcome, outcome_higher)) if not higher]
    if not lower:
        return []
    side = "below" if len(lower) == 1 else "above"
    return [f"{' and '.join(lower)}: lower is better, so a good predictor correlates {side} zero"]
