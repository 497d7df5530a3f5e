"""What F1 says: the screen's own words, what has the focus, the keys, and what the terms mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.screen import Screen

__all__ = ["help_text"]


def help_text(screen: Screen[Any], guide: str, terms: Sequence[str], faint: str) -> Text:
    """Help for a screen and for the widget on it that has the focus.

    Args:
        guide: written in short lines, blank ones between paragraphs; shown at whatever width there is.
        terms: those of the glossary that the screen shows, in the order to explain them in.
        faint: the colour of what most readers skip.

    Raises:
        KeyError: a term that the glossary lacks.
    """
    text = Text("\n\n".join(" ".join(part.split()) for part in guide.strip().split("\n\n")))
    focused = screen.focused
    if focused is not None and isinstance(focused.tooltip, str) and focused.tooltip:
        text.append(f"\n\nHere: {focused.tooltip}")
    text.append("\n\n")
    _keys(text, screen, faint)
    if terms:
        text.append("\n\n")
        _words(text, terms, faint)
    return text


def _keys(text: Text, screen: Screen[Any], faint: str) -> None:
    text.append("Keys\n", "bold")
    hints: dict[str, tuple[int, str, str, list[str]]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and not binding.system:
            place = 2 if active.node is screen.focused else int(not binding.show)
            words = binding.tooltip or binding.description.lower()
            keys = hints.setdefault(binding.action, (place, words, binding.id or "", []))[3]
            keys.append(screen.app.get_key_display(binding))
    # The screen's keys first; how to move in a list is known to most.
    for _, words, name, keys in sorted(hints.values(), key=lambda hint: hint[0]):
        text.append(f"  {' '.join(dict.fromkeys(keys)):<14}", "bold")
        text.append(f" {words}")
        text.append(f"  ({name})\n" if name else "\n", faint)
    text.append('\nIn brackets stands the name of each: a line such as  export = "X"  under [keys] in settings.toml ')
    text.append("gives it another key.")


def _words(text: Text, terms: Sequence[str], faint: str) -> None:
    from rubrics.glossary import term

    text.append("Words", "bold")
    for entry in map(term, terms):
        text.append(f"\n{entry.name}", "bold")
        text.append(f"  {entry.means}")
        if entry.source:
            text.append(f"  {entry.source}", faint)
