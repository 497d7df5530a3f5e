"""What a run is made of: suites, protocols, precision. Plain Python; the parts that read files block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.layout import protocols
from engine.machine import kernels

if TYPE_CHECKING:
    from engine.jobs.runs import Plan, RunRequest
    from engine.layout.protocols import Protocol
    from engine.stats.sequential import Goal
    from engine.store.connection import Store
    from engine.store.runs import RunRow

__all__ = ["PRECISIONS", "PROTOCOLS", "Choices", "make_plan", "named_suite", "resume_request"]

PROTOCOLS: Final[tuple[Protocol, ...]] = tuple(reversed(protocols.PROTOCOLS))
PRECISIONS: Final = ("auto", *kernels.PRECISIONS)
GOALS: Final[tuple[Goal | None, ...]] = (None, "best", "order")


@dataclass
class Choices:
    """What the set-up holds, besides the marked candidates and suites."""

    protocols: list[Protocol] = field(default_factory=lambda: list(PROTOCOLS))
    precision: str = "auto"
    limit: int | None = None
    token_scores: bool = False
    """Whether likelihood runs keep what the token view shows."""
    controls: bool = True
    """Whether likelihood runs are followed by a sample without the prompt, and one with another pair's."""
    until: Goal | None = None
    """Stop once the best candidate, or the order of all, is decided; None: score everything."""

    def next_precision(self) -> None:
        """The next of the precisions."""
        self.precision = PRECISIONS[(PRECISIONS.index(self.precision) + 1) % len(PRECISIONS)]

    def next_goal(self) -> None:
        """Score everything, until the best is known, until the order is, and round again."""
        self.until = GOALS[(GOALS.index(self.until) + 1) % len(GOALS)]

    def lacking(self, models: int, suites: int) -> str:
        """What is still to be chosen, or nothing."""
        if not models:
            return "No candidate is marked: press 1, mark with space, come back with r."
        if not suites:
            return "No suite is chosen: mark one with space, or add a file with a."
        return "" if self.protocols else "No protocol is chosen: mark one with space."

    def request(self, models: Sequence[str], suites: Sequence[str]) -> RunRequest:
        """What is asked of the engine."""
        from engine.jobs.runs import CONTROL_PAIRS, RunRequest

        return RunRequest(
            models=tuple(models),
            suites=tuple(suites),
            protocols=tuple(self.protocols),
            precision=self.precision,
            limit=self.limit,
            token_scores=self.token_scores,
            controls=CONTROL_PAIRS if self.controls else 0,
            until=self.until,
        )


def named_suite(named: str) -> str:
    """The name of a built-in suite, or the full path of a file; whether it holds pairs is for a check to say.

    Raises:
        SuiteError: there is no such file.
    """
    from rubrics.errors import SuiteError
    from rubrics.reading import built_in_names, suite_path

    if named in built_in_names():
        return named
    path = Path(suite_path(named)).absolute()
    if not path.is_file():
        raise SuiteError("is not a file", where=str(path), fix="name a .jsonl file, one pair a line")
    return str(path)


def make_plan(store: Store, request: RunRequest) -> Plan:
    """The plan for a request.

    Raises:
        RudeError: nothing of it can be run.
    """
    from engine.jobs.planning import plan

    return plan(store, request)


def resume_request(store: Store, run: RunRow) -> RunRequest:
    """The request that takes up a stored run again.

    Raises:
        BadInput: the model or the suite is no longer where it was.
    """
    from engine.jobs.resuming import resume_request as made

    return made(store, run)
