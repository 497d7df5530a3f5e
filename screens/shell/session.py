"""What all screens share: the store, the question asked of it, marks, folders, and the work going on. Plain Python."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from screens.construct.state import Desk
from screens.run.recorder import Trace

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.results.board import Board, Question
    from engine.results.rankings import RankingTable
    from engine.store.connection import Store

__all__ = ["Live", "Session"]

T = TypeVar("T")


@dataclass
class Session:
    """One sitting. Methods that read the store block, so screens call them in a thread."""

    store_path: Path | None = None
    folders: list[str] = field(default_factory=list)
    """Folders watched for candidates, as the person named them."""
    suite_files: list[str] = field(default_factory=list)
    """Suite files a person has named."""
    remember: Callable[[str, Any], None] = field(default=lambda name, value: None)
    """Keeps a setting for next time."""
    asked: dict[str, Any] = field(default_factory=dict)
    """The fields of the question that were chosen; the rest are the engine's defaults."""
    marked_models: dict[str, str] = field(default_factory=dict)
    """Candidates marked for the next run: path → name, in the order marked."""
    marked_suites: list[str] = field(default_factory=list)
    """Suites marked for the next run: built-in names or files."""
    subject: str | None = None
    """Label of the candidate whose failures are looked at; None: the best one."""
    command: tuple[str, ...] = (sys.executable, "-m", "rude_tui")
    """What starts the command line in a process of its own."""
    desk: Desk = field(default_factory=Desk)
    """What the screens of constructions keep."""

    def __post_init__(self) -> None:
        # Whoever asks for what is being worked out already waits for it, and for nothing else.
        self._locks: dict[str, threading.Lock] = {}
        self._store: Store | None = None
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    @property
    def store(self) -> Store:
        """The one store object, so that suites read once stay in memory."""
        from engine.store.connection import Store

        if self._store is None:
            self._store = Store(self.store_path)
        return self._store

    def question(self, **changes: Any) -> Question:
        """What is asked now, with changes."""
        from engine.results.board import Question

        return Question(**{**self.asked, **changes})

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever the database file does."""
        found: list[int] = []
        for path in (self.store.path, self.store.path.with_name(self.store.path.name + ".wal")):
            try:
                info = path.stat()
            except OSError:
                continue
            found += [info.st_mtime_ns, info.st_size]
        return tuple(found)

    def kept(self, name: str, asked: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, the newest of each name kept until something else is asked or the file changes."""
        with self._locks.setdefault(name, threading.Lock()):
            key = (asked, self.stamp())
            if name not in self._kept or self._kept[name][0] != key:
                self._kept[name] = (key, make())
            value: T = self._kept[name][1]
            return value

    def board(self) -> Board:
        """The board for the question; kept until the question or the file changes.

        Raises:
            RudeError: nothing answers it, or the store cannot be read.
        """
        from engine.results.board import load_board

        question = self.question()
        asked = (question.suite, question.protocol, question.metric, question.template, question.with_excluded)
        return self.kept("board", asked, lambda: load_board(self.store, question))

    def ranking(self) -> RankingTable:
        """The ranking for the question; kept as the board is.

        Raises:
            RudeError: as for `board`.
        """
        from engine.results.rankings import rankings_of

        question = self.question()
        return self.kept("ranking", question, lambda: rankings_of(self.board(), question))


@dataclass(frozen=True)
class Live:
    """The runs going on, or those that ended last, as one snapshot."""

    states: tuple[RunState, ...] = ()
    running: bool = False
    log: tuple[str, ...] = ()
    """What happened, newest last."""
    error: str = ""
    paused: bool = False
    """Whether the work has been asked to wait."""
    trace: Trace = field(default_factory=Trace)
    """How it went until now."""

    @property
    def share(self) -> float:
        """How much of everything is done, 0 to 1."""
        total = sum(state.total for state in self.states)
        return sum(min(state.done, state.total) for state in self.states) / total if total else 0.0
