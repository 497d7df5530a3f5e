"""Abilities by topic, each topic's own part shrunk by as much as it is uncertain.

On a pair of topic t candidate j has ability η_jt, and on one of several topics the mean of those. What is a candidate's
own in a topic is the part of η that neither the candidate nor the topic alone explains,

    δ_jt = η_jt − η_j· − η_·t + η_··.

Every δ_jt is a draw from N(0, τ²), while candidates and topics are free, so that a topic of few pairs says what the
candidate's whole foretells there. Given τ, the abilities maximise

    ℓ(η) / D − Σ δ² / 2τ² − Σ η² / 2·5²,

where ℓ is the log-likelihood of the responses and D, the design effect, is how many times more than independent pairs
would the sums of its slopes over clusters spread (quasi-likelihood, Wedderburn 1974, Biometrika 61(3)). τ is integrated
out over a grid by Laplace's approximation (Rue, Martino & Chopin 2009, J. R. Stat. Soc. B 71(2), section 3) under a
half-normal prior of sd 1 (Röver et al. 2021, Res. Synth. Methods 12(4)): one estimate of it would often be 0, and call
certain what is not known. Estimates so shrunk need no correction for having looked at many topics (Gelman, Hill &
Yajima 2012, J. Res. Educ. Eff. 5(2)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import student_quantile, student_two_sided
from engine.stats.holm import holm
from engine.stats.irt.rasch import PRIOR_SD
from engine.stats.irt.responses import Responses

__all__ = ["ALPHA", "LEAST_BETWEEN", "TopicFit", "Topics", "fit_topics", "places"]

FloatArray = npt.NDArray[np.float64]

ALPHA: Final = 0.05
LEAST_BETWEEN: Final = 0.01
"""A τ that is 0 to any purpose: what lies below is not told from it."""
_TAUS: Final = np.geomspace(LEAST_BETWEEN, 4.0, 19)
"""Steps of two fifths."""
_PRIOR_TAU: Final = 1.0
_LEAST_EFFECT: Final = 0.1
_STEPS: Final = 100


@dataclass(frozen=True, eq=False)
class TopicFit:
    """Abilities above those of the average candidate, in the unit of the responses, and what is a topic's own in them.

    Errors are standard deviations of what is left uncertain, of τ too.
    """

    ability: FloatArray
    """(candidates, topics): shrunk."""
    covariance: FloatArray
    """(topics, candidates, candidates): of their errors."""
    whole: FloatArray
    """(candidates,): over all topics, each by its share of the pairs."""
    whole_covariance: FloatArray
    """(candidates, candidates)."""
    shift: FloatArray
    """(candidates, topics): ability less the whole."""
    shift_error: FloatArray
    raw: FloatArray
    """(candidates, topics): as the topic alone gives it, nothing shrunk."""
    raw_error: FloatArray
    between: tuple[float, float, float]
    """τ: median, and the ends of its 95 % interval."""
    design_effect: float
    """D: about 1 where clusters are single pairs."""
    freedom: float
    """Clusters less topics: intervals take Student's t with as many degrees of freedom."""

    @property
    def error(self) -> FloatArray:
        """(candidates, topics): of the abilities."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2).T)

    def interval(self, value: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The ends of a 95 % interval."""
        half = student_quantile(1 - ALPHA / 2, self.freedom) * error
        return value - half, value + half


class Topics(NamedTuple):
    """Which pairs are of which topics."""

    shares: FloatArray
    """(topics, pairs): how much of a pair is of each topic; 1 over all topics."""
    clusters: npt.NDArray[np.int32]
    """(pairs,): the unit of resampling, any integer."""


class _Mode(NamedTuple):
    """The abilities that are likeliest for one τ."""

    at: FloatArray
    """(topics × candidates,)."""
    curvature: FloatArray
    """Of minus the log posterior there."""
    evidence: float
    """Log of how likely the responses are under this τ, by Laplace, up to a constant."""


