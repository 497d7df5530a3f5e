"""Hashes of weights and tokenizers: what they depend on, and that the memory of them is never trusted too far."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.candidates import hashing
from engine.candidates.hashing import Progress, config_hash, tokenizer_hash
from engine.machine.paths import digest_dir
from rubrics.errors import CandidateError, Exit, RudeError


def weights_hash(folder: Path, progress: Progress | None = None) -> str:
    return hashing.weights_hash(folder, progress, remembered=digest_dir())


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def shards(folder: Path, *contents: bytes) -> Path:
    """A folder of shards; hashing looks at bytes only, so they need not be real safetensors files."""
    folder.mkdir(exist_ok=True)
    names = [f"model-{n}.safetensors" for n in range(len(contents))]
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {f"t{n}": n for n in names}}))
    return folder


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once, so that a test need not wait for its own to be."""
    monkeypatch.setattr(hashing, "_SETTLED", -1)


def reads(folder: Path) -> list[int]:
    """Sizes of the steps in which the shards were gone through; one for each shard that was remembered."""
    steps: list[int] = []
    weights_hash(folder, lambda done, _: steps.append(done))
    return steps


def test_the_definition(tmp_path: Path) -> None:
    folder = shards(tmp_path / "m", b"one", b"two")
    text = f"model-0.safetensors\0{sha(b'one')}\nmodel-1.safetensors\0{sha(b'two')}\n"
    assert weights_hash(folder) == sha(text.encode())


def test_a_real_model(shared: Path) -> None:
    folder = shared / "models" / "stories260K"
    text = f"model.safetensors\0{sha((folder / 'model.safetensors').read_bytes())}\n"
    assert weights_hash(folder) == sha(text.encode()) == weights_hash(folder)


