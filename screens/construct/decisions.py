"""A person's decisions about an example: in, out, another text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from screens.construct.following import Following
from screens.shell.dialogs import Ask
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.construct.reading import Example

__all__ = ["Deciding"]


class Deciding(Following):
    """Accept, edit, drop, and take it back."""

    @property
    def _current(self) -> Example | None:
        """The example under the cursor, if it has come out."""
        raise NotImplementedError

    def _decidable(self) -> Example | None:
        """The example under the cursor, which then stays under it; says why where there is nothing to decide."""
        self._following = False
        if self._current is None and self._shown:
            self.notify("It is still being made; decide once it has come out", timeout=3, markup=False)
        return self._current

    def _decide(self, example: Example, words: str, work: Callable[[str, str], None]) -> None:
        """Keep a decision about an example; the list may have moved on since it was asked for."""
        found = self._found
        assert found is not None

        def done(_: object) -> None:
            self.notify(words, timeout=2, markup=False)
            self._seen = None
            self._look()

        name, run_id = example.example_id, found.row.run_id
        self.load(f"decide {name}", lambda: work(run_id, name), done)

    def action_accept(self) -> None:
        """Take it in whatever the verifier said."""
        from engine.construct.reading import accept

        if (example := self._decidable()) is not None:
            store = self.session.store
            self._decide(example, "Accepted; u takes it back", lambda run, name: accept(store, run, name))

    def action_take_back(self) -> None:
        """Undo the decision."""
        from engine.construct.reading import take_back

        example = self._decidable()
        if example is not None and example.decision is None:
            self.notify("Nothing was decided about this one", timeout=2, markup=False)
        elif example is not None:
            store = self.session.store
            self._decide(example, "The verifier's word holds again", lambda run, name: take_back(store, run, name))

    def action_drop(self) -> None:
        """Leave it out, with a word on why."""
        from engine.construct.reading import drop

        example, store = self._decidable(), self.session.store
        if example is None:
            return

        def dropped(note: str | None) -> None:
            if note is not None:
                self._decide(example, "Dropped; u takes it back", lambda run, name: drop(store, run, name, note))

        hint = "without y+ no y− of its prompt stays" if example.kind == "positive" else ""
        self.app.push_screen(Ask("Drop this example: why?", example.note, hint), dropped)

    def action_edit(self) -> None:
        """Put another text in its place."""
        from engine.construct.reading import edit
        from screens.construct.dialogs import Edit

        example, store = self._decidable(), self.session.store
        if example is None:
            return

        def edited(text: str | None) -> None:
            if text is not None:
                self._decide(example, "Edited; u takes it back", lambda run, name: edit(store, run, name, text))

        before = example.response if example.edited is None else example.edited
        self.app.push_screen(Edit(one_line(example.example_id, 60), before), edited)
