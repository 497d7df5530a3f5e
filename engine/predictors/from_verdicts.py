"""Predictors that need no model: they follow from verdicts already stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.predictors.by_part import BY_CATEGORY, BY_SUBCATEGORY, ranked
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.means import ratio
from engine.predictors.price import FREE
from engine.stats.intervals import Estimate, proportion
from engine.stats.metrics import METRICS, win
from engine.store.verdicts import RawVerdicts

__all__ = ["BITS", "RUDE", "SIZE", "STORED"]

RUDE: Final = "RuDE accuracy"
"""The headline predictor: the value of the ranking that the question asks for."""
SIZE: Final = "log10 parameters"
BITS: Final = "bits per byte"

FloatArray = npt.NDArray[np.float64]
_NOTHING = "nothing beyond the run"
_PAPER = "arXiv 2605.11978"
_PLAIN = "what any other has to beat"


def _size(evidence: Evidence) -> dict[str, Estimate]:
    return {
        entrant.label: Estimate(math.log10(entrant.parameters), math.nan, math.nan, "none: a fact, not a measurement")
        for entrant in evidence.board.entrants
        if entrant.parameters
    }


def _per_candidate(
    evidence: Evidence, protocol: str, estimate: Callable[[RawVerdicts, npt.NDArray[np.int32]], Estimate]
) -> dict[str, Estimate]:
    """`estimate` from each candidate's verdicts and their clusters, on the pairs that the rankings count."""
    board = evidence.under(protocol)
    scored = ~np.isnan(board.matrix.scores)
    if evidence.question.pairs == "common":
        scored = np.broadcast_to(scored.all(axis=0), scored.shape)
    estimates = {}
    for row, (label, own) in enumerate((e.label, evidence.labels(board).get(e.label)) for e in board.entrants):
        if own is None:
            continue
        verdicts = board.verdicts[label]
        kept = scored[row][verdicts.position]
        columns = {name: values[kept] for name, values in vars(verdicts).items()}
        chosen = RawVerdicts(**columns)
        estimates[own] = estimate(chosen, board.index.cluster[chosen.position])
    return estimates


def _loss(length: str, unit: float) -> Callable[[Evidence], dict[str, Estimate]]:
    def compute(evidence: Evidence) -> dict[str, Estimate]:
        return _per_candidate(
            evidence,
            "likelihood",
            lambda verdicts, clusters: ratio(-verdicts.ll_chosen / unit, getattr(verdicts, length), clusters),
        )

    return compute


def _margin(evidence: Evidence) -> dict[str, Estimate]:
    def estimate(verdicts: RawVerdicts, clusters: npt.NDArray[np.int32]) -> Estimate:
        margin = METRICS["per_byte"].margin(verdicts)
        return ratio(margin, np.ones(len(margin)), clusters)

    return _per_candidate(evidence, "likelihood", estimate)


def _debiased(verdicts: RawVerdicts, clusters: npt.NDArray[np.int32]) -> Estimate:
    # With rejected first, A is the label of rejected, so its log-odds have the other sign.
    bias = (
        np.nanmean((verdicts.log_odds_chosen_first - verdicts.log_odds_rejected_first) / 2)
        if len(clusters)
        else math.nan
    )
    right = win(verdicts.log_odds_chosen_first - bias), win(verdicts.log_odds_rejected_first + bias)
    return proportion(((right[0] + right[1]) / 2).astype(np.float64), clusters)


def _consistent(verdicts: RawVerdicts, clusters: npt.NDArray[np.int32]) -> Estimate:
    first, second = win(verdicts.log_odds_chosen_first), win(verdicts.log_odds_rejected_first)
    return proportion(np.where(first == second, first, np.nan).astype(np.float64), clusters)


def _choice(
    estimate: Callable[[RawVerdicts, npt.NDArray[np.int32]], Estimate],
) -> Callable[[Evidence], dict[str, Estimate]]:
    return lambda evidence: _per_candidate(evidence, "choice", estimate)


def _rude(evidence: Evidence) -> Mapping[str, Estimate]:
    return ranked(evidence, evidence.ranking(), "overall")


def _metric(name: str) -> Predictor:
    metric = METRICS[name]
    return Predictor(
        f"RuDE {name}", metric.help, metric.protocol, _NOTHING, True,
        lambda evidence: ranked(evidence, evidence.ranking("overall", metric.protocol, name), "overall"), _PAPER,
        variant=True, chance=metric.chance,
    )  # fmt: skip


def _priced(predictor: Predictor) -> Predictor:
    """Whatever follows from verdicts costs what these did; parameters cost nothing."""
    if predictor.name == SIZE:
        return replace(predictor, price=lambda evidence: {e.label: FREE for e in evidence.board.entrants})
    return replace(predictor, price=lambda evidence: evidence.prices(predictor.needs))


STORED: Final[Mapping[str, Predictor]] = {
    predictor.name: _priced(predictor)
    for predictor in (
        Predictor(
            RUDE, "share of pairs whose chosen response is preferred, by the metric of the ranking asked for",
            "any protocol", _NOTHING, True, _rude, _PAPER,
        ),
        Predictor(SIZE, "decimal logarithm of the parameters", "any protocol", "nothing", True, _size, _PLAIN),
        Predictor(
            "NLL per token", "−log-likelihood of all chosen responses over their tokens, nats; unlike tokenizers do "
            "not compare", "likelihood", _NOTHING, False, _loss("tokens_chosen", 1.0), _PLAIN,
        ),
        Predictor(
            BITS, "−log2-likelihood of all chosen responses over their UTF-8 bytes", "likelihood",
            _NOTHING, False, _loss("bytes_chosen", math.log(2)), _PLAIN,
        ),
        Predictor(
            "likelihood margin", "mean over pairs of log-likelihood per byte, chosen less rejected, nats",
            "likelihood", _NOTHING, True, _margin,
        ),
        Predictor(
            "debiased choice", "share of single answers right once the mean log-odds for label A are taken off",
            "choice", _NOTHING, True, _choice(_debiased), chance=0.5,
        ),
        Predictor(
            "consistent choice", "share right among pairs whose verdict does not change with order; "
            "each candidate has its own such pairs", "choice", _NOTHING, True,
            _choice(_consistent), "after arXiv 2511.20604", chance=0.5,
        ),
        *BY_CATEGORY, *(_metric(name) for name in METRICS), *BY_SUBCATEGORY,
    )
}  # fmt: skip
"""By name, the headline first."""
