"""Products by oneDNN: where they are taken, that they are exact, that nothing is copied."""

from __future__ import annotations

import platform

import pytest
import torch

from engine import kernels
from engine.scoring import dense, matmul
from engine.scoring.backend import LocalBackend


@pytest.mark.parametrize(
    ("maker", "flags", "machine", "device", "precision", "environment", "library"),
    [
        ("AuthenticAMD", "avx2 avx512f", "x86_64", "cpu", "fp32", {}, "onednn"),
        ("GenuineIntel", "avx2 avx512f", "x86_64", "cpu", "fp32", {}, "default"),
        ("AuthenticAMD", "avx2 avx512f", "AMD64", "cpu", "bf16", {}, "default"),
        ("AuthenticAMD", "avx2 avx512f", "x86_64", "cuda", "fp32", {}, "default"),
        ("AuthenticAMD", "avx2", "x86_64", "cpu", "fp32", {}, "default"),
        ("", "", "aarch64", "cpu", "fp32", {}, "default"),
        ("AuthenticAMD", "avx2 avx512f", "x86_64", "cpu", "fp32", {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}, "default"),
        ("AuthenticAMD", "avx2 avx512f", "x86_64", "cpu", "fp32", {"ONEDNN_DEFAULT_FPMATH_MODE": "strict"}, "onednn"),
    ],
)
def test_the_rule(maker, flags, machine, device, precision, environment, library, monkeypatch):
    monkeypatch.setattr(kernels, "_told", {"vendor_id": maker, "flags": flags}.__getitem__)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert kernels.matmul_for(device, precision) == library


def test_a_product_keeps_the_precision_of_its_numbers():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(3, 50, 512), torch.randn(96, 512), torch.randn(96)
    truth = x.double() @ weight.double().t() + bias.double()
    # Rounded to bf16 first, 512 products of unit normals would be off by about a tenth.
    assert (matmul.product(x, weight, bias) - truth).abs().max() < 5e-4
    assert (matmul.product(x, weight.t().contiguous().t()) + bias - truth).abs().max() < 5e-4


@pytest.mark.parametrize("name", ["llama", "gpt2", "gpt_neox"])
def test_rows_with_gaps_between_them_are_never_left_to_the_reference_code(name, build, requests, monkeypatch):
    given, real = [], torch.ops.mkldnn._linear_pointwise

    def spy(x, weight, *others):
        given.append(weight)
        return real(x, weight, *others)

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", spy)
    monkeypatch.setattr(dense, "_WORTH", 0)
    loaded = build(name)
    matmul.use(loaded.model)
    dict(LocalBackend(loaded).score(requests))
    matmul.product(torch.randn(5, 64), torch.randn(30, 4, 64)[:, 1])
    assert len(given) > 100
    assert all(weight.is_contiguous() or weight.t().is_contiguous() for weight in given)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_weights_stay_where_they_are(name, build):
    model = build(name, tie_word_embeddings=True).model
    before = {name: weight.data_ptr() for name, weight in model.named_parameters()}
    assert matmul.use(model) == "onednn"
    assert {name: weight.data_ptr() for name, weight in model.named_parameters()} == before
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert sum(hasattr(type(m), "forward") and "engine" in type(m).__module__ for m in model.modules()) >= 13


def test_never_where_fp32_is_set_to_be_rounded(build):
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    try:
        model = build("llama").model
        assert matmul.use(model) == matmul.used_by(model) == "default"
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = "none"


def test_never_for_numbers_that_are_not_fp32(build):
    assert matmul.use(build("llama").model.bfloat16()) == "default"
