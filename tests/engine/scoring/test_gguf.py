"""A GGUF file scores as the folder that it was made from: all that is in it is used, in the model's own form."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf_writing as writing
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from data.bundled import bundled_models
from engine.layout.lay_out import lay_out
from engine.layout.requests import Request
from engine.layout.wording import LayoutOptions
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.same_ids import SAMPLE
from engine.scoring.tokenizer import open_tokenizer
from engine.scoring.work import look
from rubrics.errors import CandidateError
from rubrics.reading import find_suite

FOLDERS = {folder.name: folder for folder in bundled_models()}
LLAMA, QWEN = FOLDERS["llama-brook-0.2m"], FOLDERS["qwen3-fell-0.3m"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], Path]:
    made: dict[tuple[Path, str], Path] = {}
    place = tmp_path_factory.mktemp("gguf")

    def file(folder: Path, kind: str) -> Path:
        path = place / f"{folder.name}-{kind}.gguf"
        return made.get((folder, kind)) or made.setdefault((folder, kind), writing.from_folder(folder, path, kind))

    return file


def requests_of(path: Path, pairs: int = 6) -> list[Request]:
    """What is scored of the first pairs of the suite, in this candidate's tokens."""
    suite = find_suite("world")
    laid = lay_out(suite, open_tokenizer(path), LayoutOptions("likelihood"), 2048, None)
    return [request for pair in list(laid.requests)[:pairs] for request in laid.requests[pair]]


def scores(path: Path, requests: list[Request]) -> np.ndarray:
    backend = LocalBackend(load_model(path, "fp32", "cpu"))
    values = np.zeros(len(requests))
    for index, score in backend.score(requests):
        values[index] = score.value
    return values


@pytest.mark.parametrize("folder", [LLAMA, pytest.param(QWEN, marks=pytest.mark.long)], ids=lambda folder: folder.name)
def test_it_scores_as_the_folder_that_it_was_made_from(folder: Path, files: Any, tmp_path: Path) -> None:
    f32, f16, q8 = (files(folder, kind) for kind in ("F32", "F16", "Q8_0"))
    requests = requests_of(folder)
    own = scores(folder, requests)
    for file in (f32, f16, q8):
        assert requests_of(file) == requests
    assert np.array_equal(scores(f32, requests), own)
    assert scores(f16, requests) == pytest.approx(own, abs=1e-3)
    # What Q8_0 costs is known beforehand: it is that of a folder whose matrices were rounded so, block by block.
    rounded = tmp_path / "rounded"
    shutil.copytree(folder, rounded)
    tensors = load_file(folder / "model.safetensors")
    save_file(
        {
            name: torch.from_numpy(writing.q8_0(t.float().numpy())[1]) if t.ndim > 1 else t.float()
            for name, t in tensors.items()
        },
        rounded / "model.safetensors",
        {"format": "pt"},
    )
    quantised = scores(q8, requests)
    assert quantised == pytest.approx(scores(rounded, requests), abs=1e-4)
    assert 1e-4 < abs(quantised - own).max() < 0.02 * abs(own).max()


def test_its_ids_are_those_of_its_tokenizer(files: Any) -> None:
    for folder in (LLAMA, QWEN):
        own, made = open_tokenizer(folder), open_tokenizer(files(folder, "F32"))
        assert (made.prefix, made.vocabulary, made.added) == (own.prefix, own.vocabulary, own.added)
        texts = [*SAMPLE, *(pair.chosen for pair in find_suite("world").scored[:50])]
        assert made.encode_batch(texts) == own.encode_batch(texts)
        assert [made.ends(text) for text in texts[:9]] == [own.ends(text) for text in texts[:9]]


