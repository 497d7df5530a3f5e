"""Prompts with criteria: read strictly, all faults at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rubrics.errors import SuiteError
from rubrics.prompts import read_prompts

ROW = {
    "id": "a",
    "domain": "health",
    "prompt": [{"role": "user", "content": "My knee hurts."}],
    "criteria": [{"id": "r1", "text": "Asks since when.", "subcategory": "Utility"}],
    "reference": "Since when?",
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_prompts_read_back_as_written(tmp_path: Path) -> None:
    (prompt, bare) = read_prompts(write(tmp_path / "p.jsonl", ROW, {**ROW, "id": "b", "criteria": []}))
    assert prompt.prompt_text == "My knee hurts."
    assert json.loads(prompt.canonical()) == ROW
    assert bare.criteria == []


def test_every_fault_is_named(tmp_path: Path) -> None:
    twice = {**ROW, "id": "c", "criteria": ROW["criteria"] * 2}
    with pytest.raises(SuiteError) as caught:
        read_prompts(write(tmp_path / "p.jsonl", ROW, ROW, {**ROW, "id": "b", "refrence": "x"}, twice, [1]))
    said = str(caught.value)
    assert "4 faults" in said
    assert "line 2, id: ‘a’ is used on line 1 already" in said
    assert "line 3, refrence: no such field; did you mean reference?" in said
    assert "line 4, criteria: two have the same id" in said
    assert "line 5: must be a JSON object" in said


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="holds no prompt"):
        read_prompts(write(tmp_path / "p.jsonl"))
