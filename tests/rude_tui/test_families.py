"""`rude-tui families` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import rude

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.store.candidates import save_candidate
from engine.store.connection import Store


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """The bundled candidates, looked at and not scored."""
    store = Store(tmp_path / "rude.duckdb")
    for number, candidate in enumerate(find([str(folder) for folder in bundled_models()])):
        save_candidate(store, candidate, f"w{number}")
    return store.path


def test_families_are_listed_said_kept_and_forgotten(db: Path, tmp_path: Path) -> None:
    listed = json.loads(rude("families", "list", "--json", "--db", db).stdout)
    assert {one["candidate"]: one["family"] for one in listed["candidates"]}["qwen3-fell-0.3m"] == "qwen"
    assert len(listed["pairs"]) == 15
    said = rude("families", "say", "qwen3-fell-0.3m=fell", "--db", db)
    assert said.returncode == 0
    lines = rude("families", "list", "--db", db).stdout.splitlines()
    (fell,) = (line for line in lines if " qwen3-fell-0.3m " in line[:40])
    assert fell.split()[:3] == ["fell", "qwen3-fell-0.3m", "you"]
    assert rude("families", "confirm", "neox-moor-0.4m", "--db", db).returncode == 0
    out = tmp_path / "families.csv"
    assert rude("export", "families", "-o", out, "--db", db).returncode == 0
    # What is written can be said again.
    assert rude("families", "say", out, "--db", db).returncode == 0
    assert rude("families", "forget", "qwen3-fell-0.3m", "--db", db).returncode == 0
    wrong = rude("families", "forget", "qwen3-fell-0.3m", "--db", db)
    assert wrong.returncode == 3
    assert "nothing was said of the family" in wrong.stderr
    assert rude("families", "confirm", "nobody", "--db", db).returncode == 3
    assert "kin by" in rude("families", "list", "--map", "--db", db).stdout


@pytest.mark.long
def test_the_map_is_drawn(db: Path, tmp_path: Path) -> None:
    assert rude("plot", "families", "-o", tmp_path / "f.svg", "--db", db).returncode == 0
    drawn = (tmp_path / "f.svg").read_text()
    assert "qwen3-tarn-0.4m" in drawn
    assert "0.01" in drawn


@pytest.mark.long
def test_what_is_over_families_says_so() -> None:
    shown = rude("correlate", "--published", "--over", "families", "--outcome", "AdvancedIF", "--predictor", "MMLU")
    assert shown.returncode == 0
    assert "jackknife over families; sign flips of 7 families, all 128" in shown.stderr
    shown = rude("upsets", "--published", "--over", "families")
    assert "BCa over families" in shown.stderr
