"""Files that say which candidates are checkpoints, and what a proxy came to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.correlation.scaling import read_checkpoints, read_proxies, read_stand_ins, tokens_of
from rubrics.errors import BadInput


@pytest.mark.parametrize(
    ("text", "tokens"), [("5e9", 5e9), ("5B", 5e9), ("1.5t", 1.5e12), ("300_000", 3e5), (" 20 M ", 2e7), ("7k", 7e3)]
)
def test_tokens(text: str, tokens: float) -> None:
    assert tokens_of(text) == pytest.approx(tokens)


@given(st.text(max_size=8))
def test_other_text_is_no_number_of_tokens(text: str) -> None:
    try:
        assert tokens_of(text) > 0
    except ValueError:
        assert True


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "one column 'candidate'"),
        ("candidate,run\na,b\n", "one column 'tokens'"),
        ("candidate,run,tokens,tokens\n", "one column 'tokens'"),
        ("candidate,run,tokens\n", "holds no row"),
        ("candidate,run,tokens\na,r\n", "has 2 fields"),
        ("candidate,run,tokens\na,,5B\n", "run is empty"),
        ("candidate,run,tokens\na,r,-5\n", "no number of tokens"),
        ("candidate,run,tokens\na,r,nan\n", "no number of tokens"),
        ("candidate,run,tokens\na,r,1e90\n", "no number of tokens between 1 and 1e"),
        ("candidate,run,tokens\na,r,1\na,q,2\n", "named twice"),
        ('candidate,run,tokens\n"a,r,1\n', "is not CSV"),
    ],
)
def test_faults_in_checkpoints_are_named(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=fault) as caught:
        read_checkpoints(path)
    assert str(path) in caught.value.where


def test_whole_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\ufefftokens, candidate ,run,other\n5B,a,r,x\n\n6B,b,r,\n", encoding="utf-8")
    assert [(one.candidate, one.run, one.tokens) for one in read_checkpoints(path)] == [
        ("a", "r", 5e9),
        ("b", "r", 6e9),
    ]
    path.write_text("name,proxy,target\na,1,2e-1\n")
    assert [(row.name, row.proxy, row.target) for row in read_proxies(path)] == [("a", 1.0, 0.2)]
    path.write_text("name,proxy,target\na,1,inf\n")
    with pytest.raises(BadInput, match="target: 'inf' is not finite"):
        read_proxies(path)
    path.write_text("name,proxy,target\na,1,2\nb,2,3\na,3,4\n")
    with pytest.raises(BadInput, match="'a' is named twice"):
        read_proxies(path)
    path.write_text("small,large\na,b\na,c\n")
    assert [(one.small, one.large) for one in read_stand_ins(path)] == [("a", "b"), ("a", "c")]
    path.write_text("small,large\na,b\nc,b\n")
    with pytest.raises(BadInput, match="named twice"):
        read_stand_ins(path)
    path.write_bytes(b"small,large\n\xff,b\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read_stand_ins(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_stand_ins(tmp_path / "none.csv")
