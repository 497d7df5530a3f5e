"""Flagging and excluding a pair: the reason is asked for, kept with the pair, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from screens.shell.annotation_text import MARKS
from screens.shell.dialogs import Ask, Choose
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation, Kind

__all__ = ["annotation_dialog"]

_QUESTIONS: Final = {
    "flag": ("Flag this pair: what is to be looked at?", "a note for yourself; it still counts"),
    "exclude": ("Exclude this pair: why?", "rankings, failures and correlations leave it out"),
}
_DONE: Final = {"flag": "Flagged", "exclude": "Excluded; i counts excluded pairs again"}
_UNDONE: Final = {"flag": "The flag is gone", "exclude": "It counts again"}


def annotation_dialog(
    place: Place,
    suite_hash: str,
    pair_id: str,
    kind: Kind,
    annotations: Iterable[Annotation],
    then: Callable[[], None],
) -> None:
    """Ask for the reason and keep it; for a pair annotated so already, offer to change the reason or to take it back.

    Args:
        annotations: those the pair has.
        then: called once something has changed.
    """
    current = next((annotation for annotation in annotations if annotation.kind == kind), None)

    def write(note: str | None) -> None:
        if note is None:
            return

        def work() -> None:
            from engine.annotations.pairs import annotate

            annotate(place.session.store, suite_hash, pair_id, kind, note)

        place.load("note", work, lambda _: done(_DONE[kind]))

    def take_back() -> None:
        def work() -> None:
            from engine.annotations.pairs import withdraw

            withdraw(place.session.store, suite_hash, pair_id, kind)

        place.load("note", work, lambda _: done(_UNDONE[kind]))

    def done(words: str) -> None:
        place.notify(words, timeout=3, markup=False)
        then()

    def ask() -> None:
        title, hint = _QUESTIONS[kind]
        place.app.push_screen(Ask(title, current.note if current else "", hint), write)

    if current is None:
        ask()
        return
    options = [("back", "take it back"), ("change", "change the reason")]
    place.app.push_screen(
        Choose(f"{MARKS[kind][0]} {one_line(current.note, 60)}", options),
        lambda answer: take_back() if answer == "back" else ask() if answer == "change" else None,
    )
