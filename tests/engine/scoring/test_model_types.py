"""Every kind of model that transformers can build: scored as a plain loop scores it, or refused before the run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.candidates.architectures import ENCODERS, causal_model_types, nested_model_types
from engine.candidates.find import find
from engine.layout.lay_out import LayoutOptions, lay_out
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.tokenizer import open_tokenizer
from rubrics.errors import RudeError
from rubrics.schema import Pair, Suite

pytestmark = pytest.mark.long

_SIZES: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 256, "bos_token_id": None,
    "eos_token_id": None, "pad_token_id": None, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 256,
    "d_model": 64, "n_layers": 2, "n_heads": 4, "ffn_dim": 96, "decoder_layers": 2, "decoder_attention_heads": 4,
    "decoder_ffn_dim": 96, "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 32, "word_embed_proj_dim": 64, "num_layers": 2, "num_heads": 4, "d_ff": 96, "d_kv": 16,
    "rotary_dim": 8, "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8,
    "v_head_dim": 16, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "n_shared_experts": 1,
    "sliding_window": 16, "shared_intermediate_size": 32, "moe_num_experts": 4, "moe_k": 2,
}  # fmt: skip
"""Names that configs have for their sizes; each takes those it knows."""
_BESIDE: dict[str, Any] = {
    "depth": 1, "embed_dim": 16, "image_size": 28, "patch_size": 14, "out_hidden_size": 64, "encoder_layers": 1,
    "fullatt_block_indexes": [0], "deepstack_visual_indexes": [0], "window_size": 28, "encoder_ffn_dim": 32,
    "num_position_embeddings": 16, "num_hidden_layers": 1, "encoder_attention_heads": 4, "num_mel_bins": 16,
    "intermediate_size": 32, "hidden_size": 64, "num_attention_heads": 4, "num_heads": 4, "vocab_size": 300,
    "d_model": 64, "intermediate_layers_indices": [0], "spatial_merge_size": 1, "num_channels": 3,
}  # fmt: skip
"""The same for what sees and hears."""
_ROTARY = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]}
_MOST = 8_000_000
"""Parameters: a kind that these sizes leave larger is not tried."""
_CRITERION = {"id": "c", "text": "Says so.", "subcategory": "Relevance"}
SUITE = Suite(
    "doors",
    tuple(
        Pair.model_validate({
            "id": f"p{n}", "domain": "doors", "prompt": f"What stands over door {n}?", "violated": ["c"],
            "chosen": f"An owl, and below it\nthe number {n}.", "rejected": f"Nothing {'at all ' * n}that I saw.",
            "criteria": [_CRITERION],
        })
        for n in range(3)
    ),
    "",
)  # fmt: skip


def _small(entries: Mapping[str, Any], sizes: Mapping[str, Any], rotary: bool) -> dict[str, Any]:
    """The config of a model of several parts, each made small; the decoder is that called text."""
    small: dict[str, Any] = {}
    for name, value in entries.items():
        if name.endswith("_config") and isinstance(value, Mapping):
            small[name] = _small(value, _SIZES if name == "text_config" else _BESIDE, rotary)
        elif name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            small[name] = None
        elif name in sizes and value is not None:
            small[name] = type(value)(sizes[name]) if isinstance(value, int | float) else sizes[name]
        elif name.endswith(("token_id", "token_index")) and isinstance(value, int):
            # Among those that pairs are made of: without a picture it is a token like others.
            small[name] = 60 + len(small)
        elif name == "layer_types" and isinstance(value, list):
            small[name] = (list(dict.fromkeys(value)) * 2)[: sizes["num_hidden_layers"]]
        elif name == "rope_parameters" and sizes is _SIZES and rotary:
            small[name] = {**(value or {}), **_ROTARY}
        else:
            small[name] = value
    return small


def _configs(kind: str) -> Iterator[Any]:
    """Small configs of a kind; the first that makes a model is taken."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(kind)
    known = config.to_dict()
    if any(name.endswith("_config") for name in known):
        yield from (type(config).from_dict(_small(known, _BESIDE, rotary)) for rotary in (False, True))
    else:
        yield AutoConfig.for_model(kind, **{name: size for name, size in _SIZES.items() if name in known})


