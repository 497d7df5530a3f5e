"""How each of the six places is made: when first opened, so that the first paint waits for one of them only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from textual.screen import Screen

__all__ = ["OPENING"]


def _candidates() -> Screen[Any]:
    from screens.candidates.screen import CandidatesScreen

    return CandidatesScreen()


def _run() -> Screen[Any]:
    from screens.run.screen import RunScreen

    return RunScreen()


def _rankings() -> Screen[Any]:
    from screens.rankings.screen import RankingsScreen

    return RankingsScreen()


def _correlation() -> Screen[Any]:
    from screens.correlation.screen import CorrelationScreen

    return CorrelationScreen()


def _failures() -> Screen[Any]:
    from screens.failures.screen import FailuresScreen

    return FailuresScreen()


def _suites() -> Screen[Any]:
    from screens.suites.screen import SuitesScreen

    return SuitesScreen()


OPENING: Final[dict[str, Callable[[], Screen[Any]]]] = {
    "candidates": _candidates, "run": _run, "rankings": _rankings, "correlation": _correlation,
    "failures": _failures, "suites": _suites,
}  # fmt: skip
