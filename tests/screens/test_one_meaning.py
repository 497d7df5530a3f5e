"""A key means one thing across the app, and what it means is written down once."""

from __future__ import annotations

import importlib
import pkgutil
import runpy
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen

import screens
from rude_tui.app import RudeApp
from rude_tui.keymap import present_names
from screens.shell.meanings import MEANINGS
from screens.suites.state import PANES


def _bindings() -> Iterator[tuple[str, str, str]]:
    """Class, name and key of what can be pressed outside dialogs, which say what their keys do."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    kinds: list[type[DOMNode]] = [DOMNode]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in dict.fromkeys(kinds):
        ours = kind is RudeApp or kind.__module__.startswith("screens.")
        if not ours or issubclass(kind, ModalScreen):
            continue
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), f"{kind.__name__}: {binding} cannot be renamed"
            if binding.system:
                continue
            assert binding.id, f"{kind.__name__}: {binding.key} has no name to be renamed by"
            for spelt in Binding.make_bindings([binding]):
                yield kind.__name__, binding.id, spelt.key


def test_no_key_has_two_meanings() -> None:
    meaning_of: dict[str, str] = {}
    for meaning in MEANINGS:
        for spelt in Binding.make_bindings([Binding(meaning.keys, "", "")]):
            assert spelt.key not in meaning_of, f"{spelt.key} has two meanings"
            meaning_of[spelt.key] = meaning.words
    names = defaultdict(set)
    for meaning in MEANINGS:
        for name in meaning.names:
            names[name].add(meaning.words)
    wrong = [
        f"{kind}: {key} is {name}, and means {meaning_of.get(key, 'nothing that is written down')}"
        for kind, name, key in _bindings()
        if meaning_of.get(key) not in names[name]
    ]
    assert wrong == []


def test_every_name_that_is_written_down_is_a_key() -> None:
    used = {name for _, name, _ in _bindings()}
    written = {name for meaning in MEANINGS for name in meaning.names}
    assert written - used == set()


def test_the_page_of_keys_is_current() -> None:
    folder = Path(__file__).parents[2] / "docs"
    made = runpy.run_path(str(folder / "keys.py"))
    assert (folder / "keys.md").read_text(encoding="utf-8") == made["page"](), "python docs/keys.py"


def test_names_that_keys_once_had_still_count() -> None:
    assert present_names({"pairs-flag": "ctrl+f", "export": "X"}) == {"flag": "ctrl+f", "export": "X"}
    assert present_names({"pairs-flag": "a", "flag": "b"}) == {"flag": "b"}


def test_the_tabs_of_suites_name_the_keys_that_open_them() -> None:
    keys = {meaning.keys: meaning.names for meaning in MEANINGS}
    for name, shown in PANES.items():
        (spelt,) = Binding.make_bindings([Binding(shown, "", "")])
        assert f"suite-{name}" in keys[spelt.key]
