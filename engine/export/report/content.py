"""What a report says, gathered from the same read side as the screens; nothing is computed in a way of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from data.ladder import ladder_notes
from engine.correlation.by_part import PARTS, MatrixView, in_words, matrix_view
from engine.correlation.lineage import families_known
from engine.correlation.predictor_outcome import (
    CorrelationView,
    correlation_views,
    outcome_names,
    predictor_names,
    verdict,
)
from engine.correlation.sources import Source
from engine.export.recommendation_words import headline, reasons
from engine.export.report.failed_pairs import Chosen, choose_pairs
from engine.export.report.topics_and_spectra import (
    SPECTRA_METHODS,
    TOPIC_METHODS,
    SpectraOutlook,
    TopicsOutlook,
    spectra_of,
    topics_of,
)
from engine.results.board import Board, Question, load_board
from engine.results.controls import SHOWN, control_table, stored_controls
from engine.results.position_bias import position_biases
from engine.results.rankings import RankingTable, rankings_of
from engine.results.recommendation import recommend
from engine.results.requirements import Requirements
from engine.results.suspicions import suspicions
from engine.stats import correlation as correlation_methods
from engine.stats import correlation_matrix as matrix_methods
from engine.stats import position_bias as order_methods
from engine.stats import ranking as ranking_methods
from engine.stats.estimates import Statistic
from engine.stats.metrics import METRICS
from engine.stats.position_bias import PositionBias
from engine.stats.ranking import Ranking, RankRow
from engine.store.annotations import Annotation
from engine.store.connection import Store
from engine.store.runs import RunRow, stored_runs
from rubrics.errors import BadInput

__all__ = ["Outlook", "PartsOutlook", "Report", "ReportRequest", "gather"]

_OUTCOMES: Final = 4
"""How many outcomes a page shows unasked."""


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked to hold."""

    question: Question = field(default_factory=Question)
    predictors: tuple[str, ...] = ()
    """Empty: all that are known."""
    outcomes: tuple[str, ...] = ()
    """Empty: the first few there are."""
    pairs: int = 200
    """Failed pairs shown at most."""
    requirements: Requirements | None = None
    """What is asked of a candidate beside its accuracy."""


@dataclass(frozen=True)
class Outlook:
    """Predictors of one outcome."""

    outcome: str
    published: bool
    """Whether these are the study's points, since no outcome of the candidates is stored."""
    views: tuple[CorrelationView, ...]
    """The headline's first."""
    league: tuple[CorrelationView, ...]
    """Strongest Spearman first, unknown ones last."""
    verdict: str

    @property
    def families(self) -> str:
        """Who is of which family, where intervals are over families; else empty."""
        held: dict[str, list[str]] = {}
        for point in self.views[0].points if self.views[0].over == "families" else ():
            held.setdefault(point.family, []).append(point.name)
        return "; ".join(f"{family}: {', '.join(names)}" for family, names in sorted(held.items()))


@dataclass(frozen=True)
class PartsOutlook:
    """RuDE on the parts of the suite against outcomes that are tied to them, and what the diagonal lets one say."""

    view: MatrixView
    part: str
    """What one part is called."""
    said: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    made_at: datetime
    program: str
    board: Board
    categories: RankingTable
    subcategories: RankingTable
    metrics: tuple[RankingTable, ...]
    """Overall under each other metric that these candidates have verdicts for."""
    biases: Mapping[str, PositionBias]
    controls: Mapping[str, Mapping[str, Ranking]]
    """By label; see `engine.results.controls.SHOWN`."""
    outlooks: tuple[Outlook, ...]
    outcomes_left_out: tuple[str, ...]
    chosen: Chosen
    runs: tuple[RunRow, ...]
    """Every run a number on the page comes from."""
    excluded: tuple[Annotation, ...]
    methods: Mapping[str, str]
    """One line on how each number is made."""
    suspicions: tuple[str, ...] = ()
    headline: str = ""
    """Whom the ranking lets one take."""
    reasons: tuple[str, ...] = ()
    """What speaks against the suite itself."""
    by_part: tuple[PartsOutlook, ...] = ()
    """Where outcomes are tied to parts of the suite; of the published study where no outcome is stored."""
    topics: tuple[TopicsOutlook, ...] = ()
    """By category, subcategory and domain."""
    spectra: SpectraOutlook | None = None


def gather(store: Store, request: ReportRequest, *, made_at: datetime | None = None, resamples: int = 10_000) -> Report:
    """Gather a report.

    Raises:
        BadInput: no run answers the question, or no such predictor or outcome.
    """
    board = load_board(store, request.question)
    # From here on the suite is this one, whatever is run meanwhile.
    question = replace(
        request.question, suite=board.suite_hash, protocol=board.protocol, metric=board.metric, by="category"
    )
    outlooks, left_out = _outlooks(store, question, request)
    report = Report(
        made_at or datetime.now(UTC), f"rude-tui {version('rude-tui')}", board,
        rankings_of(board, question, resamples=resamples),
        rankings_of(board, replace(question, by="subcategory"), resamples=resamples),
        _other_metrics(store, question, resamples), position_biases(board, resamples=resamples),
        stored_controls(store, board), outlooks, left_out, choose_pairs(store, board, request.pairs),
        _runs(store, board), () if question.with_excluded else _excluded(board), {},
        by_part=_by_part(store, question, request), topics=topics_of(board), spectra=spectra_of(store, board),
    )  # fmt: skip
    suspected = suspicions(store, board, report.categories)
    advice = recommend(store, board, report.categories, control_table(store, board), request.requirements)
    return replace(
        report,
        methods=_methods(report),
        suspicions=suspected,
        headline=headline(advice),
        reasons=tuple(reasons(advice, families_known(store))),
    )


