"""GGUF files told by their headers: what is in good ones, and one true word about each bad one."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf_writing as writing
import numpy as np
import pytest

from data.bundled import bundled_models
from engine.candidates.find import Candidate, find, hub_cache, inspect
from engine.candidates.gguf_header import read_gguf
from engine.candidates.gguf_tokenizer import tokenizer_json
from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
from engine.candidates.headers import HeaderFault
from engine.machine.devices import Device
from engine.machine.precision import fits
from rubrics.errors import CandidateError

LLAMA = next(folder for folder in bundled_models() if folder.name == "llama-brook-0.2m")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return writing.from_folder(LLAMA, tmp_path_factory.mktemp("gguf") / "brook-Q8_0.gguf", "Q8_0")


def refusal(candidate: Candidate) -> tuple[str, str]:
    """Code and words of the only problem."""
    assert not candidate.usable
    (problem,) = candidate.problems
    assert problem.fix
    assert (problem.what + problem.fix).isprintable()
    return problem.code, problem.what


def test_a_file_says_what_the_folder_that_it_was_made_from_says(good: Path) -> None:
    folder, file = inspect(LLAMA), inspect(good)
    assert file.problems == ()
    assert (file.name, file.dtype, file.tokenizer) == ("brook-Q8_0", "q8_0", "byte-level BPE (smollm)")
    for same in ("architecture", "model_type", "parameters", "context", "vocab_size", "shape", "linear_parameters",
                 "largest_tensor"):  # fmt: skip
        assert getattr(file, same) == getattr(folder, same), same
    matrices = sum(t.size for t in read_gguf(good).tensors if len(t.shape) == 2)
    assert file.weight_bytes == matrices * 34 // 32 + 4 * (file.parameters - matrices)
    assert file.stored == "Q8_0 ×15, F32 ×5"


def test_its_tokenizer_is_that_of_the_folder(good: Path) -> None:
    own, made = json.loads((LLAMA / "tokenizer.json").read_text()), json.loads(tokenizer_json(good))
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        assert made[part] == own[part]
    assert made["post_processor"]["single"] == own["post_processor"]["single"]
    for part in ("vocab", "merges", "ignore_merges"):
        assert made["model"][part] == own["model"][part]
    assert [token["content"] for token in made["added_tokens"]] == ["<|end|>", "<s>"]


def test_each_quantisation_in_a_folder_is_a_candidate(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for kind in ("F16", "Q8_0"):
        writing.from_folder(LLAMA, folder / f"brook-{kind}.gguf", kind)
    (folder / "README.md").write_text("two of them")
    for named in (folder, tmp_path):
        assert [found.name for found in find([str(named)])] == ["brook-F16", "brook-Q8_0"]
    assert [found.name for found in find([str(folder / "brook-F16.gguf")])] == ["brook-F16"]


def test_beside_safetensors_weights_a_file_is_a_candidate_only_if_it_is_named(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_bytes((LLAMA / name).read_bytes())
    file = writing.from_folder(LLAMA, tmp_path / "brook.gguf")
    assert [found.path for found in find([str(tmp_path)])] == [tmp_path]
    assert [found.path for found in find([str(file)])] == [file]


def test_in_the_cache_a_file_goes_by_its_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--org--brook-GGUF" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    writing.from_folder(LLAMA, snapshot / "brook-Q8_0.gguf", "Q8_0")
    for found in (hub_cache(), find(["org/brook-GGUF"])):
        assert [candidate.name for candidate in found] == ["org/brook-GGUF/brook-Q8_0"]
        assert found[0].revision == "a" * 40


def test_a_split_model_is_one_candidate(tmp_path: Path, good: Path) -> None:
    metadata, tensors = writing.of_folder(LLAMA, "Q8_0")
    files = writing.split(tmp_path / "brook.gguf", metadata, tensors, (3, 9))
    (found,) = find([str(tmp_path)])
    assert (found.path, found.name, found.problems) == (files[0], "brook", ())
    assert found.stored == inspect(good).stored
    assert refusal(inspect(files[1])) == ("ambiguous", "is part 2 of 3 of a model")
    files[2].unlink()
    assert refusal(inspect(files[0])) == ("truncated", "part 3 of 3 is missing: brook-00003-of-00003.gguf")
    with pytest.raises(CandidateError, match="part 3 of 3 is missing"):
        weights_hash(files[0])


def test_parts_of_two_models_are_no_model(tmp_path: Path) -> None:
    metadata, tensors = writing.of_folder(LLAMA)
    files = writing.split(tmp_path / "brook.gguf", metadata, tensors, (9,))
    writing.write_gguf(files[1], {"general.architecture": "llama"}, tensors[9:-1])
    code, what = refusal(inspect(files[0]))
    assert (code, what) == ("truncated", "its parts hold 19 tensors, and it says 20")


def test_hashes_are_of_contents_not_of_the_name(tmp_path: Path, good: Path) -> None:
    other = tmp_path / "another name.gguf"
    other.write_bytes(good.read_bytes())
    f32 = writing.from_folder(LLAMA, tmp_path / "brook.gguf")
    cut_otherwise = writing.from_folder(LLAMA, tmp_path / "cut.gguf", tokenizer__ggml__pre="qwen2")
    for digest in (weights_hash, tokenizer_hash, config_hash):
        assert digest(other) == digest(good)
        assert len(digest(good)) == 64
    assert weights_hash(f32) != weights_hash(good)
    assert config_hash(f32) == config_hash(good)
    assert tokenizer_hash(f32) == tokenizer_hash(good) != tokenizer_hash(cut_otherwise)


def test_what_is_quantised_is_not_quantised_again(good: Path) -> None:
    candidate, device = inspect(good), Device("cpu", 0, "a processor", 1 << 34, 1 << 34)
    fit = fits(candidate, device, "nf4")
    assert fit.precision is None
    assert "Q8_0 ×15" in fit.reason
    assert fits(candidate, device).precision == "fp32"
    assert fits(candidate, device, "bf16").precision == "bf16"
    assert fits(candidate, replace(device, free=1 << 20)).precision is None


@pytest.mark.parametrize(
    "changes, code, word",
    [
        ({"general__architecture": "gptneox"}, "unsupported", "'gptneox'; of GGUF files only llama, qwen2"),
        ({"general__architecture": None}, "unsupported", "not stated"),
        ({"general__type": "adapter"}, "adapter", "adapter"),
        ({"general__type": "mmproj"}, "no_weights", "a part beside the decoder"),
        ({"llama__attention__scale": 0.5}, "unsupported", "llama.attention.scale, which is not understood here"),
        ({"llama__rope__scaling__type": "yarn"}, "unsupported", "stretched by yarn"),
        ({"llama__rope__dimension_count": 16}, "unsupported", "rope.dimension_count is 16"),
        ({"llama__expert_count": 8}, "unsupported", "mixture of experts"),
        ({"llama__attention__causal": False}, "unsupported", "attention.causal is False"),
        ({"llama__feed_forward_length": [160, 320]}, "unsupported", "differs from layer to layer"),
        ({"llama__context_length": None}, "bad_config", "does not say llama.context_length"),
        ({"llama__block_count": 2_000_000_000}, "bad_config", "2,000,000,000 layers"),
        ({"llama__attention__head_count": 0}, "bad_config", "no possible size (0)"),
        ({"llama__attention__layer_norm_rms_epsilon": "x"}, "bad_config", "no possible number (x)"),
        ({"tokenizer__ggml__model": None}, "no_tokenizer", "holds no tokenizer"),
        ({"tokenizer__ggml__model": "t5"}, "no_tokenizer", "'t5'"),
        ({"tokenizer__ggml__pre": None}, "no_tokenizer", "does not say how"),
        ({"tokenizer__ggml__pre": "new"}, "no_tokenizer", "'new'"),
        ({"tokenizer__ggml__pre": ["smollm"]}, "no_tokenizer", "['smollm']"),
        ({"tokenizer__ggml__merges": None}, "no_tokenizer", "without its merges"),
        ({"general__alignment": 7}, "unsafe_header", "alignment of 7"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(
    changes: dict[str, Any], code: str, word: str, tmp_path: Path
) -> None:
    found = refusal(inspect(writing.from_folder(LLAMA, tmp_path / "m.gguf", **changes)))
    assert found[0] == code
    assert word in found[1]


def test_what_is_only_worth_knowing_lets_it_in(tmp_path: Path) -> None:
    file = writing.from_folder(LLAMA, tmp_path / "m.gguf", tokenizer__chat_template="{{ x }}")
    assert [problem.code for problem in inspect(file).problems] == ["chat_template"]
    assert inspect(file).usable


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"tokenizer__ggml__tokens": ["a", "a"], "tokenizer__ggml__token_type": [1, 1]}, "two tokens of one name"),
        ({"tokenizer__ggml__token_type": [1]}, "do not go together"),
        ({"tokenizer__ggml__tokens": 3}, "do not go together"),
        ({"tokenizer__ggml__merges": ["zz yy"]}, "not those of its vocabulary"),
        ({"tokenizer__ggml__merges": ["a b c"]}, "not those of its vocabulary"),
        ({"tokenizer__ggml__bos_token_id": 99_999}, "adds BOS to every text"),
        ({"tokenizer__ggml__model": "llama", "tokenizer__ggml__scores": [0.5]}, "no score for each"),
    ],
)
def test_lists_of_a_vocabulary_that_do_not_go_together(changes: dict[str, Any], word: str, tmp_path: Path) -> None:
    file = writing.from_folder(LLAMA, tmp_path / "m.gguf", **changes)
    with pytest.raises(HeaderFault, match=word):
        tokenizer_json(file)
    with pytest.raises(CandidateError, match=word):
        tokenizer_hash(file)


@pytest.mark.parametrize("cut", [0, 3, 20, 23, 24, 40, 300, 9_000, -1])
def test_a_file_cut_short_anywhere_is_said_to_be(cut: int, good: Path, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(good.read_bytes()[:cut])
    code, what = refusal(inspect(file))
    assert code in ("truncated", "unsafe_header")
    assert what.startswith("m.gguf ")


def test_no_byte_of_a_header_brings_it_down(good: Path, tmp_path: Path) -> None:
    """Every error is a problem with a name, whatever stands in the file; and none takes long."""
    content, draw = good.read_bytes(), np.random.default_rng(5)
    file = tmp_path / "m.gguf"
    head = content[: content.index(b"token_embd") + 2_000]
    for at in [*range(4, 120), *draw.integers(120, len(head), 100).tolist()]:
        spoilt = bytearray(content)
        spoilt[at] = int(draw.choice([0, 1, 0x7F, 0x80, 0xFF]))
        file.write_bytes(spoilt)
        for problem in inspect(file).problems:
            assert (problem.what + problem.fix).isprintable()


@pytest.mark.parametrize(
    "content, word",
    [
        (b"", "cut short"),
        (b"GGUF", "cut short"),
        (b"GGML" + bytes(60), "does not begin with that word"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0) + bytes(40), "version 1 of the format"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + bytes(40), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0) + bytes(40), "more than there is room for"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60) + bytes(40), "more than there is room for"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62) + bytes(40), "more than there is room"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sI", 1, b"a", 77) + bytes(40), "unknown kind (77)"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 9, 1) + bytes(40), "list of an"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 10, 2**61) + bytes(40),
            "more than there is room for",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + struct.pack("<Q1sIB", 1, b"a", 7, 1) * 2 + bytes(40),
            "says a twice",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 2**60, 0, 0) + bytes(99),
            "impossible shape",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 33, 8, 0) + bytes(99),
            "impossible shape",
        ),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 32, 4, 0) + bytes(99),
            "not read here (type 4)",
        ),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sI", 1, b"t", 9) + bytes(99), "9 sides"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 32, 0, 5) + bytes(999),
            "across its alignment",
        ),
        (
            b"GGUF"
            + struct.pack("<IQQ", 3, 2, 0)
            + struct.pack("<Q1sIQIQ", 1, b"t", 1, 32, 0, 0)
            + struct.pack("<Q1sIQIQ", 1, b"u", 1, 32, 0, 32)
            + bytes(999),
            "places t over u",
        ),
    ],
)
def test_headers_made_to_harm(content: bytes, word: str, tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(content)
    _, what = refusal(inspect(file))
    assert word in what


def test_what_a_gguf_is_not(tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(b"GGUF")
    with pytest.raises(CandidateError, match="neither a folder nor a GGUF file"):
        find([str(other)])
    (tmp_path / "pipe.gguf").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CandidateError, match="no such folder"):
        find([str(tmp_path / "pipe.gguf")])


def test_two_architectures_that_the_format_has_and_we_do_not(tmp_path: Path) -> None:
    metadata, _ = writing.of_folder(LLAMA)
    for name in ("gptneox", "falcon"):
        tensors = [("token_embd.weight", "F32", np.zeros((4, 32), np.float32))]
        file = writing.write_gguf(tmp_path / f"{name}.gguf", {**metadata, "general.architecture": name}, tensors)
        code, what = refusal(inspect(file))
        assert code == "unsupported"
        assert f"its architecture is '{name}'" in what
