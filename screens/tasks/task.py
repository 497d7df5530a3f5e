"""What a task is: a form as data, and the function of the engine that it leads to. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from screens.shell.fields import Field, Prepared, Typed

if TYPE_CHECKING:
    from screens.shell.session import Session

__all__ = ["Task", "TaskChoices"]


@dataclass(frozen=True)
class Task:
    """Something to do."""

    name: str
    title: str
    """What is done, as in a menu."""
    about: str
    """What it is for, in a line or two."""
    fields: Callable[[Session], Sequence[Field]]
    """What is asked; what stands there at first may depend on the session. Reads nothing from disk."""
    prepare: Callable[[Session, Typed], Prepared]
    """Makes of what was typed what is to be done; blocks, and raises what is wrong with it."""


@dataclass
class TaskChoices:
    """What is kept of tasks between two openings."""

    typed: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was typed and not done yet, by the task's name."""
