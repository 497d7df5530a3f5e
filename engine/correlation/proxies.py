"""Small models standing for large ones, or for corpora: does the order of the small hold for the large?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.correlation.predictor_outcome import correlation_view, predictor_values
from engine.correlation.scaling import ProxyRow, StandIn
from engine.outcomes.outcome import lower_is_better as lower_is_better_of
from engine.predictors.catalogue import catalogue
from engine.predictors.interface import Evidence
from engine.results.board import Question
from engine.stats.forms import FORMS, DecisionAccuracy, Form, decision_accuracy, fit_form
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["ProxyView", "judge_proxies", "proxy_rows", "stand_ins", "stored_proxies"]


@dataclass(frozen=True)
class ProxyView:
    """A proxy judged by what it foretold."""

    proxy: str
    target: str
    rows: tuple[ProxyRow, ...]
    forms: tuple[Form, ...]
    """The least cross-validated error first."""
    decision: DecisionAccuracy
    notes: tuple[str, ...]
    lower_is_better: bool = False
    """Of the proxy."""
    target_lower_is_better: bool = False


def judge_proxies(
    rows: Sequence[ProxyRow], *, proxy: str = "proxy", target: str = "target", lower_is_better: bool = False,
    target_lower_is_better: bool = False,
) -> ProxyView:  # fmt: skip
    """Fit every form and count the decisions.

    Args:
        lower_is_better: of the proxy, as for a loss.
        target_lower_is_better: of the target, as for a perplexity.

    Raises:
        BadInput: fewer than three points.
    """
    if len(rows) < 3:
        raise BadInput(f"{count(len(rows), 'point')} cannot judge a proxy", fix="three or more are needed, better ten")
    x, y = np.array([row.proxy for row in rows]), np.array([row.target for row in rows])
    forms = [fit_form(name, x, y) for name in FORMS]
    forms.sort(key=lambda form: (math.isnan(form.cv_mae), form.cv_mae))
    decision = decision_accuracy(-x if lower_is_better else x, -y if target_lower_is_better else y)
    notes = []
    if decision.accuracy < 0.5:
        side = "higher" if lower_is_better else "lower"
        notes.append(f"more than half of the decisions are wrong: is a {side} {proxy} the better one?")
    if len(rows) < 10:
        notes.append(f"{len(rows)} points: which form is best can hardly be told")
    return ProxyView(
        proxy, target, tuple(rows), tuple(forms), decision, tuple(notes), lower_is_better, target_lower_is_better
    )


def stored_proxies(store: Store, question: Question, predictor: str, outcome: str) -> ProxyView:
    """A stored predictor against a stored outcome of the same candidates.

    Raises:
        BadInput: no such predictor or outcome, or too few candidates have both.
    """
    view = correlation_view(store, question, predictor, outcome)
    rows = [ProxyRow(p.name, p.x, p.y) for p in view.points if math.isfinite(p.x) and math.isfinite(p.y)]
    return judge_proxies(
        rows, proxy=view.predictor, target=outcome, lower_is_better=not view.higher_is_better,
        target_lower_is_better=not view.outcome_higher_is_better,
    )  # fmt: skip


def proxy_rows(store: Store, question: Question, predictor: str, outcome: str | None) -> list[ProxyRow]:
    """A stored predictor of candidates beside a stored outcome; NaN where that is not known, or none is named.

    Raises:
        BadInput: no such predictor or outcome.
    """
    if outcome is not None:
        points = correlation_view(store, question, predictor, outcome).points
        return [ProxyRow(p.name, p.x, p.y) for p in points if math.isfinite(p.x)]
    values = predictor_values(Evidence(store, question), predictor)
    return [ProxyRow(name, e.value, math.nan) for name, e in values.items() if math.isfinite(e.value)]


def stand_ins(
    store: Store, question: Question, pairs: Sequence[StandIn], predictor: str, outcome: str | None,
    *, lower_is_better: bool = False,
) -> ProxyView:  # fmt: skip
    """A predictor of small candidates against the large ones' outcome, or against the same predictor of the large.

    Args:
        lower_is_better: of the predictor, where it does not say so itself.

    Raises:
        BadInput: a candidate or outcome is not known.
    """
    evidence = Evidence(store, question)
    values = predictor_values(evidence, predictor)
    lower_is_better = lower_is_better or not catalogue(store)[predictor].higher_is_better

    def value(name: str) -> float:
        label = evidence.board.entrant(name).label
        if label not in values or not math.isfinite(values[label].value):
            raise BadInput(f"no {predictor} known for {name}", fix="leave the line out, or run what it needs")
        return values[label].value

    if outcome is None:
        rows = [ProxyRow(f"{pair.small} → {pair.large}", value(pair.small), value(pair.large)) for pair in pairs]
        return judge_proxies(
            rows, proxy=f"{predictor}, small", target=f"{predictor}, large", lower_is_better=lower_is_better,
            target_lower_is_better=lower_is_better,
        )  # fmt: skip
    stored = stored_outcomes(store)
    measured = {row.candidate: row for row in stored if row.outcome == outcome}
    if not measured:
        names = sorted({row.outcome for row in stored})
        raise BadInput(f"no outcome {outcome!r}", fix="outcomes: " + (", ".join(names) or "none yet"))
    missing = [pair.large for pair in pairs if pair.large not in measured]
    if missing:
        raise BadInput(
            f"no {outcome} known for {missing[0]!r}",
            fix="add outcomes from a file",
            shell="rude-tui outcomes add FILE.csv",
        )
    rows = [ProxyRow(f"{pair.small} → {pair.large}", value(pair.small), measured[pair.large].score) for pair in pairs]
    return judge_proxies(
        rows, proxy=f"{predictor}, small", target=outcome, lower_is_better=lower_is_better,
        target_lower_is_better=lower_is_better_of(measured.values()),
    )  # fmt: skip
