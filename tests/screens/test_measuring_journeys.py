"""What is measured apart from verdicts: started in the app by keys, done by its own run on a candidate that ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import said, scripted
from textual.widgets import Input
from waiting import until

from data.bundled import bundled_models
from engine.predictors.assays.catalogue import ASSAYS
from engine.predictors.assays.measured import measured
from engine.predictors.trace_file import read_traces
from engine.store.connection import Store
from screens.shell.dialogs import Confirm, Read
from screens.shell.form import Form
from screens.tasks.catalogue import TASKS
from screens.tasks.words import number


def _type(app, **values: str) -> None:
    for name, text in values.items():
        app.screen.query_one(f"#field-{name}", Input).value = text


async def _asked(app, pilot, settle, name: str) -> None:
    """The form of a task, chosen from the menu."""
    await settle(pilot)
    await pilot.press("f9", *["down"] * list(TASKS).index(name), "enter")
    await until(pilot, lambda: isinstance(app.screen, Form))


async def _came(app, pilot) -> None:
    """Yes to what it will take, and its end waited for."""
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("y")
    await until(pilot, lambda: isinstance(app.screen, Read))


def _words(app) -> str:
    return app.screen._body.plain


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("base", {}),
        ("probe", {"suite": "world", "number": "40"}),
        ("headroom", {"number": "4", "samples": "4", "tokens": "8"}),
        ("micro", {"number": "4"}),
        ("seen", {"suite": "world", "number": "12"}),
    ],
)
async def test_an_assay_is_asked_for_and_its_predictors_are_read(
    name: str, told: dict[str, str], tmp_path: Path, make_app, settle
) -> None:
    model, app = bundled_models()[0], make_app(tmp_path / "new.duckdb", start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await _asked(app, pilot, settle, name)
        _type(app, models=model.name, **told)
        await _came(app, pilot)
        words = _words(app)
        states = app.live.states
    (row,) = measured(Store(tmp_path / "new.duckdb"), ASSAYS[name], states)
    assert row.candidate == model.name
    for predictor, value in row.values.items():
        (line,) = (line for line in words.splitlines() if line.startswith(predictor + "  "))
        assert number(value.value) in line.split()
    assert f"{model.name}: {row.says}" in words
    assert "They stand among the predictors on Correlation (4)." in words


@pytest.mark.long
async def test_traces_are_written_by_a_server_and_read_by_a_candidate(tmp_path: Path, make_app, settle) -> None:
    model, output = bundled_models()[0], tmp_path / "sage.jsonl"
    app = make_app(tmp_path / "new.duckdb", start="run")
    with scripted() as script:
        script.answer = lambda _: said("First water, then sow.", [("First water", -0.2), (", then sow.", -0.5)])
        async with app.run_test(size=(80, 24)) as pilot:
            await _asked(app, pilot, settle, "write-traces")
            _type(app, model=str(script.address), prompts="world", output=str(output), limit="5")
            await _came(app, pilot)
            assert f"5 of 5 traces → {output}" in " ".join(_words(app).split())
            await pilot.press("escape")
            await _asked(app, pilot, settle, "traces")
            _type(app, models=model.name, traces=str(output))
            await _came(app, pilot)
            words = _words(app)
    assert len(read_traces(output).records) == 5
    assert model.name in words
    assert "rBridge" in words