def test_progress_adds_up(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    weights_hash(shards(tmp_path / "m", bytes(10), bytes(9 << 20)), lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (10 + (9 << 20), 10 + (9 << 20))


def test_the_second_time_nothing_is_read(tmp_path: Path, settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shards(tmp_path / "m", b"one", b"two")
    first = weights_hash(folder)
    monkeypatch.setattr(hashing, "_digest", lambda *_: pytest.fail("read again"))
    assert weights_hash(folder) == first


def test_a_shard_changed_in_place_with_its_time_set_back_is_seen(tmp_path: Path, settled: None) -> None:
    folder = shards(tmp_path / "m", b"one")
    first = weights_hash(folder)
    before = (folder / "model-0.safetensors").stat()
    with (folder / "model-0.safetensors").open("r+b") as file:
        file.write(b"0ne")
    os.utime(folder / "model-0.safetensors", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights_hash(folder) != first


def test_a_file_written_just_now_is_not_remembered(tmp_path: Path) -> None:
    weights_hash(shards(tmp_path / "m", b"one"))
    assert not list(Path(os.environ["RUDE_TUI_CACHE"]).rglob("*"))


@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe", b"0" * 63, b"0" * 65, b"g" * 64, b"x" * 100_000])
def test_a_damaged_memory_is_ignored(tmp_path: Path, settled: None, rubbish: bytes) -> None:
    folder = shards(tmp_path / "m", b"one")
    first = weights_hash(folder)
    (note,) = (path for path in Path(os.environ["RUDE_TUI_CACHE"]).rglob("*") if path.is_file())
    note.write_bytes(rubbish)
    assert weights_hash(folder) == first
    assert note.read_bytes() == sha(b"one").encode()


def test_without_a_place_to_remember_it_still_works(
    tmp_path: Path, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUDE_TUI_CACHE", str(tmp_path / "file"))
    folder = shards(tmp_path / "m", b"one")
    assert weights_hash(folder) == weights_hash(folder)


def test_many_processes_at_once_agree(tmp_path: Path) -> None:
    folder = shards(tmp_path / "m", *(os.urandom(100_000) for _ in range(8)))
    code = (
        "import sys; from pathlib import Path; from engine.candidates import hashing; hashing._SETTLED = -1\n"
        "from engine.machine.paths import digest_dir\n"
        "print(hashing.weights_hash(Path(sys.argv[1]), remembered=digest_dir()))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) for _ in range(4)
    ]
    answers = {process.communicate(timeout=120)[0].strip() for process in running}
    assert answers == {weights_hash(folder)}
    notes = [path.name for path in Path(os.environ["RUDE_TUI_CACHE"]).rglob("*") if path.is_file()]
    assert len(notes) == 8
    assert all(len(name) == 64 for name in notes)


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    folder = shards(tmp_path / "m", bytes(100))
    with pytest.raises(CandidateError, match="changed while"):
        weights_hash(folder, lambda *_: os.utime(folder / "model-0.safetensors", (5, 5)))


def test_what_cannot_be_hashed_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CandidateError, match="no safetensors"):
        weights_hash(tmp_path)
    with pytest.raises(CandidateError):
        weights_hash(tmp_path / "absent")
    (tmp_path / "model.safetensors").symlink_to("model.safetensors")
    with pytest.raises(CandidateError):
        weights_hash(tmp_path)


def test_the_tokenizer_by_all_its_files_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    first = tokenizer_hash(tmp_path)
    assert first == sha(f"tokenizer.json\0{sha(b'{}')}\n".encode())
    (tmp_path / "README.md").write_text("more")
    assert tokenizer_hash(tmp_path) == first
    (tmp_path / "added_tokens.json").write_text("{}")
    second = tokenizer_hash(tmp_path)
    assert second != first
    (tmp_path / "tokenizer.json").write_text("{ }")
    assert tokenizer_hash(tmp_path) not in (first, second)


def test_the_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert config_hash(tmp_path) == sha(b"{}")
    with pytest.raises(CandidateError):
        config_hash(tmp_path / "absent")


def test_a_blob_that_is_not_what_it_is_named_by(tmp_path: Path) -> None:
    blobs, folder = tmp_path / "blobs", tmp_path / "snapshots"
    for place in (blobs, folder):
        place.mkdir()
    content = b"weights"
    (blobs / sha(content)).write_bytes(content)
    (folder / "model.safetensors").symlink_to(blobs / sha(content))
    assert weights_hash(folder)
    (blobs / sha(content)).write_bytes(b"weight\0")
    with pytest.raises(CandidateError, match="is damaged") as caught:
        weights_hash(folder)
    assert sha(content) in caught.value.fix


def test_a_small_blob_that_is_not_what_git_names_it(tmp_path: Path) -> None:
    # git hash-object of {} without a line break.
    blob = tmp_path / "blobs" / "9e26dfeeb6e641a33dae4961196235bdb965b21b"
    blob.parent.mkdir()
    blob.write_text("{}")
    (tmp_path / "config.json").symlink_to(blob)
    assert config_hash(tmp_path) == sha(b"{}")
    blob.write_text("[]")
    with pytest.raises(CandidateError, match="is damaged"):
        config_hash(tmp_path)


def test_a_folder_that_is_no_longer_what_was_hashed(tmp_path: Path) -> None:
    folder = shards(tmp_path / "m", b"one")
    for name in ("tokenizer.json", "config.json"):
        (folder / name).write_text("{}")
    hashes = {
        "weights_hash": weights_hash(folder), "tokenizer_hash": tokenizer_hash(folder),
        "config_hash": config_hash(folder),
    }  # fmt: skip
    hashing.assert_unchanged(folder, hashes)
    for name, word in (("model-0.safetensors", "weights"), ("tokenizer.json", "tokenizer"), ("config.json", "config")):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(b"other")
        with pytest.raises(RudeError, match=f"its {word}.* changed since") as changed:
            hashing.assert_unchanged(folder, hashes)
        assert changed.value.exit_code is Exit.FAILED, "it was good when it was given"
        (folder / name).write_bytes(before)
    with pytest.raises(RudeError, match="its folder is gone"):
        hashing.assert_unchanged(tmp_path / "none", {})