def fit_topics(response: Responses, topics: Topics, *, between: float | None = None) -> TopicFit:
    """Fit the abilities of all candidates on all topics at once.

    Args:
        between: τ, where it is known; else it is integrated out.

    Raises:
        ValueError: fewer than two candidates or topics, or no more clusters than topics.
    """
    count, candidates = len(topics.shares), response.candidates
    freedom = len(np.unique(topics.clusters)) - count
    if min(count, candidates) < 2 or freedom < 1:
        raise ValueError("two candidates, two topics and more clusters than topics are needed")
    patterns, member = np.unique(topics.shares.T.round(9), axis=0, return_inverse=True)
    model = _Model(response, patterns, member.ravel())
    raw = model.settle()
    effect = model.design_effect(raw.at, topics.clusters, freedom)
    taus = _TAUS if between is None else np.array([between])
    modes: list[_Mode] = []
    start = raw.at
    for tau in taus[::-1]:
        modes.append(model.mode(start, effect, float(tau)))
        start = modes[-1].at
    modes.reverse()
    # On a grid of equal steps in log τ each stands for a stretch as long as itself.
    weight = np.array([m.evidence for m in modes]) - (taus / _PRIOR_TAU) ** 2 / 2 + np.log(taus)
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    mean: FloatArray = weight @ np.stack([m.at for m in modes])
    spread: FloatArray = np.zeros_like(modes[0].curvature)
    for w, m in zip(weight, modes, strict=True):
        spread += w * (np.linalg.inv(m.curvature) + np.outer(m.at - mean, m.at - mean))
    share = topics.shares.sum(axis=1) / topics.shares.sum()
    plain: FloatArray = np.linalg.inv(model.mode(raw.at, effect, math.inf).curvature).astype(np.float64)
    summed = _summary(mean, spread, share)
    unshrunk = _summary(raw.at, plain, share)
    return TopicFit(
        summed.ability, summed.covariance, summed.whole, summed.whole_covariance, summed.shift, summed.shift_error,
        unshrunk.ability, np.sqrt(np.diagonal(unshrunk.covariance, axis1=1, axis2=2).T), _quantiles(taus, weight),
        effect, float(freedom),
    )  # fmt: skip


class _Model:
    """The log posterior of abilities, for pairs sorted by the topics that they are of."""

    def __init__(self, response: Responses, patterns: FloatArray, member: npt.NDArray[np.intp]) -> None:
        self._response, self._patterns = response, patterns
        self._pairs = [np.flatnonzero(member == number) for number in range(len(patterns))]
        self._parts = response.parts(self._pairs)
        self._shape = patterns.shape[1], response.candidates
        topics, candidates = (np.eye(n) - 1 / n for n in self._shape)
        self._own = np.kron(topics, candidates)
        """Takes from abilities what is a candidate's own in a topic."""

    def settle(self) -> _Mode:
        """The abilities where nothing is shrunk, and with them whatever else the response has to be fitted."""
        at = np.zeros(self._shape[0] * self._shape[1])
        for _ in range(_STEPS):
            mode = self.mode(at, 1.0, math.inf)
            at = mode.at
            if self._response.refit(self._parts, self._on_patterns(at)):
                break
        return self.mode(at, 1.0, math.inf)

    def _on_patterns(self, at: FloatArray) -> FloatArray:
        """(patterns, candidates): abilities on the pairs of each pattern."""
        abilities: FloatArray = self._patterns @ at.reshape(self._shape)
        return abilities

    def mode(self, at: FloatArray, effect: float, tau: float) -> _Mode:
        """Climb, by Newton's steps, to the highest posterior from `at` on; it is concave, so there is one."""
        value, slope, curvature = self._evaluate(at, effect, tau)
        for _ in range(_STEPS):
            step = np.linalg.solve(curvature, slope)
            if float(step @ slope) < 1e-10:
                break
            size = min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
            for _ in range(40):
                new = self._evaluate(at + size * step, effect, tau)
                if new[0] >= value - 1e-12 * abs(value):
                    break
                size /= 2
            at, (value, slope, curvature) = at + size * step, new
        free = (self._shape[0] - 1) * (self._shape[1] - 1)
        scale = 0.0 if math.isinf(tau) else free * math.log(tau)
        return _Mode(at, curvature, value - scale - float(np.linalg.slogdet(curvature)[1]) / 2)

    def _evaluate(self, at: FloatArray, effect: float, tau: float) -> tuple[float, FloatArray, FloatArray]:
        prior = np.eye(len(at)) / PRIOR_SD**2 + self._own / tau**2
        values, slopes, informations = zip(
            *(part.at(ability) for part, ability in zip(self._parts, self._on_patterns(at), strict=True)), strict=True
        )
        of = self._patterns
        slope = of.T @ np.stack(slopes) / effect
        curvature = np.einsum("pt,pu,pab->taub", of, of, np.stack(informations), optimize=True) / effect
        value = sum(values) / effect - float(at @ prior @ at) / 2
        return value, slope.ravel() - prior @ at, curvature.reshape(prior.shape) + prior

    def design_effect(self, at: FloatArray, clusters: npt.NDArray[np.int32], freedom: int) -> float:
        """How many times more than those of independent pairs its slopes spread, summed over clusters.

        Of differences between candidates: that the pairs of a cluster are alike in difficulty moves all of them alike.
        The larger of what it is over all pairs and within topics, between which a cluster may be divided. Below 1 where
        the pairs of a cluster are opposites, as mirrored ones are.
        """
        topics, candidates = self._shape
        code = np.unique(clusters, return_inverse=True)[1].ravel()
        sums = np.zeros((topics, int(code.max()) + 1, candidates))
        here = np.zeros(sums.shape[:2])
        expected, within = np.zeros(2), 0.0
        for pattern, pairs, part, ability in zip(
            self._patterns, self._pairs, self._parts, self._on_patterns(at), strict=True
        ):
            slopes, information = part.slopes(ability), part.at(ability)[2]
            apart = slopes - slopes.mean(axis=1, keepdims=True)
            own = float(np.trace(information) - information.sum() / candidates)
            expected += own * np.array([1.0, float(pattern @ pattern)])
            for t in np.flatnonzero(pattern).tolist():
                np.add.at(sums[t], code[pairs], pattern[t] * apart)
                here[t, code[pairs]] = 1
        for t in range(topics):
            count = here[t].sum()
            within += float((sums[t] ** 2).sum()) * count / max(count - 1, 1)
        # What was fitted to the clusters is missing from their sums.
        over_all = float((sums.sum(axis=0) ** 2).sum()) * sums.shape[1] / freedom
        return max(_LEAST_EFFECT, over_all / max(float(expected[0]), 1e-12), within / max(float(expected[1]), 1e-12))


