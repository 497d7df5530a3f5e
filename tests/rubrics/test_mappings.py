"""Columns that a person has said once hold what, kept and found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import rude

from rubrics.errors import SuiteError
from rubrics.importers import kept_for, kept_map

ROW = {"task": "Say yes.", "good": "Yes.", "bad": "No.", "topic": "manners"}
KEPT = {
    "mine": "prompt=task,chosen=good,rejected=bad", "with topics": "prompt=task,chosen=good,rejected=bad,domain=topic",
    "other": "prompt=q,chosen=a,rejected=b",
}  # fmt: skip


def _file(folder: Path, row: dict[str, str] = ROW) -> Path:
    path = folder / "data.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_the_mapping_that_names_most_of_a_file_fits_it(tmp_path: Path) -> None:
    found = kept_for(_file(tmp_path), KEPT)
    assert found is not None
    assert (found.name, found.map["domain"]) == ("with topics", "topic")
    assert kept_for(_file(tmp_path, {"x": "y"}), KEPT) is None
    # Two that say as much of it in two ways are asked about, not chosen between.
    turned = {"one": "prompt=task,chosen=good,rejected=bad", "two": "prompt=task,chosen=bad,rejected=good"}
    assert kept_for(_file(tmp_path), turned) is None


def test_a_mapping_is_typed_or_named() -> None:
    assert kept_map("prompt=a,chosen=b", {}) == {"prompt": "a", "chosen": "b"}
    assert kept_map("other", KEPT) == {"prompt": "q", "chosen": "a", "rejected": "b"}
    with pytest.raises(SuiteError, match="no mapping 'mime'") as caught:
        kept_map("mime", KEPT)
    assert "did you mean mine?" in caught.value.fix


def test_what_was_mapped_once_is_mapped_so_again(tmp_path: Path) -> None:
    data, out = _file(tmp_path), tmp_path / "s.jsonl"
    assert "is of no format that is known" in rude("suite", "import", data, "-o", out).stderr
    done = rude("suite", "import", data, "-o", out, "--keep", "mine")
    assert (done.returncode, "there is no mapping to keep" in done.stderr) == (3, True)
    done = rude("suite", "import", data, "-o", out, "--map", KEPT["mine"], "--keep", "mine")
    assert f"kept as mine: {KEPT['mine']}" in done.stderr
    for words in ([], ["--map", "mine"]):
        out.unlink()
        done = rude("suite", "import", data, *words, "-o", out)
        assert done.returncode == 0, done.stderr
        assert ("mapped as you said before, under the name mine" in done.stderr) == (not words)
        pair = json.loads(out.read_text())
        assert (pair["prompt"], pair["chosen"], pair["rejected"]) == ("Say yes.", "Yes.", "No.")
