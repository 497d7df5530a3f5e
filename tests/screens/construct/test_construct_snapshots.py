"""How the screens of constructions look; `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from engine.store.connection import Store
from engine.store.construct_review import Reading, add_readings


class Picture(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "svg"


class Words(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


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
LARGE = ("construct", "review")
SIZES = [(80, 24), (120, 36), (200, 60)]
# Light differs from dark in its colours alone, which do not depend on the size.
LOOKS = [*((size, "rude-dark") for size in SIZES), (SIZES[0], "rude-light")]


@pytest.mark.parametrize("size, theme", LOOKS, ids=[f"{size[0]}x{size[1]}-{theme}" for size, theme in LOOKS])
async def test_screens(
    beds: Path, make_app, settle, screen_text, monkeypatch, size, theme, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setattr("rubrics.reading.built_in_names", list)
    # Another reader disagreed once before.
    add_readings(Store(beds), "0123456789abcdef", [Reading("bed-00-1", "c2", "you", met=False, corrects=True)])
    app: Any = make_app(beds, start="suites", theme=theme)
    words, picture = snapshot.use_extension(Words), snapshot.use_extension(Picture)
    different = []
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for name, keys in PLACES.items():
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            if theme == "rude-dark" and screen_text(app) != words(name=name):
                different.append(f"{name}.txt")
            # Pictures of a large screen are large; one of each kind is enough.
            pictured = size[0] < 200 or name in LARGE
            if pictured and app.export_screenshot(title="rude-tui") != picture(name=name):
                different.append(f"{name}.svg")
    assert different == []
