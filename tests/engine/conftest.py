"""Small real things the engine's tests work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.store.connection import Store
from rubrics.reading import find_suite
from rubrics.schema import Suite


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty database."""
    return Store(tmp_path / "rude.duckdb")


@pytest.fixture(scope="session")
def small_model() -> Path:
    """The smallest base model that ships with the program."""
    return min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)


@pytest.fixture(scope="session")
def world() -> Suite:
    """The bundled procedural suite."""
    return find_suite("world")