def _tiny(kind: str, auto: Any) -> Any:
    """A model of that kind with large random weights; None where these sizes do not make one.

    Args:
        auto: the class of transformers that makes it.
    """
    try:
        made = (model for config in _configs(kind) if (model := _model(auto, config)) is not None)
        return next(made, None)
    except Exception:  # a config that is checked as it is made
        return None


def _model(auto: Any, config: Any) -> Any:
    try:
        with torch.device("meta"):
            size = sum(p.numel() for p in auto.from_config(config).parameters())
        if size > _MOST:
            return None
        torch.manual_seed(0)
        model = auto.from_config(config, dtype=torch.float32).eval()
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() > 1:
                    weight.mul_(5)
            model(torch.tensor([[1, 2, 3, 4, 5]]))
    except Exception:  # a config whose sizes must agree in a way of its own
        return None
    return model


def _plainly(folder: Path, requests: dict[str, Any], auto: Any) -> dict[tuple[str, str], float]:
    """Σ log p of each response under the folder's own tokenizer.json and transformers' own forward pass."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = auto.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval()
    sums = {}
    for pair in SUITE.pairs:
        for request in requests[pair.id]:
            start, end = request.scored
            response = pair.chosen if request.view == "chosen" else pair.rejected
            assert list(request.ids[start:end]) == tokenizer.encode(" " + response, add_special_tokens=False).ids or (
                list(request.ids[start:end]) == tokenizer.encode(response, add_special_tokens=False).ids
            )
            with torch.no_grad():
                logits = model(torch.tensor([request.ids])).logits[0].double()
            logprob = torch.log_softmax(logits, -1)
            sums[pair.id, request.view] = float(sum(logprob[i - 1, request.ids[i]] for i in range(start, end)))
    return sums


def _scored(folder: Path, auto: Any) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    encoder = open_tokenizer(folder)
    laid = lay_out(SUITE, encoder, LayoutOptions("likelihood"), 256)
    requests = [request for pair in SUITE.pairs for request in laid.requests[pair.id]]
    backend = LocalBackend(load_model(folder, "fp32", "cpu"))
    ours = {(requests[place].pair_id, requests[place].view): score.value for place, score in backend.score(requests)}
    return ours, _plainly(folder, {pair.id: laid.requests[pair.id] for pair in SUITE.pairs}, auto)


def _held(kinds: Iterable[str], auto: Any, tmp_path: Path, save_tokenizer: Any) -> tuple[list[str], dict[str, Any]]:
    """The kinds that are scored as plainly, and what is said of those that are refused."""
    equal, refused, differ = [], {}, {}
    for kind in sorted(kinds):
        model = _tiny(kind, auto)
        if model is None:
            continue
        folder = tmp_path / kind
        model.save_pretrained(folder)
        save_tokenizer(folder)
        del model
        (candidate,) = find([str(folder)])
        if not candidate.usable:
            refused[kind] = [problem.what for problem in candidate.problems if problem.refused]
            continue
        try:
            ours, plainly = _scored(folder, auto)
        except RudeError as error:
            refused[kind] = [error.what]
            continue
        if ours == pytest.approx(plainly, abs=2e-3):
            equal.append(kind)
        else:
            differ[kind] = max(abs(ours[key] - plainly[key]) for key in plainly)
    print(json.dumps({"equal": equal, "refused": refused, "differ": differ}, indent=1))
    assert not differ
    assert all(words and all(words) for words in refused.values())
    return equal, refused


def test_every_kind_is_scored_as_plainly_or_refused_in_words(tmp_path: Path, save_tokenizer) -> None:
    from transformers import AutoModelForCausalLM

    equal, refused = _held(causal_model_types(), AutoModelForCausalLM, tmp_path, save_tokenizer)
    assert len(equal) >= 40
    assert set(refused) & ENCODERS, "models that read in both directions are refused"
    assert not {"llama", "qwen3", "gpt2", "mistral", "olmo2"} - set(equal)


def test_a_decoder_among_other_parts_is_scored_as_plainly_or_refused_in_words(tmp_path: Path, save_tokenizer) -> None:
    from transformers import AutoModelForMultimodalLM

    equal, _ = _held(nested_model_types(), AutoModelForMultimodalLM, tmp_path, save_tokenizer)
    assert len(equal) >= 20
    assert not {"mistral3", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "llava", "gemma3", "idefics3", "voxtral"} - set(equal)
