"""Forgetting what is under the cursor, and bringing back what was forgotten: asked in dialogs, done in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from rubrics.counted import count
from screens.shell.dialogs import Choose, Confirm
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.annotations.forgetting import Forgotten, Going, Subject

__all__ = ["FORGET", "forget_dialog"]

FORGET: Final = Binding(
    "D,delete", "forget", "forget", show=False, key_display="D",
    tooltip="forget a model, a run or a suite after a question, or bring back what was forgotten", id="forget",
)  # fmt: skip
"""The same key wherever it does something; the screen has the action."""

_WITH: Final = {"model": "and all that was measured of it", "run": "by itself", "suite": "and every run on it"}
_BACK: Final = "back:"
_NOTHING: Final = "Nothing is stored of it"
_NAMED: Final = 8
"""Runs named one by one before a forgetting."""


def forget_dialog(place: Place, offers: Callable[[], list[Subject]], then: Callable[[], None]) -> None:
    """Ask which of several to forget, or to bring back; show what would go; do it on a yes.

    Args:
        offers: gives what can be forgotten, in a thread.
        then: called once something has changed.
    """
    from engine.annotations import forgetting

    store = place.session.store

    def read() -> tuple[list[Subject], list[Forgotten]]:
        return offers(), forgetting.forgotten(store)

    def choose(answer: tuple[list[Subject], list[Forgotten]]) -> None:
        subjects, kept = answer
        options = [
            (str(number), f"{subject.kind} {one_line(subject.name, 60)} {_WITH[subject.kind]}")
            for number, subject in enumerate(subjects)
        ]
        options += [(f"{_BACK}{item.number}", f"bring back {_kept_line(item)}") for item in kept]
        if not options:
            place.notify(f"{_NOTHING}, and nothing can be brought back", timeout=4, markup=False)
        else:
            title = "Forget, or bring back" if kept else "Forget"
            place.app.push_screen(Choose(title, options), lambda chosen: go(chosen, subjects))

    def go(chosen: str | None, subjects: list[Subject]) -> None:
        if chosen is None:
            return
        if chosen.startswith(_BACK):
            number = int(chosen.removeprefix(_BACK))
            place.load("forget", lambda: forgetting.bring_back(store, number), back)
        else:
            subject = subjects[int(chosen)]
            place.load("forget", lambda: forgetting.would_go(store, subject), ask)

    def ask(going: Going) -> None:
        if not going.counts:
            place.notify(_NOTHING, timeout=4, markup=False)
            return

        def sure(answer: bool | None) -> None:
            if answer:
                # What was left elsewhere stands in the question.
                take_over = bool(going.left)
                place.load("forget", lambda: forgetting.forget(store, going.subject, take_over=take_over), gone)

        subject = going.subject
        place.app.push_screen(
            Confirm(f"Forget the {subject.kind} {one_line(subject.name, 50)}?", _would_go(going)), sure
        )

    def gone(item: Forgotten) -> None:
        place.session.subject = None
        place.notify(f"Forgotten; D brings it back until {item.until}", timeout=6, markup=False)
        then()

    def back(item: Forgotten) -> None:
        kept = f"; made anew meanwhile: {', '.join(forgetting.in_words(item.kept))}" if item.kept else ""
        place.notify(f"{item.subject.kind} {one_line(item.subject.name, 60)} is back{kept}", timeout=6, markup=False)
        then()

    place.load("forget", read, choose)


def _kept_line(item: Forgotten) -> str:
    return f"{item.subject.kind} {one_line(item.subject.name, 36)}, forgotten {item.at}"


def _would_go(going: Going) -> str:
    from engine.annotations.forgetting import DAYS, in_words

    lines = ["What goes: " + ", ".join(in_words(going.counts))]
    lines += [f"  {one_line(words, 68)}" for words in going.runs[:_NAMED]]
    if len(going.runs) > _NAMED:
        lines.append(f"  and {count(len(going.runs) - _NAMED, 'more run')}")
    lines += [
        f"Left by {one_line(machine.host, 30)} since {machine.since}: yes means that it is gone for good"
        for machine in going.left
    ]
    if going.stays:
        lines.append(f"What stays: {', '.join(in_words(going.stays))}, added by you under its name")
    lines.append(f"\nFor {DAYS} days it can be brought back (D). Files stay where they are.")
    return "\n".join(lines)
