"""RuDE of a domain against the outcome of that domain: parts of a suite × outcomes, from whatever source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.correlation.lineage import families_in
from engine.correlation.names import comparable
from engine.correlation.sources import BUNDLED, BundledParts, Source
from engine.outcomes.outcome import Outcome, domain_of, lower_is_better
from engine.outcomes.words import outcome_in_short, outcome_in_words
from engine.predictors.by_part import name_of
from engine.predictors.from_verdicts import RUDE, SIZE
from engine.predictors.interface import Evidence
from engine.results.board import Question
from engine.results.pair_index import MEAN_OF_DOMAINS
from engine.results.rankings import RankingTable
from engine.stats.correlation import how_few
from engine.stats.correlation_matrix import ANOTHERS, Contrast, CorrelationMatrix, Kind, correlation_matrix
from engine.stats.flips import ALPHA
from engine.stats.p_value import p_is
from engine.stats.units import Over
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.taxonomy import Subcategory, category_of

__all__ = ["PARTS", "TIED", "MatrixView", "groupings", "in_words", "matrix_view", "part_of"]

PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "domain": ("domain", "domains"),
    "category": ("category", "categories"),
    "subcategory": ("subcategory", "subcategories"),
    "violations": ("number of violations", "numbers of violations"),
}
"""What a suite can be split by here: one part, and several, in words."""
TIED: Final = ("domain", "category", "subcategory")
"""Of those, what an outcome can be the outcome of: it is of no number of violations."""


@dataclass(frozen=True)
class MatrixView:
    """The matrix, and what must be known to read it."""

    source: Source
    source_name: str
    """What it is of, in a few words."""
    by: str
    candidates: tuple[str, ...]
    matrix: CorrelationMatrix
    lower: frozenset[str]
    """Outcomes of which less is better; they are turned."""
    notes: tuple[str, ...]
    predictors: Mapping[str, str]
    """From a part, or a reference, to the predictor of that name; empty for studies that ship."""
    over: Over = "candidates"
    """What intervals take for independent."""

    def words_of(self, outcome: str, *, short: bool = False) -> str:
        """An outcome's name in words, where it is none; short for a narrow column."""
        return outcome_in_short(outcome) if short else outcome_in_words(outcome, self.source)


def groupings(store: Store, question: Question, source: Source) -> tuple[str, ...]:
    """By what the matrix of a source can be asked for, what it shows unasked first.

    Raises:
        BadInput: nothing answers the question.
    """
    return _ways(Evidence(store, question) if source == "own" else None, source)


def _ways(evidence: Evidence | None, source: Source) -> tuple[str, ...]:
    if evidence is None:
        return tuple(BUNDLED[source]().by)
    first = "domain" if len(set(evidence.board.index.domain)) > 1 else "category"
    return tuple(sorted(PARTS, key=lambda by: by != first))


def matrix_view(
    store: Store,
    question: Question,
    *,
    by: str | None = None,
    outcomes: Sequence[str] = (),
    tied: bool = False,
    source: Source = "own",
    statistic: Kind = "pearson",
    resamples: int = 10_000,
) -> MatrixView:
    """Correlate RuDE's accuracy on every part with every outcome.

    Args:
        by: one of `groupings`; None: the first of them.
        outcomes: by name; none: all there are.
        tied: only outcomes that are tied to a part.

    Raises:
        BadInput: no such grouping or outcome, no outcomes, or nothing has been run yet.
    """
    evidence = Evidence(store, question) if source == "own" else None
    possible = _ways(evidence, source)
    by = by or possible[0]
    if by not in possible:
        raise BadInput(f"no accuracies by {by} are known of this source", fix="known: by " + ", by ".join(possible))
    if evidence is None:
        study = BUNDLED[source]()
        parts, lower, name, notes = study.by[by](), frozenset[str](), study.title, list(study.notes(""))
    else:
        parts, lower, name, notes = _own(evidence, by)
    if outcomes:
        unknown = [name for name in outcomes if name not in parts.outcomes]
        if unknown:
            raise BadInput(f"no outcome {unknown[0]!r}", fix="outcomes: " + ", ".join(parts.outcomes))
    kept, lacking = (list(outcomes), []) if outcomes else comparable(parts.outcomes)
    notes += lacking
    chosen = {
        name: values for name, values in parts.outcomes.items() if name in kept and (not tied or name in parts.own)
    }
    if not chosen and tied:
        raise BadInput(f"no outcome is tied to a {PARTS[by][0]}", fix="tie outcomes to what they are outcomes of")
    if not chosen:
        raise BadInput("no outcomes to correlate with", fix="add outcomes from a file, or look at a study that ships")
    mean = f"mean of {PARTS[by][1]}"
    references = {mean: _mean(parts.parts)} if len(parts.parts) > 1 else {}
    names = [_name_of(evidence, candidate) for candidate in parts.candidates]
    kin = families_in(store, source, names)
    measured = [any(not math.isnan(values[at]) for values in chosen.values()) for at in range(len(names))]
    notes += how_few(sum(measured), [family for family, has in zip(kin, measured, strict=True) if has])
    matrix = correlation_matrix(
        parts.parts, chosen, {outcome: part for outcome, part in parts.own.items() if outcome in chosen},
        references={**references, **parts.references}, statistic=statistic, resamples=resamples,
        families=kin, over=question.over,
    )  # fmt: skip
    predictors = {}
    if source == "own":
        predictors = {part: name_of(by, part) for part in parts.parts} | {"overall": RUDE, SIZE: SIZE}
        predictors |= {mean: f"RuDE {mean}"} if mean == MEAN_OF_DOMAINS else {}
    return MatrixView(
        source, name, by, parts.candidates, matrix, lower & set(chosen), tuple(notes), predictors, question.over
    )


