"""Every task, in the order in which a menu lists them. Plain Python."""

from __future__ import annotations

from typing import Final

from screens.tasks.outcomes import ADD_OUTCOMES
from screens.tasks.task import Task

__all__ = ["TASKS"]

TASKS: Final[dict[str, Task]] = {task.name: task for task in (ADD_OUTCOMES,)}
"""By name."""