def _other_metrics(store: Store, question: Question, resamples: int) -> tuple[RankingTable, ...]:
    tables = []
    for name, metric in METRICS.items():
        if name == question.metric:
            continue
        other = replace(question, protocol=metric.protocol, metric=name, by="overall", template=None)
        try:
            board = load_board(store, other)
        except BadInput:
            continue  # the other protocol has not been run
        tables.append(rankings_of(board, other, resamples=min(resamples, 2_000)))
    return tuple(tables)


def _outlooks(store: Store, question: Question, request: ReportRequest) -> tuple[tuple[Outlook, ...], tuple[str, ...]]:
    stored = outcome_names(store)
    published = not stored and not request.outcomes
    source: Source = "published" if published else "own"
    names = list(request.outcomes) or outcome_names(store, source=source)
    if published and request.predictors:
        raise BadInput(
            "no outcome is stored to set predictors against",
            fix="add outcomes from a file",
            shell="rude-tui outcomes add FILE.csv",
        )
    shown = names if request.outcomes else names[:_OUTCOMES]
    if published:
        predictors = predictor_names(source=source)
    else:
        predictors = list(request.predictors) or predictor_names(store, question)
    views = correlation_views(store, question, predictors, shown, source=source)
    outlooks = []
    for outcome in shown:
        here = [view for view in views if view.outcome == outcome]
        league = sorted(here, key=lambda view: _strongest_first(view.statistics.spearman))
        outlooks.append(Outlook(outcome, published, tuple(here), tuple(league), verdict(here)))
    return tuple(outlooks), tuple(names[len(shown) :])


def _by_part(store: Store, question: Question, request: ReportRequest) -> tuple[PartsOutlook, ...]:
    source: Source = "own" if outcome_names(store) else "published"
    found = []
    for by in ("domain", "category", "subcategory"):
        try:
            view = matrix_view(
                store, question, by=by, outcomes=request.outcomes if source == "own" else (), tied=True, source=source
            )
        except BadInput:
            continue  # nothing is tied to it
        said = tuple(in_words(view, contrast) for contrast in view.matrix.contrasts)
        found.append(PartsOutlook(view, PARTS[by][0], said))
    return tuple(found)


def _strongest_first(statistic: Statistic) -> float:
    return math.inf if math.isnan(statistic.value) else -abs(statistic.value)


def _runs(store: Store, board: Board) -> tuple[RunRow, ...]:
    shown = {entrant.scored for entrant in board.entrants}
    return tuple(run for run in stored_runs(store, board.suite_hash) if run.n_scored and run.scored in shown)


def _excluded(board: Board) -> tuple[Annotation, ...]:
    return tuple(note for notes in board.annotations.values() for note in notes if note.kind == "exclude")


def _methods(report: Report) -> dict[str, str]:
    ranked = report.categories.overall
    lines = {f"{table.metric} ({table.protocol})": METRICS[table.metric].help for table in
             (report.categories, *report.metrics)}  # fmt: skip
    lines["chance"] = "what a candidate that cannot tell would reach"
    names = {
        "rank": "rank", "rank_low": "rank interval, best", "rank_high": "rank interval, worst", "value": "value",
        "p_best": "first in", "tied_with": "not told apart from",
    }  # fmt: skip
    lines |= {shown: ranking_methods.HELP[name] for name, shown in names.items()}
    how = ", ".join(sorted({row.method for row in _rows(report)}))
    lines["interval"] = f"{ranked.level:.0%} over clusters of pairs, {ranked.resamples:,} resamples, seed {ranked.seed}"
    lines["interval"] += f" ({how})"
    lines["categories"] = (
        "a pair that violates criteria of several (sub)categories counts in each with weight 1/(how many); "
        + ladder_notes().by_category_in_short
    )
    if report.biases:
        lines |= {name.replace("_", " "): text for name, text in order_methods.HELP.items()}
    if report.controls:
        lines["controls"] = "per_byte again " + ", ".join(list(SHOWN.values())[1:]) + ": what survives is fluency"
    if report.outlooks:
        lines |= {name.replace("_", " "): text for name, text in correlation_methods.HELP.items() if name != "fisher"}
        lines["correlation interval"] = lines.pop("ci low")
    if report.by_part:
        lines["own less another's"] = matrix_methods.HELP[matrix_methods.ANOTHERS]
        lines["own less a reference"] = matrix_methods.HELP["reference"]
    if any(outlook.found for outlook in report.topics):
        lines |= TOPIC_METHODS
    if report.spectra:
        lines |= SPECTRA_METHODS
    lines["margin"] = (
        "how far the chosen response is ahead, in nats (per token or byte where the metric's name says so)"
    )
    lines["log p"] = "log-probability of a token given all before it; tints show its step"
    return lines


def _rows(report: Report) -> Sequence[RankRow]:
    return [row for table in (report.categories, report.subcategories) for r in table.scopes.values() for row in r.rows]
