"""The notebooks are executed as they stand, and what they show is what the program gives."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

BOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def _cells(book: Path) -> list[dict[str, Any]]:
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_two() -> None:
    assert [book.stem for book in BOOKS] == ["check_a_predictor", "rank_three_candidates"]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_every_cell_was_executed_in_its_turn_without_an_error(book: Path) -> None:
    cells = _cells(book)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), "run: make notebooks"
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert kinds <= {"stream", "execute_result", "display_data"}
    assert not [o for cell in cells for o in cell["outputs"] if o.get("name") == "stderr"]
    assert "/tmp" not in json.dumps([cell["outputs"] for cell in cells])


def _said(cell: dict[str, Any]) -> str:
    return "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")


@pytest.mark.long
@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_what_it_says_is_what_the_program_says(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Without Jupyter: the cells as one program, what each prints held against what stands below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in _cells(book):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(ast.parse("".join(cell["source"])), book.stem, "exec"), names)
        assert out.getvalue() == _said(cell), "run: make notebooks"
