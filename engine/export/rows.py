"""The rows of every table, typed: their fields, in this order, are the columns that others script against.

A field's type decides its column's: text, a whole number (`Wide` where 32 bits may not do), a number, or yes and no.
Lists are joined with `;`. What is not known is None. `engine.export.methods` says how each is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple, get_args, get_type_hints

__all__ = [
    "AbilityRow", "CandidateRow", "CorrelationRow", "DecisionRow", "FailureRow", "FamilyRow", "MatrixRow", "PairRow",
    "PointRow", "PredictorRow", "RankingRow", "RunStateRow", "SpectrumRow", "SuiteRow", "TopicRow", "UpsetRow",
    "VerdictRow", "WordingRow", "columns_of",
]  # fmt: skip

Wide = Annotated[int, "bigint"]
_KINDS: Final[Mapping[object, str]] = {str: "varchar", int: "integer", float: "double", bool: "boolean"}


@cache
def columns_of(row: type[tuple[Any, ...]]) -> dict[str, str]:
    """Name and DuckDB type of each field of a row's type."""
    return {name: _kind(hint) for name, hint in get_type_hints(row, include_extras=True).items()}


def _kind(hint: Any) -> str:
    if (said := getattr(hint, "__metadata__", None)) is not None:
        return str(said[0])
    if hint in _KINDS:
        return _KINDS[hint]
    (some,) = (part for part in get_args(hint) if part is not NoneType)
    return _kind(some)


class RankingRow(NamedTuple):
    """One candidate in one scope of a ranking."""

    rank: int
    candidate: str
    parameters: Wide
    precision: str
    protocol: str
    metric: str
    scope: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    chance: float
    n_pairs: int
    n_clusters: int
    p_best: float | None
    tied_with: str
    p_value: float | None
    p_adjusted: float | None
    without_prompt_value: float | None
    without_prompt_ci_low: float | None
    without_prompt_ci_high: float | None
    without_prompt_difference: float | None
    without_prompt_difference_low: float | None
    without_prompt_difference_high: float | None
    without_prompt_pmi: float | None
    without_prompt_pmi_low: float | None
    without_prompt_pmi_high: float | None
    without_prompt_n_pairs: int | None
    other_prompt_value: float | None
    other_prompt_ci_low: float | None
    other_prompt_ci_high: float | None
    other_prompt_difference: float | None
    other_prompt_difference_low: float | None
    other_prompt_difference_high: float | None
    other_prompt_pmi: float | None
    other_prompt_pmi_low: float | None
    other_prompt_pmi_high: float | None
    other_prompt_n_pairs: int | None
    doubt: str | None


class DecisionRow(NamedTuple):
    """One candidate against the first of the leaders."""

    suite: str
    protocol: str
    metric: str
    candidate: str
    standing: str
    lead: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    p_adjusted: float | None
    n_pairs: int | None
    headline: str
    reasons: str


class CorrelationRow(NamedTuple):
    """One statistic of one predictor against one outcome."""

    predictor: str
    outcome: str
    statistic: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    n: int
    note: str
    predictor_better: str
    outcome_better: str
    outcome_words: str = ""


class MatrixRow(NamedTuple):
    """One cell of parts against outcomes, a reference beside it, or what the own part is above others."""

    by: str
    kind: str
    part: str
    outcome: str | None
    own: bool | None
    statistic: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    p_adjusted: float | None
    n: int
    note: str
    outcome_better: str | None
    outcome_words: str | None


class UpsetRow(NamedTuple):
    """A smaller candidate ahead of a larger one, and what one outcome said of the two."""

    smaller: str
    larger: str
    smaller_parameters: float
    larger_parameters: float
    lead: float
    ci_low: float | None
    ci_high: float | None
    p_adjusted: float | None
    outcome: str | None
    gain: float | None
    gain_stderr: float | None
    came_true: bool | None
    note: str
    outcome_words: str | None


class FamilyRow(NamedTuple):
    """One candidate in its family."""

    candidate: str
    family: str
    proposed: str
    by: str
    model_type: str | None
    vocabulary: str | None
    nearest: str
    cosine: float | None
    weights_hash: str


