"""An outcome format: `{"school": …, "pupil": …, "marks": {subject: mark}}`, where 1 is the best mark."""

from collections.abc import Iterator

from rude_tui.plugins import HarnessScore, OutcomeFormat, ResultFile


def _is_report(content: object) -> bool:
    return isinstance(content, dict) and "school" in content and isinstance(content.get("marks"), dict)


def _marks(file: ResultFile) -> Iterator[HarnessScore]:
    pupil = file.content.get("pupil")
    if not isinstance(pupil, str):
        raise file.error("pupil: is missing", "say whose report it is")
    for subject, mark in file.content["marks"].items():
        yield from file.score("school report", pupil, subject, mark, f"marks.{subject}", lower_is_better=True)


SCHOOL_REPORT = OutcomeFormat("school-report", "a school report", _is_report, _marks)
