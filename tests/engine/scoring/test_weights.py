"""The tensors used are the tensors stored, and the config says what they are: else a folder is refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.bundled import bundled_models
from engine.scoring.load import load_model
from engine.scoring.weights import assert_complete
from engine.scoring.work import look
from rubrics.errors import CandidateError

TYPES = (
    "llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "gemma3_text", "gemma2", "olmo2", "phi3", "gpt_neox", "gpt2",
    "granite", "mamba", "gpt_oss",
)  # fmt: skip
Rewrite = Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]


@pytest.fixture
def folder(build, tmp_path):
    build("llama").model.save_pretrained(tmp_path)
    return tmp_path


def rewrite(folder: Path, change: Rewrite) -> None:
    tensors = change(load_file(folder / "model.safetensors"))
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors", {"format": "pt"})


def configure(folder: Path, without: tuple[str, ...] = (), **entries: Any) -> None:
    raw = json.loads((folder / "config.json").read_text()) | entries
    (folder / "config.json").write_text(json.dumps({k: v for k, v in raw.items() if k not in without}))


def refusal(folder: Path) -> CandidateError:
    with pytest.raises(CandidateError) as caught:
        assert_complete(folder)
    assert caught.value.where == str(folder)
    assert caught.value.fix
    return caught.value


@pytest.mark.long
@pytest.mark.parametrize("name", TYPES)
def test_what_transformers_itself_saves_is_whole(name, build, tmp_path):
    build(name).model.save_pretrained(tmp_path)
    assert assert_complete(tmp_path).notes == []


@pytest.mark.parametrize(
    "stray",
    ["model.layers.1.self_attn.q_proj.bias", "model.layers.0.mlp.gate.weight", "model.embed_positions.weight",
     "lm_head.bias", "model.layers.2.vision_expert.weight"],
)  # fmt: skip
def test_a_tensor_without_a_place_is_never_dropped(stray, folder):
    rewrite(folder, lambda tensors: tensors | {stray: torch.ones(64)})
    error = refusal(folder)
    assert stray in error.what
    with pytest.raises(CandidateError, match="1 of its tensors has no place"):
        load_model(folder, "fp32", "cpu")


def test_parts_beside_the_decoder_may_stay_out_and_are_named(folder):
    parts = ("vision_tower.encoder.layers.0.weight", "model.visual.blocks.1.w", "multi_modal_projector.linear.weight",
             "mtp.layers.0.weight", "v_head.summary.weight")  # fmt: skip
    rewrite(folder, lambda tensors: tensors | {part: torch.ones(3, 3) for part in parts})
    (note,) = assert_complete(folder).notes
    assert "5 tensors" in note
    assert "model.visual.blocks" in note
    assert load_model(folder, "fp32", "cpu").notes == (note,)


def test_buffers_that_follow_from_the_config_are_no_weights(folder):
    stored = {
        "model.layers.0.self_attn.rotary_emb.inv_freq": frequencies(10000.0),
        "model.layers.0.self_attn.rotary_emb.cos_cached": torch.ones(1, 1, 9, 16),
        "model.position_ids": torch.arange(9)[None],
        "model.layers.0.attn.bias": torch.ones(1, 1, 9, 9),
        "model.layers.0.attn.masked_bias": torch.tensor(-1e9),
    }
    rewrite(folder, lambda tensors: tensors | stored)
    assert assert_complete(folder).notes == []


def test_a_shape_that_does_not_fit_is_named_with_both(folder):
    name = "model.layers.1.mlp.up_proj.weight"
    rewrite(folder, lambda tensors: tensors | {name: tensors[name][:-8]})
    assert f"{name} has the shape 88 × 64, and config.json wants 96 × 64" in refusal(folder).what


def test_a_tensor_under_two_names_is_no_choice_to_make(folder):
    twin = "layers.0.mlp.up_proj.weight"
    rewrite(folder, lambda tensors: tensors | {twin: -tensors[f"model.{twin}"]})
    assert twin in refusal(folder).what


def test_no_output_head(folder):
    rewrite(folder, lambda tensors: {k: v for k, v in tensors.items() if k != "lm_head.weight"})
    assert "no output head" in refusal(folder).what


@pytest.mark.long
@pytest.mark.parametrize(
    "name, entry",
    [("llama", "num_attention_heads"), ("llama", "num_hidden_layers"), ("llama", "hidden_size"),
     ("llama", "intermediate_size"), ("gpt2", "n_head"), ("gpt2", "n_layer"), ("qwen3_moe", "num_experts_per_tok"),
     ("gpt_neox", "num_attention_heads")],
)  # fmt: skip
def test_a_size_that_the_config_leaves_out_is_no_default(name, entry, build, tmp_path):
    build(name).model.save_pretrained(tmp_path)
    configure(tmp_path, without=(entry, "head_dim", "num_key_value_heads") if name == "llama" else (entry,))
    assert entry in refusal(tmp_path).what


def test_a_size_that_the_shapes_give_away_may_be_left_out(build, tmp_path):
    # Of the heads only 8 of 256 fit; those who write configs of parts leave such defaults out.
    model = build("gemma3_text", num_attention_heads=8, head_dim=256, num_key_value_heads=4, num_hidden_layers=2).model
    model.save_pretrained(tmp_path)
    configure(tmp_path, without=("num_attention_heads", "head_dim", "num_key_value_heads"))
    assert assert_complete(tmp_path).notes == []


def test_a_constant_that_the_config_leaves_out_is_noted(folder):
    configure(folder, without=("rms_norm_eps",))
    (note,) = assert_complete(folder).notes
    assert "rms_norm_eps 1e-06" in note


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: {f"_orig_mod.{k}": v for k, v in t.items()}, "_orig_mod."),
        (lambda t: {f"module.{k}": v for k, v in t.items()}, "module."),
        (lambda t: {k.replace("s.0.", "s.0._fsdp_wrapped_module."): v for k, v in t.items()}, "wrapper"),
        (lambda t: {k: torch.zeros(0) if v.dim() == 2 else v for k, v in t.items()}, "were not gathered"),
        (lambda t: t | {"model.layers.0.self_attn.q_proj.lora_A.weight": torch.ones(4, 64)}, "adapter"),
        (lambda t: t | {"model.layers.0.mlp.up_proj.weight_scale_inv": torch.ones(1, 1)}, "quantised"),
        (lambda t: t | {"model.layers.0.mlp.up_proj.weight": torch.ones(96, 64, dtype=torch.int8)}, "quantised"),
    ],
)  # fmt: skip
def test_what_other_programs_put_among_the_tensors(change, words, folder):
    rewrite(folder, change)
    assert words in refusal(folder).what


class Said:
    """Keeps what a worker tells."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []

    def send(self, event: str, *, model: int, **_: object) -> None:
        self.events.append((event, model))


