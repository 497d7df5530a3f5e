"""Is a suite fit to be believed? Structure, text, duplicates, and what the responses give away without the prompt."""

from rubrics.check.report import DetectorScore, Finding, Report
from rubrics.check.run import check_file, check_suite

__all__ = ["DetectorScore", "Finding", "Report", "check_file", "check_suite"]
