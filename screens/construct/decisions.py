"""A person's decisions about an example: in, out, another text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from screens.shell.dialogs import Ask
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.construct.reading import Example

__all__ = ["accept", "drop", "edit", "take_back"]

Then = Callable[[], None]
"""Called once a decision is kept."""


def _keep(place: Place, example: Example, work: Callable[[], None], words: str, then: Then) -> None:
    """Keep a decision in a thread and say so; the list may have moved on since it was asked for."""

    def done(_: object) -> None:
        place.notify(words, timeout=2, markup=False)
        then()

    place.load(f"decide {example.example_id}", work, done)


def accept(place: Place, run_id: str, example: Example, then: Then) -> None:
    """Take it in whatever the verifier said."""
    from engine.construct import reading

    store, name = place.session.store, example.example_id
    _keep(place, example, lambda: reading.accept(store, run_id, name), "Accepted; u takes it back", then)


def take_back(place: Place, run_id: str, example: Example, then: Then) -> None:
    """Undo the decision."""
    from engine.construct import reading

    if example.decision is None:
        place.notify("Nothing was decided about this one", timeout=2, markup=False)
        return
    store, name, words = place.session.store, example.example_id, "The verifier's word holds again"
    _keep(place, example, lambda: reading.take_back(store, run_id, name), words, then)


def drop(place: Place, run_id: str, example: Example, then: Then) -> None:
    """Leave it out, with a word on why."""
    from engine.construct import reading

    store, name = place.session.store, example.example_id

    def dropped(note: str | None) -> None:
        if note is not None:
            _keep(place, example, lambda: reading.drop(store, run_id, name, note), "Dropped; u takes it back", then)

    hint = "without y+ no y− of its prompt stays" if example.kind == "positive" else ""
    place.app.push_screen(Ask("Drop this example: why?", example.note, hint), dropped)


def edit(place: Place, run_id: str, example: Example, then: Then) -> None:
    """Put another text in its place."""
    from engine.construct import reading
    from screens.construct.edit_dialog import Edit

    store, name = place.session.store, example.example_id

    def edited(text: str | None) -> None:
        if text is not None:
            _keep(place, example, lambda: reading.edit(store, run_id, name, text), "Edited; u takes it back", then)

    before = example.response if example.edited is None else example.edited
    place.app.push_screen(Edit(one_line(name, 60), before), edited)
