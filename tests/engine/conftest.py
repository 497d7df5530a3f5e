"""Small real things the engine's tests work on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.store.connection import Store
from rubrics.reading import find_suite
from rubrics.schema import Suite


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "rude.duckdb"
    with Store(path).reading():
        return path


@pytest.fixture
def store(_empty: Path, tmp_path: Path) -> Store:
    """An empty database."""
    path = tmp_path / "rude.duckdb"
    shutil.copyfile(_empty, path)
    return Store(path)


@pytest.fixture(scope="session")
def small_model() -> Path:
    """The smallest base model that ships with the program."""
    return min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)


@pytest.fixture(scope="session")
def world() -> Suite:
    """The bundled procedural suite."""
    return find_suite("world")
