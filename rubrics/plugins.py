"""What other packages add, by entry points: known by name at once, imported only when it is named or needed.

A package announces in its `pyproject.toml` what it has, by group and name; `docs/plugin-template` is one that has all
of them. One that cannot be imported, or gives something else than its group takes, is passed over, and kept as a fault
for whoever tells a person.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar

from rubrics.errors import BadInput
from rubrics.faults import shown

__all__ = [
    "GROUPS", "Fault", "Plugin", "assert_usable", "clear", "fault_of", "faults", "load", "load_function", "named",
    "of_group", "offered", "pass_over",
]  # fmt: skip

_PREFIX: Final = "rude_tui."
GROUPS: Final = ("predictors", "importers", "outcome_formats", "backends", "suites")
"""What can be added; a package writes `rude_tui.` before it."""

T = TypeVar("T")


@dataclass(frozen=True)
class Plugin:
    """One thing that a package announces."""

    group: str
    """One of `GROUPS`."""
    name: str
    package: str
    version: str
    entry: EntryPoint

    def __str__(self) -> str:
        return f"{self.name} ({self.package} {self.version})"

    @property
    def cause(self) -> dict[str, str]:
        """Its name, package and version, as a run's key holds them."""
        return {"name": self.name, "package": self.package, "version": self.version}


@dataclass(frozen=True)
class Fault:
    """A plugin that is passed over, and why."""

    plugin: Plugin
    why: str

    def __str__(self) -> str:
        return f"the plugin {self.plugin} of {_PREFIX}{self.plugin.group} is passed over: {self.why}"


_FAULTS: dict[Plugin, Fault] = {}


@cache
def offered() -> tuple[Plugin, ...]:
    """All that installed packages announce, by group and name; nothing is imported."""
    found: dict[tuple[str, str], Plugin] = {}
    for group in GROUPS:
        for entry in sorted(entry_points(group=_PREFIX + group), key=lambda e: (e.name, e.dist.name if e.dist else "")):
            package, version = (entry.dist.name, entry.dist.version) if entry.dist else ("unknown package", "")
            plugin = Plugin(group, entry.name, package, version, entry)
            first = found.setdefault((group, entry.name), plugin)
            if first.package != package:
                _FAULTS[plugin] = Fault(plugin, f"{first.package} has one of that name")
    return tuple(found.values())


def of_group(group: str) -> tuple[Plugin, ...]:
    """Those of one group, by name."""
    return tuple(plugin for plugin in offered() if plugin.group == group)


def named(group: str, name: str) -> Plugin | None:
    """The one of that name; None where no package has it."""
    return next((plugin for plugin in of_group(group) if plugin.name == name), None)


@cache
def load(plugin: Plugin, kind: type[T]) -> T | None:
    """What a plugin is: an object of its kind, or what a function without arguments gives as one; None for neither.

    Imports its package, whose code runs with the rights of this process. What goes wrong there is no error of ours: it
    is kept among `faults`, and the plugin passed over.
    """
    try:
        value = plugin.entry.load()
        if callable(value) and not isinstance(value, kind):
            value = value()
    except Exception as error:  # noqa: BLE001 - whatever another's code raises
        pass_over(plugin, _in_short(error))
        return None
    if not isinstance(value, kind):
        pass_over(plugin, f"it gives {type(value).__name__}, where {kind.__name__} is asked for")
        return None
    return value


@cache
def load_function(plugin: Plugin) -> Callable[..., Any] | None:
    """The function that a plugin is; None where it is none, as `load`."""
    try:
        value = plugin.entry.load()
    except Exception as error:  # noqa: BLE001 - whatever another's code raises
        pass_over(plugin, _in_short(error))
        return None
    if not callable(value):
        pass_over(plugin, f"it gives {type(value).__name__}, where a function is asked for")
        return None
    return value  # type: ignore[no-any-return]


def _in_short(error: Exception) -> str:
    return shown(f"{type(error).__name__}: {error}", 300)[1:-1]


def assert_usable(plugin: Plugin, value: T | None) -> T:
    """What was loaded of a plugin that a person has named.

    Raises:
        BadInput: nothing; with the reason.
    """
    if value is None:
        raise BadInput(
            f"cannot be used: {_FAULTS[plugin].why}", where=f"the plugin {plugin}", fix="mend or remove that package"
        )
    return value


def fault_of(plugin: Plugin) -> str:
    """Why it cannot be imported; empty where it can. A backend's module is only looked for, since it may be heavy."""
    module = plugin.entry.module
    try:
        if plugin.group == "backends":
            return "" if importlib.util.find_spec(module) else f"there is no module {module}"
        plugin.entry.load()
    except Exception as error:  # noqa: BLE001 - whatever another's code raises
        return _in_short(error)
    return ""


def pass_over(plugin: Plugin, why: str) -> None:
    """Keep as a fault what a caller finds wrong with a plugin that could be imported."""
    _FAULTS[plugin] = Fault(plugin, why)


def faults() -> tuple[Fault, ...]:
    """Those that were passed over so far, in the order in which that was found."""
    return tuple(_FAULTS.values())


def clear() -> None:
    """Look anew at what is installed."""
    offered.cache_clear()
    load.cache_clear()
    load_function.cache_clear()
    _FAULTS.clear()