KINDS: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {"use_sliding_window": False},
    "qwen3": {},
    "gemma2": {},
    "gemma3_text": {"query_pre_attn_scalar": 16},
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in ("qwen3", "gemma3_text"))) for name in KINDS]
)
@pytest.mark.long
def test_every_architecture_comes_out_as_it_went_in(name: str, build: Any, tmp_path: Path) -> None:
    model = build(name, **KINDS[name]).model
    model.save_pretrained(tmp_path)
    file = writing.from_folder(tmp_path, tmp_path / "m.gguf")
    loaded = load_model(file, "fp32", "cpu").model
    assert type(loaded) is type(model)
    mine = loaded.state_dict()
    for parameter, values in model.state_dict().items():
        # 1 was added to the norms of Gemma, and taken away again.
        assert mine[parameter] == pytest.approx(values, abs=1e-6 if "gemma" in name else 0), parameter
    ids = torch.from_numpy(np.random.default_rng(1).integers(0, 300, (1, 90)))
    with torch.no_grad():
        assert loaded(ids).logits == pytest.approx(model(ids).logits, abs=1e-3)


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma3_text"])
@pytest.mark.long
def test_transformers_own_way_gives_the_same_weights(
    name: str, build: Any, save_tokenizer: Any, tmp_path: Path
) -> None:
    """It reads these kinds too, if the heads of a Qwen3 are as wide as those of the largest."""
    from transformers import AutoModelForCausalLM

    wide = {"head_dim": 128} if name == "qwen3" else {}
    build(name, **KINDS[name], **wide).model.save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    file = writing.from_folder(tmp_path, tmp_path / "m.gguf", "Q8_0")
    theirs = AutoModelForCausalLM.from_pretrained(str(tmp_path), gguf_file="m.gguf", dtype=torch.float32).state_dict()
    for parameter, values in load_model(file, "fp32", "cpu").model.state_dict().items():
        assert torch.equal(values, theirs[parameter]), parameter


def test_positions_stretched_as_in_llama_3(build: Any, tmp_path: Path) -> None:
    rule = {
        "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }  # fmt: skip
    model = build("llama", rope_parameters=rule).model
    model.save_pretrained(tmp_path)
    metadata, tensors = writing.of_folder(tmp_path)
    # Written from what the model itself turns by, not from the rule.
    plain = 500_000.0 ** (-torch.arange(0, 16, 2).float() / 16)
    factors = (plain / model.model.rotary_emb.inv_freq).numpy()
    file = writing.write_gguf(tmp_path / "m.gguf", metadata, [*tensors, ("rope_freqs.weight", "F32", factors)])
    loaded = load_model(file, "fp32", "cpu").model
    assert torch.equal(loaded.model.rotary_emb.inv_freq, model.model.rotary_emb.inv_freq)
    factors[3] *= 1.5
    writing.write_gguf(file, metadata, [*tensors, ("rope_freqs.weight", "F32", factors)])
    with pytest.raises(CandidateError, match=r"rope_freqs\.weight"):
        load_model(file, "fp32", "cpu")


def refused(file: Path) -> str:
    """What `look`, which every listing and run begins with, says of a file; and loading it says the same."""

    class Events:
        def send(self, event: str, **fields: Any) -> None:
            self.last = {"event": event, **fields}

    events = Events()
    look({"models": [{"folder": str(file), "trust_remote_code": False}]}, events, None)  # type: ignore[arg-type]
    assert events.last["event"] == "refused", events.last
    with pytest.raises(CandidateError) as caught:
        load_model(file, "fp32", "cpu")
    assert caught.value.what == events.last["what"]
    assert caught.value.where == str(file)
    assert caught.value.fix
    return caught.value.what


def test_the_set_of_tensors_used_is_the_set_in_the_file(tmp_path: Path) -> None:
    metadata, tensors = writing.of_folder(LLAMA)
    file = tmp_path / "m.gguf"
    stray = ("blk.1.attn_gate.weight", "F32", np.ones((64, 64), np.float32))
    writing.write_gguf(file, metadata, [*tensors, stray])
    assert "1 of its tensors has no place in the model that its metadata describes (blk.1.attn_gate.weight)" in refused(
        file
    )
    writing.write_gguf(file, metadata, [t for t in tensors if t[0] != "blk.1.ffn_up.weight"])
    assert "1 tensor is missing from its weights (model.layers.1.mlp.up_proj.weight)" in refused(file)
    writing.write_gguf(file, metadata, [(n, k, v[:, :32] if n == "blk.0.ffn_up.weight" else v) for n, k, v in tensors])
    assert "shape 160 × 32, and its metadata wants 160 × 64" in refused(file)
    deeper = [*tensors, *((n.replace("blk.1.", "blk.2."), k, v) for n, k, v in tensors if n.startswith("blk.1."))]
    writing.write_gguf(file, metadata, deeper)
    assert "its weights hold layers that its metadata does not name" in refused(file)


def test_biases_have_their_place(build: Any, tmp_path: Path) -> None:
    model = build("llama", attention_bias=True, mlp_bias=True).model
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_()
    model.save_pretrained(tmp_path)
    loaded = load_model(writing.from_folder(tmp_path, tmp_path / "m.gguf"), "fp32", "cpu").model
    for name, values in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], values), name


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_by_name(value: float, tmp_path: Path) -> None:
    metadata, tensors = writing.of_folder(LLAMA)
    next(values for name, _, values in tensors if name == "blk.0.ffn_up.weight")[3, 5] = value
    file = writing.write_gguf(tmp_path / "m.gguf", metadata, tensors)
    with pytest.raises(CandidateError, match=r"blk\.0\.ffn_up\.weight holds numbers that are not finite"):
        load_model(file, "fp32", "cpu")


