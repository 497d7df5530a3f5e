"""The tables others script against: their columns are a contract, in this order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.correlation.by_part import groupings, matrix_view
from engine.correlation.lineage import families_known, lineage
from engine.correlation.predictor_outcome import (
    CorrelationView,
    correlation_views,
    outcome_names,
    predictor_label,
    predictor_names,
    predictor_values,
)
from engine.correlation.sources import Source
from engine.correlation.upsets import upsets
from engine.export.recommendation_words import headline, reasons
from engine.export.rows import (
    AbilityRow,
    CorrelationRow,
    DecisionRow,
    FailureRow,
    FamilyRow,
    MatrixRow,
    PairRow,
    PredictorRow,
    RankingRow,
    SpectrumRow,
    TopicRow,
    UpsetRow,
    VerdictRow,
    WordingRow,
    columns_of,
)
from engine.export.spectral_rows import matrix_rows
from engine.export.topic_rows import topic_rows
from engine.predictors.interface import Evidence
from engine.predictors.spectral_layers import spectral_profiles
from engine.results.board import Question, load_board
from engine.results.controls import ControlTable, control_row, control_table
from engine.results.pair_trial import try_pairs
from engine.results.rankings import RankingTable, rankings_of
from engine.results.recommendation import Recommendation, recommend
from engine.results.topic_abilities import RESPONSES, TOPICS, topic_abilities
from engine.results.weights import leading_scope
from engine.results.wordings import any_wordings
from engine.stats.correlation_matrix import Kind
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.views import failure_rows, verdict_rows
from rubrics.errors import BadInput

__all__ = ["COLUMNS", "ROWS", "TABLES", "Table", "correlation_rows", "decision_rows", "ranking_rows", "table"]


@dataclass(frozen=True)
class Table:
    """Rows under named columns with DuckDB types; a cell is text, a number or None."""

    columns: Mapping[str, str]
    """Name → DuckDB type."""
    rows: Sequence[tuple[Any, ...]]

    def records(self) -> Iterator[dict[str, Any]]:
        """Each row by name."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


_CONTROLS: Final = {"none": "without_prompt", "other": "other_prompt"}
_CONTROLLED: Final = [name for name in RankingRow._fields if name.startswith(tuple(_CONTROLS.values()))]


def table(store: Store, what: str, question: Question, *, source: Source = "own", by: str | None = None) -> Table:
    """One of the tables in `TABLES`, for the question's suite; every protocol run there unless one is named.

    Args:
        by: the one split that the matrix is wanted of; None: every one there is.

    Raises:
        BadInput: no such table or split, or nothing stored answers the question.
    """
    if what not in TABLES:
        raise BadInput(f"no table {what!r}", fix="tables: " + ", ".join(TABLES))
    if what == "matrix":
        return _matrix(store, question, source, by)
    if what in _OF_SOURCES:
        return _OF_SOURCES[what](store, question, source)
    return TABLES[what](store, question)


def _by_protocol(store: Store, question: Question) -> list[Question]:
    """The question, narrowed to each protocol that the suite was run under; as it is where it names one."""
    if question.protocol is not None or question.metric is not None:
        return [question]
    board = load_board(store, question)
    protocols = {run.protocol for run in stored_runs(store, board.suite_hash) if run.n_scored}
    return [replace(question, suite=board.suite_hash, protocol=protocol) for protocol in sorted(protocols)]


