"""Writes docs/keys.md from what each key means; `--check` only says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.binding import Binding
from textual.keys import format_key

from screens.shell.meanings import MEANINGS

HEAD = """# Keys

One meaning a key, in every place of the app. Made by `python docs/keys.py` from `screens/shell/meanings.py`; a test
holds every screen to it. The names are those under `[keys]` in the settings file; dialogs say what their own keys do.

| key | what it means | names |
| --- | --- | --- |
"""


def page() -> str:
    """The whole file."""
    lines = []
    for meaning in MEANINGS:
        spelt = Binding.make_bindings([Binding(meaning.keys, "", "")])
        keys = " ".join(f"`{format_key(binding.key)}`" for binding in spelt).replace("|", "\\|")
        names = ", ".join(f"`{name}`" for name in meaning.names)
        lines.append(f"| {keys} | {meaning.words.replace('|', chr(92) + '|')} | {names} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    place = Path(__file__).with_name("keys.md")
    if "--check" in sys.argv:
        sys.exit(None if place.read_text(encoding="utf-8") == page() else f"{place} is not current: python {__file__}")
    place.write_text(page(), encoding="utf-8")