def test_it_says_how_it_was_stored(files: Any) -> None:
    loaded = load_model(files(LLAMA, "Q8_0"), "bf16", "cpu")
    assert loaded.notes == ("GGUF: its weights, stored as Q8_0 ×15, F32 ×5, are scored dequantised",)
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}


def test_a_split_model_is_read_from_all_its_parts(tmp_path: Path, files: Any) -> None:
    metadata, tensors = writing.of_folder(LLAMA, "Q8_0")
    first, *_ = writing.split(tmp_path / "brook.gguf", metadata, tensors, (3, 9))
    own = load_model(files(LLAMA, "Q8_0"), "fp32", "cpu").model.state_dict()
    for name, values in load_model(first, "fp32", "cpu").model.state_dict().items():
        assert torch.equal(values, own[name]), name


def test_a_model_that_reads_ahead_is_refused(build: Any, tmp_path: Path) -> None:
    """The probe is the one that folders go through; here it is shown that files do."""
    build("gemma3_text", query_pre_attn_scalar=16).model.save_pretrained(tmp_path)
    loaded = load_model(writing.from_folder(tmp_path, tmp_path / "m.gguf"), "fp32", "cpu")
    for layer in loaded.model.model.layers:
        layer.self_attn.is_causal = False
    loaded.model.config.use_bidirectional_attention = True
    with pytest.raises(CandidateError, match="no causal language model"):
        LocalBackend(loaded)


def test_a_sentencepiece_vocabulary(tmp_path: Path) -> None:
    """Pieces are merged by their scores, spaces are ▁, and what no piece covers is cut into bytes."""
    pieces = {"<unk>": 0.0, "<s>": 0.0, "</s>": 0.0, **{f"<0x{byte:02X}>": 0.0 for byte in range(256)},
              "▁": -9.0, "a": -8.0, "b": -7.0, "ab": -1.0, "▁a": -2.0, "bb": -0.5, "▁ab": -3.0}  # fmt: skip
    kinds = [2, 3, 3, *[6] * 256, *[1] * 7]
    changes = {
        "tokenizer__ggml__model": "llama", "tokenizer__ggml__pre": None, "tokenizer__ggml__merges": None,
        "tokenizer__ggml__tokens": list(pieces), "tokenizer__ggml__scores": list(pieces.values()),
        "tokenizer__ggml__token_type": kinds, "tokenizer__ggml__add_bos_token": None,
    }  # fmt: skip
    tokenizer = open_tokenizer(writing.from_folder(LLAMA, tmp_path / "m.gguf", **changes))
    ids = {piece: number for number, piece in enumerate(pieces)}
    assert tokenizer.prefix == (ids["<s>"],)
    cut = {"ab": "▁ab", "abb": "▁a bb", "é": "▁ <0xC3> <0xA9>", "a  b": "▁a ▁ ▁ b"}
    for text, expected in cut.items():
        assert tokenizer.encode(text) == [ids[piece] for piece in expected.split()], text
    assert tokenizer.decode_token(ids["▁ab"]) == " ab"


def test_what_is_marked_in_the_vocabulary_is_one_token(tmp_path: Path) -> None:
    tokens = json.loads((LLAMA / "tokenizer.json").read_text())["model"]["vocab"]
    names = sorted(tokens, key=tokens.__getitem__)
    kinds = [3, 3, *[1] * (len(names) - 2)]
    names[-1], kinds[-1] = "<think>", 4
    merges = [m for m in writing.of_folder(LLAMA)[0]["tokenizer.ggml.merges"] if m.replace(" ", "") in names]
    file = writing.from_folder(
        LLAMA, tmp_path / "m.gguf", tokenizer__ggml__tokens=names, tokenizer__ggml__token_type=kinds,
        tokenizer__ggml__merges=merges,
    )  # fmt: skip
    tokenizer = open_tokenizer(file)
    assert tokenizer.encode("<think>") == [len(names) - 1]
    # A special one is text where it stands in a pair.
    assert len(tokenizer.encode("<|end|>")) > 1
