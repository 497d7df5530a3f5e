"""Renamed keys that cannot work are named."""

from __future__ import annotations

import pytest

from rude_tui.app import RudeApp
from rude_tui.keymap import trouble
from rude_tui.reading_ahead import load_modules


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"exprot": "X"}, ["no key is named exprot; F1 shows the names"]),
        ({"export": "not a key"}, ["export: there is no key “not a key”"]),
        ({"export": ""}, ["export: there is no key “”"]),
        ({"export": "X,,Y"}, ["export: there is no key “”"]),
        ({"filter": "ctrl+"}, ["filter: there is no key “ctrl+”"]),
        ({"compare": "x"}, ["x is now compare and export at once"]),
        ({"compare": "k"}, ["k is now compare and up at once"]),
        ({"compare": "q"}, ["q is now compare and quit at once"]),
        ({"ties": "/"}, ["/ is now filter and ties at once"]),
        ({"export": "{", "compare": "x"}, []),
        ({"compare": "ctrl+k, }", "open": "f6", "help": "?,)", "quit": "shift+f3", "down": "ctrl+n,ä"}, []),
        ({"pause": ")"}, []),
    ],
)
def test_what_cannot_work_is_named_and_nothing_else(keys: dict[str, str], said: list[str]) -> None:
    load_modules()
    assert trouble(keys, RudeApp) == said
