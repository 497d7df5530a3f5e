"""How every screen looks, as text and as a picture. `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from looks import DARK, EVERY, SMALL, USUAL, gallery
from syrupy.assertion import SnapshotAssertion

import rubrics.check
import rubrics.reading
from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes


@pytest.fixture
def still(garden: Path, keep_tokens, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database and the machine, with everything that changes from day to day held still."""
    # What the checks know of the suites that ship stays: they would keep what they are told here.
    assert rubrics.check
    monkeypatch.setattr(rubrics.reading, "built_in_names", lambda: ["garden", "world"])
    store = Store(garden)
    keep_tokens(garden, "oak-7m")
    scores = {"oak-7m": 0.71, "birch-3m": 0.64, "alder-1m": 0.52}
    add_outcomes(store, [Outcome(name, "sft score", score, 0.02, "measured here") for name, score in scores.items()])
    with store.writing() as connection:
        connection.execute(
            "update runs set created_at = timestamptz '2026-01-01 12:00:00+00', "
            "updated_at = timestamptz '2026-01-02 08:30:00+00'"
        )
    return garden


WALK = {
    "rankings": ["3"],
    "rankings-ties": ["equals_sign"],
    "rankings-choice": ["equals_sign", "P"],
    "topics": ["I"],
    "compare": ["escape", "space", "down", "space", "c"],
    "failures": ["escape", "5"],
    "pair": ["enter"],
    "help": ["f1"],
    "tokens": ["escape", "t"],
    "trial": ["5", "T"],
    "trial-abilities": ["I"],
    "trial-short": ["escape", "percent_sign"],
    "correlation": ["4"],
    "correlation-left-out": ["l"],
    "correlation-ladder": ["l", "O"],
    "correlation-published": ["O"],
    "correlation-choose": ["X"],
    "matrix": ["escape", "O", "M"],
    "matrix-published": ["O", "O"],
    "upsets-ladder": ["escape", "U", "O"],
    "families": ["escape", "F"],
}
"""Each screen with the keys that lead to it from the one before."""

PICTURED = dict.fromkeys(("compare", "failures", "help", "tokens", "trial"), DARK)
PICTURED |= dict.fromkeys(("rankings", "pair", "correlation"), EVERY)
"""The main states, with the looks they are pictured in; of the others the text says enough."""


async def test_screens_in_80_columns(
    still, make_app, settle, screen_text, monkeypatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with gallery(make_app(still), settle, screen_text, snapshot, SMALL) as shown:
        for name, keys in WALK.items():
            await shown.press(*keys)
            await shown.look(name)


@pytest.mark.long
async def test_screens(still, make_app, settle, screen_text, monkeypatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with gallery(make_app(still), settle, screen_text, snapshot, USUAL) as shown:
        for name, keys in WALK.items():
            await shown.press(*keys)
            await shown.look(name, PICTURED.get(name, ()))
