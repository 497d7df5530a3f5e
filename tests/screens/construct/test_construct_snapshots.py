"""How the screens of constructions look; `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from looks import DARK, SMALL, USUAL, gallery
from syrupy.assertion import SnapshotAssertion

from engine.store.connection import Store
from engine.store.construct_review import BlindReading, add_readings

PLACES = {
    "construct": ["K"],
    "construct-rejected": ["v", "end", "enter"],
    "construct-edit": ["E"],
    "construct-form": ["escape", "s"],
    "construct-calls": ["escape", "quotation_mark"],
    "review": ["escape", "escape", "H"],
    "review-ticked": ["1", "2", "2"],
    "agreement": ["F", "y"],
}
"""Each screen with the keys that lead to it from the one before."""

PICTURED = dict.fromkeys(("construct", "construct-form", "construct-calls", "review", "agreement"), DARK)
"""The main states, with the looks they are pictured in; of the others the text says enough."""


async def _walk(
    beds: Path, make_app: Any, settle: Any, screen_text: Any, snapshot: SnapshotAssertion, sizes: Any, looks: Any
) -> None:
    # Another reader disagreed once before.
    add_readings(Store(beds), "0123456789abcdef", [BlindReading("bed-00-1", "c2", "you", met=False, corrects=True)])
    async with gallery(make_app(beds, start="suites"), settle, screen_text, snapshot, sizes) as shown:
        for name, keys in PLACES.items():
            await shown.press(*keys)
            await shown.look(name, looks.get(name, ()))


@pytest.fixture
def still(beds: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database, in an app without colours and without the suites that come with the program."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("rubrics.reading.built_in_names", list)
    return beds


@pytest.mark.long
async def test_screens_in_80_columns(still, make_app, settle, screen_text, snapshot: SnapshotAssertion) -> None:
    await _walk(still, make_app, settle, screen_text, snapshot, SMALL, {})


@pytest.mark.long
async def test_screens(still, make_app, settle, screen_text, snapshot: SnapshotAssertion) -> None:
    await _walk(still, make_app, settle, screen_text, snapshot, USUAL, PICTURED)
