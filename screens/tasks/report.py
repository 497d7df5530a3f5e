"""One page that holds everything. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.formats import size
from screens.tasks.common import to_file
from screens.tasks.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from screens.shell.session import Session

__all__ = ["REPORT"]


def _fields(session: Session) -> Sequence[Field]:
    wanted = str(session.requirements or "")
    return (
        Field("output", "Page to write", "report.html", "path", value="report.html", endings=(".html",)),
        Field("pairs", "Failed pairs", "shown at most", value="200"),
        Field("requirements", "Requirements", "a .toml of limits and prices", "path", value=wanted,
              endings=(".toml",)),
    )  # fmt: skip


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.export.report import ReportRequest, write_report
    from engine.results.requirements import read_requirements

    wanted = None
    if typed.text("requirements"):
        with at("requirements"):
            wanted = read_requirements(typed.path("requirements"))
    pairs = typed.whole("pairs")
    request = ReportRequest(session.question(), pairs=200 if pairs is None else pairs, requirements=wanted)

    def write(output: Path) -> str:
        written = write_report(session.store, request, output)
        board = written.gathered.board
        head = f"{count(len(board.entrants), 'candidate')} on {board.suite} → {output} ({size(written.bytes)})"
        return "\n".join([head, *(f"! {note}" for note in board.notes)])

    return to_file(typed, ".html", write)


REPORT = Task(
    "report",
    "Write the report",
    "Rankings, profiles, abilities by topic, spectra, correlations, failed pairs, methods and provenance on one page, "
    "readable without a network. It asks what the Rankings ask now.",
    _fields,
    _prepare,
)
