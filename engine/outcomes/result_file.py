"""What the readers of result files share: the file on the way in, the scores that come out, and how values are read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.outcomes.outcome import LOWER, SHARES
from engine.stats.numbers import unusable
from rubrics.errors import OutcomeError
from rubrics.faults import shown

__all__ = [
    "MEANS", "HarnessScore", "ResultFile", "ResultTable", "at", "conditions", "count_of", "day_of", "is_error",
    "is_number",
    "lower", "mean_and_error", "moment", "name_of", "share",
]  # fmt: skip

_FIX: Final = "give results of lm-eval, lighteval, Inspect, HELM, OpenCompass, W&B or a trainer, or a CSV"
MEANS: Final = frozenset({"all", "average", "_average", "avg", "mean", "overall"})
"""What harnesses call a mean over tasks or groups."""
_SHOWN_OF_TEXT: Final = 60
"""Characters of a text from a file that a condition repeats."""
_STAMP: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[T_ ](\d\d)[-:]?(\d\d)[-:]?(\d\d)")


@dataclass(frozen=True)
class HarnessScore:
    """One metric of one task."""

    harness: str
    """The program, and what else its source should say."""
    candidate: str
    outcome: str
    score: float
    stderr: float | None = None
    lower_is_better: bool | None = None
    scale: float | None = None
    samples: int | None = None
    measured: str | None = None
    conditions: str | None = None


class ResultTable(NamedTuple):
    """A table of text that another program wrote: the header, and the cells of each row by column, with its line."""

    header: list[str]
    rows: list[tuple[int, dict[str, str]]]
    uneven: int | None = None
    """The first line that has more or fewer cells than the header."""


@dataclass
class ResultFile:
    """One result file on the way in."""

    content: Any
    """JSON as it was parsed; the objects of JSON lines as a list; or a `ResultTable`."""
    path: Path
    averages: bool = False
    only: Sequence[str] = ()
    """Patterns of names, such as `eval/*`: outcomes that fit none are passed over; none: what the format is for."""
    left_out: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The file, as errors name it."""
        return str(self.path)

    def error(self, what: str, fix: str = _FIX) -> OutcomeError:
        """A fault of this file."""
        return OutcomeError(what, where=self.where, fix=fix)

    def table(self, value: object, place: str) -> dict[str, Any]:
        """An object of the file.

        Raises:
            OutcomeError: it is none.
        """
        if not isinstance(value, dict):
            raise self.error(f"{place}: must be an object, is {type(value).__name__}")
        return value

    def leave_out(self, what: str) -> None:
        """Say once that something is not taken."""
        if what not in self.left_out:
            self.left_out.append(what)

    def is_mean(self, name: str, parts: Iterable[str]) -> bool:
        """Whether a mean is to be left out, since its parts are there; said once."""
        if self.averages or not list(parts):
            return False
        self.leave_out(f"{name} (a mean of what stands beside it)")
        return True

    def score(
        self, harness: str, model: str, outcome: str, value: object, place: str, error: object = None, **about: Any
    ) -> Iterator[HarnessScore]:
        """The score, if it is one; what harnesses write for a number they could not compute is left out by name.

        Args:
            error: its standard error, if it is a number.
            about: the other fields of `HarnessScore`.

        Raises:
            OutcomeError: the number is infinite or beyond all bounds.
        """
        if not is_number(value) or (isinstance(value, float) and math.isnan(value)):
            if value is None or isinstance(value, str | float):
                self.leave_out(f"{outcome} ({place} is {shown(value, 20)}, not a finite number)")
            return
        assert isinstance(value, int | float)
        if wrong := unusable(value):
            raise self.error(f"{place}: {str(value)[:40]} {wrong}", "remove this metric from the file")
        known = None
        if is_number(error):
            assert isinstance(error, int | float)
            known = float(error) if not unusable(error) and error >= 0 else None
        yield HarnessScore(harness, model, outcome, float(value), known, **about)


def at(value: object, *keys: str) -> Any:
    """A member of what may be an object, of a member of it, and so on."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def name_of(value: object) -> str:
    """Text without space around it; empty for anything else."""
    return value.strip() if isinstance(value, str) else ""


def is_number(value: object) -> bool:
    """Whether it is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_error(metric: str) -> bool:
    """Whether what stands under a metric's name is a standard error; a filter may be written behind a comma."""
    return any(part.strip().endswith("_stderr") for part in metric.split(","))


def count_of(value: object) -> int | None:
    """A number of samples; None where it is none."""
    if not is_number(value) or unusable(value):  # type: ignore[arg-type]
        return None
    return int(value) if value > 0 and value == int(value) else None  # type: ignore[call-overload, operator]


def lower(metric: str, higher: object = None) -> bool | None:
    """Whether lower is better: as the file says, else as the metric is known for; None where neither is so."""
    if isinstance(higher, bool):
        return not higher
    return True if metric.casefold() in LOWER else None


def share(metric: str, value: object) -> float | None:
    """1 for a metric that is known for a share of right answers, and is one; None where nothing is known."""
    is_share = metric.casefold() in SHARES and is_number(value) and 0 <= value <= 1  # type: ignore[operator]
    return 1.0 if is_share else None


def moment(value: object) -> str | None:
    """When something was measured, as `2026-05-01T12:30:00+00:00`, from seconds since 1970 or a text of that shape."""
    try:
        if is_number(value):
            # A clock that counts from the start of the machine says nothing of a day.
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds") if value > 1e9 else None  # type: ignore[arg-type, operator]
        read = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return read.isoformat(timespec="seconds") if read else None


def day_of(path: Path) -> str | None:
    """When a file says in its name that it was written, as harnesses call their files; None where it does not."""
    found = _STAMP.search(path.stem)
    return moment("{}-{}-{}T{}:{}:{}".format(*found.groups())) if found else None


def conditions(*, shots: object = None, version: object = None, more: Iterable[str] = ()) -> str | None:
    """How something was measured, in words: “5 shots, version 1”; None where nothing is known of it.

    Args:
        shots: how many examples stood before each task, if it is a number.
        version: of the task: a number or a text.
        more: whatever else makes it another test, a phrase each.
    """
    known = []
    if is_number(shots) and not unusable(shots):  # type: ignore[arg-type]
        known.append(f"{shots:g} shots" if shots != 1 else "1 shot")
    told = f"{version:g}" if is_number(version) and not unusable(version) else name_of(version)  # type: ignore[arg-type]
    known += [f"version {told[:_SHOWN_OF_TEXT]}"] if told else []
    return ", ".join([*known, *(phrase[:_SHOWN_OF_TEXT] for phrase in more if phrase)]) or None


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """A mean and its standard error, of one value per sample; no error of fewer than two."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, None
    spread = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(spread / len(values))
