"""What a person may choose about an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rubrics.errors import SuiteError
from rubrics.faults import nearest
from rubrics.taxonomy import Subcategory

__all__ = ["MAPPED", "ImportOptions", "parse_map"]

MAPPED = (
    "prompt",
    "chosen",
    "rejected",
    "id",
    "domain",
    "criteria",
    "violated",
    "criterion",
    "subcategory",
    "chosen_score",
    "rejected_score",
    "label",
    "group",
    "cluster",
    "split",
    "source",
    "license",
)
"""What a column can be mapped to."""


@dataclass(frozen=True)
class ImportOptions:
    """Choices; what a format has no use for, it ignores."""

    map: Mapping[str, str] = field(default_factory=dict)
    """Which column holds what, for the generic formats; a column of the same name is found by itself."""
    subcategory: Subcategory | None = None
    """For criteria that have none; without it each format's own rule holds."""
    criterion: str | None = None
    """The text of the criterion where the data name none."""
    domain: str | None = None
    source: str | None = None
    license: str | None = None
    min_gap: float = 1.0
    """Prometheus: the least difference between two scores that makes a pair."""
    first_sentences: int | None = None
    """GSM8K: keep this many sentences of each solution."""
    per_prompt: int | None = None
    """At most this many pairs for one prompt."""
    limit: int | None = None
    """Stop when so many are written."""

    def __post_init__(self) -> None:
        for name in ("first_sentences", "per_prompt", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SuiteError(f"{name.replace('_', ' ')} must be at least 1, is {value}", where="import")
        if not self.min_gap > 0:
            raise SuiteError(f"the gap between scores must be above 0, is {self.min_gap}", where="import")


def parse_map(text: str) -> dict[str, str]:
    """`prompt=question,chosen=better` as field → column.

    Raises:
        SuiteError: a part without `=`, an unknown field, or a field given twice.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column:
            raise SuiteError(
                f"{part!r} maps nothing", where="mapping of columns", fix="write field=column, such as prompt=question"
            )
        if name not in MAPPED:
            close = nearest(name, MAPPED)
            hint = f"did you mean {close}? " if close else ""
            raise SuiteError(
                f"{name!r} is no field", where="mapping of columns", fix=f"{hint}fields are {', '.join(MAPPED)}"
            )
        if name in columns:
            raise SuiteError(f"{name!r} is mapped twice", where="mapping of columns", fix="map it once")
        columns[name] = column
    return columns
