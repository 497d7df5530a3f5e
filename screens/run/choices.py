"""What a run is made of: suites, protocols, precision. Plain Python; the parts that read files block."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.requests import Protocol
    from engine.runs import Plan, RunRequest
    from engine.store.connection import Store
    from engine.store.runs import RunRow

__all__ = ["PRECISIONS", "PROTOCOLS", "Choices", "check_suite", "make_plan", "planned_lines", "resume_request"]

PROTOCOLS: Final[tuple[Protocol, ...]] = ("likelihood", "choice")
PRECISIONS: Final = ("auto", "fp32", "bf16", "int8", "nf4")


@dataclass
class Choices:
    """What the set-up holds, besides the marked candidates."""

    suites: list[str] = field(default_factory=list)
    """Offered: built-in names, then files the person added."""
    chosen_suites: list[str] = field(default_factory=list)
    protocols: list[Protocol] = field(default_factory=lambda: list(PROTOCOLS))
    precision: str = "auto"
    limit: int | None = None

    def offer(self, names: list[str]) -> None:
        """Take the built-in suites; the first is chosen where none is."""
        self.suites = [*names, *(name for name in self.suites if name not in names)]
        if not self.chosen_suites and self.suites:
            self.chosen_suites = self.suites[:1]

    def next_precision(self) -> None:
        """The next of the precisions."""
        self.precision = PRECISIONS[(PRECISIONS.index(self.precision) + 1) % len(PRECISIONS)]

    def lacking(self, models: int) -> str:
        """What is still to be chosen, or nothing."""
        if not models:
            return "No candidate is marked: press 1, mark with space, come back with r."
        if not self.chosen_suites:
            return "No suite is chosen: mark one with space."
        return "" if self.protocols else "No protocol is chosen: mark one with space."

    def request(self, models: list[str]) -> RunRequest:
        """What is asked of the engine."""
        from engine.runs import RunRequest

        return RunRequest(
            models=tuple(models),
            suites=tuple(self.chosen_suites),
            protocols=tuple(self.protocols),
            precision=self.precision,
            limit=self.limit,
        )


def check_suite(named: str) -> str:
    """The full path of a suite file that can be read.

    Raises:
        SuiteError: it cannot.
    """
    from rubrics.reading import find_suite

    path = Path(named).expanduser().absolute()
    find_suite(str(path))
    return str(path)


def make_plan(store: Store, request: RunRequest) -> Plan:
    """The plan for a request.

    Raises:
        RudeError: nothing of it can be run.
    """
    from engine.runs import plan

    return plan(store, request)


def planned_lines(plan: Plan) -> list[tuple[str, ...]]:
    """(candidate, protocol, pairs left, already done, precision, suite, why) of each planned run."""
    return [
        (
            run.candidate.name, run.protocol, f"{run.left:,}", f"{run.done:,}", run.precision, run.suite.name, run.why,
        )
        for run in plan.runs
    ]  # fmt: skip


def resume_request(store: Store, run: RunRow) -> RunRequest:
    """The request that takes up a stored run again.

    Raises:
        BadInput: the model or the suite is no longer where it was.
    """
    from engine.results.resuming import resume_request as made

    return made(store, run)
