"""A report as a file: whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from engine.export.report.content import Report, ReportRequest, gather
from engine.export.report.page import page
from engine.store.connection import Store
from rubrics.targets import whole

__all__ = ["WrittenReport", "write_report"]


class WrittenReport(NamedTuple):
    """What was written."""

    gathered: Report
    bytes: int


def write_report(store: Store, request: ReportRequest, path: Path) -> WrittenReport:
    """Gather a report and write its page.

    Raises:
        BadInput: no run answers the question, or no such predictor or outcome.
        RudeError: the file cannot be written; what was there before is untouched.
    """
    with whole(path) as scratch:
        scratch.touch()  # a place that cannot be written to is found out before the work, not after it
        gathered = gather(store, request)
        text = page(gathered)
        scratch.write_text(text, encoding="utf-8")
    return WrittenReport(gathered, len(text.encode("utf-8")))
