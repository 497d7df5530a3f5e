"""Fields and readings that several tasks share. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rubrics.errors import BadInput
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.paths import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from screens.shell.session import Session

__all__ = ["SUITE_ENDINGS", "device_field", "models_field", "question_of", "suite_field", "to_file"]

SUITE_ENDINGS = (".jsonl",)
_DEVICES = ("auto", "cpu", "cuda", "cuda:all")


def models_field(session: Session) -> Field:
    """Candidates: those marked, to begin with."""
    marked = f"{SEPARATOR} ".join(session.marked_models)
    hint = "folder, .gguf file, hub id, or bundled; several with ;"
    return Field("models", "Candidates", hint, "path", value=marked, endings=(".gguf",))


def suite_field(session: Session, name: str = "suite") -> Field:
    """A suite: the first that is marked, to begin with."""
    marked = next(iter(session.marked_suites), "")
    return Field(name, "Suite", "world, core … or a .jsonl file", "path", value=marked, endings=SUITE_ENDINGS)


def device_field() -> Field:
    """Where models are loaded."""
    return Field("device", "Device", "where the model is loaded", choices=_DEVICES)


def question_of(session: Session, **changes: Any) -> Any:
    """The question that the app asks now, weights and all."""
    return session.question(**changes)


def to_file(typed: Typed, ending: str, write: Callable[[Path], str]) -> Prepared:
    """Write the file named in the field `output`; asked about first where one is there.

    Args:
        ending: what its name has to end in.
        write: writes it and says what it holds; blocks.
    """

    path = typed.path("output", f"name a {ending} file to write")
    with at("output"):
        if path.suffix.lower() != ending:
            raise BadInput(f"does not end in {ending}", where=path.name, fix=f"such as {path.stem or 'name'}{ending}")
        if not path.parent.is_dir():
            raise BadInput("no such folder", where=str(path.parent), fix="make it first, or name another")
    question = f"{path} is there already. Write over it?" if path.exists() else ""
    return Prepared(question=question, act=lambda: write(path))
