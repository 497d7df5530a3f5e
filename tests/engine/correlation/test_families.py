"""Families by the rule, by word and by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.correlation.families import families_of, family_of
from rubrics.errors import BadInput


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen2.5-7B", "qwen"), ("Qwen/Qwen3-4B", "qwen"), ("llama-brook-0.2m", "llama"), ("DeepSeek-V3.1", "deepseek"),
        ("7b-mine", "7b-mine"), ("a/b/", "b"), ("Émile_2", "émile"), ("模型-1", "模型"),
    ],
)  # fmt: skip
def test_the_rule(name: str, family: str) -> None:
    assert family_of(name) == family


def test_what_a_person_says_by_word_and_by_file(tmp_path: Path) -> None:
    given = families_of("mine=house, a=b=house")
    assert given == {"mine": "house", "a=b": "house"}

    file = tmp_path / "f.csv"
    file.write_text("family,candidate,note\nhouse,mine,x\nother,qwen-1,\n")
    assert families_of(str(file)) == {"mine": "house", "qwen-1": "other"}


@pytest.mark.parametrize("text", ["mine", "=x", "mine=", "a=x,a=y"])
def test_words_that_name_no_family(text: str) -> None:
    with pytest.raises(BadInput):
        families_of(text)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"candidate,family\n", "names no family"), (b"candidate,family\na,\n", "row 2"), (b"name\na\n", "row 2"),
     (b"candidate,family\na,x\na,y\n", "'x' and 'y'"), (b"\xff", "UTF-8"), (b'candidate,family\n"a', "not CSV")],
)  # fmt: skip
def test_files_that_name_no_family(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(BadInput, match=said):
        families_of(str(tmp_path / "f.csv"))
    with pytest.raises(BadInput, match="cannot be read"):
        families_of(str(tmp_path / "none.csv"))
