"""What a person does, by keys alone, on a real database."""

from __future__ import annotations

import csv
import re
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import until

from data.ladder import ladder
from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rubrics.errors import StoreError

SIZES = [(80, 24), pytest.param((160, 48), marks=pytest.mark.long)]


async def _export(pilot: Pilot[Any], settle: Callable[[Pilot[Any]], Awaitable[None]], target: Path) -> None:
    await pilot.press("x")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = str(target)
    await pilot.press("enter")
    await settle(pilot)


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


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
    rows = _rows(target)
    assert {row["candidate"] for row in rows} == {"oak-7m", "birch-3m", "alder-1m", "moss-200k"}
    assert {row["protocol"] for row in rows} == {"likelihood"}
    assert app.return_code == 0


@pytest.mark.long
async def test_failures_leave_as_they_are_shown(garden, make_app, settle, tmp_path) -> None:
    app = make_app(garden, start="failures")
    target = tmp_path / "failures.csv"
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"c-logic", "enter")
        await settle(pilot)
        shown = app.screen.query_one("#pairs").count
        await _export(pilot, settle, target)
    rows = _rows(target)
    assert 0 < len(rows) == shown
    assert {row["candidate"] for row in rows} == {"oak-7m"}
    assert all("c-logic" in row["violated"] for row in rows)


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
        await _export(pilot, settle, target)
    rows = _rows(target)
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
        await _export(pilot, settle, target)
    rows = _rows(target)
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
        await _export(pilot, settle, tmp_path / "rankings.csv")
        await pilot.press("5")
        await settle(pilot)
        await pilot.press("o", "end", "enter")
        await settle(pilot)
        failed = [pair.pair_id for pair in app.screen.state.shown]
        assert failed == sorted(failed)
        await _export(pilot, settle, tmp_path / "failures.csv")
    rows = _rows(tmp_path / "rankings.csv")
    assert [row["candidate"] for row in rows] == ranked * (len(rows) // len(ranked))
    assert [row["scope"] for row in rows[:: len(ranked)]] == list(dict.fromkeys(row["scope"] for row in rows))
    assert list(dict.fromkeys(row["pair_id"] for row in _rows(tmp_path / "failures.csv"))) == failed


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


@pytest.mark.long
async def test_failures_are_sorted_either_way(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.session.subject = "moss-200k"
        await pilot.press("f5")
        await settle(pilot)
        assert "margin↓" in screen_text(app)
        await pilot.press("o", "down", "enter")
        await settle(pilot)
        most = [pair.failed_by for pair in app.screen.state.shown]
        assert most == sorted(most, reverse=True)
        assert most[0] > most[-1]
        await pilot.press("o")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "fails↑" in screen_text(app)
        assert [pair.failed_by for pair in app.screen.state.shown] == sorted(most)


@pytest.mark.long
async def test_a_point_leads_to_its_failures_and_what_is_none_of_ones_own_says_so(
    garden, make_app, settle, screen_text
) -> None:
    names = ("moss-200k", "alder-1m", "birch-3m", "oak-7m")
    add_outcomes(Store(garden), [Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(names)])
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "No outcomes of your own yet" not in screen_text(app)
        name = app.screen.state.data.points[-1].name
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.current_mode == "failures")
        assert app.session.subject == name
        await pilot.press("4", "O")
        await settle(pilot)
        await pilot.press("left", "enter")
        await settle(pilot)
        assert app.current_mode == "correlation"


@pytest.mark.long
async def test_without_outcomes_it_says_what_to_bring_over_the_ladder_in_words(
    tmp_path, make_app, settle, screen_text
) -> None:
    app = make_app(tmp_path / "new.duckdb", start="correlation")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "No outcomes of your own yet; an example. Press a to bring yours" in text
        assert "↑ criteria met after RL, held-out families" in text
        assert "rl_met" not in text
        await pilot.press("Y")
        await settle(pilot)
        assert "criteria met after RL, held-out families  (rl_met)" in screen_text(app)


@pytest.mark.long
async def test_a_point_is_left_out_and_a_family_lifted(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        whole = app.screen.state.data.view.statistics
        line = app.screen.state.data.line()
        await pilot.press("left")
        await settle(pilot)
        name = app.screen.state.data.points[-1].name
        assert f"{name}  x " in screen_text(app)
        await pilot.press("l")
        await settle(pilot)
        text = screen_text(app)
        (left,) = [one for one in whole.leave_one_out if one.name == name]
        assert f"without it: r {left.pearson:.2f}".replace("0.", ".") in text
        assert f"n = {whole.n - 1}" in text
        assert "○" in text
        known = [point for point in app.screen.state.data.points if point.name != name]
        refit = np.polyfit([point.x for point in known], [point.y for point in known], 1)
        assert app.screen.state.data.line(name).slope == pytest.approx(refit[0])
        assert app.screen.state.data.line(name).slope != pytest.approx(line.slope)
        await pilot.press("l", "h", "down", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert "○" not in text
        family, members = next(iter(app.screen.state.data.families.items()))
        assert f"◆ {family}, {members} of {whole.n}" in text
        assert "without them: r" in text
        assert text.count("◆") >= 2


@pytest.mark.long
@pytest.mark.parametrize(("place", "ending"), [("correlation", "svg"), ("rankings", "svg"), ("rankings", "png")])
async def test_a_figure_is_written_where_the_ending_asks_for_one(
    garden, make_app, settle, tmp_path, place: str, ending: str
) -> None:
    names = ("moss-200k", "alder-1m", "birch-3m", "oak-7m")
    add_outcomes(Store(garden), [Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(names)])
    app = make_app(garden, start=place)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        if place == "rankings":
            await pilot.press("slash")
            await pilot.pause()
            app.screen.query_one(Input).value = "oak"
            await pilot.press("enter")
            await settle(pilot)
        await _export(pilot, settle, tmp_path / f"figure.{ending}")
    drawn = (tmp_path / f"figure.{ending}").read_bytes()
    assert drawn.startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    if ending == "svg":
        assert b"oak-7m" in drawn
        assert (b"birch-3m" in drawn) is (place == "correlation"), "the filter holds for the figure too"


@pytest.mark.long
async def test_a_long_list_is_narrowed_by_typing(garden, make_app, settle, screen_text) -> None:
    store = Store(garden)
    add_outcomes(store, [Outcome(name, "sft", 0.1 * i, 0.0, "") for i, name in enumerate(("oak-7m", "birch-3m"))])
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("X")
        await settle(pilot)
        assert "type to narrow" in screen_text(app)
        await pilot.press(*"bits per")
        await settle(pilot)
        assert "NLL" not in screen_text(app).split("axis")[1].split("type to narrow")[0]
        await pilot.press("enter")
        await settle(pilot)
        assert "sft against bits per byte" in screen_text(app)
        assert "no correlation: two points" in screen_text(app)


@pytest.mark.long
async def test_every_place_by_digit_and_by_mouse(garden, make_app, settle) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key, mode in zip(
            ["1", "2", "4", "5", "3"], ["candidates", "run", "correlation", "failures", "rankings"], strict=True
        ):
            await pilot.press(key)
            await settle(pilot)
            assert app.current_mode == mode
        await pilot.press("5")
        await settle(pilot)
        assert app.current_mode == "failures"
        await pilot.click("Navigation", offset=(16, 0))
        await settle(pilot)
        assert app.current_mode == "candidates"


@pytest.mark.long
async def test_help_and_palette_know_the_screen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in ("f1", "question_mark"):
            await pilot.press(key)
            await pilot.pause()
            text = screen_text(app)
            assert "Rankings – help" in text
            assert "esc close" in text
            await pilot.press("y")
            await pilot.pause()
            assert "compare two marked rows" in app.clipboard
            await pilot.press("escape")
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert {"go: Failures", "theme: rude-light", "do: take away", "quit: leave"} <= names


@pytest.mark.long
async def test_marks_go_from_the_candidates_to_a_plan(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "No candidate is marked" in screen_text(app)
        await pilot.press("3")
        await settle(pilot)
        app.session.marked_models["/models/gone"] = "gone"
        await pilot.press("2")
        await settle(pilot)
        await pilot.press("Q")
        await settle(pilot)
        text = screen_text(app)
        assert "no such folder" in text
        await pilot.press("escape", "semicolon")
        await settle(pilot)
        assert "✓ done" in screen_text(app)
        await pilot.press("R")
        await pilot.pause()
        await pilot.press("ctrl+c")
    assert app.return_code == 0


@pytest.mark.long
async def test_crashed_runs_are_offered(garden, make_app, settle, screen_text) -> None:
    store = Store(garden)
    with store.writing() as connection:
        connection.execute(
            "update runs set status = 'started', owner_pid = 999999, owner_started = 1, owner_boot = null, "
            "owner_host = ? where run_id = 'oak-7m-choice-run'",
            [socket.gethostname()],
        )
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        assert "✗ crashed" in screen_text(app)
        await pilot.press("R")
        await settle(pilot)
        assert "model folder is gone" in " ".join(screen_text(app).split())


@pytest.mark.long
async def test_nothing_stored_says_what_to_do(tmp_path: Path, make_app, settle, screen_text) -> None:
    app = make_app(tmp_path / "new.duckdb")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Nothing to rank yet" in screen_text(app)
        assert "mark them with space" in screen_text(app)
        assert screen_text(app).splitlines()[-1].split("  ") == [" F1 help", "S suite", "q quit", "^p more"]
        await pilot.press("5")
        await settle(pilot)
        assert screen_text(app).splitlines()[-1].split("  ") == [" F1 help", "S suite", "q quit", "^p more"]
        assert "press 1, mark candidates, r" in " ".join(screen_text(app).split())
        await pilot.press("4")
        await settle(pilot)
        text = screen_text(app)
        assert f"ladder of {len(ladder().candidates)} models post-trained here" in text
        assert "rl_met against RuDE accuracy" in text
        assert text.count("◉") >= 4  # those that ship; some may lie on one cell
        assert "Pearson" in text
        assert "O source" in text
        await pilot.press("O")
        await settle(pilot)
        assert "published study" in screen_text(app)
        await pilot.press("O")
        await settle(pilot)
        assert "No outcomes of your own yet" in screen_text(app)
        assert {"a add", "F families", "q quit"} <= set(screen_text(app).splitlines()[-1].split("  "))
        await pilot.press("O")
        await settle(pilot)
        assert "ladder of" in screen_text(app)


async def test_a_store_that_cannot_be_read_says_so(tmp_path: Path, make_app, settle, screen_text) -> None:
    file = tmp_path / "not.duckdb"
    file.write_text("this is no database" * 100)
    app = make_app(file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "✗" in text
        assert "another file" in text
        assert "--db" not in text


@pytest.mark.long
async def test_themes_go_round_and_every_screen_draws_in_each(garden, make_app, settle) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for name in ("rude-light", "rude-contrast", "rude-dark"):
            await pilot.press("ctrl+t")
            await settle(pilot)
            assert app.theme == name
            for key in "12453":
                await pilot.press(key)
                await settle(pilot)


async def test_the_pair_under_the_cursor_can_be_read_beside_the_list(
    garden: Path, make_app, settle, screen_text
) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        first = screen_text(app)
        assert "Plan week" in first
        assert "✓ First water the beds." in first
        await pilot.press("down")
        await settle(pilot)
        assert "Plan week" in screen_text(app)
        assert screen_text(app).splitlines()[-12:] != first.splitlines()[-12:]
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "✓ First water the beds." not in screen_text(app)


@pytest.mark.long
async def test_what_was_searched_for_is_seen_on_a_narrow_screen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"garden-0", "enter")
        await settle(pilot)
        (heading,) = (line for line in screen_text(app).splitlines() if "with “garden" in line)
        assert heading.rstrip().endswith("…")


@pytest.mark.long
async def test_a_search_that_cannot_read_says_so_and_finds_what_is_at_hand(
    garden, make_app, settle, screen_text, monkeypatch
) -> None:
    def unread(*_: object) -> None:
        raise StoreError("is held by another program", where="rude.duckdb", fix="try again")

    monkeypatch.setattr("engine.results.search.find_text", unread)
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"garden-00", "enter")
        await settle(pilot)
        assert "is held by another program" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "searching" not in screen_text(app)
        assert "with “garden-00”" in screen_text(app)


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