def test_a_config_that_is_rubbish_costs_its_own_candidate_alone(tmp_path: Path) -> None:
    rubbish: list[dict[str, object]] = [
        {"num_attention_heads": 0}, {"num_attention_heads": -4}, {"num_hidden_layers": 10**7}, {"head_dim": 0},
        {"hidden_size": "64"}, {"hidden_act": "no such"}, {"rms_norm_eps": "x"},
        {"rope_scaling": {"type": "linear"}}, {"vocab_size": 0}, {"pad_token_id": 10**9}, {"model_type": "no such"},
    ]  # fmt: skip
    (llama,) = (folder for folder in bundled_models() if folder.name == "llama-brook-0.2m")
    folders = []
    for number, changes in enumerate([*rubbish, {}]):
        folder = tmp_path / str(number)
        shutil.copytree(llama, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))
        folders.append({"folder": str(folder), "trust_remote_code": False})
    said = Said()
    look({"models": folders}, said, None)  # type: ignore[arg-type]
    assert said.events == [*(("refused", number) for number in range(len(rubbish))), ("seen", len(rubbish))]


def frequencies(theta: float, factor: float = 1.0) -> torch.Tensor:
    """By Su et al. 2021, for heads of 16."""
    return torch.tensor([theta ** (-2 * i / 16) / factor for i in range(8)])


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
def test_stored_rotary_frequencies_are_those_of_the_config(stored, folder):
    name = "model.layers.{}.self_attn.rotary_emb.inv_freq"
    rewrite(folder, lambda t: t | {name.format(i): frequencies(10000.0).to(stored) for i in range(3)})
    assert_complete(folder)
    rewrite(folder, lambda t: t | {name.format(1): frequencies(500000.0).to(stored)})
    error = refusal(folder)
    assert name.format(1) in error.what
    assert "rope_theta" in error.fix
    configure(folder, rope_parameters={"rope_type": "default", "rope_theta": 500000.0})
    assert name.format(0) in refusal(folder).what


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_frequencies_are_stored_scaled_or_not(factor, folder):
    configure(folder, rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0})
    name = "model.layers.0.self_attn.rotary_emb.inv_freq"
    rewrite(folder, lambda t: t | {name: frequencies(10000.0, factor)})
    assert_complete(folder)


@pytest.mark.parametrize("window", [None, 0, -1])
def test_sliding_layers_need_a_window(window, build, tmp_path):
    build("qwen3").model.save_pretrained(tmp_path)
    configure(tmp_path, layer_types=["sliding_attention", "full_attention", "full_attention"], sliding_window=window)
    assert "sliding_window" in refusal(tmp_path).what
    configure(tmp_path, layer_types=["full_attention"] * 3, sliding_window=window)
    assert_complete(tmp_path)


def test_switches_that_are_on_by_default_are_named_where_the_config_leaves_them_out(build, tmp_path):
    build("gpt_neox").model.save_pretrained(tmp_path)
    assert assert_complete(tmp_path).notes == []
    configure(tmp_path, without=("use_parallel_residual", "rope_parameters", "rotary_pct"))
    (note,) = assert_complete(tmp_path).notes
    assert "use_parallel_residual True, rope_theta 10000" in note
    assert "partial_rotary_factor 0.25" in note