def _name_of(evidence: Evidence | None, candidate: str) -> str:
    return candidate if evidence is None else evidence.board.entrant(candidate).name


def _mean(parts: Mapping[str, Sequence[float]]) -> list[float]:
    return [float(value) for value in np.mean([np.asarray(values, dtype=np.float64) for values in parts.values()], 0)]


def _own(evidence: Evidence, by: str) -> tuple[BundledParts, frozenset[str], str, list[str]]:
    table = evidence.ranking(by)
    names = tuple(row.candidate for row in table.overall.rows)
    by_scope = {
        scope: {row.candidate: row.value for row in ranking.rows}
        for scope, ranking in table.scopes.items()
        if scope != MEAN_OF_DOMAINS
    }
    columns = {scope: [values[name] for name in names] for scope, values in by_scope.items()}
    overall = columns.pop("overall")
    sizes = [table.entrants[name].parameters for name in names]
    stored: dict[str, dict[str, Outcome]] = {}
    for outcome in stored_outcomes(evidence.store):
        stored.setdefault(outcome.outcome, {})[outcome.candidate] = outcome
    lower = frozenset(name for name, scores in stored.items() if lower_is_better(scores.values()))
    outcomes = {
        name: [(-1 if name in lower else 1) * _score(scores, table, candidate) for candidate in names]
        for name, scores in stored.items()
    }
    # Scores of candidates that are not ranked here say nothing.
    outcomes = {name: values for name, values in outcomes.items() if not all(map(math.isnan, values))}
    own = {name: part_of(name, domain_of(stored[name].values()), list(columns)) for name in outcomes}
    notes = list(table.notes)
    if strangers := len(stored) - len(outcomes):
        notes.append(f"{count(strangers, 'outcome')} of no ranked candidate left out")
    return (
        BundledParts(
            names, columns, outcomes, {name: part for name, part in own.items() if part},
            {"overall": overall, SIZE: [math.log10(size) if size else math.nan for size in sizes]},
        ),
        lower,
        f"{table.suite}, {table.protocol}, {table.metric}",
        notes,
    )  # fmt: skip


def _score(scores: Mapping[str, Outcome], table: RankingTable, candidate: str) -> float:
    measured = scores.get(candidate) or scores.get(table.entrants[candidate].name)
    return measured.score if measured else math.nan


def part_of(outcome: str, domain: str | None, parts: Sequence[str]) -> str:
    """The part that an outcome is tied to: the one it was tied to, the category of that subcategory, or the part that
    it is called like; empty where there is none."""
    if domain in parts:
        return domain or ""
    if domain in set(Subcategory) and str(category_of(Subcategory(domain))) in parts:
        return str(category_of(Subcategory(domain)))
    return outcome if domain is None and outcome in parts else ""


def in_words(view: MatrixView, contrast: Contrast) -> str:
    """What a contrast lets one say, in a sentence."""
    one = PARTS[view.by][0]
    versus = f"another {one}'s" if contrast.versus == ANOTHERS else contrast.versus
    if contrast.note:
        return f"own {one} against {versus}: not known, {contrast.note}"
    sure = not contrast.ci_low <= 0 <= contrast.ci_high and contrast.p_value <= ALPHA
    word = ("better than" if contrast.value > 0 else "worse than") if sure else "neither surely better nor worse than"
    ends = " to ".join(f"{end:+.2f}" for end in (contrast.ci_low, contrast.ci_high))
    numbers = f"{contrast.value:+.2f}, 95 % {ends}".replace("-", "−")
    return (
        f"RuDE in an outcome's own {one} foretells it {word} {versus} ({numbers}, {p_is(contrast.p_value)}, "
        f"{count(contrast.outcomes, 'tied outcome')}, n = {contrast.n})"
    )
