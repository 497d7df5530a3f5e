"""Opening a task's form, and going where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

from rich.text import Text
from textual.app import App

from screens.shell.dialogs import Choose, Read
from screens.shell.fields import Prepared
from screens.shell.form import Form
from screens.shell.plain import plain
from screens.tasks.catalogue import TASKS
from screens.tasks.task import Task, TaskChoices

if TYPE_CHECKING:
    from engine.jobs.job import Job
    from engine.jobs.progress import RunState
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["choose_task", "open_task"]


class _Shell(Protocol):
    session: Session

    def work(self, title: str, job: Job, came: Callable[[Store, tuple[RunState, ...]], str] | None) -> None:
        """Do long work where runs are done."""


def choose_task(app: App[Any]) -> None:
    """Choose what to do, then ask for what it needs."""
    options = [(task.name, task.title) for task in TASKS.values()]
    app.push_screen(Choose("What to do", options), lambda name: open_task(app, TASKS[name]) if name else None)


def open_task(
    app: App[Any], task: Task, then: Callable[[], None] = lambda: None, known: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Ask for what a task needs, and do it.

    Args:
        then: called once it is done, or has begun.
        known: what stands in its fields already, by name.
    """
    shell = cast(_Shell, app)
    session = shell.session
    typed = session.choices(TaskChoices).typed

    def done(prepared: Prepared | None) -> None:
        if prepared is None:
            return
        typed.pop(task.name, None)
        then()
        if prepared.job is not None:
            shell.work(task.title, prepared.job, prepared.came)
        elif prepared.said:
            app.push_screen(Read(task.title, Text(plain(prepared.said), overflow="fold")))

    typed.setdefault(task.name, {}).update(known)
    form = Form(
        task.title,
        task.fields(session),
        lambda values: task.prepare(session, values),
        about=task.about,
        typed=typed[task.name],
    )
    app.push_screen(form, done)
