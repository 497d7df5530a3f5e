"""Flagging and excluding a pair: the reason is asked for, kept with the pair, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.shell.dialogs import Ask, Choose
from screens.shell.place import Place
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.store.annotations import Annotation, Kind

__all__ = ["MARKS", "mark_text", "marks", "note_dialog"]

MARKS: Final[dict[str, tuple[str, str]]] = {"flag": ("⚑", "mark-2"), "exclude": ("⊘", "bad")}
"""Glyph and colour of each kind."""
_ASKED: Final = {
    "flag": ("Flag this pair: what is to be looked at?", "a note for yourself; it still counts"),
    "exclude": ("Exclude this pair: why?", "rankings, failures and correlations leave it out"),
}
_DONE: Final = {"flag": "Flagged", "exclude": "Excluded; i counts excluded pairs again"}
_UNDONE: Final = {"flag": "The flag is gone", "exclude": "It counts again"}


def marks(found: Iterable[Annotation]) -> str:
    """The glyphs of a pair's notes, two cells wide."""
    return "".join(MARKS[one.kind][0] for one in sorted(found, key=lambda one: one.kind)).ljust(2)


def mark_text(found: Iterable[Annotation], colour: Callable[[str], str]) -> Text:
    """A pair's notes, one a line, with their reasons; empty where there are none."""
    text = Text(overflow="fold")
    for one in found:
        mark, tone = MARKS[one.kind]
        word = "flagged" if one.kind == "flag" else "excluded"
        text.append(f"{mark} {word}", f"bold {colour(tone)}")
        text.append(f" {one.added_at}: {plain(one.note)}\n")
    return text


def note_dialog(
    place: Place, suite_hash: str, pair_id: str, kind: Kind, found: Iterable[Annotation], then: Callable[[], None]
) -> None:
    """Ask for the reason and keep it; for a pair that has such a note, offer to change it or to take it back."""
    current = next((one for one in found if one.kind == kind), None)

    def write(note: str | None) -> None:
        if note is None:
            return

        def work() -> None:
            from engine.store.annotations import annotate

            annotate(place.session.store, suite_hash, pair_id, kind, note)

        place.load("note", work, lambda _: done(_DONE[kind]))

    def take_back() -> None:
        def work() -> None:
            from engine.store.annotations import withdraw

            withdraw(place.session.store, suite_hash, pair_id, kind)

        place.load("note", work, lambda _: done(_UNDONE[kind]))

    def done(words: str) -> None:
        place.notify(words, timeout=3, markup=False)
        then()

    def ask() -> None:
        title, hint = _ASKED[kind]
        place.app.push_screen(Ask(title, current.note if current else "", hint), write)

    if current is None:
        ask()
        return
    options = [("back", "take it back"), ("change", "change the reason")]
    place.app.push_screen(
        Choose(f"{MARKS[kind][0]} {one_line(current.note, 60)}", options),
        lambda answer: take_back() if answer == "back" else ask() if answer == "change" else None,
    )
