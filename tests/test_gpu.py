"""The benchmark for GPUs goes through everything on a CPU, keeps what it has, and keeps its time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", list(sys.path))
    import benchmarks.gpu

    return benchmarks.gpu


def test_a_section_that_fails_or_does_not_fit_loses_no_other(gpu: Any, tmp_path: Path) -> None:
    now = [0.0]
    report = gpu.Report(tmp_path / "found.json", {"shape": "none"}, 100.0, lambda: now[0])

    def works(seconds: float) -> dict[str, float]:
        now[0] += seconds
        return {"took": seconds}

    def fails() -> dict[str, Any]:
        now[0] += 5
        raise RuntimeError("CUDA error:\n  an illegal instruction")

    def nothing() -> dict[str, Any]:
        raise gpu.Skipped("it was not loaded in int8")

    report.section("first", 50, lambda: works(30))
    report.section("broken", 50, fails)
    report.section("absent", 50, nothing)
    report.section("long", 66, lambda: works(66))
    report.section("last", 65, lambda: works(60))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == {
        "shape": "none",
        "sections": {
            "first": {"found": {"took": 30}, "seconds": 30},
            "broken": {"error": "RuntimeError: CUDA error: an illegal instruction", "seconds": 5},
            "absent": {"skipped": "it was not loaded in int8", "seconds": 0},
            "long": {"skipped": "would take up to 66 s of the 65 s that are left", "seconds": 0},
            "last": {"found": {"took": 60}, "seconds": 60},
        },
    }


@pytest.mark.long
def test_everything_is_gone_through_on_a_cpu(gpu: Any, tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    words = ["--device", "cpu", "--tiny", "--pairs", "2", "--few", "2", "--precision", "bf16", "--seconds", "1000"]
    assert gpu.main([*words, "--output", str(output)]) == 0
    sections = json.loads(output.read_text())["sections"]
    assert list(sections) == [
        "ceiling", "weights", "hashing", "load bf16", "bf16 choice", "bf16 likelihood", "exactness", "profile",
        "rival choice", "rival likelihood",
    ]  # fmt: skip
    found = {name: section["found"] for name, section in sections.items()}
    assert found["bf16 choice"]["pairs"] == found["bf16 likelihood"]["pairs"] == 2
    assert found["bf16 choice"]["computed_over_distinct"] == pytest.approx(1, abs=0.01)
    assert 0 < found["bf16 choice"]["share_of_ceiling"] < 1
    assert set(found["exactness"]) == {"bf16 choice", "bf16 likelihood"}
    # Rounding of bf16 over some twenty tokens.
    assert found["exactness"]["bf16 likelihood"]["largest_nats"] < 0.5
    assert found["profile"]["of"] in ("bf16 choice", "bf16 likelihood")
    assert sum(each["share"] for each in found["profile"]["operations"]) <= 1.001


@pytest.mark.long
def test_no_time_is_told_of_not_waited_for(gpu: Any, tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    assert gpu.main(["--device", "cpu", "--tiny", "--seconds", "0", "--output", str(output)]) == 0
    sections = json.loads(output.read_text())["sections"]
    assert len(sections) == 16
    assert all("skipped" in section for section in sections.values())


def test_without_a_gpu_it_says_so(gpu: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit, match="no GPU is visible"):
        gpu.main(["--output", str(tmp_path / "found.json")])
    assert list(tmp_path.iterdir()) == []
