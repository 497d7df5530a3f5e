"""Products by oneDNN: where they are taken, that they are exact, that nothing is copied."""

from __future__ import annotations

import copy
import platform
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from engine.machine import kernels
from engine.scoring import attention, dense, matmul
from engine.scoring.backend import LocalBackend
from engine.scoring.path import Path
from engine.scoring.tree import plant

WIDE, NARROW = "fma avx2 avx512f avx512_bf16", "fma avx2"


@pytest.mark.parametrize(
    ("maker", "flags", "machine", "device", "precision", "environment", "library"),
    [
        ("AuthenticAMD", WIDE, "x86_64", "cpu", "fp32", {}, "onednn"),
        ("GenuineIntel", WIDE, "x86_64", "cpu", "fp32", {}, "default"),
        ("AuthenticAMD", WIDE, "AMD64", "cpu", "bf16", {}, "mixed"),
        ("GenuineIntel", WIDE, "x86_64", "cpu", "bf16", {}, "mixed"),
        ("GenuineIntel", "fma avx2 avx512f amx_bf16", "x86_64", "cpu", "bf16", {}, "mixed"),
        ("GenuineIntel", "fma avx2 avx512f", "x86_64", "cpu", "bf16", {}, "default"),
        ("AuthenticAMD", WIDE, "AMD64", "cpu", "int8", {}, "default"),
        ("AuthenticAMD", NARROW, "x86_64", "cpu", "fp32", {}, "default"),
        ("AuthenticAMD", NARROW, "x86_64", "cpu", "bf16", {}, "wide"),
        ("GenuineIntel", NARROW, "x86_64", "cpu", "bf16", {}, "wide"),
        ("GenuineIntel", NARROW, "x86_64", "cpu", "nf4", {}, "default"),
        ("AuthenticAMD", "", "AMD64", "cpu", "fp32", {}, "default"),
        ("GenuineIntel", "", "AMD64", "cpu", "bf16", {}, "default"),
        ("AuthenticAMD", WIDE, "x86_64", "cuda", "fp32", {}, "default"),
        ("AuthenticAMD", NARROW, "x86_64", "cuda", "bf16", {}, "default"),
        ("", "", "aarch64", "cpu", "fp32", {}, "default"),
        ("AuthenticAMD", WIDE, "x86_64", "cpu", "fp32", {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}, "default"),
        ("AuthenticAMD", WIDE, "x86_64", "cpu", "fp32", {"ONEDNN_DEFAULT_FPMATH_MODE": "strict"}, "onednn"),
    ],
)
def test_the_rule(maker, flags, machine, device, precision, environment, library, monkeypatch):
    monkeypatch.setattr(kernels, "_cpu_field", {"vendor_id": maker, "flags": flags}.__getitem__)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert kernels.matmul_for(device, precision) == library


def test_a_torch_without_onednn_is_told_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "_cpu_field", {"vendor_id": "AuthenticAMD", "flags": "avx512f"}.__getitem__)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    torch_here = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(kernels.importlib.util, "find_spec", lambda name: torch_here if name == "torch" else None)
    header = tmp_path / "include" / "ATen" / "Config.h"
    header.parent.mkdir(parents=True)
    for content, library in ((None, "default"), ("0", "default"), ("1", "onednn")):
        kernels._built_in.cache_clear()
        if content is not None:
            header.write_text(f"#define AT_MKLDNN_ENABLED() {content}\n")
        assert kernels.matmul_for("cpu", "fp32") == library
    kernels._built_in.cache_clear()


def test_the_header_says_of_this_torch_what_it_says_itself():
    assert kernels._built_in() == torch.backends.mkldnn.is_available()


def test_a_product_keeps_the_precision_of_its_numbers():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(3, 50, 512), torch.randn(96, 512), torch.randn(96)
    truth = x.double() @ weight.double().t() + bias.double()
    # Rounded to bf16 first, 512 products of unit normals would be off by about a tenth.
    assert (matmul.product(x, weight, bias) - truth).abs().max() < 5e-4
    assert (matmul.product(x, weight.t().contiguous().t()) + bias - truth).abs().max() < 5e-4


@pytest.mark.long
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


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_given_back_its_layers_a_model_has_gradients_again(name, build):
    model = build(name).model
    kinds = [type(module) for module in model.modules()]
    assert matmul.use(model) == "onednn"
    assert [type(module) for module in model.modules()] != kinds
    matmul.with_gradients(model)
    assert [type(module) for module in model.modules()] == kinds
    assert matmul.used_by(model) == "default"
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    model(input_ids=torch.arange(7)[None]).logits.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_never_where_fp32_is_set_to_be_rounded(build):
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    try:
        model = build("llama").model
        assert matmul.use(model) == matmul.used_by(model) == "default"
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = "none"


