"""Families by keys: the map, another family, back to what is proposed, and intervals over families."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.outcomes.outcome import Outcome
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.kin import said_families
from engine.store.outcomes import add_outcomes
from screens.families.state import FamiliesState, Room, read_families
from screens.shell.session import Session


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    """The bundled candidates, looked at and not scored."""
    store = Store(tmp_path / "rude.duckdb")
    for number, candidate in enumerate(find([str(folder) for folder in bundled_models()])):
        save_candidate(store, candidate, f"w{number}")
    return store


@pytest.mark.long
async def test_a_family_is_changed_kept_and_taken_back(kept, make_app, settle, screen_text) -> None:
    app = make_app(kept.path, start="correlation")
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await pilot.press("F")
        await settle(pilot)
        lines = screen_text(app).splitlines()
        assert "6 candidates in 3 families · intervals over candidates" in "\n".join(lines)
        (fell,) = (line for line in lines if "qwen3-fell-0.3m" in line and line.startswith("   5"))
        assert fell.split()[:3] == ["5", "qwen", "qwen3-fell-0.3m"]
        assert fell.split()[-2:] == ["■", ".01"]
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        await pilot.press("end", "enter")
        await settle(pilot)
        await pilot.press("home", *("delete",) * 4, *"moors", "enter")
        await settle(pilot)
        assert said_families(kept) == {"neox-moor-0.4m": "moors"}
        text = screen_text(app)
        assert "neox-moor-0.4m · moors as you said, proposed neox" in text
        await pilot.press("u")
        await settle(pilot)
        assert said_families(kept) == {}
        await pilot.press("u")
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert said_families(kept)["neox-moor-0.4m"] == "neox"
        await pilot.press("b")
        assert "intervals over families" in screen_text(app)
        assert app.session.question().over == "families"


@pytest.mark.long
async def test_the_scatter_follows(tmp_path: Path, fill, garden_suite, make_app, settle, screen_text) -> None:
    store = Store(tmp_path / "rude.duckdb")
    names = [f"{family}-{number}" for family in ("ash", "oak", "elm", "fir", "yew") for number in (1, 2)]
    fill(store, garden_suite, candidates=tuple((name, 1_000_000, 0.1 * place) for place, name in enumerate(names)))
    add_outcomes(store, [Outcome(name, "exam", 7 * place % 11) for place, name in enumerate(names)])
    app = make_app(store.path, start="correlation")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        before = screen_text(app)
        await pilot.press("F")
        await settle(pilot)
        await pilot.press("b", "escape")
        await settle(pilot)
        after = screen_text(app)
        assert "over families" in after
        (one,), (two,) = (
            [line.split("Pearson")[1] for line in text.splitlines() if "Pearson" in line] for text in (before, after)
        )
        assert one.split()[0] == two.split()[0]
        assert one.split()[1] != two.split()[1]


@pytest.mark.parametrize("room", [40, 78, 120])
def test_a_line_of_the_map_fits(room: int, kept: Store) -> None:
    state = FamiliesState()
    state.take(*read_families(Session(store_path=kept.path)))
    assert state.found is not None
    for column in range(6):
        shown = Room.fitting(room, state.found, column)
        assert shown.first <= column < shown.first + shown.count <= 6
        assert shown.name + shown.family + 7 + 5 * shown.count <= room or shown.count == 1
