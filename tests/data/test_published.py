"""The published numbers that ship with the program."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.published import benchmarks, points, predictors, published


def test_sixteen_models_four_benchmarks_three_rivals() -> None:
    found = published()
    assert len(found.candidates) == 16
    assert found.benchmarks == ("AdvancedIF", "PRBench", "HealthBench", "WritingBench")
    assert set(found.knowledge) == {"C-Eval", "MMLU", "SuperGPQA"}
    for table in (*found.rude.values(), *found.post_training.values(), *found.knowledge.values()):
        assert sorted(table) == sorted(found.candidates)
    assert tuple(found.families) == found.candidates
    assert all(1e9 < size <= 1e12 for size in found.parameters.values())


def test_marks() -> None:
    found = published()
    printed = {name for name, value in found.rude["PRBench"].items() if value.mark == "printed"}
    assert len(printed) == 8
    assert found.rude["AdvancedIF"]["DeepSeek-V3.1"].value == 93.1
    assert {value.mark for table in found.post_training.values() for value in table.values()} == {"digitised"}


def test_predictors_are_aligned() -> None:
    found = published()
    columns = found.predictors("HealthBench")
    place = found.candidates.index("Kimi-K2")
    assert columns["RuDE (published)"][place] == 77.7
    assert columns["MMLU"][place] == 0.878
    assert columns["log10 parameters"][place] == pytest.approx(12)
    with pytest.raises(KeyError):
        found.predictors("nothing")


def test_points_of_a_scatter() -> None:
    assert benchmarks()[0] == "AdvancedIF"
    assert predictors() == ("RuDE (published)", "C-Eval", "MMLU", "SuperGPQA", "log10 parameters")
    kimi = next(point for point in points("MMLU", "PRBench") if point.name == "Kimi-K2")
    assert (kimi.x, kimi.y) == (0.878, 0.301)


@pytest.mark.parametrize("name", ["rude_paper.csv", "knowledge_benchmarks.csv"])
def test_equal_to_the_published_files(name: str, shared: Path) -> None:
    own = Path(__file__).parents[2] / "data" / "published" / name
    with own.open() as ours, (shared / "published" / name).open() as theirs:
        assert list(csv.reader(ours)) == list(csv.reader(theirs))
