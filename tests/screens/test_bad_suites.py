"""An inverted suite, one of which nothing can be scored, and one that does not read: each says so where it is met."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input
from waiting import until

from data.bundled import bundled_models
from engine.store.connection import Store
from rubrics.reading import find_suite, write_suite


async def test_an_inverted_suite_is_named_in_the_first_line_of_the_rankings(
    tmp_path: Path, fill, garden_suite, make_app, settle, screen_text
) -> None:
    store = Store(tmp_path / "rude.duckdb")
    fill(store, garden_suite, candidates=(("oak-7m", 7_000_000, -1.8), ("birch-3m", 3_100_000, -1.5)))
    app = make_app(store.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        said = " ".join(screen_text(app).split())
        assert "Take none: both candidates are surely below chance (50 %)" in said
        assert "are chosen and rejected changed over in garden?" in said


@pytest.mark.long
async def test_a_suite_that_is_too_long_is_not_called_done(tmp_path: Path, make_app, settle, screen_text) -> None:
    pairs = [
        pair.model_copy(update={"prompt": "Tell of the garden. " * 700 + pair.prompt_text})
        for pair in find_suite("world").scored[:2]
    ]
    path = tmp_path / "too long.jsonl"
    write_suite(path, pairs)
    model = bundled_models()[0]
    app = make_app(tmp_path / "new.duckdb", start="run")
    app.session.marked_models[str(model)] = model.name
    app.session.offer_suite(str(path))
    app.session.marked_suites[:] = [str(path)]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.live.states) and not app.runner.running)
        await settle(pilot)
        assert [told.title for told in app._notifications] == ["Scoring ended"]
        # Both protocols; the control without the prompt is short enough.
        assert screen_text(app).count("✗ none scored") == 2
        assert screen_text(app).count("✓ done") == 1
        await pilot.press("semicolon")
        await settle(pilot)
        assert "2 pairs cannot be scored (too long, or empty): nothing was scored" in screen_text(app)
        await pilot.press("3")
        await settle(pilot)
        assert "Take" not in screen_text(app)


async def test_a_suite_that_does_not_read_shows_its_first_bad_line_where_it_is_named(
    tmp_path: Path, make_app, settle, screen_text
) -> None:
    good = find_suite("world").scored[0].model_dump(mode="json", exclude_none=True)
    path = tmp_path / "broken.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in (good, {**good, "id": "second", "violated": ["nothing"]})))
    app = make_app(tmp_path / "new.duckdb", start="run")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: "nothing" in screen_text(app))
        said = " ".join(screen_text(app).split())
        assert "line 2" in said
        assert str(path) not in app.session.marked_suites


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_suite_that_does_not_read_is_never_marked_by_itself(tmp_path: Path, make_app, settle, hidden) -> None:
    bad, good = tmp_path / "bad.jsonl", tmp_path / "good.jsonl"
    bad.write_text("{not a pair}\n", encoding="utf-8")
    write_suite(good, find_suite("world").scored[:2])
    for files in ([bad], [bad, good]):
        app = make_app(tmp_path / f"{len(files)}.duckdb", start="run")
        for file in files:
            app.session.offer_suite(str(file))
        app.session.hide_bundled = hidden
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            ticked = app.screen.query_one("#suites").selected
            assert ticked == app.session.marked_suites
            assert str(bad) not in ticked
            assert ticked == ([str(good)] if good in files else [] if hidden else ticked[:1])
            assert ticked or hidden
