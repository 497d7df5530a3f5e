"""Keys that a person has renamed, held against the keys there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys, format_key, key_to_character

from screens.shell.place import Place
from screens.widgets.rows import Rows

__all__ = ["present_names", "trouble"]

_RENAMED: Final = {"pairs-flag": "flag"}
"""Names that keys once had, and those they have now."""

_MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}


def present_names(keys: Mapping[str, str]) -> dict[str, str]:
    """Renamed keys by the names that their bindings have now; a present name counts before one it once had."""
    return {_RENAMED[name]: key for name, key in keys.items() if name in _RENAMED} | {
        name: key for name, key in keys.items() if name not in _RENAMED
    }


def trouble(keys: Mapping[str, str], app: type[App[int]]) -> list[str]:
    """What is wrong with renamed keys, a line each: names nothing has, keys that do not exist, and keys taken twice.

    Args:
        keys: the name of a binding → keys, separated by commas.
        app: whose keys work on every screen, as those of the lists do.
    """
    kinds = list(_kinds())
    names = {binding.id for kind in kinds for binding in _declared(kind)}
    lines = []
    if unknown := sorted(set(keys) - names):
        lines.append(f"no key is named {', '.join(unknown)}; F1 shows the names")
    usable = dict(keys)
    for name, chosen in keys.items():
        if wrong := [key for key in map(str.strip, chosen.split(",")) if not _is_key(key)]:
            lines.append(f"{name}: there is no key “{', '.join(wrong)}”")
            del usable[name]
    twice = {
        clash
        for kind in kinds
        if issubclass(kind, Place)
        for clash in _clashes([*_declared(kind), *_declared(app), *_declared(Rows)], usable)
    }
    return lines + sorted(twice)


def _kinds() -> Iterator[type[DOMNode]]:
    kinds: list[type[DOMNode]] = [DOMNode]
    for kind in kinds:
        yield kind
        kinds += kind.__subclasses__()


def _declared(kind: type[DOMNode]) -> list[Binding]:
    """The bindings of a class and of those it derives from, where they can be renamed."""
    declared = [binding for base in kind.__mro__ for binding in base.__dict__.get("BINDINGS", ())]
    return [binding for binding in declared if isinstance(binding, Binding) and binding.id]


def _clashes(bindings: list[Binding], keys: Mapping[str, str]) -> Iterator[str]:
    on: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for binding in bindings:
        # Brought to one spelling: `/` is `slash`.
        for spelt in Binding.make_bindings([replace(binding, key=keys.get(str(binding.id), binding.key))]):
            on[spelt.key][str(binding.id)] = None
    for key, names in on.items():
        if len(names) > 1 and any(name in keys for name in names):
            yield f"{format_key(key)} is now {' and '.join(sorted(names))} at once"


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    named = {str(key.value) for key in Keys}
    return key in named or (set(modifiers) <= _MODIFIERS and (last in named or key_to_character(last) is not None))
