"""Flags, exclusions and their notes: one key each, on every screen that shows pairs, and one that takes them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from screens.shell.dialogs import Ask
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation, Kind

__all__ = ["AtHand", "Marked", "MarksPairs"]

_TITLES: Final = {"flag": "Flag this pair: what is to be looked at?", "exclude": "Exclude this pair: why?"}
_HINTS: Final = {
    "flag": "a note for yourself; it still counts",
    "exclude": "rankings, failures and correlations leave it out",
}
_DONE: Final = {"flag": "Flagged", "exclude": "Excluded"}
_UNDONE: Final = {"flag": "The flag is gone", "exclude": "It counts again"}


class AtHand(NamedTuple):
    """The pair that a key would mark."""

    suite_hash: str
    pair_id: str
    annotations: tuple[Annotation, ...]
    """Those it has."""


class _Change(NamedTuple):
    suite_hash: str
    pair_id: str
    kind: Kind
    before: str | None
    """Its note before; None where there was none of that kind."""


@dataclass
class Marked:
    """What was marked in this sitting, newest last, and the reason that was given last."""

    changes: list[_Change] = field(default_factory=list)
    reason: str = ""


class MarksPairs(Place):
    """A place that shows pairs which can be flagged, excluded and noted on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "mark_pair('flag')", "flag", tooltip="flag the pair, or take its flag back", id="flag"),
        Binding(
            "e", "mark_pair('exclude')", "exclude", id="exclude",
            tooltip="leave the pair out, for the reason given last, or count it again",
        ),
        Binding("N", "note", "note", tooltip="write a note on the pair: what to look at, why it is out", id="note"),
        Binding("u", "unmark", "undo", tooltip="take back the last flag, exclusion or note", id="undo"),
    ]  # fmt: skip

    def at_hand(self) -> AtHand | None:
        """The pair that a key would mark; None where there is none."""
        raise NotImplementedError

    def marked(self) -> None:
        """Something was marked or taken back: read again what shows it."""
        raise NotImplementedError

    @property
    def _kept(self) -> Marked:
        return self.session.choices(Marked)

    def action_mark_pair(self, kind: Kind) -> None:
        """Flag or exclude the pair, or take that back; the first exclusion of a sitting is asked its reason."""
        pair = self.at_hand()
        if pair is None:
            return
        if _note(pair.annotations, kind) is not None:
            self._write(pair, kind, None, _UNDONE[kind])
        elif kind == "exclude" and not self._kept.reason:
            self._ask(pair, kind)
        else:
            note = self._kept.reason if kind == "exclude" else ""
            self._write(pair, kind, note, _said(kind, note))

    def action_note(self) -> None:
        """Write why the pair is out where it is, else what is to be looked at, which flags it."""
        pair = self.at_hand()
        if pair is not None:
            self._ask(pair, "exclude" if _note(pair.annotations, "exclude") is not None else "flag")

    def action_unmark(self) -> None:
        """Take back the last change of this sitting."""
        if not self._kept.changes:
            self.notify("Nothing was marked yet", timeout=2, markup=False)
            return
        change = self._kept.changes.pop()
        words = f"Taken back: {one_line(change.pair_id, 40)}"
        self._store(change.suite_hash, change.pair_id, change.kind, change.before, lambda: self._done(words))

    def _ask(self, pair: AtHand, kind: Kind) -> None:
        before = _note(pair.annotations, kind)

        def write(note: str | None) -> None:
            if note is not None:
                if kind == "exclude":
                    self._kept.reason = note
                self._write(pair, kind, note, _said(kind, note))

        value = before if before is not None else self._kept.reason if kind == "exclude" else ""
        self.app.push_screen(Ask(_TITLES[kind], value, _HINTS[kind]), write)

    def _write(self, pair: AtHand, kind: Kind, note: str | None, words: str) -> None:
        change = _Change(pair.suite_hash, pair.pair_id, kind, _note(pair.annotations, kind))

        def done() -> None:
            self._kept.changes.append(change)
            self._done(f"{words} · {self.key_of('unmark')} takes it back")

        self._store(pair.suite_hash, pair.pair_id, kind, note, done)

    def _store(self, suite_hash: str, pair_id: str, kind: Kind, note: str | None, then: Callable[[], None]) -> None:
        def work() -> None:
            from engine.annotations.pairs import annotate, withdraw

            if note is None:
                withdraw(self.session.store, suite_hash, pair_id, kind)
            else:
                annotate(self.session.store, suite_hash, pair_id, kind, note)

        self.load("mark", work, lambda _: then())

    def _done(self, words: str) -> None:
        self.notify(words, timeout=3, markup=False)
        self.marked()


def _note(annotations: Iterable[Annotation], kind: Kind) -> str | None:
    return next((annotation.note for annotation in annotations if annotation.kind == kind), None)


def _said(kind: Kind, note: str) -> str:
    return f"{_DONE[kind]}: {one_line(note, 40)}" if note else _DONE[kind]
