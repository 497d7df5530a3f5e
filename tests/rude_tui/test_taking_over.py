"""Every command that scores can be told that what another machine was at is left for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command import rude

from data.bundled import bundled_models
from rubrics.errors import RudeError

MODEL = str(min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size))


@pytest.mark.long
@pytest.mark.parametrize("told", [[], ["--take-over"]])
@pytest.mark.parametrize(
    "words",
    [["fidelity", "--model", MODEL, "--suite", "world", "--device", "cpu"], ["demo", "--no-app"],
     ["suite", "check", "world", "--model", MODEL], ["run", "--model", MODEL, "--suite", "world", "--device", "cpu"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_it_is_passed_on(words: list[str], told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[bool] = []

    def perform(*_: object, take_over: bool = False, **__: Any) -> None:
        passed.append(take_over)
        raise RudeError("enough has been seen")

    monkeypatch.setattr("engine.jobs.job.perform", perform)
    monkeypatch.setattr("engine.jobs.controls.perform", perform)
    # Signals are this process's own here.
    monkeypatch.setattr("engine.jobs.cancelling.heeded", list)
    done = rude(*words, *told, "--db", tmp_path / "x.duckdb")
    assert "enough has been seen" in done.stderr
    assert passed == [bool(told)]
