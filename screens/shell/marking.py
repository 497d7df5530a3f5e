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
    "exclude": "rankings, failures and correlations leave it out; without a reason it stays in",
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
        pair, reason = self.at_hand(), self._kept.reason if kind == "exclude" else ""
        if pair is None:
            return
        if kind == "exclude" and not reason and _note(pair.annotations, kind) is None:
            self._ask(pair, kind)
        else:
            self._write(pair, kind, lambda before: reason if before is None else None)

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
        pair, words = AtHand(change.suite_hash, change.pair_id, ()), f"Taken back: {one_line(change.pair_id, 40)}"
        self._remark(pair, change.kind, lambda before: change.before, lambda before: self._done(words))

    def _ask(self, pair: AtHand, kind: Kind) -> None:
        def write(note: str | None) -> None:
            if note is not None:
                if kind == "exclude":
                    self._kept.reason = note
                self._write(pair, kind, lambda before: note)

        before = _note(pair.annotations, kind)
        value = before if before is not None else self._kept.reason if kind == "exclude" else ""
        self.app.push_screen(Ask(_TITLES[kind], value, _HINTS[kind]), write)

    def _write(self, pair: AtHand, kind: Kind, to: Callable[[str | None], str | None]) -> None:
        def done(before: str | None) -> None:
            note = to(before)
            self._kept.changes.append(_Change(pair.suite_hash, pair.pair_id, kind, before))
            words = _UNDONE[kind] if note is None else _DONE[kind] + (f": {one_line(note, 40)}" if note else "")
            self._done(f"{words} · {self.key_of('unmark')} takes it back")

        self._remark(pair, kind, to, done)

    def _remark(
        self, pair: AtHand, kind: Kind, to: Callable[[str | None], str | None], then: Callable[[str | None], None]
    ) -> None:
        """Write what the note becomes, None for no such mark, by what is stored and not by what is shown."""

        def work() -> str | None:
            from engine.annotations.pairs import annotate, stored_annotations, withdraw

            store = self.session.store
            before = _note(stored_annotations(store, pair.suite_hash).get(pair.pair_id, ()), kind)
            if (note := to(before)) is None:
                withdraw(store, pair.suite_hash, pair.pair_id, kind)
            else:
                annotate(store, pair.suite_hash, pair.pair_id, kind, note)
            return before

        # Of its own for every pair: a slot would forget all but the newest of what waits.
        self.load(f"{kind} {pair.pair_id}", work, then)

    def _done(self, words: str) -> None:
        self.notify(words, timeout=3, markup=False)
        self.marked()


def _note(annotations: Iterable[Annotation], kind: Kind) -> str | None:
    return next((annotation.note for annotation in annotations if annotation.kind == kind), None)
