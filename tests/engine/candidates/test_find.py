"""Models among folders and files: which are found, in which order, and what is said of what is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from model_folders import codes, make_model, refused

from data.bundled import bundled_models
from engine.candidates.find import distinct, find, hub_cache
from rubrics.errors import CandidateError


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
    (make_model(tmp_path / "bad") / "model.safetensors").write_bytes((2**63).to_bytes(8, "little") + b"{}")
    assert [(found.name, found.usable) for found in find([str(tmp_path)])] == [("bad", False), ("good", True)]


def test_a_config_beside_models_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert codes(find([str(tmp_path)])[0]) == ["bad_config", "no_weights", "no_tokenizer"]
    make_model(tmp_path / "m")
    assert [found.name for found in find([str(tmp_path)])] == ["m"]


def test_gguf_files_hide_no_folder_beside_them(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    (tmp_path / "file.gguf").write_bytes(b"GGUF")
    (make_model(tmp_path / "below" / "deep") / "form.gguf").write_bytes(b"GGUF")
    (tmp_path / "below" / "other.gguf").write_bytes(b"GGUF")
    assert [found.name for found in find([str(tmp_path)])] == ["deep", "other", "file", "m"]


def test_a_download_that_brought_no_weights_stays_listed(tmp_path: Path) -> None:
    make_model(tmp_path / "good")
    (make_model(tmp_path / "half") / "model.safetensors").unlink()
    (tmp_path / "half" / "tokenizer.json").unlink()
    (tmp_path / "another program").mkdir()
    (tmp_path / "another program" / "config.json").write_text('{"theme": "dark"}')
    good, half = find([str(tmp_path)])
    assert (good.name, half.name, codes(half)) == ("good", "half", ["no_weights", "no_tokenizer"])


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


def test_models_that_ship_are_found_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (one,) = find(["neox-puddle-0.2m"])
    assert one.path in bundled_models()
    assert [found.path for found in find(["bundled", "neox-puddle-0.2m"])] == bundled_models()
    make_model(tmp_path / "neox-puddle-0.2m")
    (own,) = find(["neox-puddle-0.2m"])
    assert own.path.resolve() == tmp_path / "neox-puddle-0.2m", "a folder of that name goes first"
