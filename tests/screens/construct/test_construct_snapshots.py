"""How the screens of constructions look; `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from looks import DARK, gallery
from syrupy.assertion import SnapshotAssertion

from engine.store.connection import Store
from engine.store.construct_review import BlindReading, add_readings

PLACES = {
    "construct": ["n"],
    "construct-rejected": ["f", "end", "enter"],
    "construct-edit": ["e"],
    "construct-form": ["escape", "n"],
    "construct-calls": ["escape", "c"],
    "review": ["escape", "escape", "r"],
    "review-ticked": ["1", "2", "2"],
    "agreement": ["a", "y"],
}
"""Each screen with the keys that lead to it from the one before."""

PICTURED = dict.fromkeys(("construct", "construct-form", "construct-calls", "review", "agreement"), DARK)
"""The main states, with the looks they are pictured in; of the others the text says enough."""


@pytest.mark.first
async def test_screens(beds: Path, make_app, settle, screen_text, monkeypatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("rubrics.reading.built_in_names", list)
    # Another reader disagreed once before.
    add_readings(Store(beds), "0123456789abcdef", [BlindReading("bed-00-1", "c2", "you", met=False, corrects=True)])
    async with gallery(make_app(beds, start="suites"), settle, screen_text, snapshot) as shown:
        for name, keys in PLACES.items():
            await shown.press(*keys)
            await shown.look(name, PICTURED.get(name, ()))
