"""The report in a browser: silent, alone, usable by keys, on a phone, on paper and without its script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.export.report import ReportRequest, gather, page
from engine.store.connection import Store


@pytest.fixture(scope="module")
def report(study: Callable[..., Store], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    wanted = ReportRequest(predictors=("RuDE accuracy", "log10 parameters"))
    path.write_text(page(gather(study(), wanted, made_at=datetime(2026, 5, 1, tzinfo=UTC), resamples=300)))
    return path


@pytest.mark.long
def test_it_is_silent_and_alone_and_nothing_in_it_acts(chromium: Any, report: Path) -> None:
    view = chromium.new_page()
    said: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.goto(report.as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert said == []
    assert [url for url in asked if url not in (report.as_uri(), "data:,")] == []
    assert view.evaluate("window.pwned") is None
    assert view.evaluate("document.querySelectorAll('main img, main b b, main script').length") == 0
    # The page's own script and style ran, so the policy does not only look strict.
    assert view.locator("#search").is_visible()
    assert view.evaluate("getComputedStyle(document.querySelector('.bar')).height") == "18px"


@pytest.mark.long
def test_its_search_is_worked_by_keys(chromium: Any, report: Path) -> None:
    view = chromium.new_page()
    view.goto(report.as_uri())
    pairs = view.locator("details.pair:visible")
    everything = pairs.count()
    assert everything > 5
    view.keyboard.press("/")
    assert view.evaluate("document.activeElement.id") == "phrase"
    assert view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    view.keyboard.type("GOOD 7 ")
    assert pairs.count() == 1
    assert view.locator("#count").inner_text() == f"1 of {everything} pairs"
    view.keyboard.press("Escape")
    assert pairs.count() == everything
    view.keyboard.press("Tab")
    view.keyboard.type("model-0")
    assert 0 < pairs.count() < everything
    for _ in range(2):
        view.keyboard.press("Tab")
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.parentElement.open") is True


@pytest.mark.long
def test_every_stop_of_the_tab_key_shows_where_it_is(chromium: Any, report: Path) -> None:
    view = chromium.new_page()
    view.goto(report.as_uri())
    for _ in range(25):
        view.keyboard.press("Tab")
        assert view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert view.evaluate("document.activeElement.checkVisibility()")


@pytest.mark.long
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_runs_off_the_side(chromium: Any, report: Path, width: int) -> None:
    view = chromium.new_page(viewport={"width": width, "height": 800})
    view.goto(report.as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert view.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.long
def test_light_dark_and_paper(chromium: Any, report: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = (chromium.new_page(color_scheme=scheme) for scheme in ("light", "dark"))
    light.goto(report.as_uri())
    dark.goto(report.as_uri())
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark.evaluate(ground) != light.evaluate(ground)
    dark.emulate_media(media="print")
    assert dark.evaluate(ground) == "rgb(255, 255, 255)"
    assert not dark.locator("#search").is_visible()
    assert dark.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.long
def test_without_its_script_every_pair_can_be_opened(chromium: Any, report: Path) -> None:
    view = chromium.new_context(java_script_enabled=False).new_page()
    view.goto(report.as_uri())
    assert not view.locator("#search").is_visible()
    view.locator("details.pair summary").first.click()
    assert view.locator("details.pair .responses").first.is_visible()
