"""Data that would break a careless screen is shown as text, and the screen stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rubrics.schema import Pair, Suite

NASTY = "[bold]no[/bold] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \x1b]0;t\x07 \u202eright\u2066 \ta👩‍🚀❤️ 漢字 end"
NAME = "[bold]no[/bold] [@click=app.quit]x[/] 漢字 👩‍🚀 end"
LONG = "word " * 4000
MODELS = ("[blink]model\x1b[1m" + NASTY, "other [/]", "\u202e[third" + LONG)


@pytest.fixture
def hostile(tmp_path: Path, fill, keep_tokens) -> Path:
    pairs = [
        Pair.model_validate(
            {
                "id": f"[red]{number} [/x]", "domain": NAME, "prompt": NASTY + "\n" + LONG,
                "chosen": f"{NASTY} {number} {LONG}", "rejected": f"{LONG} {number} {NASTY}",
                "criteria": [{"id": f"[c]{NAME}", "text": NASTY, "subcategory": "Logic"}],
                "violated": [f"[c]{NAME}"], "group": f"g{number}",
            }
        )
        for number in range(6)
    ]  # fmt: skip
    path = tmp_path / "hostile.duckdb"
    fill(
        Store(path), Suite("[s]" + NASTY, tuple(pairs)),
        candidates=tuple((name, 7 + i, i - 3.0) for i, name in enumerate(MODELS)),
    )  # fmt: skip
    for name in MODELS:
        keep_tokens(path, name)
    add_outcomes(Store(path), [Outcome(name, "[b]o" + NASTY, i / 2, 0.1, NASTY) for i, name in enumerate(MODELS)])
    return path


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_every_screen_shows_it_as_text(hostile, make_app, settle, screen_text, size, caplog) -> None:
    app = make_app(hostile)
    seen = ""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in (
            ["3"],
            ["5"],
            ["enter"],
            ["h"],
            ["end"],
            ["t"],
            ["end"],
            ["tab", "at"],
            ["escape"],
            ["escape"],
            ["f1"],
            ["escape", "3", "equals_sign"],
            ["space", "down", "down", "space", "c"],
            ["escape"],
            ["5", "T"],
            ["I"],
            ["escape", "percent_sign"],
            ["4"],
            ["right", "l"],
            ["h"],
            ["escape", "2", "semicolon"],
            ["1"],
        ):
            await pilot.press(*keys)
            await settle(pilot)
            text = screen_text(app)
            seen += text
            for line in text.splitlines():
                assert cell_len(line) <= size[0]
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "\t" not in text
    # A model's folder that no file system takes is gone, and no accident.
    assert "unexpected" not in caplog.text
    assert "[blink]model" in seen
    assert "[bold]no[/bold] [@click=app.quit]x[/] red" in seen
    assert "[red]0" in seen
    assert "chosen stays ahead" in seen or "rejected stays ahead" in seen
