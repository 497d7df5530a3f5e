"""How every screen looks, as text and as a picture. `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import rubrics.reading
import screens.candidates.screen
from engine.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from screens.candidates.shelf import Found, Shelf


class Picture(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "svg"


class Words(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def _candidate(name: str, parameters: int, problems: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(
        path=Path("/models") / name, name=name, architecture="LlamaForCausalLM", parameters=parameters,
        weight_bytes=parameters * 4, dtype="fp32", context=512, tokenizer="PreTrainedTokenizerFast", vocab_size=768,
        problems=problems, usable=not any(problem.refused for problem in problems),
    )  # fmt: skip


def _shelf(folders: list[str]) -> Shelf:
    fit = SimpleNamespace(precision="fp32", reason="fp32 needs 30 MB, with 21 GB free on cpu")
    pickled = SimpleNamespace(
        code="pickled_only", refused=True, what="holds only pickled weights, which can run code when opened",
        fix="convert them to safetensors, then look again",
    )  # fmt: skip
    chatty = SimpleNamespace(
        code="chat_template", refused=False, what="has a chat template, so it may not be a base model",
        fix="check the model card",
    )  # fmt: skip
    return Shelf(
        (
            Found(_candidate("oak-7m", 7_000_000), "bundled", fit),  # type: ignore[arg-type]
            Found(_candidate("birch-3m", 3_100_000, (chatty,)), "/models", fit),  # type: ignore[arg-type]
            Found(_candidate("old-pickle", 90_000_000, (pickled,)), "cache", None),
        ),
        SimpleNamespace(name="CPU, 2 cores", free=21_000_000_000),  # type: ignore[arg-type]
        (),
    )


@pytest.fixture
def still(garden: Path, keep_tokens, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database and the machine, with everything that changes from day to day held still."""
    monkeypatch.setattr(screens.candidates.screen, "look", _shelf)
    monkeypatch.setattr(rubrics.reading, "built_in_names", lambda: ["garden", "world"])
    store = Store(garden)
    keep_tokens(garden, "oak-7m")
    scores = {"oak-7m": 0.71, "birch-3m": 0.64, "alder-1m": 0.52}
    add_outcomes(store, [Outcome(name, "sft score", score, 0.02, "measured here") for name, score in scores.items()])
    with store.writing() as connection:
        connection.execute(
            "update runs set created_at = timestamptz '2026-01-01 12:00:00+00', "
            "updated_at = timestamptz '2026-01-02 08:30:00+00'"
        )
    return garden


WALKS = {
    "reading": {
        "rankings": ["3"],
        "rankings-ties": ["t"],
        "rankings-choice": ["t", "p"],
        "compare": ["space", "down", "space", "c"],
        "failures": ["escape", "5"],
        "pair": ["enter"],
        "help": ["f1"],
        "tokens": ["escape", "t"],
        "trial": ["5", "t"],
        "trial-abilities": ["a"],
        "trial-short": ["escape", "n"],
        "correlation": ["4"],
        "correlation-left-out": ["l"],
        "correlation-ladder": ["l", "o"],
        "correlation-published": ["o"],
        "correlation-choose": ["v"],
    },
    "running": {"candidates": ["1"], "run": ["2"], "run-stored": ["h"]},
}
"""By walk: each screen with the keys that lead to it from the one before."""
SIZES = [(80, 24), (120, 36), (200, 60)]
# Light differs from dark in its colours alone, which do not depend on the size.
LOOKS = [*((size, "rude-dark") for size in SIZES), (SIZES[0], "rude-light")]


@pytest.mark.parametrize("size, theme", LOOKS, ids=[f"{size[0]}x{size[1]}-{theme}" for size, theme in LOOKS])
@pytest.mark.parametrize("walk", WALKS)
async def test_screens(still, make_app, settle, screen_text, walk, size, theme, snapshot: SnapshotAssertion) -> None:
    app = make_app(still, theme=theme)
    words, picture = snapshot.use_extension(Words), snapshot.use_extension(Picture)
    different = []
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for name, keys in WALKS[walk].items():
            await pilot.press(*keys)
            await settle(pilot)
            # All are looked at before any complaint, so that one change shows everything it touches.
            if theme == "rude-dark" and screen_text(app) != words(name=name):
                different.append(f"{name}.txt")
            if app.export_screenshot(title="rude-tui") != picture(name=name):
                different.append(f"{name}.svg")
    assert different == []


async def test_high_contrast(still, make_app, settle, snapshot: SnapshotAssertion) -> None:
    app = make_app(still, theme="rude-contrast")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.export_screenshot(title="rude-tui") == snapshot.use_extension(Picture)(name="rankings")


async def test_without_colour(still, make_app, settle, monkeypatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(still)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        shot = app.export_screenshot(title="rude-tui")
    assert shot == snapshot.use_extension(Picture)(name="rankings")