class _Summary(NamedTuple):
    """What is told of abilities: all above those of the average candidate."""

    ability: FloatArray
    covariance: FloatArray
    whole: FloatArray
    whole_covariance: FloatArray
    shift: FloatArray
    shift_error: FloatArray


def _summary(at: FloatArray, covariance: FloatArray, share: FloatArray) -> _Summary:
    topics, candidates = len(share), len(at) // len(share)
    apart = np.eye(candidates) - 1 / candidates
    ability = at.reshape(topics, candidates) @ apart
    blocks = np.einsum(
        "ab,tbuc,cd->tuad", apart, covariance.reshape(topics, candidates, topics, candidates), apart, optimize=True
    )
    own = np.eye(topics) - share
    moved = np.einsum("tu,uvaa,tv->ta", own, blocks, own, optimize=True)
    return _Summary(
        ability.T, np.stack([blocks[t, t] for t in range(topics)]), share @ ability,
        np.einsum("t,u,tuab->ab", share, share, blocks, optimize=True),
        (own @ ability).T, np.sqrt(np.maximum(moved, 0)).T,
    )  # fmt: skip


def _quantiles(taus: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    """Median, 2.5 % and 97.5 %."""
    below = np.cumsum(weight) - weight / 2
    middle, low, high = (float(np.exp(np.interp(q, below, np.log(taus)))) for q in (0.5, ALPHA / 2, 1 - ALPHA / 2))
    return middle, low, high


def places(
    value: FloatArray, covariance: FloatArray, freedom: float
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """The best and the worst place that each candidate can have, as far as the others are surely above or below.

    Surely: two-sided Student's t of the difference, Holm over every two candidates, at 5 %.

    Args:
        value: (candidates,); NaN where not known, which has every place.
        covariance: (candidates, candidates): of their errors.
    """
    n = len(value)
    first, second = np.triu_indices(n, 1)
    difference = value[first] - value[second]
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    tested = np.flatnonzero(np.isfinite(difference))
    t = difference[tested] / np.sqrt(np.maximum(variance[tested], 1e-30))
    p = [student_two_sided(float(one), freedom) for one in t]
    above, below = np.zeros(n, dtype=np.int_), np.zeros(n, dtype=np.int_)
    for k in tested[holm(p) <= ALPHA].tolist():
        better, worse = (first[k], second[k]) if difference[k] > 0 else (second[k], first[k])
        above[worse] += 1
        below[better] += 1
    return 1 + above, n - below
