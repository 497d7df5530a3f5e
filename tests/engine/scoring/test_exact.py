"""Shared scoring gives each model's own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.layout.requests import Request
from engine.scoring import attention, dense, matmul
from engine.scoring.backend import LocalBackend
from engine.scoring.own_cache import OwnCacheScorer
from engine.scoring.targets import Ledger, input_ids
from engine.scoring.tree import plant

SHARING = [
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "qwen3_moe",
    "gemma3_text",
    "gemma2",
    "olmo2",
    "phi3",
    "gpt_neox",
    "gpt2",
    "granite",
]
USUAL = ("llama", "qwen3_moe", "gemma3_text", "phi3", "gpt2")
"""Those whose attention, positions or layers differ most; the others are long."""


@pytest.mark.parametrize("library", ["onednn", pytest.param("default", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "name", [name if name in USUAL else pytest.param(name, marks=pytest.mark.long) for name in SHARING]
)
def test_architecture_shares_and_is_exact(name, library, build, requests, assert_exact, monkeypatch):
    monkeypatch.setattr(dense, "_WORTH", 0)
    loaded = build(name)
    assert matmul.use(loaded.model, library) == library
    backend = LocalBackend(loaded, token_budget=200)
    assert loaded.facts["sharing"] == "prefix tree", backend.stats.notes
    scores = dict(backend.score(requests))
    assert backend.stats.distinct_tokens < 0.7 * backend.stats.tokens
    assert_exact(build(name).model, requests, scores)


def test_what_a_tree_does_not_carry_is_shared_by_its_own_cache_and_exact(build, requests, assert_exact):
    loaded = build("gpt_oss")
    backend = LocalBackend(loaded, token_budget=50)
    assert loaded.facts["sharing"] == "the model's own cache"
    (note,) = backend.stats.notes
    assert note == (
        "prefixes are shared by the model's own cache alone, one request at a time: "
        "Unsupported: its attention takes s_aux"
    )
    some = requests[:8]
    assert_exact(loaded.model, some, dict(backend.score(some)))
    tree = len(plant([input_ids(request) for request in some], 8).tokens)
    assert backend.stats.tree_tokens == tree
    assert tree <= backend.stats.distinct_tokens < 1.2 * tree < 0.6 * backend.stats.tokens


@pytest.mark.long
@pytest.mark.parametrize("name", ["gpt_oss", "llama", "gemma3_text", "qwen3_moe"])
@pytest.mark.parametrize("budget", [32, 1000])
def test_a_models_own_cache_is_exact_call_by_call(name, budget, build, requests, assert_exact):
    loaded = build(name)
    way = OwnCacheScorer(loaded.model, budget)
    shuffled = np.random.default_rng(budget).permutation(len(requests)).tolist()
    found = {}
    with torch.inference_mode():
        for start in range(0, len(shuffled), 6):
            company = shuffled[start : start + 6]
            found.update(way.score(requests, company, Ledger(requests, False), False))
    assert way.computed < 0.8 * sum(len(request.ids) for request in requests)
    assert_exact(loaded.model, requests, found)


@pytest.mark.long
def test_architecture_that_cannot_share_is_exact_all_the_same(build, requests, assert_exact):
    loaded = build("mamba")
    backend = LocalBackend(loaded)
    assert loaded.facts["sharing"] == "none"
    assert any("not shared" in note for note in backend.stats.notes)
    assert_exact(loaded.model, requests[:12], dict(backend.score(requests[:12])))
    assert backend.stats.distinct_tokens > 2 * backend.stats.tree_tokens > 0


@pytest.mark.long
def test_rotary_scheme_that_depends_on_length_is_exact_on_both_sides_of_its_limit(build, requests, assert_exact):
    rope = {
        "rope_type": "longrope",
        "rope_theta": 10000.0,
        "short_factor": [1.0] * 8,
        "long_factor": [3.0] * 8,
        "original_max_position_embeddings": 120,
    }
    loaded = build("phi3", rope_parameters=rope, original_max_position_embeddings=120)
    lengths = [len(request.ids) for request in requests]
    assert min(lengths) < 120 < max(lengths)
    stock = loaded.attention
    scores = dict(LocalBackend(loaded).score(requests))
    loaded.model.set_attn_implementation(stock)
    assert_exact(loaded.model, requests, scores)


@pytest.mark.parametrize("name", ["llama", pytest.param("gemma3_text", marks=pytest.mark.long)])
def test_a_model_spread_over_several_places_is_exact(name, build, requests, assert_exact, tmp_path):
    from accelerate import dispatch_model

    loaded = build(name, tie_word_embeddings=False)
    last = loaded.model.config.num_hidden_layers - 1
    # As over several GPUs, every part fetches its inputs to where it is; here some weights are even on the disk.
    places = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "model.norm": "disk", "lm_head": "disk"}
    places |= {f"model.layers.{n}": "disk" if n in (1, last) else "cpu" for n in range(last + 1)}
    dispatch_model(loaded.model, places, main_device="cpu", offload_dir=tmp_path)
    backend = LocalBackend(loaded, token_budget=200)
    assert loaded.facts["sharing"] == "prefix tree", backend.stats.notes
    assert_exact(build(name, tie_word_embeddings=False).model, requests, dict(backend.score(requests)))


@pytest.mark.parametrize(
    "leak",
    [
        pytest.param(lambda keys, ends, queries: keys[None, :] <= queries[:, None], id="siblings are seen"),
        pytest.param(
            lambda keys, ends, queries: (queries[:, None] < ends[None, :]) & (keys[None, :] < queries[:, None] + 2),
            id="the next token is seen",
        ),
    ],
)
def test_a_leak_in_the_mask_is_found_by_the_check_at_the_start(leak, build, requests, assert_exact, monkeypatch):
    monkeypatch.setattr(attention, "visible", leak)
    loaded = build("llama")
    backend = LocalBackend(loaded)
    assert loaded.facts["sharing"] == "the model's own cache"
    assert "nats a token off the model's own numbers" in backend.stats.notes[0]
    assert_exact(loaded.model, requests[:4], dict(backend.score(requests[:4])))


def test_a_leak_in_the_mask_makes_the_exactness_test_fail(build, requests, assert_exact, monkeypatch):
    loaded = build("llama")
    stock = loaded.attention
    backend = LocalBackend(loaded)
    monkeypatch.setattr(attention, "visible", lambda keys, ends, queries: keys[None, :] <= queries[:, None])
    scores = dict(backend.score(requests))
    loaded.model.set_attn_implementation(stock)
    with pytest.raises(AssertionError):
        assert_exact(loaded.model, requests, scores)


def test_a_model_whose_attention_is_ignored_falls_back(build, monkeypatch):
    loaded = build("llama")
    # As a model would be that has its own way with attention: the setting is taken and nothing comes of it.
    monkeypatch.setattr(type(loaded.model), "set_attn_implementation", lambda *_, **__: None)
    LocalBackend(loaded)
    assert loaded.facts["sharing"] != "prefix tree"


@pytest.mark.parametrize("budget", [32, *(pytest.param(tokens, marks=pytest.mark.long) for tokens in (75, 1000))])
@pytest.mark.parametrize("name", ["llama", pytest.param("gemma3_text", marks=pytest.mark.long)])
def test_numbers_do_not_depend_on_the_token_budget_or_the_company(name, budget, build, requests):
    loaded = build(name)
    together = dict(LocalBackend(loaded, token_budget=budget).score(requests))
    backend = LocalBackend(loaded, token_budget=300)
    shuffled = np.random.default_rng(budget).permutation(len(requests)).tolist()
    for start in range(0, len(shuffled), 5):
        company = shuffled[start : start + 5]
        for place, score in backend.score([requests[index] for index in company]):
            assert score.value == pytest.approx(together[company[place]].value, abs=2e-4)


@pytest.mark.parametrize("name", ["llama", pytest.param("gemma3_text", marks=pytest.mark.long)])
def test_a_long_item_in_slices_is_the_one_pass(name, build, assert_exact):
    draw = np.random.default_rng(5)
    ids = tuple(draw.integers(0, 300, 6000).tolist())
    asked = [
        Request("long", "choice", "chosen_first", ids, None, (7, 9)),
        Request("long", "likelihood", "chosen", ids, (5600, 6000), None),
    ]
    # Two layers, of which one slides; a window far shorter than a slice, and slices far shorter than the item.
    kinds = {"layer_types": ["sliding_attention", "full_attention"]} if name == "gemma3_text" else {}
    loaded = build(
        name, max_position_embeddings=8192, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, **kinds
    )
    stock = loaded.attention
    backend = LocalBackend(loaded, token_budget=1024)
    assert loaded.facts["sharing"] == "prefix tree", backend.stats.notes
    scores = dict(backend.score(asked))
    assert backend.stats.distinct_tokens == 6000
    loaded.model.set_attn_implementation(stock)
    assert_exact(loaded.model, asked, scores)


@pytest.mark.long
@pytest.mark.parametrize(("products", "share"), [("mixed", 0.8), ("wide", 0.01)])
def test_bf16_is_nearer_to_the_truth_than_the_plain_loop(products, share, build, requests, plainly, monkeypatch):
    monkeypatch.setattr(dense, "_WORTH", 0)
    some = requests[::3]
    exact = build("qwen3").model.bfloat16().double()
    truth = np.asarray([plainly(exact, request) for request in some])
    loop = build("qwen3").model.bfloat16()
    looped = np.asarray([plainly(loop, request) for request in some])
    loaded = replace(build("qwen3"), precision="bf16")
    loaded.model.bfloat16()
    assert matmul.use(loaded.model, products) == products
    backend = LocalBackend(loaded, token_budget=200)
    assert loaded.facts["sharing"] == "prefix tree", backend.stats.notes
    scores = dict(backend.score(some))
    ours = np.asarray([scores[index].value for index in range(len(some))])
    assert np.abs(ours - truth).mean() < share * np.abs(looped - truth).mean()
