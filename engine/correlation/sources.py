"""Where predictors and outcomes come from: a person's own runs, or one of the studies that ship."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["BUNDLED", "SOURCES", "Bundled", "BundledPoint", "Source"]

Source = Literal["own", "ladder", "published"]

SOURCES: Final[tuple[Source, ...]] = ("own", "ladder", "published")


@dataclass(frozen=True)
class BundledPoint:
    """One candidate of a study; x and y are NaN where unknown."""

    name: str
    x: float
    y: float
    size: float
    """log10 parameters."""
    family: str
    shipped: bool
    """Whether its weights ship too."""


@dataclass(frozen=True)
class Bundled:
    """A study: what foretells, what is foretold, and the points of any two."""

    title: str
    """In a few words."""
    source: str
    predictors: tuple[str, ...]
    outcomes: tuple[str, ...]
    points: Callable[[str, str], list[BundledPoint]]
    notes: Callable[[str], list[str]] = lambda _: []
    """What has to be known to read a predictor's points."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What a predictor is that only the study has."""
    lower: frozenset[str] = frozenset()
    """Those of them of which less is better."""


def _published() -> Bundled:
    from data.published import SOURCE, benchmarks, points, predictors, published

    def points_of(predictor: str, outcome: str) -> list[BundledPoint]:
        study = published()
        return [
            BundledPoint(p.name, p.x, p.y, math.log10(study.parameters[p.name]), study.families[p.name], False)
            for p in points(predictor, outcome)
        ]

    return Bundled("published study", SOURCE, predictors(), benchmarks(), points_of)


def _ladder() -> Bundled:
    from data.bundled import bundled_models
    from data.ladder import SOURCE, ladder, ladder_notes
    from engine.predictors.from_verdicts import SIZE

    study, said = ladder(), ladder_notes()
    shipped = {path.name for path in bundled_models()}

    def points_of(predictor: str, outcome: str) -> list[BundledPoint]:
        columns = study.predictors[predictor], study.outcomes[outcome], study.predictors[SIZE]
        return [
            BundledPoint(name, x, y, size, family, name in shipped)
            for name, family, x, y, size in zip(study.candidates, study.families, *columns, strict=True)
        ]

    def notes(predictor: str) -> list[str]:
        return [*filter(None, [said.predictors.get(predictor)]), *said.every]

    title = f"ladder of {len(study.candidates)} models post-trained here"
    return Bundled(
        title, SOURCE, tuple(study.predictors), tuple(study.outcomes), points_of, notes, said.about, said.lower
    )


BUNDLED: Final[Mapping[str, Callable[[], Bundled]]] = {"ladder": _ladder, "published": _published}
"""By source; called when it is needed, since each reads files."""
