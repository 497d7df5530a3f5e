"""`report` and `plot` as a person calls them, on verdicts of a real run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import rude

from data.bundled import bundled_models


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("scored") / "x.duckdb"
    model = min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)
    done = rude(
        "run", "--db", db, "--model", model, "--suite", "world", "--protocol", "likelihood", "--limit", "30",
        "--token-scores", "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return db


@pytest.mark.long
def test_a_report_is_one_file(scored: Path, tmp_path: Path) -> None:
    done = rude("report", "--db", scored, "-o", tmp_path / "r.html", "--pairs", "5", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert said["bytes"] == len(text.encode())
    assert said["protocol"] == "likelihood"
    assert text.count('<details class="pair"') == 5
    assert "Tinted by the token probabilities of" in text
    assert list(tmp_path.iterdir()) == [tmp_path / "r.html"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report", "-o", "r.txt"], 3, "end it in .html"),
        (["report", "-o", "-", "--json"], 2, "-o must name a file"),
        (["report", "-o", "nowhere/r.html", "--pairs", "0"], 1, "cannot be written"),
        (["report", "-o", "r.html", "--suite", "nope"], 3, "no run on suite"),
        (["report", "-o", "r.html", "--predictor", "log10 parameters"], 3, "rude-tui outcomes add"),
        (["plot", "rankings", "-o", "r.gif"], 3, ".svg, .pdf or .png"),
        (["plot", "rankings", "-o", "r.svg", "--scope", "nope"], 3, "Competence"),
        (["plot", "rankings", "-o", "r.svg", "--width", "99"], 2, "1.5 to 30 inches"),
        (["plot", "correlation", "-o", "r.svg"], 3, "--published"),
        (["plot", "tokens", "-o", "r.svg", "--pair", "nope"], 3, "no pair"),
    ],
)
def test_what_cannot_be_done_is_said_once(
    scored: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    arguments = [str(tmp_path / one) if one.startswith(("r.", "nowhere")) else one for one in arguments]
    done = rude("--db", scored, *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [
        ["rankings", "--scope", "Control"],
        ["profile"],
        ["tokens"],
        ["correlation", "--published"],
        ["league", "--published"],
    ],
)
def test_figures(scored: Path, tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "f.svg"
    done = rude("plot", *arguments, "--db", scored, "-o", path, "--width", "5")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"{arguments[0]}, 5.0 × ")
    assert 'width="360pt"' in path.read_text(encoding="utf-8")
