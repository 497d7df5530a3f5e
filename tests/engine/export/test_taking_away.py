"""A folder with everything a screen shows, and a manifest of how it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.export.comparisons import compared_table, differing_table, duel_figure
from engine.export.tables import Table
from engine.export.taking_away import Taken, how_made, take_away
from engine.layout.requests import TokenScores
from engine.results.comparison import DifferingPair
from engine.results.side_by_side import side_by_side
from engine.results.tokens import ResponseTokens, TokenView
from engine.stats.paired import Comparison
from rubrics.errors import BadInput

TAKEN = Taken("rankings", "# Rankings\n", "<svg/>", Table({"a": "BIGINT"}, [(1,), (2,)]), how={"suite": "s", "n": 1})


def _read(text: str, ends: list[int]) -> ResponseTokens:
    ones = np.ones(len(ends), np.float32)
    return ResponseTokens(text, np.array(ends), TokenScores(-ones, ones.astype(np.int32), ones, ones * 0))


def _figure() -> object:
    return duel_figure(
        side_by_side(
            TokenView("p", "a", "a-run", _read("ab cd", [2, 4, 5]), _read("xy", [1, 2])),
            TokenView("p", "b", "b-run", _read("ab cd", [1, 4, 5]), _read("xy", [2])),
        )
    )


def test_every_file_is_in_the_manifest_with_its_hash(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    files = take_away(folder, replace(TAKEN, figure=_figure()))
    assert sorted(file.name for file in files) == sorted(path.name for path in folder.iterdir())
    manifest = json.loads((folder / "manifest.json").read_text())["files"]
    assert {entry["file"] for entry in manifest} == {
        "rankings.md", "rankings-screen.svg", "rankings.csv", "rankings.svg", "rankings.pdf",
    }  # fmt: skip
    for entry in manifest:
        held = (folder / entry["file"]).read_bytes()
        assert entry["bytes"] == len(held)
        assert entry["sha256"] == hashlib.sha256(held).hexdigest()
        assert entry["how"] == {"suite": "s", "n": 1}
    assert (folder / "rankings.csv").read_text() == "a\n1\n2\n"
    assert (folder / "rankings.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_replaces_itself_and_another_is_numbered(tmp_path: Path) -> None:
    take_away(tmp_path, TAKEN)
    take_away(tmp_path, replace(TAKEN, screen="<svg>again</svg>"))
    assert (tmp_path / "rankings-screen.svg").read_text() == "<svg>again</svg>"
    take_away(tmp_path, replace(TAKEN, how={"suite": "t"}))
    take_away(tmp_path, replace(TAKEN, text="# Of another pair\n"))
    assert (tmp_path / "rankings-2.csv").exists()
    assert (tmp_path / "rankings-3.md").read_text() == "# Of another pair\n"
    assert (tmp_path / "rankings.md").read_text() == TAKEN.text
    assert len(json.loads((tmp_path / "manifest.json").read_text())["files"]) == 9
    (tmp_path / "pair.md").write_text("somebody else's")
    take_away(tmp_path, replace(TAKEN, name="pair"))
    assert (tmp_path / "pair.md").read_text() == "somebody else's"
    assert (tmp_path / "pair-2.md").exists()


def test_what_is_no_folder_or_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="not a folder"):
        take_away(tmp_path / "file", TAKEN)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(BadInput, match="no manifest"):
        take_away(tmp_path, TAKEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "manifest.json"]
    assert how_made(None)["program"].startswith("rude-tui ")


def test_tables_of_a_comparison_hold_its_numbers() -> None:
    numbers = Comparison("a", "b", "overall", 0.25, 0.1, 0.4, "m", 0.01, 0.02, "t", 8, 4, 3, 2, 0, ("p", "q"), ("r",))
    (row,) = compared_table([numbers]).records()
    assert (row["difference"], row["only_a"], row["only_b"], row["p_adjusted"]) == (0.25, 2, 1, 0.02)
    pair = DifferingPair("p", "d", ("Format", "Length"), 1.0, 0.0, 0.3, -0.2)
    (row,) = differing_table("a", "b", [pair], {"p": "Is short."}).records()
    assert row["gap"] == pytest.approx(0.5)
    assert row["subcategories"] == "Format;Length"
