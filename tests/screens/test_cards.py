"""The ladders' cards are a key away from every sentence that rests on them, whole and drawn as tables."""

from __future__ import annotations

import pytest
from waiting import until

from data.ladder2 import ladder2_card, ladder2_notes
from screens.shell.document import Document, cards


async def _shown(app, pilot, settle) -> None:
    await until(pilot, lambda: isinstance(app.screen, Document))
    await settle(pilot)


async def test_correlation_opens_both_cards_by_a_key(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("V")
        await _shown(app, pilot, settle)
        text = screen_text(app)
        assert "The second ladder's card" in text
        assert "The claim is not confirmed" in text
        await pilot.press("n")
        await settle(pilot)
        assert "The first ladder's card" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, Document)


@pytest.mark.long
async def test_a_verdicts_reasons_lead_on_to_the_card(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("V")
        await settle(pilot)
        assert "in 64 models" in screen_text(app)
        await pilot.press("V")
        await _shown(app, pilot, settle)
        assert "The second ladder's card" in screen_text(app)


def test_the_cards_figures_are_those_of_the_sentences() -> None:
    first = cards().pages[0].text
    assert first == ladder2_card()
    rho = ladder2_notes().claim.partition("ρ = ")[2][:4]
    share = ladder2_notes().lead.partition("post-training in ")[2].partition(",")[0]
    assert f"ρ = {rho}" in first
    assert share.replace(" of pairs", "") in first
