"""Suite files that a person has named: offered among the suites, or no longer."""

from __future__ import annotations

from collections.abc import Callable

from screens.shell.dialogs import Choose
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.form import Form
from screens.shell.place import Place
from screens.shell.suite_files import named_suite

__all__ = ["add_dialog", "drop_dialog"]


def add_dialog(place: Place, then: Callable[[], None]) -> None:
    """Ask for a file and offer it from now on."""
    session = place.session

    def add(typed: Typed) -> Prepared:
        with at("file"):
            session.offer_suite(named_suite(typed.text("file", "name a .jsonl file")))
        return Prepared()

    field = Field("file", "Suite file", "one pair a line, JSON, such as pairs.jsonl", "path", endings=(".jsonl",))
    place.app.push_screen(Form("Offer a suite", (field,), add), lambda done: then() if done else None)


def drop_dialog(place: Place, current: str | None, then: Callable[[], None]) -> None:
    """Choose a file that is offered no longer; it stays on disk.

    Args:
        current: the file under the cursor, at which the choice begins.
    """
    session = place.session

    def drop(path: str | None) -> None:
        if path is not None:
            session.suite_files.remove(path)
            if path in session.marked_suites:
                session.marked_suites.remove(path)
            session.remember("suites", session.suite_files)
            then()

    if not session.suite_files:
        place.notify("No file has been added; a adds one", markup=False)
        return
    files = [(file, file) for file in session.suite_files]
    place.app.push_screen(Choose("Offer no longer", files, current), drop)
