"""From the suites to one pair and to a run, by keys alone and by mouse alone; hostile text stays text."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import DataTable, Input
from waiting import until

from engine.results.word_difference import compare_words
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from engine.store.suites import stored_suites
from rubrics.reading import find_suite
from screens.widgets.rows import Rows


@pytest.fixture
def one_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the database holds: nothing built in, so that a test reads its own pairs alone."""
    monkeypatch.setattr("rubrics.reading.built_in_names", list)


@pytest.mark.long
async def test_by_keys_alone(garden, make_app, settle, screen_text, one_suite) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)
        assert "◌ garden" in screen_text(app)
        assert "|V|=1" in screen_text(app)
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert "A small suite about gardens." in screen_text(app)
        await pilot.press("semicolon")
        await until(pilot, lambda: "40 scored pairs" in screen_text(app))
        await pilot.press("right_square_bracket", "tab", "right", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "Factuality · |V| = 2" in text
        row = next(iter(app.screen_stack[-2].state.coverage.values()))["Factuality"]
        assert app.screen.query_one(Rows).count == row[1]
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.query_one(Rows).count == 40
        await pilot.press("slash", *"week 3", "enter")
        await settle(pilot)
        assert app.screen.query_one(Rows).count == 4
        assert "with “week 3”" in screen_text(app)
        assert "✓ Chosen" in screen_text(app)
        await pilot.press("y")
        assert "PROMPT\nPlan week 3" in app.clipboard
        await pilot.press("N", *"odd", "enter")
        await settle(pilot)
        assert "⚑" in screen_text(app)
        noted = stored_annotations(Store(garden), stored_suites(Store(garden))[0].suite_hash)
        assert list(noted) == ["garden-008"]
        await pilot.press("vertical_line", "down", "enter")
        await settle(pilot)
        assert "|V| = 1" in screen_text(app)
        await pilot.press("v", "down", "enter")
        await settle(pilot)
        assert "Factuality" in screen_text(app)
        await pilot.press("enter", "escape", "escape", "escape")
        await settle(pilot)
        assert "1 suite · none marked" in screen_text(app)


@pytest.mark.long
async def test_exemplars_are_not_counted_as_pairs(garden, make_app, settle, screen_text, monkeypatch) -> None:
    monkeypatch.setattr("rubrics.reading.built_in_names", lambda: ["core"])
    core = find_suite("core")
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        shots = len(core.pairs) - len(core.scored)
        assert shots
        await until(pilot, lambda: f"core · {len(core.scored)} pairs and {shots} exemplars" in screen_text(app))
        assert app.screen.query_one(Rows).count == len(core.pairs)


@pytest.mark.long
async def test_by_mouse_alone(garden, make_app, settle, screen_text, one_suite) -> None:
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        first = screen_text(app).split("\n")[0]
        await pilot.click(offset=(first.index("Suites"), 0))
        await settle(pilot)
        lines = screen_text(app).split("\n")
        tabs = next(line for line in lines if "[coverage]" in line)
        await pilot.click(offset=(tabs.index("card"), lines.index(tabs)))
        await settle(pilot)
        assert "A small suite about gardens." in screen_text(app)
        await pilot.click(offset=(tabs.index("[coverage]"), lines.index(tabs)))
        await settle(pilot)
        await pilot.click(DataTable, offset=(20, 3))
        await pilot.click(DataTable, offset=(20, 3))
        await settle(pilot)
        assert "Procedure · |V| = 1" in screen_text(app)
        await pilot.click(Rows, offset=(5, 1))
        await settle(pilot)
        assert app.screen.query_one(Rows).cursor == 1
        lines = screen_text(app).rstrip("\n").split("\n")
        await pilot.click(offset=(lines[-1].index("esc back"), len(lines) - 1))
        await settle(pilot)
        assert app.screen.query_one(Rows).count == 40


@pytest.mark.long
async def test_a_marked_suite_goes_to_the_run_and_a_stored_one_says_why_not(
    garden, make_app, settle, screen_text, monkeypatch
) -> None:
    app = make_app(garden, start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("end", "space")
        await settle(pilot)
        assert app.session.marked_suites == []
        await pilot.press("home", "down", "space", "r")
        await settle(pilot)
        assert app.current_mode == "run"
        assert "[✓] core-spans" in screen_text(app)
        assert "[ ] world" in screen_text(app)


NASTY = "[bold]no[/bold] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \x1b]0;t\x07 \u202eright\u2066 \ta👩‍🚀❤️ 漢字 end"


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_hostile_suites_and_broken_files_are_shown_as_text(
    tmp_path: Path, make_app, settle, screen_text, one_suite, size
) -> None:
    nasty, broken = tmp_path / "nasty.jsonl", tmp_path / "broken [red].jsonl"
    pairs = [
        {
            "id": f"[red]{n} [/x]", "domain": "[bold]d", "prompt": NASTY, "chosen": f"{NASTY} {n} " + "word " * 4000,
            "rejected": f"{n} {NASTY}", "criteria": [{"id": "[c]", "text": NASTY, "subcategory": "Logic"}],
            "violated": ["[c]"],
        }
        for n in range(150)
    ]  # fmt: skip
    nasty.write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    nasty.with_suffix(".md").write_text(f"# {NASTY}\n{NASTY}\n[a link](http://x)\n", encoding="utf-8")
    broken.write_text('{"id": "\\u001b[31m[red]"}\nnot json\n', encoding="utf-8")
    app = make_app(tmp_path / "new.duckdb", start="suites")
    app.session.suite_files[:] = [str(nasty), str(broken)]
    seen = ""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in (
            ["left_square_bracket"],
            ["semicolon"],
            ["enter"],
            ["end"],
            ["tab", "end"],
            ["escape", "escape"],
            ["down"],
            ["enter"],
            ["escape"],
            ["left_square_bracket"],
        ):
            await pilot.press(*keys)
            await settle(pilot)
            text = screen_text(app)
            seen += text
            assert not any(code in text for code in "\x1b\u202e\t")
            assert all(cell_len(line) <= size[0] for line in text.splitlines())
    assert "[bold]no[/bold] [@click=app.quit]x[/] red" in seen
    assert "[red]149" in seen
    assert "✗ broken [red]" in seen
    assert "✗ Line 1 of broken [red], the first of 2" in seen, "the first bad line"
    assert "✗ prompt: is missing; add it" in seen
    assert "This file cannot be used as it is" in seen
    assert "not valid JSON" in seen or "line 2" in seen


async def test_files_are_added_kept_and_dropped(garden, make_app, settle, screen_text, tmp_path, one_suite) -> None:
    kept: dict[str, Any] = {}
    own = tmp_path / "own.jsonl"
    own.write_text("{}\n", encoding="utf-8")
    app = make_app(garden, start="suites")
    app.session.remember = lambda name, value: kept.update({name: list(value)})
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await pilot.pause()
        app.screen.query_one(Input).value = str(own)
        await pilot.press("enter")
        await settle(pilot)
        assert kept == {"suites": [str(own)]}
        assert "✗ own" in screen_text(app)
        # The one under the cursor is offered first, wherever it stands in the list.
        other = tmp_path / "a.jsonl"
        other.write_text("{}\n", encoding="utf-8")
        app.session.suite_files.insert(0, str(other))
        await pilot.press("f5")
        await settle(pilot)
        rows = app.screen.query_one(Rows)
        rows.cursor = next(n for n in range(rows.count) if "own" in rows.line(n, 60).plain)
        await pilot.press("d", "enter")
        await settle(pilot)
        assert kept == {"suites": [str(other)]}
        assert own.exists()
        assert "✗ own" not in screen_text(app)


@pytest.mark.long
async def test_only_pages_in_view_are_read(tmp_path: Path, make_app, settle, one_suite, monkeypatch, fill) -> None:
    from engine.results import suites as read

    pairs = [
        {
            "id": f"p{n:04}", "domain": "d", "prompt": f"Prompt {n}", "chosen": f"yes {n}", "rejected": f"no {n}",
            "criteria": [{"id": "c", "text": "Is so.", "subcategory": "Logic"}], "violated": ["c"],
        }
        for n in range(3000)
    ]  # fmt: skip
    file = tmp_path / "many.jsonl"
    file.write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    asked: list[int] = []
    lines = read._Read.lines
    monkeypatch.setattr(read._Read, "lines", lambda self, places: asked.append(len(places)) or lines(self, places))
    app = make_app(tmp_path / "new.duckdb", start="suites")
    app.session.suite_files.append(str(file))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen.query_one(Rows).count == 3000
        await pilot.press("end")
        await settle(pilot)
        assert sum(asked) <= 400
        assert app.screen.state.pair.id == "p2999"


@pytest.mark.parametrize("start", ["suites", "failures"])
async def test_responses_are_compared_while_the_screen_goes_on(garden, make_app, settle, monkeypatch, start) -> None:
    threads: list[str] = []

    def noted(left: str, right: str) -> object:
        threads.append(threading.current_thread().name)
        return compare_words(left, right)

    monkeypatch.setattr("engine.results.word_difference.compare_words", noted)
    app = make_app(garden, start=start)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
    assert threads
    assert threading.main_thread().name not in threads
