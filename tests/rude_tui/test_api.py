"""The Python API: its names and columns are a contract, its page is true, and it loads nothing of the app."""

from __future__ import annotations

import dataclasses
import doctest
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rude_tui.api as rude
from rubrics.errors import RudeError

DOCS = Path(__file__).resolve().parents[2] / "docs"

NAMES = {
    "AbilityRow", "BadInput", "CandidateRow", "Correlation", "CorrelationRow", "Decision", "DecisionRow", "FailureRow",
    "FamilyRow", "Frame", "Outcome", "Pair", "PairRow", "PointRow", "PredictorRow", "RankingRow", "Rankings",
    "RudeError", "RunRequest", "RunState", "RunStateRow", "ServedAs", "SpectrumRow", "Store", "Suite", "SuiteRow",
    "TopicRow", "VerdictRow", "__version__", "abilities", "add_outcomes", "candidates", "correlation", "decision",
    "failures", "families", "open_store", "outcomes", "pairs", "predictors", "rankings", "run", "run_detached",
    "spectra", "suite", "suites", "topics", "verdicts",
}  # fmt: skip
"""Of version 1: one that goes, or means something else, makes it 2."""


def test_the_names_are_those_of_the_version() -> None:
    assert rude.__version__.split(".")[0] == "1"
    assert set(rude.__all__) == NAMES
    assert all(getattr(rude, name).__doc__ for name in NAMES - {"__version__"})


def test_nothing_of_the_app_and_no_model_library_is_loaded() -> None:
    program = "import sys, rude_tui.api; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    away = {"textual", "click", "rich", "screens", "torch", "transformers", "pandas", "pyarrow", "polars"}
    assert not away & set(done.stdout.split())


@pytest.mark.long
def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(DOCS / "api.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0
    assert tried > 15


FRAME = rude.Frame(
    rude.CandidateRow,
    (
        rude.CandidateRow("a", "/a", "L", 7 << 33, 4, "bf16", None, "bf16", "", False, ""),
        rude.CandidateRow("ü", "/b", "L", 5, 4, "fp32", 2048, None, "", True, "x"),
    ),
)


def test_results_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FRAME.rows = ()  # type: ignore[misc]


def test_an_arrow_table_has_the_types_and_the_gaps() -> None:
    pytest.importorskip("pyarrow")
    arrow = FRAME.to_arrow()
    assert [str(arrow.schema.field(n).type) for n in ("name", "parameters", "context", "refused")] == [
        "string", "int64", "int32", "bool",
    ]  # fmt: skip
    assert arrow.to_pylist() == [row._asdict() for row in FRAME]


def test_a_pandas_frame_keeps_whole_numbers_beside_gaps() -> None:
    pandas = pytest.importorskip("pandas")
    frame = FRAME.to_pandas()
    assert frame["context"].isna().tolist() == [True, False]
    assert (frame["context"][1], str(frame["context"].dtype)) == (2048, "Int32")
    assert frame["parameters"].tolist() == [7 << 33, 5]
    assert pandas.isna(rude.Frame(rude.PointRow, (rude.PointRow("a", 1.0, None, None, None),)).to_pandas()["y"][0])


def test_a_polars_frame_has_the_types_and_the_gaps() -> None:
    pytest.importorskip("polars")
    assert FRAME.to_polars().to_dicts() == [row._asdict() for row in FRAME]


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(RudeError, match="need polars, which is not installed") as error:
        FRAME.to_polars()
    assert error.value.fix == "install polars beside this"


def test_a_detached_run_is_asked_for_as_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from engine.jobs import detached, planning

    store = rude.open_store(tmp_path / "study.duckdb")
    asked: list[Any] = []
    monkeypatch.setattr(detached, "start_detached", lambda *words: asked.append(words) or SimpleNamespace())
    request = rude.RunRequest(("m",), ("world",), limit=3, allow_remote_code=frozenset({"m"}))
    rude.run_detached(store, request)
    ((job, path, told),) = asked
    monkeypatch.setattr(planning, "plan", lambda _, again: again)
    name = job.partition(":")[2]
    assert getattr(planning, name)(store, told) == request
    assert path == store.path


def test_two_scales_and_two_tests_are_refused_until_a_person_says_otherwise(tmp_path: Path) -> None:
    store = rude.open_store(tmp_path / "rude.duckdb")
    scales = [rude.Outcome("a", "exam", 0.41), rude.Outcome("b", "exam", 0.52), rude.Outcome("c", "exam", 63.0)]
    with pytest.raises(RudeError, match="fractions"):
        rude.add_outcomes(store, scales)
    shots = [
        rude.Outcome(name, "quiz", score, conditions=f"{score:.0f} shots") for name, score in (("a", 5), ("b", 10))
    ]
    with pytest.raises(RudeError, match="5 shots"):
        rude.add_outcomes(store, shots)
    assert rude.add_outcomes(store, scales, one_scale=True) == rude.add_outcomes(store, shots, one_test=True) == 0
    assert len(rude.outcomes(store)) == 5
