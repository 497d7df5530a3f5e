"""Which models are made again where digits are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.posttrain.ladder2 import __main__ as script
from engine.posttrain.ladder2.design import design
from engine.posttrain.ladder2.rows import processor, write_facts


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that `work` was told to make, after it was called."""
    names: list[str] = []
    monkeypatch.setattr(script, "PLACE", tmp_path)
    monkeypatch.setattr(
        "engine.posttrain.ladder2.work.work", lambda models, *_, **__: names.extend(m.name for m in models)
    )
    return names


def _made(rows: Path, **by_processor: str) -> None:
    for name, made_on in by_processor.items():
        (rows / name).mkdir(parents=True)
        write_facts(rows / name, {"processor": made_on})


def test_those_made_on_a_processor_like_this_one(chosen: list[str], tmp_path: Path) -> None:
    first, second, third, fourth = (model.name for model in design()[:4])
    _made(tmp_path / "rows", **{first: "another, AVX2", second: processor(), third: "x", fourth: processor()})
    assert script.main(["work", "--out", str(tmp_path), "--alike", "--models", "1"]) == 0
    assert script.main(["work", "--out", str(tmp_path), "--alike", "--models", "9"]) == 0
    assert chosen == [second, second, fourth]


def test_the_first_where_there_is_none_and_it_is_said(
    chosen: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = design()[0].name
    _made(tmp_path / "rows", **{first: "another, AVX2"})
    assert script.main(["work", "--out", str(tmp_path), "--alike", "--models", "1"]) == 0
    assert chosen == [first]
    assert f"no shipped model was made on a processor like this one ({processor()})" in capsys.readouterr().err


def test_an_unknown_name(chosen: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["work", "--out", str(tmp_path), "--only", "none", "--models", "1"]) == 3
    assert "no model 'none'" in capsys.readouterr().err
    assert chosen == []
