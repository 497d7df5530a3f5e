"""The app reads each rule once, and still shows every screen in the colours of the theme chosen last."""

from __future__ import annotations

import pytest
from textual.css.stylesheet import Stylesheet

from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from screens.shell.session import Session
from screens.shell.textual_privates import CachedStylesheet


def _told(rules: Stylesheet) -> list[object]:
    return [(str(rule.selector_set), str(rule.styles.get_rules()), rule.tie_breaker) for rule in rules.rules]


def _plain(rules: CachedStylesheet, app: RudeApp) -> list[object]:
    """What Textual's own stylesheet makes of the same sources."""
    own = Stylesheet(variables=app.get_css_variables())
    for where, (css, default, tie, scope) in rules.source.items():
        own.add_source(css, read_from=where, is_default_css=default, tie_breaker=tie, scope=scope)
    return _told(own)


async def test_rules_are_those_of_textual_and_follow_the_theme(tmp_path) -> None:
    app = RudeApp(Session(store_path=tmp_path / "db"), Settings(), start_screen="rankings")
    grounds = {}
    async with app.run_test(size=(80, 24)) as pilot:
        rules = app.stylesheet
        assert isinstance(rules, CachedStylesheet)
        for theme in ("rude-dark", "rude-light", "rude-dark"):
            app.theme = theme
            # The second time round each screen was already there, in the other theme's colours.
            for key in "35":
                await pilot.press(key)
                await pilot.pause()
                grounds[theme, key] = app.screen.styles.background
                assert app.screen.styles.background.hex.lower() == app.get_css_variables()["background"].lower()
            assert _told(rules) == _plain(rules, app)
    assert grounds["rude-dark", "3"] != grounds["rude-light", "3"]


@pytest.mark.long
async def test_a_source_is_read_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What other tests have read counts for nothing, and what is read here is not kept for them.
    monkeypatch.setattr(CachedStylesheet, "_read", {})
    app = RudeApp(Session(store_path=tmp_path / "db"), Settings(), start_screen="rankings")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "3")
        await pilot.pause()
        read: list[str] = []
        monkeypatch.setattr("textual.css.stylesheet.parse", lambda scope, css, *_, **__: read.append(css) or [])
        await pilot.press("5", "3", "1", "f1")
        await pilot.pause()
    assert len(read) == len(set(read))
    assert any("CandidatesScreen" in css for css in read)
    assert not any("RankingsScreen" in css for css in read)