class WordingRow(NamedTuple):
    """One candidate in one wording."""

    suite: str
    protocol: str
    metric: str
    candidate: str
    wording: str
    value: float
    place: int
    averaged: float
    averaged_rank: int
    ci_low: float
    ci_high: float
    p_adjusted: float | None
    n_pairs: int
    n_clusters: int


class PointRow(NamedTuple):
    """One candidate of a scatter; `y` is the outcome."""

    candidate: str
    x: float | None
    x_low: float | None
    x_high: float | None
    y: float | None
    y_low: float | None = None
    y_high: float | None = None


class PredictorRow(NamedTuple):
    """One predictor of one candidate."""

    candidate: str
    predictor: str
    value: float
    ci_low: float | None
    ci_high: float | None


class VerdictRow(NamedTuple):
    """What one candidate did on one pair."""

    candidate: str
    weights_hash: str
    precision: str
    suite: str
    pair_id: str
    group: str
    cluster: str
    domain: str
    categories: str
    subcategories: str
    violated: str
    n_violated: int
    protocol: str
    log_odds_chosen_first: float | None
    log_odds_rejected_first: float | None
    ll_chosen: float | None
    ll_rejected: float | None
    tokens_chosen: int | None
    tokens_rejected: int | None
    bytes_chosen: int | None
    bytes_rejected: int | None
    single: float | None
    averaged: float | None
    strict: float | None
    sum: float | None
    per_token: float | None
    per_byte: float | None
    doubt: str | None


class FailureRow(NamedTuple):
    """A pair that a candidate did not win, in full."""

    candidate: str
    precision: str
    suite: str
    protocol: str
    pair_id: str
    domain: str
    subcategories: str
    violated: str
    n_violated: int
    margin: float
    log_odds_chosen_first: float | None
    log_odds_rejected_first: float | None
    ll_chosen: float | None
    ll_rejected: float | None
    prompt: str
    chosen: str
    rejected: str
    doubt: str | None


class PairRow(NamedTuple):
    """One pair on trial: what all candidates together say about it."""

    suite: str
    protocol: str
    metric: str
    model: str
    pair_id: str
    domain: str
    subcategories: str
    violated: str
    passed: float
    n_candidates: int
    difficulty: float | None
    difficulty_se: float | None
    discrimination: float | None
    slope: float | None
    slope_se: float | None
    p_value: float | None
    q_value: float | None
    information: float | None
    findings: str
    noted: str


class AbilityRow(NamedTuple):
    """One candidate's ability by item response."""

    suite: str
    protocol: str
    metric: str
    model: str
    candidate: str
    ability: float
    ability_se: float | None
    strong: bool


class TopicRow(NamedTuple):
    """One candidate's ability on one topic, or on the whole."""

    suite: str
    protocol: str
    metric: str
    by: str
    response: str
    topic: str
    candidate: str
    ability: float | None
    error: float | None
    ci_low: float | None
    ci_high: float | None
    shift: float | None
    shift_low: float | None
    shift_high: float | None
    raw: float | None
    raw_error: float | None
    place_low: int
    place_high: int
    n_pairs: int
    n_clusters: int
    between: float
    between_low: float
    between_high: float
    note: str


class SpectrumRow(NamedTuple):
    """One weight matrix of one candidate."""

    candidate: str
    weights_hash: str
    tensor: str
    layer: int | None
    rows: int
    columns: int
    alpha: float | None
    from_two: float | None
    alpha_hat: float | None
    trace_log: float | None
    largest: float
    least: float | None
    n_tail: int
    distance: float | None


class CandidateRow(NamedTuple):
    """A base model as its files describe it; nothing is loaded."""

    name: str
    path: str
    architecture: str
    parameters: Wide
    bytes: Wide
    dtype: str
    context: int | None
    fits_as: str | None
    """The precision at which it fits; None where it fits at none, or is refused."""
    why: str
    refused: bool
    problems: str


class SuiteRow(NamedTuple):
    """A suite at hand: built in, or stored in the database."""

    name: str
    origin: str
    hash: str
    pairs: int
    exemplars: int
    groups: int
    runs: int
    fault: str


class RunStateRow(NamedTuple):
    """How one run ended."""

    run_id: str
    candidate: str
    suite: str
    protocol: str
    prompt: str
    precision: str
    device: str
    ended: str
    scored: int
    wanted: int
    skipped: int
    error: str
    notes: str
