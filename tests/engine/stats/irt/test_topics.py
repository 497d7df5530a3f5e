"""Abilities by topic against scipy on the plain likelihood, generalised least squares, and truths that were put in."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, stats

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.responses import Margins, Responses, Wins
from engine.stats.irt.topics import Topics, fit_topics, places

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)


def double_centred(eta: np.ndarray) -> np.ndarray:
    """δ of (topics, candidates), by loops."""
    topics, candidates = eta.shape
    own = np.zeros_like(eta)
    for t in range(topics):
        for j in range(candidates):
            own[t, j] = eta[t, j] - eta[:, j].mean() - eta[t].mean() + eta.mean()
    return own


def log_prior(eta: np.ndarray, tau: float) -> float:
    return -float((double_centred(eta) ** 2).sum()) / (2 * tau**2) - float((eta**2).sum()) / 50


def log_likelihood(eta: np.ndarray, spread: float, scores: np.ndarray, shares: np.ndarray) -> float:
    """Pair by pair, candidate by candidate, by Gauss and Hermite."""
    value = 0.0
    for i in range(scores.shape[1]):
        inside = np.zeros(len(NODES))
        for j in range(len(scores)):
            if not math.isnan(scores[j, i]):
                ahead = shares[:, i] @ eta[:, j] - spread * NODES
                inside -= scores[j, i] * np.logaddexp(0, -ahead) + (1 - scores[j, i]) * np.logaddexp(0, ahead)
        value += math.log(float(WEIGHTS @ np.exp(inside)) / math.sqrt(2 * math.pi))
    return value


def hessian(function, at: np.ndarray, step: float = 1e-3) -> np.ndarray:
    n = len(at)
    found = np.zeros((n, n))
    for a in range(n):
        for b in range(n):
            e, f = np.eye(n)[a] * step, np.eye(n)[b] * step
            up, down = function(at + e + f) + function(at - e - f), function(at + e - f) + function(at - e + f)
            found[a, b] = (up - down) / (4 * step**2)
    return found


def centred(eta: np.ndarray) -> np.ndarray:
    """(candidates, topics) of (topics, candidates): above the average candidate."""
    return (eta - eta.mean(axis=1, keepdims=True)).T


def drawn(
    seed: int, candidates: int, topics: int, pairs: int, clusters: int, between: float, alike: float = 0.0
) -> tuple[np.ndarray, Topics, np.ndarray]:
    """(candidates, pairs) of what stands ahead of difficulties, topics, and the abilities (topics, candidates).

    Args:
        alike: sd of what a candidate is better or worse at on all pairs of a cluster.
    """
    rng = np.random.default_rng(seed)
    eta = (
        rng.normal(0, 0.5, candidates)
        + rng.normal(0.2, 0.4, (topics, 1))
        + rng.normal(0, between, (topics, candidates))
    )
    cluster = rng.permutation(np.arange(pairs) % clusters).astype(np.int32)
    topic = cluster % topics
    shares = np.eye(topics)[topic].T
    two = rng.random(pairs) < 0.25
    shares[:, two] = (np.eye(topics)[topic[two]].T + np.eye(topics)[(topic[two] + 1) % topics].T) / 2
    ahead = (shares.T @ eta).T + rng.normal(0, alike, (candidates, clusters))[:, cluster] - rng.normal(0, 1.2, pairs)
    return ahead, Topics(shares, cluster), eta


def won(ahead: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(ahead.shape) < logistic(ahead)).astype(np.float64)


def test_equals_the_plain_maximum_of_the_penalised_likelihood() -> None:
    ahead, topics, _ = drawn(3, 3, 2, 16, 8, 0.5)
    scores = won(ahead, 3)
    scores[0, :3], scores[1, 5], scores[2, 7] = np.nan, 0.5, np.nan
    response = Wins(scores, 1.0)
    found = fit_topics(response, topics, between=0.4)

    def minus(flat: np.ndarray) -> float:
        eta = flat.reshape(2, 3)
        likely = log_likelihood(eta, response.spread, scores, topics.shares)
        return -(likely / found.design_effect + log_prior(eta, 0.4))

    plain = optimize.minimize(minus, np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    eta = plain.x.reshape(2, 3)
    assert found.ability == pytest.approx(centred(eta), abs=2e-4)
    covariance = np.linalg.inv(hessian(minus, plain.x)).reshape(2, 3, 2, 3)
    for t in range(2):
        for a, b in combinations(range(3), 2):
            block = covariance[t, :, t]
            expected = block[a, a] + block[b, b] - 2 * block[a, b]
            got = found.covariance[t]
            assert got[a, a] + got[b, b] - 2 * got[a, b] == pytest.approx(expected, rel=2e-3)
    share = topics.shares.sum(axis=1) / 16
    assert found.whole == pytest.approx(share @ centred(eta).T, abs=2e-4)
    assert found.shift == pytest.approx(centred(eta) - (share @ centred(eta).T)[:, None], abs=4e-4)


@pytest.mark.long
def test_the_spread_is_the_likeliest_beside_unshrunk_abilities() -> None:
    ahead, topics, _ = drawn(5, 4, 2, 60, 20, 0.5)
    scores = won(ahead, 5)
    response = Wins(scores, 0.4)
    found = fit_topics(response, topics)

    def minus(flat: np.ndarray) -> float:
        eta, spread = flat[:-1].reshape(2, 4), math.exp(flat[-1])
        return -log_likelihood(eta, spread, scores, topics.shares) + (float((eta**2).sum()) + spread**2) / 50

    plain = optimize.minimize(minus, np.zeros(9), method="BFGS", options={"gtol": 1e-5})
    assert response.spread == pytest.approx(math.exp(plain.x[-1]), abs=2e-3)
    assert found.raw == pytest.approx(centred(plain.x[:-1].reshape(2, 4)), abs=3e-3)


def posterior_of_margins(response: Margins, z: np.ndarray, topics: Topics, effect: float, tau: float):
    """Mean, covariance and log evidence of (topics × candidates) by generalised least squares on all cells at once."""
    candidates, pairs = z.shape
    count = len(topics.shares)
    rows = [(i, j) for i in range(pairs) for j in range(candidates) if not math.isnan(z[j, i])]
    design = np.zeros((len(rows), count * candidates))
    for r, (i, j) in enumerate(rows):
        design[r, np.arange(count) * candidates + j] = topics.shares[:, i]
    same = np.array([[a == b for b, _ in rows] for a, _ in rows], dtype=np.float64)
    noise = np.linalg.inv(response.noise * np.eye(len(rows)) + response.difficulty * same) / effect
    own = np.stack([double_centred(row.reshape(count, candidates)).ravel() for row in np.eye(count * candidates)])
    precision = design.T @ noise @ design + own.T @ own / tau**2 + np.eye(count * candidates) / 25
    values = np.array([z[j, i] for i, j in rows])
    mean = np.linalg.solve(precision, design.T @ noise @ values)
    free = (count - 1) * (candidates - 1)
    evidence = mean @ precision @ mean / 2 - np.linalg.slogdet(precision)[1] / 2 - free * math.log(tau)
    return mean, np.linalg.inv(precision), evidence


def margins_of(seed: int) -> tuple[np.ndarray, Topics]:
    ahead, topics, _ = drawn(seed, 3, 3, 30, 15, 0.6)
    margins = (ahead + np.random.default_rng(seed).normal(0, 1, ahead.shape)) * np.array([[0.5], [1], [30]])
    margins[2, 4] = np.nan
    return margins, topics


def test_margins_equal_generalised_least_squares() -> None:
    margins, topics = margins_of(1)
    response = Margins(margins)
    found = fit_topics(response, topics, between=0.3)
    z = margins / np.sqrt(np.nanmean(margins**2, axis=1, keepdims=True))
    mean, covariance, _ = posterior_of_margins(response, z, topics, found.design_effect, 0.3)
    assert found.ability == pytest.approx(centred(mean.reshape(3, 3)), abs=1e-6)
    apart = np.eye(3) - 1 / 3
    blocks = covariance.reshape(3, 3, 3, 3)
    assert found.covariance == pytest.approx(np.stack([apart @ blocks[t, :, t] @ apart for t in range(3)]), abs=1e-8)
    # A candidate's unit is its own: another one changes nothing.
    again = fit_topics(Margins(margins * np.array([[7], [0.1], [1]])), topics, between=0.3)
    assert again.ability == pytest.approx(found.ability, abs=1e-9)


@pytest.mark.long
def test_what_lies_between_topics_is_integrated_out() -> None:
    margins, topics = margins_of(2)
    response = Margins(margins)
    found = fit_topics(response, topics)
    z = margins / np.sqrt(np.nanmean(margins**2, axis=1, keepdims=True))
    taus = np.linspace(0.004, 3, 80)
    parts = [posterior_of_margins(response, z, topics, found.design_effect, tau) for tau in taus]
    weight = np.exp([p[2] - tau**2 / 2 for p, tau in zip(parts, taus, strict=True)] - max(p[2] for p in parts))
    weight /= weight.sum()
    mean = sum(w * p[0] for w, p in zip(weight, parts, strict=True))
    second = sum(w * (p[1] + np.outer(p[0], p[0])) for w, p in zip(weight, parts, strict=True)) - np.outer(mean, mean)
    assert found.ability == pytest.approx(centred(mean.reshape(3, 3)), abs=0.006)
    apart, blocks = np.eye(3) - 1 / 3, second.reshape(3, 3, 3, 3)
    errors = np.stack([np.sqrt(np.diag(apart @ blocks[t, :, t] @ apart)) for t in range(3)], axis=1)
    assert found.error == pytest.approx(errors, rel=0.03)
    middle, low, high = found.between
    below = np.cumsum(weight)
    assert middle == pytest.approx(np.interp(0.5, below, taus), rel=0.1)
    assert high == pytest.approx(np.interp(0.975, below, taus), rel=0.15)
    assert low < middle


def test_from_the_whole_to_the_topic_alone() -> None:
    ahead, topics, _ = drawn(7, 5, 3, 240, 60, 0.8)
    scores = won(ahead, 7)
    nothing, much = (fit_topics(Wins(scores, 1.0), topics, between=tau) for tau in (1e-3, 1e3))
    assert nothing.ability == pytest.approx(np.repeat(nothing.whole[:, None], 3, axis=1), abs=1e-4)
    assert nothing.shift_error.max() < 1e-2
    assert much.ability == pytest.approx(much.raw, abs=1e-3)
    assert much.error == pytest.approx(much.raw_error, rel=1e-3)
    # A topic of few pairs is drawn further towards the whole than one of many.
    few = topics.shares.copy()
    kept = (few[0] == 0) | (np.arange(240) % 12 == 0)
    less = fit_topics(Wins(scores[:, kept], 1.0), Topics(few[:, kept], topics.clusters[kept]), between=0.5)
    assert less.error[:, 0].min() > less.error[:, 1:].max()
    assert (np.abs(less.shift[:, 0]).sum() / np.abs(less.raw[:, 0] - less.whole).sum()) < 0.6


@pytest.mark.parametrize("kind", ["wins", "margins"])
def test_copies_tell_no_more_and_opposites_more(kind: str) -> None:
    ahead, topics, _ = drawn(4, 4, 2, 120, 120, 0.4)
    values = won(ahead, 4) if kind == "wins" else ahead + np.random.default_rng(4).normal(0, 1, ahead.shape)
    response = (lambda v: Wins(v, 1.0)) if kind == "wins" else Margins
    once = fit_topics(response(values), topics)
    copies = Topics(np.repeat(topics.shares, 4, axis=1), np.repeat(topics.clusters, 4))
    together = fit_topics(response(np.repeat(values, 4, axis=1)), copies)
    assert once.design_effect == pytest.approx(1, abs=0.2)
    assert together.design_effect == pytest.approx(4 * once.design_effect, rel=0.05)
    assert together.error == pytest.approx(once.error, rel=0.1)
    # What one of a mirrored pair gives for a candidate's own reasons the other takes.
    noise = np.random.default_rng(5).normal(0, 2, ahead.shape)
    two = np.concatenate([ahead + noise, ahead - noise], axis=1)
    mirrored = won(two, 6) if kind == "wins" else two
    twice = Topics(np.tile(topics.shares, 2), np.tile(topics.clusters, 2))
    assert fit_topics(response(mirrored), twice).design_effect < 0.75


def test_winning_all_of_a_topic_stays_finite_and_near_the_whole() -> None:
    ahead, topics, _ = drawn(9, 4, 2, 60, 30, 0.2)
    scores = won(ahead, 9)
    scores[1, topics.shares[0] > 0] = 1
    found = fit_topics(Wins(scores, 1.0), topics)
    assert np.isfinite(found.ability).all()
    assert found.ability[1, 0] < found.raw[1, 0]
    assert found.raw_error[1, 0] > 1.5 * found.error[1, 0]


def test_too_little_is_refused() -> None:
    topics = Topics(np.ones((1, 6)), np.arange(6, dtype=np.int32))
    with pytest.raises(ValueError, match="two topics"):
        fit_topics(Wins(np.ones((3, 6)), 1.0), topics)
    few = Topics(np.eye(2)[np.arange(6) % 2].T, (np.arange(6) % 2).astype(np.int32))
    with pytest.raises(ValueError, match="more clusters"):
        fit_topics(Wins(np.ones((3, 6)), 1.0), few)


def test_places_by_hand() -> None:
    # With independent errors of 0.1 the difference has 0.141: 0.5 is 3.5 of them, p = .0011 with 60 degrees; Holm takes
    # it three times. 0.2 is 1.4, which says nothing.
    value = np.array([1.0, 0.8, 0.3])
    low, high = places(value, 0.01 * np.eye(3), 60)
    assert 3 * 2 * stats.t.sf(0.5 / math.sqrt(0.02), 60) < 0.05
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [2, 2, 3])
    # Errors that all share move nobody against another.
    shared = places(value, 0.01 * np.eye(3) + 5.0, 60)
    assert (shared[0].tolist(), shared[1].tolist()) == (low.tolist(), high.tolist())
    unknown = places(np.array([1.0, np.nan, 0.3]), 0.001 * np.eye(3), 60)
    assert (unknown[0].tolist(), unknown[1].tolist()) == ([1, 1, 2], [2, 3, 3])


@pytest.mark.long
@pytest.mark.parametrize("kind", ["wins", "margins"])
@pytest.mark.parametrize(("between", "alike"), [(0.0, 0.0), (0.3, 0.0), (0.3, 0.5), (0.8, 0.5)])
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str, between: float, alike: float) -> None:
    held, told, wrong, sets = 0, 0, 0, 0
    for seed in range(60):
        ahead, topics, eta = drawn(seed, 6, 4, 360, 72, between, alike)
        if kind == "wins":
            response: Responses = Wins(won(ahead, seed), 1.0)
        else:
            margins = ahead + np.random.default_rng(seed).normal(0, 1, ahead.shape)
            eta = eta / np.sqrt((margins**2).mean(axis=1))
            response = Margins(margins)
        found = fit_topics(response, topics)
        truth = centred(eta)
        # What a candidate is better at on a cluster makes its logits a little smaller than they were drawn.
        truth = truth / math.sqrt(1 + 0.346 * alike**2) if kind == "wins" else truth
        low, high = found.interval(found.ability, found.error)
        held += int(((low <= truth) & (truth <= high)).sum())
        told += truth.size
        for t in range(4):
            best, worst = places(found.ability[:, t], found.covariance[t], found.freedom)
            true = 1 + (truth[:, t] > truth[:, t, None]).sum(axis=1)
            if between:
                wrong += bool(((true < best) | (true > worst)).any())
                sets += 1
    assert 0.92 <= held / told <= (1.0 if not between else 0.975)
    assert wrong <= 0.05 * sets
