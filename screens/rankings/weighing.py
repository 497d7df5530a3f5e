"""How much each part of the suite counts: a line to type, which the ranking behind it follows key by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.widgets import Input, Static

from rubrics.errors import RudeError
from screens.shell.dialogs import Ask
from screens.shell.plain import one_line
from screens.shell.session import Session

if TYPE_CHECKING:
    from engine.results.weights import Weights

__all__ = ["Weigh", "typed_weights"]


def typed_weights(session: Session, text: str) -> tuple[str, Weights]:
    """The name under which they are to be saved, if one was typed, and the weights; blocks.

    Args:
        text: `Control 60, Content 40`, the name of saved ones, or `name: Control 60, Content 40`.

    Raises:
        RudeError: these are no weights on parts of the suite that is shown, or nothing is shown.
    """
    from engine.results.weights import leading_scope, read_weights

    text = text.strip()
    name, colon, rest = text.partition(":")
    name = name.strip() if colon else ""
    weights = read_weights(session.weights.get(text, rest if colon else text))
    board, pairs = session.board(), session.question().pairs
    leading_scope(board.index, board.matrix, weights, pairs)
    return name, weights


class Weigh(Ask):
    """Weights on categories, subcategories or domains, tried as they are typed."""

    def __init__(self, session: Session, show: Callable[[Weights | None], None]) -> None:
        """Args:
        show: shows the ranking by these weights; by none, that in which every pair counts the same.
        """
        self._session = session
        self._show = show
        now = self._before = session.question().weights
        names = ", ".join(one_line(name, 20) for name in list(session.weights)[:4])
        super().__init__(
            "How much each part counts",
            str(now) if now is not None else "",
            f"saved: {names}" if names else "name: Control 60, Content 40 saves it",
            "Control 60, Content 40",
            empty="every pair the same",
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Follow what is typed, as far as it can be read."""
        if not event.value.strip():
            return
        try:
            _, weights = typed_weights(self._session, event.value)
        except RudeError as error:
            self._say(error.what)
        else:
            self._say("")
            self._show(weights)

    def answer(self, typed: str) -> None:
        """Keep them, and save them where they have a name; what cannot be read stays to be mended."""
        if not typed:
            self._show(None)
            self.dismiss(typed)
            return
        try:
            name, weights = typed_weights(self._session, typed)
        except RudeError as error:
            self._say(f"{error.what} → {error.fix}")
            return
        if name:
            self._session.weights[name] = str(weights)
            self._session.remember("weights", self._session.weights)
            self.notify(f"Saved as {one_line(name, 40)}", timeout=2, markup=False)
        self._show(weights)
        self.dismiss(typed)

    def action_give_up(self) -> None:
        """Back to what held before."""
        self._show(self._before)
        self.dismiss(None)

    def _say(self, what: str) -> None:
        title = self.query_one(".title", Static)
        title.update(one_line(f"How much each part counts{': ' if what else ''}{what}"))
