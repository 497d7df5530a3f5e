"""Ids read from a tokenizer's files are those that the library of tokenizers gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models

from engine.candidates.untrusted import Unreadable
from engine.candidates.vocabulary import beyond, was_taken_as_written

PLAIN = models.WordLevel({"a": 0, "b": 1, "c": 2}, unk_token="a")
WITH_HOLES = models.WordLevel({"a": 0, "b": 7, "c": 4}, unk_token="a")
PIECES = models.Unigram([("<unk>", 0.0), ("b", -1.0), ("c", -2.0)], unk_id=0)


@pytest.mark.parametrize("model", [PLAIN, WITH_HOLES, PIECES])
@pytest.mark.parametrize("added", [[], ["x", "y"], ["c", "x"]])
def test_whole_vocabularies_and_added_tokens(model: models.Model, added: list[str], tmp_path: Path) -> None:
    tokenizer = Tokenizer(model)
    tokenizer.add_tokens(added)
    written = json.loads(tokenizer.to_str())
    for token in written["added_tokens"]:
        token["id"] += 50  # the library does not heed it
    (tmp_path / "tokenizer.json").write_text(json.dumps(written))
    ids = Tokenizer.from_file(str(tmp_path / "tokenizer.json")).get_vocab()
    for rows in range(10):
        expected = sorted(name for name, number in ids.items() if number >= rows)
        assert sorted(beyond(tmp_path, ["tokenizer.json"], rows)) == expected


def test_files_of_a_folder_without_a_tokenizer_json(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 1}')
    (tmp_path / "added_tokens.json").write_text('{"x": 2}')
    (tmp_path / "tokenizer_config.json").write_text('{"added_tokens_decoder": {"3": {"content": "y"}}}')
    assert beyond(tmp_path, [path.name for path in tmp_path.iterdir()], 1) == ["b", "x", "y"]


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", '{"model": {"vocab": 3}}', '{"model": {"vocab": {"a": "b"}}}', '{"model": {"vocab": [1]}}'],
)
def test_a_damaged_one_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(Unreadable, match=r"tokenizer\.json"):
        beyond(tmp_path, ["tokenizer.json"], 1)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    for vocabulary in ({"a": 0}, {"a": 0, "b": 1}):
        (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
        assert len(beyond(tmp_path, ["tokenizer.json"], 0)) == len(vocabulary)


@pytest.mark.parametrize(
    "named, model_type, taken",
    [
        ("PreTrainedTokenizerFast", "llama", True),
        ("PreTrainedTokenizerFast", "qwen3", True),
        ("PreTrainedTokenizerFast", "qwen2", False),
        ("GPT2Tokenizer", "llama", False),
        (None, "llama", False),
    ],
)
def test_folders_that_transformers_may_have_read_otherwise(
    named: str | None, model_type: str, taken: bool, tmp_path: Path
) -> None:
    assert was_taken_as_written(tmp_path, model_type)  # nothing but transformers reads it
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": named}))
    assert was_taken_as_written(tmp_path, model_type) is taken
