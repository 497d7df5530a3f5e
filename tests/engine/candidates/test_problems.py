"""What keeps a folder from being scored, or is worth knowing of it: each by its name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_folders import CONFIG, codes, make_model, refused

from engine.candidates.find import find, inspect
from rubrics.errors import CandidateError


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def only_training_state(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "training_args.bin")


def other_layout(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "consolidated.safetensors")


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-3])


def huge_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((2**63).to_bytes(8, "little") + b"{}")


def broken_link(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "gone")


def link_loop(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to("config.json")


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def empty_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_bytes(b"")


def broken_tokenizer_config(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_bytes(b"\xff")


def tokenizer_code(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["x.Y", null]}}')


def tokenizer_code_as_once_written(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text('{"auto_map": ["x.Y", null]}')


def tokenizer_without_vocabulary(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def config_with(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = {key: value for key, value in (CONFIG | changes).items() if value is not None}
        (folder / "config.json").write_text(json.dumps(config))

    return change


def config_is(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "config.json").write_bytes(content) and None


def adapter(base: str | None, whole: bool = False) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
        if not whole:
            (folder / "config.json").unlink()
            (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")

    return change


@pytest.mark.parametrize(
    "spoil, code",
    [
        (no_config, "no_config"),
        (no_weights, "no_weights"),
        (only_training_state, "no_weights"),
        (other_layout, "no_weights"),
        (pickled, "pickled_only"),
        (cut_short, "truncated"),
        (broken_link, "truncated"),
        (huge_header, "unsafe_header"),
        (no_tokenizer, "no_tokenizer"),
        (empty_tokenizer, "no_tokenizer"),
        (broken_tokenizer_config, "no_tokenizer"),
        (tokenizer_without_vocabulary, "no_tokenizer"),
        (tokenizer_code, "remote_code"),
        (tokenizer_code_as_once_written, "remote_code"),
        (link_loop, "bad_config"),
        (config_is(b""), "bad_config"),
        (config_is(b"[]"), "bad_config"),
        (config_is(b"{}"), "bad_config"),
        (config_is(b"\xff\xfe"), "bad_config"),
        (config_is(b"[" * 200_000), "bad_config"),
        (config_is(b" " * 5_000_000), "bad_config"),
        (config_is(b'{"a":' + b"9" * 10_000 + b"}"), "bad_config"),
        (config_with(model_type=7), "bad_config"),
        (config_with(transformers_weights="x.safetensors"), "bad_config"),
        (config_with(model_type="my_own", auto_map={"AutoModelForCausalLM": "m.M"}), "remote_code"),
        (config_with(model_type="vit", architectures=["ViTModel"]), "unsupported"),
        (config_with(model_type="bert", architectures=["BertForMaskedLM"]), "encoder"),
        (config_with(model_type="roberta", architectures=None), "encoder"),
        (config_with(model_type="t5", is_encoder_decoder=True), "encoder"),
        (config_with(architectures=["LlamaForSequenceClassification"]), "encoder"),
        (config_with(tie_word_embeddings=False), "no_head"),
        (config_with(quantization_config={"quant_method": "gptq"}), "quantized"),
        (adapter("org/base"), "adapter"),
        (adapter(None), "adapter"),
        (adapter("org/base", whole=True), "adapter"),
    ],
)
def test_every_problem_has_its_name_and_keeps_the_candidate_out(
    tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    folder = make_model(tmp_path / "m")
    spoil(folder)
    found = inspect(folder)
    assert refused(found) == [code]
    assert not found.usable
    (problem,) = found.problems
    assert problem.what
    assert problem.fix
    assert (problem.what + problem.fix).isprintable()


def test_remote_code_is_a_matter_of_permission(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", model_type="my_own", auto_map={"AutoConfig": "c.C"})
    allowed = inspect(folder, allow_remote_code=True)
    assert allowed.usable
    assert codes(allowed) == ["remote_code"]
    assert not inspect(folder).usable
    assert find([str(folder)], allow_remote_code=["another"])[0].usable is False
    assert find([str(folder)], allow_remote_code=["m"])[0].usable


def test_code_of_its_own_is_not_needed_for_a_known_architecture(tmp_path: Path) -> None:
    assert inspect(make_model(tmp_path / "m", auto_map={"AutoModelForCausalLM": "m.M"})).problems == ()


def test_a_tokenizers_own_code_is_not_needed_beside_its_tokenizer_json(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["x.Y", null]}}')
    assert inspect(folder).problems == ()


def test_a_tokenizer_larger_than_the_embedding_is_named_and_let_in(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", vocab_size=32)
    vocabulary = {"a": 0, "b": 31, "quagga": 32}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordLevel", "vocab": vocabulary}}))
    found = inspect(folder)
    assert found.usable
    assert codes(found) == ["vocabulary"]
    assert "quagga" in found.problems[0].what


@pytest.mark.parametrize(
    "said", [{"is_causal": False}, {"use_bidirectional_attention": True}, {"text_config": {"is_causal": False}}]
)
def test_a_config_that_says_it_reads_ahead_is_named(said: dict[str, Any], tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "m", **said))
    assert found.usable
    assert codes(found) == ["not_causal"]


def test_a_decoder_made_from_an_encoder_is_let_in(tmp_path: Path) -> None:
    assert inspect(make_model(tmp_path / "m", model_type="bert", is_decoder=True, architectures=None)).usable


@pytest.mark.parametrize("where", ["tokenizer_config.json", "chat_template.jinja"])
def test_a_chat_template_is_only_a_hint(tmp_path: Path, where: str) -> None:
    folder = make_model(tmp_path / "m")
    (folder / where).write_text('{"chat_template": "{{ x }}"}')
    found = inspect(folder)
    assert found.usable
    assert codes(found) == ["chat_template"]


def test_sentencepiece_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "tokenizer.json").rename(folder / "tokenizer.model")
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "sentencepiece" else real(name))
    assert refused(inspect(folder)) == ["no_tokenizer"]
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: real("json") if name == "sentencepiece" else real(name)
    )
    assert inspect(folder).usable


def test_nothing_from_a_folder_reaches_the_screen_raw(tmp_path: Path) -> None:
    nasty = "\x1b[31mred\u202e\n\x07"
    folder = make_model(tmp_path / f"m{nasty}", architectures=[nasty], model_type=nasty)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": nasty}))
    found = inspect(folder)
    for text in (found.name, found.architecture, found.model_type, found.tokenizer, *(p.what for p in found.problems)):
        assert text.isprintable()
    assert found.path == folder


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    folder = make_model(tmp_path / os.fsdecode(b"m\xff"))
    other = make_model(tmp_path / "z")
    found, beside = find([str(tmp_path)])
    # No database could hold its path beside its numbers.
    assert refused(found) == ["bad_path"]
    assert found.path == folder
    found.name.encode()
    assert beside.usable
    assert beside.path == other


@pytest.mark.parametrize("state", ["global_step5/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", "fsdp/__0_0.distcp"])
def test_the_state_of_a_training_is_no_model(state: str, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / state).parent.mkdir()
    (folder / state).touch()
    (problem,) = inspect(folder).problems
    assert state in problem.what
    assert "convert" in problem.fix


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="nothing is closed to root")
def test_what_there_is_no_right_to_read(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "model.safetensors").chmod(0)
    (problem,) = inspect(folder).problems
    assert "right" in problem.fix
    folder.chmod(0)
    with pytest.raises(CandidateError, match="no right"):
        find([str(tmp_path)])
    folder.chmod(0o700)


@pytest.mark.parametrize("entry", ["quantization_config", "compression_config", "quantization"])
def test_every_entry_that_says_quantised(entry: str, tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "m", **{entry: {"bits": 4}}))
    assert refused(found) == ["quantized"]


def test_a_decoder_among_other_parts_is_no_matter_of_versions(tmp_path: Path) -> None:
    (problem,) = inspect(
        make_model(tmp_path / "m", model_type="of_its_own", text_config={"model_type": "mistral"})
    ).problems
    assert problem.code == "unsupported"
    assert "mistral" in problem.what
    assert "update" not in problem.fix


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_git_lfs_pointers(name: str, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert any("git lfs pull" in problem.fix for problem in inspect(folder).problems if problem.refused)
