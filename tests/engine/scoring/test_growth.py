"""Tokenizers that would make a terabyte of one word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, normalizers, pre_tokenizers

from data.bundled import bundled_models
from engine.scoring.growth import refuse_growing
from engine.scoring.tokenizer import open_tokenizer
from rubrics.errors import CandidateError

BYTES: dict[str, Any] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def _spec(*steps: dict[str, Any], part: str = "normalizer") -> bytes:
    inside = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers"}[part]
    return json.dumps({part: {"type": "Sequence", inside: list(steps)}}).encode()


def _replace(content: str, **pattern: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


@pytest.mark.parametrize(
    "content",
    [
        _spec(*[BYTES] * 40, part="pre_tokenizer"),
        _spec({"type": "Sequence", "normalizers": [_replace("aa", String="a")] * 20}),
        _spec(*[_replace("a" * 70, Regex="")] * 2),
        _spec(*[_replace("a" * 70, Regex="(?<=a)")] * 2),
        _spec(*[_replace("a" * 70, Regex="[")] * 2),
        _spec(_replace("x" * 5000, Regex=".")),
    ],
)
def test_steps_that_lengthen_a_text_without_bound_are_refused(content: bytes) -> None:
    with pytest.raises(CandidateError, match="times as long"):
        refuse_growing(content)


@pytest.mark.parametrize(
    "content",
    [
        b"no JSON", b"[]", b"[" * 100_000, b"{}", _spec({"type": 3}, {"no": "type"}),
        _spec({"type": "Precompiled"}, _replace("▁", Regex=" {2,}"), {"type": "NFKC"}),
        _spec({"type": "Prepend", "prepend": "▁"}, _replace("▁", String=" ")),
        _spec(*[_replace("'", Regex="[‘’]")] * 30), _spec(BYTES, BYTES, part="pre_tokenizer"),
    ],
)  # fmt: skip
def test_what_real_ones_do_is_not(content: bytes) -> None:
    refuse_growing(content)


def test_the_bound_is_one_of_what_the_library_makes_of_a_text() -> None:
    steps = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False) for _ in range(4)]
    ((text, _),) = pre_tokenizers.Sequence(steps).pre_tokenize_str("ē" * 10)
    assert len(text.encode()) <= 2**4 * 20
    assert len(normalizers.Replace("a", "bbb").normalize_str("aa")) == 3 * 2


def test_bundled_ones_pass_and_a_spoilt_one_is_refused_before_it_is_used(tmp_path: Path) -> None:
    for model in bundled_models():
        refuse_growing((model / "tokenizer.json").read_bytes())
    shutil.copytree(bundled_models()[0], tmp_path / "m")
    file = tmp_path / "m" / "tokenizer.json"
    spec = json.loads(file.read_text())
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [BYTES] * 40}
    Tokenizer.from_str(json.dumps(spec))  # the library itself takes it
    file.write_text(json.dumps(spec))
    with pytest.raises(CandidateError, match="times as long"):
        open_tokenizer(tmp_path / "m")
