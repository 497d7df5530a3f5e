"""The probe against least squares, and what it must not see: the pairs that judge it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.stats.linear_probe import FOLDS, STRENGTHS, deal, probe, score_ridge


def ridge(differences: np.ndarray, alpha: float) -> np.ndarray:
    """Ridge regression of 1, as least squares with a row of zeros aimed at for each weight."""
    rows = np.vstack([differences, np.sqrt(alpha) * np.eye(differences.shape[1])])
    aims = np.concatenate([np.ones(len(differences)), np.zeros(differences.shape[1])])
    return np.linalg.lstsq(rows, aims, rcond=None)[0]


def test_the_fit_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(40, 7)) + 0.3
    fit, judge = np.arange(30), np.arange(30, 40)
    found = score_ridge(differences @ differences.T, fit, judge, STRENGTHS)
    unit = float((differences[fit] ** 2).sum(axis=1).mean())
    for strength, scores in zip(STRENGTHS, found, strict=True):
        assert scores == pytest.approx(differences[judge] @ ridge(differences[fit], strength * unit))


def test_no_cluster_is_in_two_folds_and_folds_are_even() -> None:
    clusters = np.repeat(np.arange(23), 4)
    folds = deal(clusters, FOLDS, 3)
    assert all(len(set(folds[clusters == cluster])) == 1 for cluster in range(23))
    assert np.bincount(folds).max() - np.bincount(folds).min() <= 4
    assert not np.array_equal(folds, deal(clusters, FOLDS, 4))


def test_the_whole_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(12), 3)
    layers = rng.normal(size=(3, 36, 5)) + np.array([0.0, 0.1, 0.4])[:, None, None]
    found = probe([d @ d.T for d in layers], clusters, candidates=[1, 2], seed=7)

    def fitted(layer: int, strength: float, on: np.ndarray, at: np.ndarray) -> np.ndarray:
        given = layers[layer][on]
        alpha = strength * float((given**2).sum(axis=1).mean())
        return (layers[layer][at] @ ridge(given, alpha) > 0).astype(float)

    folds = deal(clusters, FOLDS, 7)
    for fold in range(FOLDS):
        on, at = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        inner = deal(clusters[on], FOLDS - 1, 7)
        seen = {
            (layer, strength): sum(
                fitted(layer, strength, on[inner != part], on[inner == part]).sum() for part in range(FOLDS - 1)
            )
            for layer in (1, 2)
            for strength in STRENGTHS
        }
        layer, strength = max(seen, key=lambda key: (seen[key], -key[0], -key[1]))
        assert set(found.chosen[at]) == {layer}
        assert found.right[at] == pytest.approx(fitted(layer, strength, on, at))


@pytest.mark.long
def test_noise_stays_at_chance_though_the_best_of_many_layers_is_taken() -> None:
    """Choosing the layer on the pairs that judge would give well above one half."""
    rights, best = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        layers = rng.normal(size=(12, 60, 20))
        found = probe([d @ d.T for d in layers], np.repeat(np.arange(20), 3), candidates=range(1, 12), seed=seed)
        rights.append(found.right.mean())
        best.append(found.by_layer.mean(axis=1).max())
    assert np.mean(rights) == pytest.approx(0.5, abs=3 * 0.5 / np.sqrt(20 * 60))
    assert np.mean(best) > 0.56


def test_what_is_in_the_states_of_one_layer_is_found_there() -> None:
    rng = np.random.default_rng(2)
    layers = rng.normal(size=(4, 120, 6))
    layers[2, :, 3] += 2.5
    found = probe([d @ d.T for d in layers], np.repeat(np.arange(30), 4), candidates=[1, 2, 3])
    assert set(found.chosen) == {2}
    assert found.right.mean() > 0.9
    # Which response is called the first makes no difference.
    turned = probe([d @ d.T for d in -layers], np.repeat(np.arange(30), 4), candidates=[1, 2, 3])
    assert np.array_equal(found.right, turned.right)


def test_too_few_clusters_are_said_to_be_so() -> None:
    with pytest.raises(ValueError, match="3 clusters are too few"):
        probe([np.eye(6)], np.repeat(np.arange(3), 2), candidates=[0])
