"""One self-contained page that says what was found, how sure it is, and what it was made from."""

from engine.export.report.content import ReportRequest, gather
from engine.export.report.page import page
from engine.export.report.write import WrittenReport, write_report

__all__ = ["ReportRequest", "WrittenReport", "gather", "page", "write_report"]