def test_onednn_leaves_layers_of_other_numbers_as_they_are(build):
    model = build("llama").model.bfloat16()
    before = [type(module) for module in model.modules()]
    assert matmul.use(model) == matmul.used_by(model) == "onednn"
    assert [type(module) for module in model.modules()] == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("wanted", "dtype"), [("onednn", torch.float32), ("mixed", torch.bfloat16), ("wide", torch.bfloat16)]
)
def test_a_layer_of_a_kind_of_its_own_is_left_alone_and_attention_is_as_said(
    wanted, dtype, build, requests, monkeypatch
):
    class Own(torch.nn.Linear):
        def forward(self, x):
            assert x.dtype == self.weight.dtype
            return x @ self.weight.t()

    loaded, told = build("llama"), []
    loaded.model.to(dtype)
    for module in loaded.model.modules():
        if type(module) is torch.nn.Linear:
            module.__class__ = Own
    assert matmul.use(loaded.model, wanted) == matmul.used_by(loaded.model) == wanted
    assert sum(isinstance(module, Own) for module in loaded.model.modules()) >= 13
    real = dense.Tiles.__init__
    monkeypatch.setattr(dense.Tiles, "__init__", lambda *a: (told.append((a[2].dtype, a[-1])), real(*a))[1])
    dict(LocalBackend(loaded).score(requests))
    assert set(told) == {(torch.bfloat16 if wanted == "mixed" else torch.float32, wanted != "wide")}


@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize("at_once", [5000, 1 << 22])
def test_a_widened_product_is_the_exact_one(rows, at_once, monkeypatch):
    monkeypatch.setattr(matmul, "_WIDENED", at_once)
    torch.manual_seed(0)
    x, weight, bias = torch.randn(3, rows, 512), torch.randn(96, 512).bfloat16(), torch.randn(96).bfloat16()
    truth = x.double() @ weight.double().t() + bias.double()
    found = matmul.widened(x, weight, bias)
    assert found.dtype == torch.float32
    assert (found.double() - truth).abs().max() < 5e-4
    assert (found - matmul.widened(x, weight.t().contiguous().t(), bias)).abs().max() < 5e-4


def test_a_narrowed_product_rounds_what_goes_in_and_what_comes_out_and_no_sum():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(3, 40, 512), torch.randn(96, 512).bfloat16(), torch.randn(96).bfloat16()
    truth = x.bfloat16().double() @ weight.double().t() + bias.double()
    found = matmul.narrowed(x, weight, bias)
    assert found.dtype == torch.float32
    # Half of the distance between neighbours among bf16 numbers, and what fp32 sums are off by.
    assert ((found.double() - truth).abs() <= truth.abs() * 2**-8 + 1e-4).all()


@pytest.mark.parametrize(("way", "error"), [("mixed", 0.03), ("wide", 1e-5)])
@pytest.mark.parametrize("name", ["llama", "gpt2", "qwen3_moe", pytest.param("gpt_neox", marks=pytest.mark.long)])
def test_between_a_bf16_models_products_all_is_fp32_and_no_weight_is_copied(name, way, error, build, monkeypatch):
    model = build(name, tie_word_embeddings=True).model.bfloat16()
    ids = torch.arange(1, 30)[None]
    with torch.no_grad():
        truth = copy.deepcopy(model).float()(ids).logits
        before = {name: weight.data_ptr() for name, weight in model.named_parameters()}
        given, real = [], matmul.linear
        monkeypatch.setattr(matmul, "linear", lambda *tensors: given.append(tensors[0].dtype) or real(*tensors))
        assert matmul.use(model, way) == matmul.used_by(model) == way
        states = model(ids, output_hidden_states=True).hidden_states
        found = model(ids).logits
    assert {name: weight.data_ptr() for name, weight in model.named_parameters()} == before
    assert {state.dtype for state in states} == {found.dtype} == {torch.float32}
    assert set(given) == {torch.bfloat16 if way == "mixed" else torch.float32}
    # Experts are no plain layers, and multiply bf16 numbers.
    assert (found - truth).abs().max() <= (0.05 if name == "qwen3_moe" else error) * truth.abs().max()


def test_a_model_that_cannot_be_run_so_keeps_its_own_numbers_between_products(build):
    class Strict(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            if x.dtype != torch.bfloat16:
                raise RuntimeError("expected BFloat16")
            return self.inner(x)

    model = build("llama").model.bfloat16()
    model.model.norm = Strict(model.model.norm)
    before = {module: type(module) for module in model.modules()}
    plain = model(torch.arange(1, 30)[None]).logits.detach()
    assert matmul.use(model, "mixed") == matmul.used_by(model) == "mixed"
    changed = {before[module] for module in model.modules() if type(module) is not before[module]}
    assert changed == {torch.nn.Linear}
    assert torch.equal(model(torch.arange(1, 30)[None]).logits, plain)


@pytest.mark.parametrize(("products", "times"), [("mixed", 16), ("wide", 0.1)])
def test_attention_is_as_near_to_the_truth_as_its_numbers_allow(products, times):
    torch.manual_seed(0)
    tree = plant([np.arange(200, dtype=np.int32)])
    query, key, value = (torch.randn(1, heads, 200, 32).bfloat16() for heads in (4, 2, 2))
    query = 2 * query

    def found(way):
        part = attention.Slice(tree, Path.empty(), np.arange(200), np.zeros(200, bool), np.arange(200), 1, way)
        return part.attend(0, query, key, value, 32**-0.5, None, None)

    wide = [tensor.double().repeat_interleave(4 // tensor.shape[1], 1) for tensor in (query, key, value)]
    truth = scaled_dot_product_attention(*wide, is_causal=True).transpose(1, 2)
    # The fused kernels round probabilities to bf16, `mixed` the scores too, which are up to 10 here.
    assert (found(products) - truth).square().mean() < times * (found("default") - truth).square().mean()
