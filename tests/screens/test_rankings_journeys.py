"""The rankings by keys: from there to a pair, to a comparison, to a table, and why it decides as it does."""

from __future__ import annotations

import re
import threading

import pytest
from taking import rows_of, take_away
from textual.widgets import Input

SIZES = [(80, 24), pytest.param((160, 48), marks=pytest.mark.long)]


@pytest.mark.parametrize("size", SIZES)
async def test_from_the_rankings_to_a_pair_and_away_with_a_csv(
    garden, make_app, settle, screen_text, size, tmp_path
) -> None:
    app = make_app(garden)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "oak-7m" in screen_text(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.current_mode == "failures"
        assert "birch-3m · garden · likelihood" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "1 of 8" in screen_text(app)
        assert "✗ violated" in screen_text(app)
        await pilot.press("n")
        await settle(pilot)
        assert "2 of 8" in screen_text(app)
        await pilot.press("p", "p")
        await settle(pilot)
        assert "1 of 8" in screen_text(app)
        await pilot.press("n", "escape")
        await settle(pilot)
        assert app.screen.query_one("#pairs").cursor == 1
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("x")
        await pilot.pause()
        target = tmp_path / "out.csv"
        app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("q")
    rows = rows_of(target)
    assert {row["candidate"] for row in rows} == {"oak-7m", "birch-3m", "alder-1m", "moss-200k"}
    assert {row["protocol"] for row in rows} == {"likelihood"}
    assert app.return_code == 0


@pytest.mark.long
async def test_protocol_metric_grouping_and_order(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("P")
        await settle(pilot)
        assert "choice · averaged" in screen_text(app)
        await pilot.press("m")
        await settle(pilot)
        assert "choice · averaged" not in screen_text(app)
        await pilot.press("P")
        await settle(pilot)
        assert "likelihood · per_byte" in screen_text(app)
        await pilot.press("b", "down", "down", "enter")
        await settle(pilot)
        assert "by domain" in screen_text(app)
        assert "kitch" in screen_text(app)
        await pilot.press("o", "down", "enter")
        await settle(pilot)
        text = screen_text(app).split("candidate")[-1]
        assert text.index("alder-1m") < text.index("birch-3m") < text.index("moss-200k") < text.index("oak-7m")
        await pilot.press("slash", *"oak", "enter")
        await settle(pilot)
        assert "birch-3m" not in screen_text(app).split("candidate")[-1].split("chance")[0]
        # Looked at and given up, the filter holds; an empty line takes it away.
        await pilot.press("slash", "escape")
        await settle(pilot)
        assert "birch-3m" not in screen_text(app).split("candidate")[-1].split("chance")[0]
        await pilot.press("slash", "ctrl+u", "enter")
        await settle(pilot)
        assert "birch-3m" in screen_text(app).split("candidate")[-1].split("chance")[0]


@pytest.mark.long
async def test_two_marked_rows_are_compared(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("space", "down", "down", "down", "space", "c")
        await settle(pilot)
        text = screen_text(app)
        assert "A  oak-7m" in text
        assert "B  moss-200k" in text
        assert "A is ahead by" in text
        await pilot.press("A")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "▸ moss-200k" in screen_text(app)
        await pilot.press("escape", "escape", "escape")
        await settle(pilot)
        assert "✓oak-7m" in screen_text(app)


@pytest.mark.long
async def test_comparing_part_by_part(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await pilot.press("space", "end", "space", "c")
        await settle(pilot)
        text = screen_text(app)
        assert text.index("■ Content") < text.index("■ Completeness") < text.index("▲ Control") < text.index("▲ Format")
        whole = re.search(r"overall .* (\d+) +(\d+) ", text)
        await pilot.press(*["down"] * 7)
        one = app.screen.compared.scopes[7]
        assert one[1] == "Coherence"
        await pilot.press("A")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert f"1 of {len(one[2].only_a)}" in screen_text(app)
        assert "■ Coherence" in screen_text(app)
        assert 0 < len(one[2].only_a) < int(whole[1])


@pytest.mark.long
async def test_tie_sets_and_an_export_of_what_is_shown(garden, make_app, settle, screen_text, tmp_path) -> None:
    app = make_app(garden)
    target = tmp_path / "out.csv"
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("equals_sign")
        await settle(pilot)
        text = screen_text(app)
        sets = [line for line in text.splitlines() if line.startswith(" ┌ ")]
        assert sets
        assert " │" in text.split(sets[0])[1].splitlines()[1]
        await pilot.press("equals_sign", "b", "end", "enter")
        await settle(pilot)
        assert "by violations" in screen_text(app)
        assert not [line for line in screen_text(app).splitlines() if line.startswith(" ┌ ")]
        await pilot.press("slash", *"m", "enter")
        await settle(pilot)
        await take_away(pilot, settle, target)
    rows = rows_of(target)
    assert {row["candidate"] for row in rows} == {"oak-7m", "birch-3m", "alder-1m", "moss-200k"}
    assert {row["scope"] for row in rows} == {"overall", "|V| = 1", "|V| = 2"}


@pytest.mark.long
async def test_an_export_leaves_out_what_the_filter_hides(garden, make_app, settle, tmp_path) -> None:
    app = make_app(garden)
    target = tmp_path / "out.csv"
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"oak", "enter")
        await settle(pilot)
        await take_away(pilot, settle, target)
    rows = rows_of(target)
    assert {row["candidate"] for row in rows} == {"oak-7m"}


@pytest.mark.long
async def test_an_export_keeps_the_order_shown(garden, make_app, settle, tmp_path) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("o", "down", "enter", "o", "enter")
        await settle(pilot)
        ranked = [row.entrant.label for row in app.screen.state.rows]
        assert ranked == sorted(ranked, reverse=True)
        await take_away(pilot, settle, tmp_path / "rankings.csv")
        await pilot.press("5")
        await settle(pilot)
        await pilot.press("o", "end", "enter")
        await settle(pilot)
        failed = [pair.pair_id for pair in app.screen.state.shown]
        assert failed == sorted(failed)
        await take_away(pilot, settle, tmp_path / "failures.csv")
    rows = rows_of(tmp_path / "rankings.csv")
    assert [row["candidate"] for row in rows] == ranked * (len(rows) // len(ranked))
    assert [row["scope"] for row in rows[:: len(ranked)]] == list(dict.fromkeys(row["scope"] for row in rows))
    assert list(dict.fromkeys(row["pair_id"] for row in rows_of(tmp_path / "failures.csv"))) == failed


@pytest.mark.long
async def test_another_question_is_said_to_be_read(garden, make_app, settle, screen_text, monkeypatch) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        go, fetch = threading.Event(), app.screen.fetch
        monkeypatch.setattr(app.screen, "fetch", lambda: (go.wait(120), fetch())[1])
        app.screen._change(by="subcategory")
        await pilot.pause()
        assert "reading…" in screen_text(app)
        # Back to the question that was answered: the sign goes.
        app.screen._change(by="category")
        go.set()
        await settle(pilot)
        assert "reading…" not in screen_text(app)
        assert "by category" in screen_text(app)


@pytest.mark.long
async def test_scopes_beyond_the_edge_are_reached(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("b", "down", "down", "down", "enter")
        await settle(pilot)
        assert "by subcategory" in screen_text(app)
        assert "Util" not in screen_text(app).split("┊ chance")[0]
        await pilot.press(*["right"] * 12)
        await settle(pilot)
        assert "Util" in screen_text(app).split("┊ chance")[0]
        await pilot.press(*["left"] * 12)
        await settle(pilot)
        assert "Fact" in screen_text(app).split("┊ chance")[0]


async def test_the_decision_stands_above_the_table_and_d_says_why(
    garden, make_app, settle, screen_text, tmp_path
) -> None:
    limits = tmp_path / "wanted.toml"
    limits.write_text("[limits]\nparameters = 5_000_000\n")
    app = make_app(garden)
    app.session.requirements = limits
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "Not settled between birch-3m and alder-1m" in screen_text(app)
        await pilot.press("V")
        await settle(pilot)
        shown = screen_text(app)
        assert "oak-7m may not be taken: 7,000,000 parameters are more than 5,000,000" in shown
        assert "Lead of birch-3m in points" in shown
        await pilot.press("escape")
        limits.write_text("[limits]\nparamters = 5\n")
        await pilot.press("f5")
        await settle(pilot)
        await pilot.press("V")
        await settle(pilot)
        assert "your requirements are not used" in screen_text(app)
