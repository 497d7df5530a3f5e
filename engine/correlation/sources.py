"""Where predictors and outcomes come from: a person's own runs, or one of the studies that ship."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from engine.outcomes.outcome import Outcome

__all__ = ["BUNDLED", "SOURCES", "Bundled", "BundledParts", "BundledPoint", "Source"]

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
class BundledParts:
    """RuDE accuracies by part of a study's suite, and its outcomes; columns have one entry a candidate."""

    candidates: tuple[str, ...]
    parts: Mapping[str, Sequence[float]]
    """Domains, or categories."""
    outcomes: Mapping[str, Sequence[float]]
    """Higher is better."""
    own: Mapping[str, str]
    """From an outcome to its part."""
    references: Mapping[str, Sequence[float]]
    """Predictors that know nothing of parts; higher is better."""


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
    unit: float = 1.0
    """What the first predictor is multiplied with to be a share of pairs."""
    pairs_read: Callable[[str], int] = lambda _: 0
    """How many pairs that share is of, beside an outcome; 0 where it is not known."""
    measured: Callable[[str], Mapping[str, Outcome]] = lambda _: {}
    """An outcome's scores with how exactly each is known, by candidate; empty where that is not known."""
    by: Mapping[str, Callable[[], BundledParts]] = field(default_factory=dict)
    """By what its suite was split; empty where nothing of it is known by part."""


def _published() -> Bundled:
    from data.published import PAIRS, SOURCE, benchmarks, points, predictors, published

    def points_of(predictor: str, outcome: str) -> list[BundledPoint]:
        study = published()
        return [
            BundledPoint(p.name, p.x, p.y, math.log10(study.parameters[p.name]), study.families[p.name], False)
            for p in points(predictor, outcome)
        ]

    return Bundled(
        "published study", SOURCE, predictors(), benchmarks(), points_of, by={"domain": _published_by_benchmark},
        unit=0.01, pairs_read=lambda benchmark: PAIRS[benchmark],
    )  # fmt: skip


def _published_by_benchmark() -> BundledParts:
    from data.published import published

    study = published()
    columns = study.predictors(study.benchmarks[0])
    return BundledParts(
        study.candidates,
        {name: study.column(study.rude[name]) for name in study.benchmarks},
        {name: study.column(study.post_training[name]) for name in study.benchmarks},
        {name: name for name in study.benchmarks},
        {name: columns[name] for name in list(columns)[1:]},
    )


def _ladder() -> Bundled:
    from data.bundled import bundled_models
    from data.ladder import SOURCE, ladder, ladder_notes
    from data.ladder2 import ladder2_notes
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
        return [*filter(None, [said.predictors.get(predictor)]), ladder2_notes().claim, *said.every]

    title = f"ladder of {len(study.candidates)} models post-trained here"
    return Bundled(
        title, SOURCE, tuple(study.predictors), tuple(study.outcomes), points_of, notes, said.about, said.lower,
        pairs_read=lambda _: _ladder_pairs(), measured=lambda outcome: _ladder_outcomes()[outcome],
        by={"category": _ladder_by_category},
    )  # fmt: skip


@cache
def _ladder_outcomes() -> Mapping[str, Mapping[str, Outcome]]:
    """By outcome and candidate."""
    from data.ladder import OUTCOMES
    from engine.outcomes.outcomes import read_outcomes

    found: dict[str, dict[str, Outcome]] = {}
    for outcome in read_outcomes(OUTCOMES).outcomes:
        found.setdefault(outcome.outcome, {})[outcome.candidate] = outcome
    return found


def _ladder_pairs() -> int:
    """The suite's pairs, if it is still the one that was read."""
    from data.ladder import suite_read
    from rubrics.reading import find_suite

    suite = find_suite("world")
    return len(suite.scored) if suite.hash == suite_read() else 0


def _ladder_by_category() -> BundledParts:
    from data.ladder import family_shares, ladder
    from engine.predictors.from_verdicts import RUDE, SIZE
    from rubrics.taxonomy import Category, Subcategory, category_of

    study, families = ladder(), family_shares()
    outcomes: dict[str, list[float]] = {}
    for category in Category:
        own = [shares for (_, kind), shares in families.items() if category_of(Subcategory(kind)) is category]
        # Models that met as many criteria are tied, whatever order families are added up in.
        outcomes[f"rl_met, {category}"] = [
            round(sum(shares[name] for shares in own) / len(own), 12) for name in study.candidates
        ]
    return BundledParts(
        study.candidates,
        {str(category): study.predictors[f"RuDE {category}"] for category in Category},
        outcomes,
        {f"rl_met, {category}": str(category) for category in Category},
        {"overall": study.predictors[RUDE], SIZE: study.predictors[SIZE]},
    )


BUNDLED: Final[Mapping[str, Callable[[], Bundled]]] = {"ladder": _ladder, "published": _published}
"""By source; called when it is needed, since each reads files."""
