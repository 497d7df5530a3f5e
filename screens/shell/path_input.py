"""A line for a path, which Tab completes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from screens.shell.line import Line
from screens.shell.loading import Answered, Loader
from screens.shell.paths import Completion, complete

__all__ = ["PathInput"]


class PathInput(Line):
    """Tab adds what is certain, then says what is possible; where nothing is, it goes on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "complete the path", show=False, system=True)]

    class Possible(Message):
        """What the path may go on with."""

        def __init__(self, line: PathInput, names: Sequence[str]) -> None:
            super().__init__()
            self.line = line
            self.names = tuple(names)

        @property
        def control(self) -> PathInput:
            """The line."""
            return self.line

    def __init__(self, value: str = "", *, endings: Sequence[str] = (), **more: Any) -> None:
        """Args:
        endings: only files that end so, beside folders; none means all files.
        """
        super().__init__(value, **more)
        self._endings = tuple(endings)
        self.loader = Loader(self)

    def on_answered(self, message: Answered) -> None:
        """An answer has come."""
        self.loader.answered(message)

    def action_complete(self) -> None:
        """Look, in a thread: a folder may be on another machine."""
        typed = self.value
        if not typed.strip():
            self.app.action_focus_next()
            return

        def arrived(completion: Completion) -> None:
            if self.value != typed:
                return
            if completion.text != typed:
                self.value = completion.text
                self.cursor_position = len(completion.text)
                self.post_message(self.Possible(self, completion.names if len(completion.names) > 1 else ()))
            elif len(completion.names) > 1:
                self.post_message(self.Possible(self, completion.names))
            else:
                self.post_message(self.Possible(self, ()))
                self.app.action_focus_next()

        self.loader.load("complete", lambda: complete(typed, self._endings), arrived, lambda error: None)
