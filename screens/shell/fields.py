"""A form as data: what is asked, what was typed, and what is to be done with it. Plain Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from rubrics.errors import BadInput, RudeError
from screens.shell.paths import several

if TYPE_CHECKING:
    from engine.jobs.job import Job
    from engine.jobs.progress import RunState
    from engine.results.database import Store

__all__ = ["YES_NO", "AtField", "Field", "Prepared", "Typed", "at", "field_of"]

T = TypeVar("T")
YES_NO = ("no", "yes")


@dataclass(frozen=True)
class Field:
    """One thing to say."""

    name: str
    label: str
    hint: str = ""
    """What to type, shown where nothing is."""
    kind: Literal["text", "path"] = "text"
    value: str = ""
    """What stands there at first."""
    choices: Sequence[str] = ()
    """One of these, where there are any; no line to type then."""
    endings: tuple[str, ...] = ()
    """Of the files that a path may name; none means all."""
    needed: bool = False


class AtField(BadInput):
    """What was typed into a field cannot be used."""

    def __init__(self, field: str, error: RudeError) -> None:
        super().__init__(error.what, where=error.where, fix=error.fix, shell=error.shell)
        self.field = field


@contextmanager
def at(field: str) -> Iterator[None]:
    """Whatever bad input is found inside was typed into this field.

    Raises:
        AtField: bad input was found.
    """
    try:
        yield
    except AtField:
        raise
    except BadInput as error:
        raise AtField(field, error) from None


def field_of(error: RudeError, values: Mapping[str, str]) -> str:
    """The field that an error is about: the one it names, or the one whose path it speaks of; empty where it is none.

    Args:
        values: what was typed, by field.
    """
    if isinstance(error, AtField):
        return error.field
    for name, typed in values.items():
        for path in several(typed) if error.where else ():
            if error.where.startswith((path, str(Path(os.path.expanduser(path)).absolute()))):
                return name
    return ""


@dataclass(frozen=True)
class Typed:
    """What was typed, by the fields' names; read as what it should be."""

    values: Mapping[str, str]

    def text(self, name: str, needed: str = "") -> str:
        """As typed, without blanks around it.

        Args:
            needed: what to do where nothing was typed; nothing may be typed where this is empty.

        Raises:
            AtField: nothing was typed, and something is needed.
        """
        value = self.values.get(name, "").strip()
        if needed and not value:
            raise AtField(name, BadInput("nothing was typed", fix=needed))
        return value

    def yes(self, name: str) -> bool:
        """Whether yes was chosen."""
        return self.text(name) == "yes"

    def path(self, name: str, needed: str = "name a file") -> Path:
        """A path, with ~ for the home folder.

        Raises:
            AtField: nothing was typed.
        """
        return Path(os.path.expanduser(self.text(name, needed))).absolute()

    def paths(self, name: str, needed: str = "name at least one") -> list[str]:
        """Several, in the order typed; what is no path here, such as a hub id, stays as it is.

        Raises:
            AtField: nothing was typed.
        """
        with at(name):
            return [os.path.expanduser(path) for path in several(self.text(name, needed))]

    def whole(self, name: str, least: int = 0) -> int | None:
        """A whole number; None where nothing was typed.

        Raises:
            AtField: it is none, or too small.
        """
        value = self.text(name)
        if not value:
            return None
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least:
            raise AtField(name, BadInput(f"{value!r} is no whole number from {least} on", fix=f"such as {least + 1}"))
        return number

    def read(self, name: str, reader: Callable[[str], T], needed: str = "") -> T:
        """What a function of the engine makes of it.

        Args:
            needed: what to do where nothing was typed; then that is read where this is empty.

        Raises:
            AtField: it cannot be used, or is needed and lacking.
        """
        with at(name):
            return reader(self.text(name, needed))


@dataclass(frozen=True)
class Prepared:
    """What a form has come to: done at once, or asked about first."""

    question: str = ""
    """What it will take or do, to be read before a yes; empty where nothing has to be asked."""
    act: Callable[[], str] | None = None
    """Does it, in a thread; what came of it, in words."""
    said: str = ""
    """What came of it."""
    job: Job | None = None
    """Long work, to be done where runs are."""
    came: Callable[[Store, tuple[RunState, ...]], str] | None = None
    """What came of the job, in words, once it has ended."""
