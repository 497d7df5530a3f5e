"""Pairs on trial, by keys alone and by mouse alone: from suspicion to the pair, to its exclusion, to a short suite."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from engine.results.board import Question, load_board
from engine.results.pair_trial import try_pairs
from engine.results.short_suite import shorten
from engine.stats.irt import fitting
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from engine.store.suites import load_pairs, stored_suites
from rubrics.reading import read_suite
from rubrics.schema import Suite
from screens.widgets.rows import Rows


@pytest.fixture
def one_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the database holds."""
    monkeypatch.setattr("rubrics.reading.built_in_names", list)


def _noted(path: Path) -> dict[str, tuple[str, str]]:
    found = stored_annotations(Store(path), stored_suites(Store(path))[0].suite_hash)
    return {pair_id: (notes[0].kind, notes[0].note) for pair_id, notes in found.items()}


def _told(app: Any) -> str:
    return "\n".join(str(one.message) for one in app._notifications)


@pytest.mark.long
async def test_by_keys_alone(garden, make_app, settle, screen_text, one_suite, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = try_pairs(load_board(Store(garden), Question()))
    fits, fit = [], fitting.fit_rasch
    monkeypatch.setattr(fitting, "fit_rasch", lambda *args: fits.append(1) or fit(*args))
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)
        await pilot.press("T")
        await settle(pilot)
        text = screen_text(app)
        assert "With 4 candidates no pair can be called reversed" in text
        assert f"✓ all pass {len(expected.pairs_with('all pass'))}" in text
        first = expected.sorted("suspicion")[0]
        assert first.pair_id in text
        assert f"{first.difficulty:+.2f}±{first.difficulty_se:.2f}".replace("-", "−") in text
        await pilot.press("I")
        await settle(pilot)
        for one in expected.abilities:
            assert any(
                one.candidate in line and f"{one.ability:+.2f}".replace("-", "−") in line and f"{one.se:.2f}" in line
                for line in screen_text(app).splitlines()
            )
        await pilot.press("escape", "o", "down", "enter")
        await settle(pilot)
        hardest = expected.sorted("difficulty")[0]
        assert app.screen.state.shown[0].pair_id == hardest.pair_id
        before = len(fits)
        await pilot.press("N", *"hm", "enter")
        await settle(pilot)
        assert _noted(garden) == {hardest.pair_id: ("flag", "hm")}
        assert "⚑" in screen_text(app)
        assert len(fits) == before, "a flag changes no verdict"
        await pilot.press("enter")
        await settle(pilot)
        assert f"1 of {len(expected.pairs)}" in screen_text(app)
        await pilot.press("escape", "down", "e", *"twofold", "enter")
        await settle(pilot)
        second = expected.sorted("difficulty")[1]
        assert _noted(garden)[second.pair_id] == ("exclude", "twofold")
        assert len(fits) == before + 1
        assert "39 pairs" in screen_text(app)
        assert "1 excluded" in screen_text(app)
        await pilot.press("v", "end", "enter")
        await settle(pilot)
        found = {pair.pair_id for pair in app.screen.state.shown}
        assert found == {pair.pair_id for pair in expected.pairs_with("all fail")} - {second.pair_id}
        await pilot.press("escape", "percent_sign")
        await settle(pilot)
        await pilot.press("underscore", "end", "enter")
        await settle(pilot)
        await pilot.press("number_sign", *"9", "enter")
        await settle(pilot)
        trial = try_pairs(load_board(Store(garden), Question()))
        short = shorten(trial, 9, whole="pair")
        assert f"9 pairs of 39, in 9 pairs: standard errors of ability grow {short.loss:.2f}-fold" in " ".join(
            screen_text(app).split()
        )
        await pilot.press("x", "enter")
        await settle(pilot)
        written = tmp_path / "garden-short-9.jsonl"
        assert tuple(pair.id for pair in read_suite(written).scored) == short.pair_ids
        assert written.with_suffix(".md").read_text(encoding="utf-8") == short.card(trial)
        assert app.session.suite_files == [str(written)]
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert "2 suites" in screen_text(app)


