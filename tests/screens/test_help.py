"""What F1 explains: every screen names the terms it shows, and their meaning comes from the glossary."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import screens
from rubrics.glossary import term
from screens.rankings.screen import RankingsScreen
from screens.shell.place import Place


def _places(parent: type[Place] = Place) -> Iterator[type[Place]]:
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    for place in parent.__subclasses__():
        yield from _places(place)
        if place.TITLE is not None:
            yield place


@pytest.mark.parametrize("place", sorted(_places(), key=lambda place: place.__name__), ids=lambda place: place.__name__)
def test_a_place_names_terms_that_the_glossary_has(place: type[Place]) -> None:
    assert len(place.TERMS) >= 2
    assert len(set(place.TERMS)) == len(place.TERMS)
    for name in place.TERMS:
        assert term(name).means


async def test_f1_on_the_rankings_says_what_its_words_mean(garden: Path, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("f1")
        await pilot.pause()
        words = app.screen._body.plain.partition("\nKeys\n")[2].partition("\nWords\n")[2]
        assert [line.partition("  ")[0] for line in words.splitlines()] == list(RankingsScreen.TERMS)
        assert term("tie set").means in words
        await pilot.press("end")
        await settle(pilot)
        shown = screen_text(app)
        assert "excluded pair" in shown
        assert "p_best" in shown
