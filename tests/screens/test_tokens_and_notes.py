"""From a pair to its tokens; flagging, excluding and taking back; copying a part: by keys, and by mouse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input
from waiting import until

from data.bundled import bundled_models
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from screens.tokens.screen import TokenScreen
from screens.tokens.token_text import TokenText

SIZES = [(80, 24), pytest.param((160, 48), marks=pytest.mark.long)]


@pytest.fixture
def scored(garden: Path, keep_tokens) -> tuple[Path, dict[str, tuple[float, float]]]:
    """The garden, with token scores of oak-7m."""
    return garden, keep_tokens(garden, "oak-7m")


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
async def test_from_a_pair_to_the_token_where_it_turned(scored, make_app, settle, screen_text, size) -> None:
    path, sums = scored
    app = make_app(path, start="failures")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        text = screen_text(app)
        pair_id = re.search(r"garden-\d+", text)[0]
        chosen, rejected = sums[pair_id]
        shown = re.search(r"([+−]\d+\.\d\d) nats", text)[1]
        assert number(shown) == pytest.approx(chosen - rejected, abs=0.006)
        assert f"✓ Chosen {chosen:.1f}".replace("-", "−") in text
        assert "“First”" not in text
        assert "“Firs” 1/" in text
        assert "rank 700 · entropy 2.50" in text
        await pilot.press("right")
        assert "“t” 2/" in screen_text(app)
        assert "rank 1,400" in screen_text(app)
        await pilot.press("end", "right")
        text = screen_text(app)
        assert "“.” " in text
        # Both responses end in the same full stop, so there the sum so far is the whole.
        assert number(re.search(r"so far ([+−]\d+\.\d\d)", text)[1]) == number(shown)
        await pilot.press("tab", "home")
        assert "“Firs” 1/" in screen_text(app)
        assert app.screen.query_one("#chosen").cursor == 0
        await pilot.press("at")
        turned = app.screen.state.scored.running
        token = app.screen.query_one("#rejected").cursor
        ends = app.screen.state.scored.view.rejected.ends
        assert ends[token] >= turned.rejected[turned.turn] - 1e-9
        await pilot.press("y")
        table = app.clipboard.splitlines()
        assert table[0].split("\t") == ["token", "logprob", "rank", "entropy"]
        assert sum(float(line.split("\t")[1]) for line in table[1:]) == pytest.approx(rejected, abs=0.01)
        await pilot.press("n", "escape")
        await settle(pilot)
        assert "2 of 2" in screen_text(app)


@pytest.mark.long
async def test_one_above_the_other_the_longer_response_has_more_room(scored, make_app, settle, monkeypatch) -> None:
    monkeypatch.setattr(TokenText, "full_height", property(lambda text: 9 if text.id == "chosen" else 3))
    app = make_app(scored[0], start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        chosen, rejected = (app.screen.query_one(f"#{side}").outer_size.height for side in ("chosen", "rejected"))
        assert rejected >= 3
        assert chosen > 2 * rejected


@pytest.mark.long
async def test_the_mouse_points_at_tokens_and_at_the_curve(scored, make_app, settle, screen_text) -> None:
    app = make_app(scored[0], start="failures")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        await pilot.hover("#rejected", offset=(7, 1))
        await pilot.pause()
        assert "“␣sow” 3/" in screen_text(app)
        assert app.screen.query_one("#chosen").has_focus
        await pilot.click("#rejected", offset=(12, 1))
        await pilot.pause()
        assert app.screen.query_one("#rejected").has_focus
        assert app.screen.query_one("#rejected").cursor == 3
        curve = app.screen.query_one("#curve")
        await pilot.click("#curve", offset=(curve.size.width, 3))
        await pilot.pause()
        rejected = app.screen.query_one("#rejected")
        assert rejected.cursor == len(app.screen.state.scored.view.rejected) - 1


@pytest.mark.parametrize("size", SIZES)
async def test_without_token_scores_the_command_can_be_copied(garden, make_app, settle, screen_text, size) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        text = screen_text(app)
        assert "oak-7m has no token scores of this pair" in text
        # The model of that run is long gone, which is said beside what would do.
        assert "It cannot be read now: its model folder is gone" in text
        assert "rude-tui run --model /models/oak-7m --suite garden" in text
        await pilot.press("y")
        assert app.clipboard.startswith("rude-tui run")
        assert "--token-scores" in app.clipboard
        await pilot.press("at", "tab", "n", "escape")
        await settle(pilot)
        assert "2 of 2" in screen_text(app)


@pytest.mark.long
async def test_a_pair_is_read_token_by_token_when_asked(tmp_path, make_app, settle, screen_text) -> None:
    store = Store(tmp_path / "plain.duckdb")
    model = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
    request = RunRequest((str(model),), ("world",), ("likelihood",), precision="fp32", device="cpu", threads=1, limit=6)
    perform(store, plan(store, request))
    app = make_app(store.path, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await until(pilot, lambda: isinstance(app.screen, TokenScreen) and app.screen.state.scored is not None)
        await settle(pilot)
        assert "nats" in screen_text(app)
        # Those beside it only where asked for.
        await pilot.press("n")
        await settle(pilot)
        assert "s reads this pair token by token now" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: app.screen.state.scored is not None)
        await until(pilot, lambda: not app.runner.running)


def noted(path: Path) -> dict[str, list[tuple[str, str]]]:
    store = Store(path)
    with store.reading() as connection:
        suite = connection.execute("select suite_hash from suites").fetchone()[0]
    return {key: [(one.kind, one.note) for one in found] for key, found in stored_annotations(store, suite).items()}


async def typed(pilot: Any, text: str) -> None:
    await until(pilot, lambda: len(pilot.app.screen.query(Input)) == 1)
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
async def test_a_pair_is_excluded_counted_again_and_taken_back(garden, make_app, settle, screen_text, size) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "2 of 40 pairs failed" in screen_text(app)
        await pilot.press("down", "enter", "e")
        await typed(pilot, "label [bold]wrong")
        await settle(pilot)
        ((pair_id, kept),) = noted(garden).items()
        assert kept == [("exclude", "label [bold]wrong")]
        assert "⊘ excluded" in screen_text(app)
        assert "label [bold]wrong" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        text = screen_text(app)
        assert "1 of 39 pairs failed · 1 excluded" in text
        assert pair_id not in text
        await pilot.press("3")
        await settle(pilot)
        assert "39 pairs (1 excluded)" in screen_text(app)
        await pilot.press("i")
        await settle(pilot)
        assert "40 pairs in 10 clusters" in screen_text(app).split("rank")[0]
        await pilot.press("5")
        await settle(pilot)
        text = screen_text(app)
        assert "2 of 40 pairs failed" in text
        assert re.search(r"\d/\d ⊘ ", text)
        await pilot.press("i")
        await settle(pilot)
        # The tree has a branch for those excluded, where they can be taken back.
        await pilot.press("shift+tab", "end", "enter")
        await settle(pilot)
        assert "1 pair in those" in screen_text(app)
        await pilot.press("tab", "e")
        await settle(pilot)
        assert noted(garden) == {}
        # Its branch is gone with the last of them, so all are shown again.
        assert "2 of 40 pairs failed" in screen_text(app)
        assert "2 pairs in all" in screen_text(app)


@pytest.mark.long
async def test_a_flag_is_shown_in_the_list_changed_and_searched(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("down", "f")
        await settle(pilot)
        assert app.screen.query_one("#pairs").cursor == 1
        assert any("⚑" in line and "✗" in line for line in screen_text(app).splitlines())
        ((pair_id, kept),) = noted(garden).items()
        assert kept == [("flag", "")]
        assert "2 of 40 pairs failed" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "⚑ flagged" in screen_text(app)
        await pilot.press("N")
        await typed(pilot, "very odd")
        await settle(pilot)
        assert noted(garden) == {pair_id: [("flag", "very odd")]}
        await pilot.press("N", "escape")
        await settle(pilot)
        assert noted(garden) == {pair_id: [("flag", "very odd")]}


@pytest.mark.long
async def test_marks_are_taken_back_one_after_the_other(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.session.subject = "moss-200k"
        await pilot.press("f5")
        await settle(pilot)
        await pilot.press("f", "N", *"look", "enter")
        await settle(pilot)
        first = app.screen.at_hand().pair_id
        assert noted(garden) == {first: [("flag", "look")]}
        # The first exclusion is asked its reason; the next takes the same.
        await pilot.press("down", "e", *"twofold", "enter")
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)
        out = [pair_id for pair_id, notes in noted(garden).items() if notes == [("exclude", "twofold")]]
        assert len(out) == 2
        assert "2 excluded" in screen_text(app)
        for left in (1, 0):
            await pilot.press("u")
            await settle(pilot)
            assert sum(notes[0][0] == "exclude" for notes in noted(garden).values()) == left
        await pilot.press("u")
        await settle(pilot)
        assert noted(garden) == {first: [("flag", "")]}
        await pilot.press("u", "u")
        await settle(pilot)
        assert noted(garden) == {}


@pytest.mark.long
async def test_a_part_of_the_pair_is_copied(garden, make_app, settle) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        for steps, begin, inside in ((0, "garden-", "REJECTED"), (1, "Plan week", ""), (2, "First water", ""),
                                     (3, "First sow", ""), (4, "[violated]", "[kept]")):  # fmt: skip
            await pilot.press("y")
            await pilot.pause()
            await pilot.press(*["down"] * steps, "enter")
            await pilot.pause()
            assert app.clipboard.startswith(begin)
            assert inside in app.clipboard
        before = app.clipboard
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.clipboard == before


@pytest.mark.long
async def test_tokens_are_copied_without_focus_and_nothing_is_where_nothing_is(scored, make_app, settle) -> None:
    app = make_app(scored[0], start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        app.screen.set_focus(None)
        await pilot.press("y")
        assert app.clipboard.startswith("token\tlogprob\trank\tentropy\nFirs\t")
        app.copy_to_clipboard("before")
        app.screen.state.scored = None
        await pilot.press("y")
        assert app.clipboard == "before"


@pytest.mark.long
async def test_the_curve_leaves_as_a_picture(scored, make_app, settle, screen_text, tmp_path) -> None:
    async def written_to(name: str) -> None:
        await pilot.press("x")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / name)
        await pilot.press("enter")
        await settle(pilot)

    app = make_app(scored[0], start="failures")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        await written_to("curve.csv")
        assert "no picture has this ending" in screen_text(app)
        await pilot.press("escape")
        await written_to("curve.svg")
    (picture,) = tmp_path.glob("curve.*")
    assert "chosen less rejected (nats)" in picture.read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize("theme", ["rude-light", "rude-contrast"])
async def test_the_theme_changes_under_the_tokens(scored, make_app, settle, theme) -> None:
    app = make_app(scored[0], start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "t")
        await settle(pilot)
        app.theme = theme
        await settle(pilot)
        ground = app.theme_variables["background"].lower()
        assert ground in {style.bgcolor.name for style in app.screen.query_one("#chosen")._styles if style.bgcolor}
