"""Rows of models that were never trained, made once; and models small enough to be trained here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from simulated_ladder import write_rows
from tiny_ladder import tiny_models

from engine.posttrain.ladder2.design import Planned
from engine.posttrain.ladder2.rows import finished


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rows, of as many models as a claim needs."""
    rows = tmp_path_factory.mktemp("ladder2") / "rows"
    write_rows(rows, 24)
    return rows


@pytest.fixture
def some_rows(simulated: Path, tmp_path: Path) -> Callable[[int], Path]:
    """A folder with the rows of so many of them, to be written to."""

    def some(models: int) -> Path:
        rows = tmp_path / "ladder2" / "rows"
        left_out = finished(simulated)[models:]
        shutil.copytree(simulated, rows, ignore=lambda _, names: [name for name in names if name in left_out])
        return rows

    return some


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[Planned]:
    """Two to be trained in a second or two."""
    monkeypatch.setattr("engine.posttrain.byte_tokenizer._WORDS", 4000)
    monkeypatch.setattr("engine.posttrain.pretrain._WORDS_AT_ONCE", 1000)
    monkeypatch.setattr("engine.posttrain.pretrain._SAVE_EVERY", 5)
    return tiny_models(2)
