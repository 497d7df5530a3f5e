"""Spectral α: the fit against known laws and another program, weights against what another library reads."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.jobs.job import perform
from engine.jobs.progress import NoProgress, Phase, RunState
from engine.predictors.spectral import (
    LEAST_SIDE,
    SPECTRAL,
    eigenvalues,
    fit_tail,
    matrix_names,
    measure,
    price_of_spectra,
    spectral_values,
    trace_log,
)
from engine.predictors.spectral_job import plan_spectra
from engine.predictors.spectral_layers import by_layer, layer_of, spectral_profiles
from engine.store.connection import Store
from engine.store.spectra import Spectrum, stored_spectra
from rubrics.errors import BadInput, CandidateError


@pytest.mark.long
def test_the_exponent_of_a_power_law_is_found() -> None:
    for alpha in (1.5, 2.5, 4.0):
        drawn = (1 - np.random.default_rng(0).random(5000)) ** (-1 / (alpha - 1))
        found = fit_tail(drawn)
        assert found is not None
        assert found.alpha == pytest.approx(alpha, rel=0.05)
        assert found.distance < 0.03


def test_the_fit_is_that_of_another_program() -> None:
    # The package powerlaw 2.0 gives these for the same numbers.
    generator = np.random.default_rng(0)
    generator.random(500)
    found = fit_tail(np.exp(generator.normal(size=400)))
    assert found == pytest.approx((2.5859692705733686, 1.3198793900289085, 152, 0.07116788682521874))


@given(st.lists(st.floats(1e-3, 1e3), min_size=10, max_size=40))
def test_the_nearest_of_all_tails_wins(values: list[float]) -> None:
    best = None
    ordered = sorted(values)
    for least in sorted(set(ordered)):
        tail = [value for value in ordered if value >= least]
        total = sum(math.log(value / least) for value in tail)
        if len(tail) < 10 or total <= 1e-9:
            continue
        alpha = 1 + len(tail) / total
        law = [1 - (value / least) ** (1 - alpha) for value in tail]
        apart = max(max((i + 1) / len(tail) - p, p - i / len(tail)) for i, p in enumerate(law))
        best = apart if best is None else min(best, apart)
    found = fit_tail(values)
    assert (found is None) == (best is None)
    if found is not None and best is not None:
        assert found.distance == pytest.approx(best, abs=1e-6)


def test_too_few_or_equal_values_have_no_tail() -> None:
    assert fit_tail(np.arange(1, 10)) is None
    assert fit_tail(np.ones(50)) is None
    assert fit_tail(np.zeros(50)) is None


@pytest.mark.parametrize("shape", [(60, 90), (90, 60)])
def test_eigenvalues_are_squared_singular_values(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    matrix[:, 0] = matrix[:, 1]
    matrix[0] = matrix[1]
    expected = np.sort(np.linalg.svd(matrix.astype(np.float64), compute_uv=False)) ** 2
    found = eigenvalues(matrix)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert np.count_nonzero(found == 0) == 1, "what is rounding is nothing"


def test_a_models_matrices_against_another_reader(small_model: Path) -> None:
    from safetensors.torch import load_file

    tensors = load_file(small_model / "model.safetensors")
    vocabulary = json.loads((small_model / "config.json").read_text())["vocab_size"]
    expected = {
        name for name, tensor in tensors.items()
        if tensor.ndim == 2 and min(tensor.shape) >= LEAST_SIDE and vocabulary not in tensor.shape
    }  # fmt: skip
    names = matrix_names(small_model)
    assert set(names) == expected
    for one in measure(small_model, names):
        matrix = tensors[one.tensor].float().double().numpy()
        values = np.linalg.svd(matrix, compute_uv=False) ** 2
        assert (one.rows, one.columns) == matrix.shape
        assert one.largest == pytest.approx(values.max())
        tail = fit_tail(values)
        assert tail is not None
        assert one.alpha == pytest.approx(tail.alpha, rel=1e-6)
        assert one.tail == tail.held
        product = np.prod(np.sort(values)[-tail.held :] * len(values) / np.trace(matrix @ matrix.T))
        assert one.trace_log == pytest.approx(math.log(product) / tail.held)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_every_plain_kind_of_number(tmp_path: Path, kind: str) -> None:
    from safetensors.numpy import save_file

    matrix = np.random.default_rng(2).normal(size=(64, 80)).astype(kind)
    save_file({"a.weight": matrix, "b.bias": matrix[0]}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 10}))
    (found,) = measure(tmp_path, ["a.weight"])
    assert found.largest == pytest.approx(np.linalg.norm(matrix.astype(float), 2) ** 2)


def test_weights_that_cannot_be_measured(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 64}))
    save_file(
        {"head": np.ones((64, 80), np.float32), "small": np.ones((9, 80), np.float32)}, tmp_path / "model.safetensors"
    )
    with pytest.raises(CandidateError, match="no weight matrix"):
        matrix_names(tmp_path)
    save_file({"a": np.full((60, 80), np.nan, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(CandidateError, match="not finite"):
        list(measure(tmp_path, ["a"]))
    (tmp_path / "model.safetensors").write_bytes(b"12")
    with pytest.raises(CandidateError, match="cannot be read"):
        matrix_names(tmp_path)


def test_what_is_stored_is_not_measured_again(
    store: Store, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = plan_spectra(store, [str(small_model)])
    assert {state.phase for state in perform(store, job)} == {Phase.DONE}
    first = job.planned[0].spectra(store)
    with store.writing() as connection:
        connection.execute("delete from spectra where tensor = ?", [first[0].tensor])
    steps: list[tuple[str, int, int]] = []

    class Steps(NoProgress):
        def advanced(self, state: RunState) -> None:
            steps.append((state.candidate, state.done, state.total))

    copy = tmp_path / "copy"
    shutil.copytree(small_model, copy)
    again = plan_spectra(store, [str(copy)])
    assert again.states[0].done == len(first) - 1
    perform(store, again, Steps())
    assert set(steps) == {("copy", len(first), len(first))}, "the same weights under another name"
    assert untimed(again.planned[0].spectra(store)) == untimed(first)
    monkeypatch.setattr("engine.predictors.spectral._read", lambda place: pytest.fail("read again"))
    last = plan_spectra(store, [str(small_model), str(copy)])
    assert [state.phase for state in perform(store, last)] == [Phase.UP_TO_DATE] * 2
    assert [len(spectra) for spectra in stored_spectra(store, _hashes(store)).values()] == [len(first)]


def _hashes(store: Store) -> list[str]:
    with store.reading() as connection:
        return [row[0] for row in connection.execute("select distinct weights_hash from spectra").fetchall()]


def test_a_candidate_without_weights_is_said(store: Store, small_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(small_model, broken)
    (broken / "model.safetensors").write_bytes(b"12")
    job = plan_spectra(store, [str(broken), str(small_model)])
    assert [refused.name for refused in job.refused] == ["broken"]
    assert [one.candidate.name for one in job.planned] == [small_model.name]


def untimed(spectra: Iterable[Spectrum]) -> list[Spectrum]:
    return [spectrum._replace(seconds=None) for spectrum in spectra]


def test_summaries() -> None:
    spectra = [Spectrum("a", 60, 60, 2.0, 100.0, 1.0, 20, 0.1), Spectrum("b", 60, 60, 4.0, 10.0, 1.0, 20, 0.1),
               Spectrum("c", 60, 60, None, 10.0, None, 0, None)]  # fmt: skip
    found = spectral_values(spectra)
    assert math.isnan(found.pop("spectral trace-log")), "measured before there was one"
    assert found == {
        "spectral α": 3.0, "spectral α, weighted": (2 * 2 + 4 * 1) / 2, "spectral α, distance from 2": 1.0,
    }  # fmt: skip
    now = [spectra[0]._replace(trace_log=0.5, alpha=1.0), spectra[1]._replace(trace_log=-0.1), spectra[2]]
    assert spectral_values(now)["spectral trace-log"] == pytest.approx(0.3)
    assert spectral_values(now)["spectral α, distance from 2"] == 1.5
    assert all(math.isnan(value) for value in spectral_values(spectra[2:]).values())
    assert set(spectral_values([])) == set(SPECTRAL)


def test_prices_are_of_all_matrices_one_after_the_other() -> None:
    wide = Spectrum("a", 60, 200, 2.0, 100.0, 1.0, 20, 0.1, 0.1, 1.5)
    tall = Spectrum("b", 100, 80, None, 10.0, None, 0, None, None, 0.5)
    flops = 2 * 200 * 60**2 + 60**3 + 2 * 100 * 80**2 + 80**3
    assert price_of_spectra([wide, tall]) == (2.0, flops, 8 * max(200 * 60 + 2 * 60**2, 100 * 80 + 2 * 80**2))
    assert math.isnan(price_of_spectra([wide, tall._replace(seconds=None)]).seconds)


def test_the_trace_log_by_hand() -> None:
    # Scaled to a mean of 1 the values are ½, ½, 1, 2: logs of the last two sum to ln 2, of three to 0, of all to −ln 2
    values = [3.0, 3.0, 6.0, 12.0]
    assert trace_log(values, 2) == pytest.approx(math.log(2) / 2)
    assert trace_log(values, 3) == pytest.approx(0.0)
    assert trace_log(values, 4) == pytest.approx(-math.log(2) / 4)
    assert trace_log([0.0, 0.0, 2.0, 2.0], 2) == pytest.approx(math.log(2)), "what is nothing counts in the mean"
    assert trace_log(np.array(values[::-1]) * 1e6, 3) == pytest.approx(0.0), "whatever the order and the unit"


def test_by_layer() -> None:
    names = ("model.layers.11.mlp.w1.weight", "h.0.attn.c_attn", "gpt2.head", "3.weight")
    assert [layer_of(name) for name in names] == [11, 0, None, 3]
    spectra = [
        Spectrum("layers.10.a", 60, 60, 1.5, 100.0, 1.0, 20, 0.1, 0.2),
        Spectrum("head", 60, 60, 3.0, 10.0, 1.0, 20, 0.0, 0.1),
        Spectrum("layers.2.a", 60, 60, 4.0, 10.0, 1.0, 20, 0.1, -0.4),
        Spectrum("layers.3.a", 60, 60, None, 1.0, None, 0, None),
        Spectrum("layers.10.b", 60, 60, 2.5, 1000.0, 1.0, 20, 0.1, 0.6),
    ]
    found = by_layer(spectra)
    assert [layer.layer for layer in found] == [2, 10, None]
    last = found[1]
    assert (last.matrices, last.alpha, last.from_two) == (2, 2.0, 0.5)
    assert last.alpha_hat == pytest.approx((1.5 * 2 + 2.5 * 3) / 2)
    assert last.trace_log == pytest.approx(0.4)


def test_what_was_measured_before_there_was_a_trace_log_is_measured_again(store: Store, small_model: Path) -> None:
    with pytest.raises(BadInput, match="no candidate's spectra"):
        spectral_profiles(store)
    job = plan_spectra(store, [str(small_model)])
    perform(store, job)
    before = job.planned[0].spectra(store)
    with store.writing() as connection:
        connection.execute("update spectra set trace_log = null")
    again = plan_spectra(store, [str(small_model)])
    assert again.planned[0].left == tuple(one.tensor for one in before)
    perform(store, again)
    assert untimed(again.planned[0].spectra(store)) == untimed(before)
    (profile,) = spectral_profiles(store)
    assert profile.candidate == small_model.name
    assert profile.layers == by_layer(before)