@pytest.mark.long
async def test_by_mouse_alone(garden, make_app, settle, screen_text, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = try_pairs(load_board(Store(garden), Question()))
    app = make_app(garden)

    async def click(words: str, *, last: bool = False, times: int = 1) -> None:
        for _ in range(times):
            lines = screen_text(app).splitlines()
            found = [(line.index(words), y) for y, line in enumerate(lines) if words in line]
            assert found, f"{words!r} is not on the screen:\n" + "\n".join(lines)
            await pilot.click(offset=found[-1 if last else 0])
            await settle(pilot)

    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await click("Failures")
        await click("T trial", last=True)
        assert "5[Failures]" in screen_text(app)
        assert "exact one-sided Mann–Whitney" in screen_text(app)
        await click("difficulty   rest")
        assert app.screen.state.shown[0].pair_id == expected.sorted("difficulty")[0].pair_id
        await click("✗ all fail")
        assert len(app.screen.state.shown) == len(expected.pairs_with("all fail"))
        await click("^p more", last=True)
        await pilot.press(*"do: take")
        await settle(pilot)
        await click("do: take away", last=True)
        await click("enter accept")
        rows = list(csv.DictReader((tmp_path / "rude-tui-out" / "pairs.csv").read_text(encoding="utf-8").splitlines()))
        assert {row["pair_id"]: float(row["difficulty"]) for row in rows} == {
            pair.pair_id: pytest.approx(pair.difficulty) for pair in expected.pairs_with("all fail")
        }
        await click("all 40")
        await click("garden-", times=2)
        assert "1 of 40" in screen_text(app)
        await click("esc back", last=True)
        await click("% short suite", last=True)
        await click("esc back", last=True)
        weakest = expected.abilities[-1].candidate
        await click(weakest)
        await click(f" {weakest}")
        assert "pairs failed" in screen_text(app)
        assert app.session.subject == weakest


@pytest.mark.long
async def test_too_few_candidates_and_an_unread_suite_say_what_is_missing(
    garden, tmp_path: Path, fill: Any, make_app, settle, screen_text, monkeypatch
) -> None:
    store = Store(garden)
    ids = [f"garden-{number:03d}" for number in range(8)]
    pairs = tuple(load_pairs(store, stored_suites(store)[0].suite_hash, ids))
    path = tmp_path / "two.duckdb"
    fill(Store(path), Suite("few", pairs), candidates=(("oak", 7, 1.0), ("elm", 8, 0.5)))
    monkeypatch.setattr("rubrics.reading.built_in_names", lambda: ["core-spans"])
    monkeypatch.chdir(tmp_path)  # x writes below the folder that the app was started in
    app = make_app(path, start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("T")
        await settle(pilot)
        assert "No candidate has read it yet" in _told(app)
        await pilot.press("down", "T")
        await settle(pilot)
        assert "2 candidates cannot try pairs: at least 3 are needed" in screen_text(app)
        await pilot.press("I", "e", "percent_sign", "x", "o", "v", "tilde", "enter", "tab")
        await settle(pilot)
        assert "cannot try pairs" in screen_text(app)
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert "2 suites" in screen_text(app)


@pytest.mark.long
async def test_two_parameters_take_twenty_candidates(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("T")
        await settle(pilot)
        await pilot.press("tilde")
        await settle(pilot)
        assert "cannot bear 2PL" in _told(app)
        assert "· Rasch" in screen_text(app)


async def test_the_palette_and_the_help_lead_there(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        await commands["do: trial"].callback()
        await settle(pilot)
        assert "none of" in screen_text(app) or "no pair can be called reversed" in screen_text(app)
        assert {"do: short suite", "do: exclude", "do: abilities"} <= {
            command.title for command in app.get_system_commands(app.screen)
        }
        await pilot.press("f1")
        text = app.screen._body.plain
        for words in ("item-rest correlation", "Mann–Whitney", "Benjamini and Hochberg", "Fisher information"):
            assert words in text
        await pilot.press("escape")
        assert app.screen.query_one("#pairs", Rows).has_focus
