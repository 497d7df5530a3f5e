"""Model folders: what loads, at which precision, and what is refused with which words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.layout.lay_out import LayoutOptions, lay_out
from engine.layout.requests import Request
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.tokenizer import open_tokenizer
from rubrics.errors import BadInput, CandidateError
from rubrics.schema import Pair, Suite


@pytest.fixture
def folder(build, tmp_path):
    build("llama", intermediate_size=128).model.save_pretrained(tmp_path)
    return tmp_path


def test_fp32_weights_are_the_saved_ones(folder, build):
    loaded = load_model(folder, "fp32", "cpu", threads=1)
    saved = dict(build("llama", intermediate_size=128).model.named_parameters())
    for name, weight in loaded.model.named_parameters():
        assert torch.equal(weight, saved[name])
    assert loaded.facts["dtype"] == "float32"
    assert loaded.facts["device"] == "cpu"
    assert loaded.facts["attention"] == "sdpa"
    assert json.dumps(loaded.facts)


@pytest.mark.parametrize("precision", ["bf16", *(pytest.param(one, marks=pytest.mark.long) for one in ("int8", "nf4"))])
@pytest.mark.filterwarnings("ignore")  # bitsandbytes speaks of optional kernels
def test_lower_precision_shares_and_is_near(precision, folder, requests):
    exact = dict(LocalBackend(load_model(folder, "fp32", "cpu")).score(requests))
    loaded = load_model(folder, precision, "cpu")
    scores = dict(LocalBackend(loaded).score(requests))
    assert loaded.facts["sharing"] == "prefix tree"
    same = [scores[i].value * exact[i].value > 0 for i, request in enumerate(requests) if request.labels]
    assert sum(same) > len(same) / 2


@pytest.mark.long
@pytest.mark.parametrize("precision", ["bf16", *(pytest.param(one, marks=pytest.mark.long) for one in ("int8", "nf4"))])
@pytest.mark.filterwarnings("ignore")  # bitsandbytes speaks of optional kernels
def test_a_beginning_longer_than_a_slice(precision, folder, requests):
    loaded = load_model(folder, precision, "cpu")
    whole, sliced = (dict(LocalBackend(loaded, budget).score(requests)) for budget in (4000, 32))
    assert all(sliced[i].value == pytest.approx(whole[i].value, abs=0.05 * abs(whole[i].value) + 2) for i in whole)


@pytest.mark.long
@pytest.mark.parametrize("precision", ["int8", "nf4"])
@pytest.mark.filterwarnings("ignore")  # bitsandbytes speaks of optional kernels
def test_a_mixture_of_experts_is_quantised_but_for_its_experts(precision, build, requests, tmp_path):
    build("qwen3_moe", intermediate_size=128).model.save_pretrained(tmp_path)
    exact = dict(LocalBackend(load_model(tmp_path, "fp32", "cpu")).score(requests))
    loaded = load_model(tmp_path, precision, "cpu")
    # All experts of a layer are one array, and bitsandbytes covers matrices only; so the estimate has it too.
    kinds = {weight.dtype for weight in loaded.model.parameters() if weight.dim() == 3}
    assert kinds == {torch.bfloat16}
    assert {torch.int8 if precision == "int8" else torch.uint8} < {w.dtype for w in loaded.model.parameters()}
    scores = dict(LocalBackend(loaded).score(requests))
    truth, found = (np.asarray([some[i].value for i in range(len(requests))]) for some in (exact, scores))
    assert np.corrcoef(truth, found)[0, 1] > 0.9


def test_no_weight_stays_mapped_to_its_file(folder):
    # Pages of a mapped file stay in memory beside what was made of them.
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not list what is mapped")
    loaded = load_model(folder, "fp32", "cpu")
    assert str(folder) not in maps.read_text()
    assert loaded.facts["weights_bytes"] > 0


def test_weights_cut_short(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(CandidateError) as caught:
        load_model(folder, "fp32", "cpu")
    assert "damaged" in caught.value.what
    assert caught.value.where == str(folder)
    assert caught.value.fix


def test_missing_tensors_are_never_made_up(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(CandidateError, match="missing from its weights"):
        load_model(folder, "fp32", "cpu")


def test_layers_that_the_configuration_does_not_name_are_never_left_out(folder):
    config = json.loads((folder / "config.json").read_text())
    for changes in ({"num_hidden_layers": 2}, {"num_hidden_layers": 1, "num_nextn_predict_layers": 1}):
        (folder / "config.json").write_text(json.dumps(config | changes))
        with pytest.raises(CandidateError, match=r"does not name .model\.layers\.2\.") as caught:
            load_model(folder, "fp32", "cpu")
        assert "num_hidden_layers" in caught.value.fix


def test_what_belongs_to_other_heads_is_left_out(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = 10000.0 ** (-torch.arange(8) / 8)
    tensors["vision_tower.encoder.layers.7.mlp.weight"] = torch.ones(2, 2)
    tensors["mtp.layers.5.mlp.weight"] = torch.ones(2, 2)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    # A layer that guesses tokens further ahead is stored behind the others.
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 2, "num_nextn_predict_layers": 1}))
    assert load_model(folder, "fp32", "cpu").model.config.num_hidden_layers == 2


def test_pickled_weights_are_not_read(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(CandidateError, match="cannot be loaded"):
        load_model(folder, "fp32", "cpu")


@pytest.mark.parametrize("config", ["{}", '{"model_type": "no-such-model"}', "{", '{"model_type": "vit"}'])
def test_a_configuration_that_is_no_decoder(config, folder):
    (folder / "config.json").write_text(config)
    with pytest.raises(CandidateError, match=r"cannot be loaded|config\.json does not say"):
        load_model(folder, "fp32", "cpu")


@pytest.mark.long
def test_the_attention_that_is_asked_for_is_the_one_used(folder):
    assert load_model(folder, "fp32", "cpu", attention="eager").facts["attention"] == "eager"


def test_an_attention_that_cannot_be_had_is_an_error_and_never_another(folder):
    with pytest.raises(CandidateError, match="its attention cannot be flash_attention_2") as caught:
        load_model(folder, "fp32", "cpu", attention="flash_attention_2")
    assert caught.value.where == str(folder)
    assert "--attention" in caught.value.shell


def test_a_kernel_that_is_swapped_without_a_word_is_an_error(folder, monkeypatch):
    from transformers import PreTrainedModel

    monkeypatch.setattr(PreTrainedModel, "get_correct_attn_implementation", lambda *_, **__: "eager")
    assert load_model(folder, "fp32", "cpu").facts["attention"] == "eager"
    with pytest.raises(CandidateError, match=r"cannot be sdpa here .transformers takes eager instead"):
        load_model(folder, "fp32", "cpu", attention="sdpa")


def test_a_kernel_that_fails_once_it_runs_is_an_error(folder, monkeypatch):
    from transformers import AttentionInterface, AttentionMaskInterface

    def broken(*_, **__):
        raise RuntimeError("no kernel image")

    monkeypatch.setitem(AttentionInterface._global_mapping, "flex_attention", broken)
    # Its mask would be compiled first, for most of a minute.
    monkeypatch.setitem(AttentionMaskInterface._global_mapping, "flex_attention", lambda *_, **__: None)
    with pytest.raises(CandidateError, match=r"cannot be flex_attention here .RuntimeError: no kernel image"):
        load_model(folder, "fp32", "cpu", attention="flex_attention")


def test_no_folder(tmp_path):
    with pytest.raises(CandidateError):
        load_model(tmp_path / "none", "fp32", "cpu")


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:99", "cuda:all"])
def test_no_such_device(device, folder):
    with pytest.raises(BadInput) as caught:
        load_model(folder, "fp32", device)
    assert caught.value.fix


@pytest.mark.parametrize("content", [None, "", "{", '{"version": "1.0"}'])
def test_a_tokenizer_that_is_none(content, folder):
    if content is not None:
        (folder / "tokenizer.json").write_text(content)
    with pytest.raises(CandidateError, match="tokenizer") as caught:
        open_tokenizer(folder)
    assert caught.value.where == str(folder)
    assert "\n" not in caught.value.what


def _fitting(suite_pairs):
    return Suite("short", tuple(Pair.model_validate(pair) for pair in suite_pairs))


@pytest.mark.parametrize("protocol", ["choice", "likelihood"])
def test_a_real_model_end_to_end(protocol, shared, assert_exact):
    folder = shared / "models" / "stories260K"
    if not folder.is_dir():
        pytest.skip("the model is not here")
    criteria = [{"id": "c", "text": "Has a dog.", "subcategory": "Scope"}]
    suite = _fitting(
        {
            "id": f"p{number}",
            "domain": "stories",
            "prompt": f"Tell of {name}.",
            "chosen": f"{name} had a dog. They played in the park all day. They were very happy.",
            "rejected": f"{name} had a dog. Park they the all played day in. Happy very they were.",
            "criteria": criteria,
            "violated": ["c"],
        }
        for number, name in enumerate(["Tim", "Lily", "Ben"])
    )
    encoder = open_tokenizer(folder)
    laid = lay_out(suite, encoder, LayoutOptions(protocol), context=512)
    assert not laid.skipped
    requests = [request for pair in laid.requests.values() for request in pair]
    assert all(request.ids[0] == 1 for request in requests)  # its tokenizer adds BOS
    loaded = load_model(folder, "fp32", "cpu")
    stock = loaded.attention
    backend = LocalBackend(loaded)
    assert loaded.facts["sharing"] == "prefix tree"
    scores = dict(backend.score(requests))
    loaded.model.set_attn_implementation(stock)
    assert_exact(loaded.model, requests, scores)
    if protocol == "likelihood":
        for first in range(0, len(requests), 2):
            chosen, rejected = (
                scores[n].value / (requests[n].scored[1] - requests[n].scored[0]) for n in (first, first + 1)
            )
            assert chosen > rejected  # fluent against broken, to a model that has read stories


@pytest.mark.long
def test_the_core_needs_nothing_of_the_rest_of_the_program():
    code = (
        "import sys; import engine.layout.requests, engine.layout.lay_out;"
        "assert not {'torch', 'transformers', 'pydantic'} & set(sys.modules), 'layout';"
        "import engine.scoring.backend, engine.scoring.tokenizer;"
        "bad = {'pydantic', 'duckdb', 'textual', 'click', 'scipy', 'rubrics.schema'} & set(sys.modules);"
        "assert not bad, bad;"
        "mine = {m.removeprefix('engine.') for m in sys.modules if m.startswith('engine.')};"
        "rooms = ('scoring', 'layout', 'machine', 'candidates');"
        "bad = {m for m in mine if not m.startswith(rooms)} - {'jobs', 'jobs.child'};"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_request_as_json():
    request = Request("p", "choice", "chosen_first", (1, 2), None, (5, 6))
    assert request.to_json() == {
        "pair_id": "p",
        "protocol": "choice",
        "view": "chosen_first",
        "ids": [1, 2],
        "scored": None,
        "labels": {"chosen": 5, "rejected": 6},
    }
    scored = Request("p", "likelihood", "rejected", (1, 2, 3), (1, 3), None).to_json()
    assert (scored["scored"], scored["labels"]) == ([1, 3], None)
