"""Is a suite fit to be believed? Structure, text, duplicates, and what the responses give away without the prompt."""

from rubrics.check.report import Finding, Report, Score
from rubrics.check.run import check_file, check_suite

__all__ = ["Finding", "Report", "Score", "check_file", "check_suite"]
