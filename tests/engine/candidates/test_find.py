"""Model folders on disk: what is said of good ones, and what is wrong with bad ones, by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from engine.candidates.find import Candidate, distinct, find, hub_cache, inspect
from rubrics.errors import CandidateError

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "tie_word_embeddings": True,
    "vocab_size": 32,
}
WEIGHTS = {
    "model.embed_tokens.weight": (32, 8),
    "model.layers.0.mlp.up_proj.weight": (16, 8),
    "model.norm.weight": (8,),
}

TOKENIZER = {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}}, "added_tokens": []}

Make = Callable[..., Path]


def tensors(shapes: dict[str, tuple[int, ...]], dtype: Any = np.float16) -> dict[str, Any]:
    return {name: np.zeros(shape, dtype) for name, shape in shapes.items()}


def make_model(folder: Path, weights: dict[str, Any] | None = None, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({k: v for k, v in (CONFIG | config).items() if v is not None}))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    save_file(tensors(WEIGHTS) if weights is None else weights, folder / "model.safetensors")
    return folder


def codes(candidate: Candidate) -> list[str]:
    return [problem.code for problem in candidate.problems]


def refused(candidate: Candidate) -> list[str]:
    return [problem.code for problem in candidate.problems if problem.refused]


def test_a_good_folder(tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "tiny"))
    assert found.usable
    assert found.problems == ()
    assert (found.name, found.architecture, found.model_type) == ("tiny", "LlamaForCausalLM", "llama")
    assert found.parameters == 32 * 8 + 16 * 8 + 8
    assert found.weight_bytes == 2 * found.parameters
    assert (found.dtype, found.context, found.vocab_size, found.tokenizer) == ("fp16", 128, 32, "GPT2Tokenizer")
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim) == (1, 2, 2)
    assert found.linear_parameters == 16 * 8
    assert found.largest_tensor == 32 * 8
    assert found.revision is None


def test_a_real_model(shared: Path) -> None:
    (found,) = find([str(shared / "models" / "stories260K")])
    assert found.usable
    assert (found.parameters, found.weight_bytes, found.dtype) == (260_032, 1_040_128, "fp32")
    assert (found.name, found.architecture, found.context, found.vocab_size) == (
        "stories260K",
        "LlamaForCausalLM",
        512,
        512,
    )
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim) == (5, 4, 8)


def test_gpt2_spelling_and_stored_masks(tmp_path: Path) -> None:
    weights = tensors({"wte.weight": (32, 8), "h.0.attn.bias": (1, 1, 64, 64), "h.0.attn.c_attn.weight": (8, 24)})
    weights |= {"h.0.attn.masked_bias": np.zeros((), np.float32), "rotary.inv_freq": np.zeros(4, np.float32)}
    folder = tmp_path / "gpt2"
    make_model(folder, weights)
    config = {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 3, "n_positions": 64, "vocab_size": 32}
    (folder / "config.json").write_text(json.dumps(config))
    found = inspect(folder)
    assert found.usable
    assert found.parameters == 32 * 8 + 8 * 24
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim, found.context) == (3, 2, 4, 64)


def test_a_tied_head_that_is_stored_too_counts_once(tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "m", tensors(WEIGHTS | {"lm_head.weight": (32, 8)})))
    assert found.parameters == 32 * 8 + 16 * 8 + 8


def test_a_head_that_differs_is_used_whatever_the_config_says(tmp_path: Path) -> None:
    weights = tensors(WEIGHTS) | {"lm_head.weight": np.ones((32, 8), np.float16)}
    found = inspect(make_model(tmp_path / "m", weights))
    assert found.parameters == 2 * 32 * 8 + 16 * 8 + 8


def test_parts_beside_the_decoder_are_not_counted(tmp_path: Path) -> None:
    parts = {"vision_tower.layers.0.w": (9, 9), "mtp.layers.0.w": (9, 9), "model.layers.1.mlp.up_proj.weight": (16, 8)}
    found = inspect(make_model(tmp_path / "m", tensors(WEIGHTS | parts), num_nextn_predict_layers=1))
    assert found.parameters == 32 * 8 + 16 * 8 + 8
    assert found.beside == 2 * 9 * 9


def test_text_part_of_a_multimodal_config(tmp_path: Path) -> None:
    text = {"num_hidden_layers": 7, "max_position_embeddings": 99, "vocab_size": 32}
    found = inspect(make_model(tmp_path / "m", model_type="gemma3", text_config=text))
    assert (found.shape.layers, found.context) == (7, 99)


@pytest.mark.parametrize(
    "mix, dtype", [((100, 1), "fp16"), ((1, 100), "fp32"), ((2, 1), "mixed")], ids=["fp16", "fp32", "mixed"]
)
def test_dtype_by_bytes(tmp_path: Path, mix: tuple[int, int], dtype: str) -> None:
    weights = {"a": np.zeros(mix[0], np.float16), "b": np.zeros(mix[1], np.float32)}
    assert inspect(make_model(tmp_path / "m", weights)).dtype == dtype


# ---------------------------------------------------------------------------------------------- each named problem


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.long
@given(
    st.dictionaries(
        st.sampled_from([*CONFIG, "auto_map", "text_config", "quantization_config", "is_encoder_decoder", "n_embd"]),
        JSON,
    )
)
def test_any_config_gives_a_candidate(tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-config"
    if not folder.exists():
        make_model(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    (folder / "tokenizer_config.json").write_text(json.dumps(changes))
    found = inspect(folder)
    assert found.parameters > 0
    assert found.context is None or 0 < found.context < 2**40


# ------------------------------------------------------------------------------------------------------------ find


def test_folders_of_models_in_order_whatever_lies_between(tmp_path: Path) -> None:
    for name in ("b", "a", "deep/er/c", ".hidden/d"):
        make_model(tmp_path / name)
    make_model(tmp_path / "a" / "checkpoint-1")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    assert [found.name for found in find([str(tmp_path)])] == ["a", "b", "c"]


def test_a_link_that_leads_to_itself_hides_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_model(tmp_path / name)
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "gone").symlink_to("nowhere")
    assert [candidate.name for candidate in find([str(tmp_path)])] == ["a", "b"]


def test_checkpoints_below_a_folder_that_a_training_has_begun(tmp_path: Path) -> None:
    top = make_model(tmp_path / "out")
    (top / "model.safetensors").unlink()
    (begun,) = find([str(tmp_path)])
    assert refused(begun) == ["no_weights"]
    for step in (1, 2):
        make_model(top / f"checkpoint-{step}")
    for place in (top, tmp_path):
        assert [candidate.name for candidate in find([str(place)])] == ["checkpoint-1", "checkpoint-2"]


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


@pytest.mark.parametrize("kind", ["mistral3", "qwen2_vl", "llava", "idefics3"])
def test_a_decoder_among_other_parts_is_a_candidate(kind: str, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", model_type=kind, text_config={**CONFIG, "model_type": "mistral"})
    assert inspect(folder).usable


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_git_lfs_pointers(name: str, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert any("git lfs pull" in problem.fix for problem in inspect(folder).problems if problem.refused)


def test_one_model_named_twice_is_listed_once(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (tmp_path / "link").symlink_to(folder)
    assert len(find([str(folder), str(tmp_path / "link"), str(tmp_path)])) == 1


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    for run in ("run1", "run2"):
        make_model(tmp_path / run / "final")
    make_model(tmp_path / "other")
    assert [found.name for found in find([str(tmp_path)])] == ["other", "run1/final", "run2/final"]
    assert distinct([]) == []


def test_a_bad_model_does_not_hide_the_good_ones(tmp_path: Path) -> None:
    make_model(tmp_path / "good")
    huge_header(make_model(tmp_path / "bad"))
    assert [(found.name, found.usable) for found in find([str(tmp_path)])] == [("bad", False), ("good", True)]


def test_a_config_beside_models_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert codes(find([str(tmp_path)])[0]) == ["bad_config", "no_weights", "no_tokenizer"]
    make_model(tmp_path / "m")
    assert [found.name for found in find([str(tmp_path)])] == ["m"]


@pytest.mark.parametrize("item", ["/no/such/place", "org/model", "gpt2", "a\0b", "x" * 5000, "../../..", "", "\x1b[2J"])
def test_what_is_not_there_is_named(item: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if item == "../../..":
        item += "/nothing"
    with pytest.raises(CandidateError) as caught:
        find([item])
    assert caught.value.exit_code == 3
    assert "no such" in caught.value.what
    assert caught.value.fix
    assert caught.value.where.isprintable()


def test_an_empty_folder_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(CandidateError, match="no model found in"):
        find([str(tmp_path)])
    file = make_model(tmp_path / "m") / "model.safetensors"
    with pytest.raises(CandidateError, match="neither a folder nor a GGUF file"):
        find([str(file)])


def snapshot(cache: Path, repo: str, commit: str, ref: str | None = "main") -> Path:
    folder = cache / ("models--" + repo.replace("/", "--"))
    if ref:
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "refs" / ref).write_text(commit)
    return make_model(folder / "snapshots" / commit)


def test_the_hugging_face_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert hub_cache() == []
    main = snapshot(tmp_path / "hub", "org/model", "a" * 40)
    snapshot(tmp_path / "hub", "org/model", "b" * 40, "step1000")
    snapshot(tmp_path / "hub", "gpt2", "c" * 40)
    (tmp_path / "hub" / "models--org--partial" / "snapshots" / ("d" * 40)).mkdir(parents=True)
    (tmp_path / "hub" / "datasets--org--data").mkdir()
    listed = hub_cache()
    assert [(found.name, found.revision) for found in listed] == [
        ("gpt2", "c" * 40),
        ("org/model@aaaaaaa", "a" * 40),
        ("org/model@bbbbbbb", "b" * 40),
    ]
    (found,) = find(["org/model"])
    assert (found.name, found.path) == ("org/model", main)
    assert find(["org/model@step1000"])[0].revision == "b" * 40
    assert find(["org/model@" + "b" * 40])[0].revision == "b" * 40
    assert len(find([str(tmp_path / "hub")])) == 3
    with pytest.raises(CandidateError):
        find(["org/model@step2"])


def test_what_is_not_cached_can_be_fetched(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "fetched")
    asked: list[str] = []

    def fetch(hub_id: str) -> Path:
        asked.append(hub_id)
        return folder

    assert find(["org/model"], fetch=fetch)[0].path == folder
    assert asked == ["org/model"]


def test_no_model_library_is_loaded(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", model_type="my_own", auto_map={"AutoModel": "m.M"})
    (folder / "m.py").write_text("raise SystemExit('ran')")
    code = (
        "import sys; from engine.candidates.find import find; find([sys.argv[1]])\n"
        "import engine.machine.doctor, engine.machine.precision\n"
        "bad = {'torch', 'transformers', 'bitsandbytes', 'textual', 'pydantic', 'huggingface_hub'} & set(sys.modules)\n"
        "sys.exit(', '.join(bad) or None)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=Path(__file__).parents[3])


def test_a_path_that_is_not_utf8_costs_the_candidate_alone(tmp_path: Path) -> None:
    make_model(tmp_path / "caf\udce9")
    make_model(tmp_path / "good")
    good, odd = sorted(find([str(tmp_path)]), key=lambda candidate: not candidate.usable)
    assert good.name == "good"
    assert refused(odd) == ["bad_path"]
