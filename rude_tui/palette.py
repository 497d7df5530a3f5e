"""What the palette offers: places, tasks, looks, and what the keys of a screen do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from rude_tui.themes import THEMES
from screens.shell.navigation import PLACES
from screens.tasks.catalogue import TASKS

__all__ = ["commands"]


def commands(app: App[Any], screen: Screen[Any]) -> Iterable[SystemCommand]:
    """The commands for a screen, each named by what kind it is of and what it does."""
    for mode, title in PLACES.items():
        yield SystemCommand(f"go: {title}", f"Open {title}", lambda mode=mode: app.run_action(f"go('{mode}')"))
    yield SystemCommand(
        "do: First steps", "From a folder of models to a planned run", lambda: app.run_action("app.first_steps")
    )
    for task in TASKS.values():
        yield SystemCommand(f"do: {task.title}", task.about, lambda name=task.name: app.run_action(f"app.do('{name}')"))
    for theme in THEMES:
        yield SystemCommand(
            f"theme: {theme.name}", "Change the look", lambda name=theme.name: setattr(app, "theme", name)
        )
    offered: set[str] = set()
    for active in screen.active_bindings.values():
        binding = active.binding
        if (binding.show or binding.tooltip) and not binding.system and binding.action not in offered:
            offered.add(binding.action)
            yield SystemCommand(
                f"do: {binding.description}",
                binding.tooltip or binding.description,
                lambda action=binding.action, node=active.node: app.run_action(action, node),
            )
    yield SystemCommand("picture: save", "Save this screen as an SVG picture", app.action_screenshot)
    yield SystemCommand("quit: leave", "Quit", lambda: app.run_action("app.leave"))