def _rankings(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    for narrowed in _by_protocol(store, question):
        board = load_board(store, narrowed)
        rows += ranking_rows(rankings_of(board, narrowed), control_table(store, board))
    return Table(COLUMNS["rankings"], rows)


def ranking_rows(ranked: RankingTable, controls: ControlTable) -> Iterator[RankingRow]:
    """A ranking's rows, scope by scope, beside what the controls say."""
    for scope, ranking in ranked.scopes.items():
        for row in ranking.rows:
            entrant = ranked.entrants[row.candidate]
            yield RankingRow._make((
                row.rank, row.candidate, entrant.parameters, entrant.precision, ranked.protocol, ranked.metric,
                scope, _number(row.value), _number(row.ci_low), _number(row.ci_high), row.chance, row.n_pairs,
                row.n_clusters, _number(row.p_best), ";".join(row.tied_with),
                _number(row.p_value), _number(row.p_adjusted),
                *_controlled(controls if scope == "overall" else None, row.candidate),
                entrant.run.facts.get("doubt"),
            ))  # fmt: skip


def _decision(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    families = families_known(store)
    for narrowed in _by_protocol(store, question):
        board = load_board(store, narrowed)
        advice = recommend(store, board, rankings_of(board, narrowed), control_table(store, board))
        rows += decision_rows(advice, families)
    return Table(COLUMNS["decision"], rows)


def decision_rows(advice: Recommendation, families: Mapping[str, str]) -> Iterator[DecisionRow]:
    """A recommendation, candidate by candidate as they are ranked; families of candidates by name."""
    ranked = advice.table
    rivals = {rival.b: rival for rival in advice.rivals}
    said = headline(advice), "; ".join(reasons(advice, families))
    for row in ranked.overall.rows:
        numbers: tuple[float | int | None, ...] = (None,) * 6
        if (rival := rivals.get(row.candidate)) is not None:
            numbers = (
                rival.difference, _number(rival.ci_low), _number(rival.ci_high), _number(rival.p_value),
                _number(rival.p_adjusted), rival.n_pairs,
            )  # fmt: skip
        about = ranked.suite, ranked.protocol, ranked.metric, row.candidate, advice.standing(row.candidate)
        yield DecisionRow._make((*about, *numbers, *said))


def _controlled(controls: ControlTable | None, candidate: str) -> Iterator[float | int | None]:
    """The control columns: of the whole suite, so only beside `overall`."""
    by_prompt = controls.by_label.get(candidate, {}) if controls is not None else {}
    cells = {
        f"{prefix}_{name}": value
        for shown, prefix in _CONTROLS.items()
        if shown in by_prompt
        for name, value in control_row(by_prompt[shown]).items()
    }
    return (cells.get(name) for name in _CONTROLLED)


def _predictors(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    for narrowed in _by_protocol(store, question):
        evidence = Evidence(store, narrowed)
        for predictor in predictor_names(store, narrowed, parts=True):
            name = predictor_label(evidence, predictor)
            for candidate, estimate in predictor_values(evidence, predictor).items():
                if not math.isnan(estimate.value):
                    rows.append((candidate, name, estimate.value, _number(estimate.ci_low), _number(estimate.ci_high)))
    return Table(COLUMNS["predictors"], list(dict.fromkeys(rows)))


def _correlations(store: Store, question: Question, source: Source) -> Table:
    rows: list[tuple[Any, ...]] = []
    questions = _by_protocol(store, question) if source == "own" else [question]
    for narrowed in questions:
        predictors = predictor_names(store, narrowed, source=source)
        outcomes = outcome_names(store, source=source)
        for view in correlation_views(store, narrowed, predictors, outcomes, source=source):
            rows += correlation_rows(view)
    return Table(COLUMNS["correlations"], list(dict.fromkeys(rows)))


def correlation_rows(view: CorrelationView) -> Iterator[CorrelationRow]:
    """Pearson, Spearman and Kendall of one predictor against one outcome."""
    for statistic in view.statistics.statistics:
        yield CorrelationRow(
            view.predictor, view.outcome, statistic.name, _number(statistic.value),
            _number(statistic.ci_low), _number(statistic.ci_high), _number(statistic.p_value), statistic.n,
            "; ".join(filter(None, (statistic.note, statistic.method))),
            "higher" if view.higher_is_better else "lower",
            "higher" if view.outcome_higher_is_better else "lower", view.outcome_words,
        )  # fmt: skip


def _matrix(store: Store, question: Question, source: Source, only: str | None = None) -> Table:
    rows: list[tuple[Any, ...]] = []
    for by in (only,) if only is not None else groupings(store, question, source):
        for statistic in _KINDS:
            view = matrix_view(store, question, by=by, source=source, statistic=statistic)
            found = view.matrix
            for kind, cells in (("cell", found.cells), ("reference", found.references)):
                for cell in (cell for row in cells for cell in row):
                    numbers = cell.statistic
                    rows.append((
                        by, kind, cell.row, cell.column, cell.own, statistic, *map(
                            _number, (numbers.value, numbers.ci_low, numbers.ci_high, numbers.p_value, cell.p_holm)
                        ),
                        numbers.n, "; ".join(filter(None, (numbers.note, numbers.method))),
                        "lower" if cell.column in view.lower else "higher", view.words_of(cell.column),
                    ))  # fmt: skip
            for contrast in found.contrasts:
                rows.append((
                    by, "own less", contrast.versus, None, None, statistic, *map(
                        _number, (contrast.value, contrast.ci_low, contrast.ci_high, contrast.p_value)
                    ),
                    None, contrast.n, "; ".join(filter(None, (contrast.note, contrast.method))), None, None,
                ))  # fmt: skip
    return Table(COLUMNS["matrix"], rows)


def _upsets(store: Store, question: Question, source: Source) -> Table:
    rows: list[tuple[Any, ...]] = []
    outcomes = outcome_names(store, source=source) if source != "own" else []
    found = upsets(store, question, outcomes=outcomes, source=source)
    for upset in found.upsets:
        about = (
            upset.smaller, upset.larger, upset.smaller_parameters, upset.larger_parameters, upset.lead,
            _number(upset.ci_low), _number(upset.ci_high), _number(upset.p_adjusted),
        )  # fmt: skip
        rows += [
            (
                *about,
                name,
                _number(gain.value),
                _number(gain.stderr),
                gain.came_true,
                upset.method,
                found.words_of(name),
            )
            for name, gain in upset.gains.items()
        ] or [(*about, None, None, None, None, upset.method, None)]
    return Table(COLUMNS["upsets"], rows)


def _families(store: Store, _: Question) -> Table:
    rows: list[tuple[Any, ...]] = [
        (
            one.name, one.family, one.proposed, one.by, one.kin and one.kin.model_type, one.kin and one.kin.vocabulary,
            one.nearest, _number(one.cosine), one.weights_hash,
        )
        for one in lineage(store).relatives
    ]  # fmt: skip
    return Table(COLUMNS["families"], rows)


def _wordings(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    for narrowed in _by_protocol(store, question):
        board = load_board(store, narrowed)
        found = any_wordings(store, board, leading_scope(board.index, board.matrix, narrowed.weights, "common"))
        if found is None:
            continue
        for own, mean in zip(found.rows, found.averaged.rows, strict=True):
            rows += [
                (
                    found.suite, found.protocol, found.metric, own.candidate, wording, value, place, mean.value,
                    mean.rank, mean.ci_low, mean.ci_high, _number(mean.p_adjusted), found.n_pairs, found.n_clusters,
                )
                for wording, value, place in zip(found.wordings, own.values, own.ranks, strict=True)
            ]  # fmt: skip
    return Table(COLUMNS["wordings"], rows)


def _pairs(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    for narrowed in _by_protocol(store, question):
        trial = try_pairs(load_board(store, narrowed))
        about = trial.suite, trial.protocol, trial.metric, trial.model
        for pair in trial.sorted("suspicion"):
            numbers = (
                pair.difficulty, pair.difficulty_se, pair.discrimination, pair.slope, pair.slope_se, pair.p_value,
                pair.q_value, pair.information,
            )  # fmt: skip
            rows.append((
                *about, pair.pair_id, pair.domain, ";".join(pair.subcategories), ";".join(pair.violated), pair.passed,
                pair.scored, *map(_number, numbers), ";".join(pair.findings),
                "; ".join(f"{note.kind}: {note.note}" if note.note else note.kind for note in pair.notes),
            ))  # fmt: skip
    return Table(COLUMNS["pairs"], rows)


def _abilities(store: Store, question: Question) -> Table:
    rows: list[tuple[Any, ...]] = []
    for narrowed in _by_protocol(store, question):
        trial = try_pairs(load_board(store, narrowed))
        about = trial.suite, trial.protocol, trial.metric, trial.model
        rows += [(*about, row.candidate, row.ability, _number(row.se), row.strong) for row in trial.abilities]
    return Table(COLUMNS["abilities"], rows)


def _topics(store: Store, question: Question) -> Table:
    """Every split and response that the verdicts allow; where they allow none, the last says why."""
    found, refused = [], None
    for narrowed in _by_protocol(store, question):
        board = load_board(store, narrowed)
        for by, response in itertools.product(TOPICS, RESPONSES):
            try:
                found.append(topic_abilities(board, by=by, response=response))
            except BadInput as error:
                refused = error
    if refused is not None and not found:
        raise refused
    return Table(COLUMNS["topics"], [row for one in found for row in topic_rows(one)])


def _spectra(store: Store, _: Question) -> Table:
    return Table(COLUMNS["spectra"], list(matrix_rows(spectral_profiles(store))))


def _verdicts(store: Store, question: Question) -> Table:
    columns = COLUMNS["verdicts"]
    return Table(columns, verdict_rows(store, columns, _run_ids(store, question)))


def _failures(store: Store, question: Question) -> Table:
    columns, runs = COLUMNS["failures"], _run_ids(store, question)
    return Table(columns, failure_rows(store, columns, runs, with_excluded=question.with_excluded))


def _run_ids(store: Store, question: Question) -> list[str]:
    return [
        entrant.run.run_id
        for narrowed in _by_protocol(store, question)
        for entrant in load_board(store, narrowed).entrants
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


_KINDS: Final[tuple[Kind, ...]] = ("pearson", "spearman", "kendall")
_OF_SOURCES: Final[Mapping[str, Callable[[Store, Question, Source], Table]]] = {
    "correlations": _correlations,
    "upsets": _upsets,
}
"""Tables that studies which ship have too, beside the matrix."""

TABLES: Final[Mapping[str, Callable[[Store, Question], Table]]] = {
    "rankings": _rankings,
    "decision": _decision,
    "verdicts": _verdicts,
    "failures": _failures,
    "correlations": lambda store, question: _correlations(store, question, "own"),
    "matrix": lambda store, question: _matrix(store, question, "own"),
    "upsets": lambda store, question: _upsets(store, question, "own"),
    "families": _families,
    "predictors": _predictors,
    "wordings": _wordings,
    "pairs": _pairs,
    "abilities": _abilities,
    "topics": _topics,
    "spectra": _spectra,
}

ROWS: Final[Mapping[str, type[tuple[Any, ...]]]] = {
    "rankings": RankingRow,
    "decision": DecisionRow,
    "verdicts": VerdictRow,
    "failures": FailureRow,
    "correlations": CorrelationRow,
    "matrix": MatrixRow,
    "upsets": UpsetRow,
    "families": FamilyRow,
    "predictors": PredictorRow,
    "wordings": WordingRow,
    "pairs": PairRow,
    "abilities": AbilityRow,
    "topics": TopicRow,
    "spectra": SpectrumRow,
}
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {what: columns_of(row) for what, row in ROWS.items()}
"""The columns of each with their DuckDB types; `engine.export.methods` says how each is made."""
