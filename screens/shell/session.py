"""What all screens share: the store, the question asked of it, what is marked, what places keep. Plain Python."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from engine.candidates.address import ServedAs
    from engine.construct.request import ConstructRequest
    from engine.results.board import Board, Question
    from engine.results.database import Store
    from engine.results.rankings import RankingTable

__all__ = ["Session"]

T = TypeVar("T")


def _not_wired(options: Sequence[str]) -> ConstructRequest:
    raise AssertionError("the app has not said how options are read")


@dataclass
class Session:
    """One sitting. Methods that read the store block, so screens call them in a thread."""

    store_path: Path | None = None
    folders: list[str] = field(default_factory=list)
    """Folders watched for candidates, as the person named them."""
    served: list[ServedAs] = field(default_factory=list)
    """Models of servers, as the person named them."""
    suite_files: list[str] = field(default_factory=list)
    """Suite files a person has named."""
    remember: Callable[[str, Any], None] = field(default=lambda name, value: None)
    """Keeps a setting for next time."""
    question_fields: dict[str, Any] = field(default_factory=dict)
    """The fields of the question that were chosen; the rest are the engine's defaults."""
    marked_models: dict[str, str] = field(default_factory=dict)
    """Candidates marked for the next run: path → name, in the order marked."""
    marked_suites: list[str] = field(default_factory=list)
    """Suites marked for the next run: built-in names or files."""
    weights: dict[str, str] = field(default_factory=dict)
    """Weights on parts of a suite, by the name they were saved under."""
    hide_bundled: bool = False
    """Whether the candidates and suites that ship are left out of lists."""
    requirements: Path | None = None
    """File of what is asked of a candidate beside its accuracy."""
    subject: str | None = None
    """Label of the candidate whose failures are looked at; None: the best one."""
    read_construction: Callable[[Sequence[str]], ConstructRequest] = field(default=_not_wired)
    """Reads the options of a construction as the command line does; raises `BadInput`."""

    def __post_init__(self) -> None:
        # Whoever asks for what is being worked out already waits for it, and for nothing else.
        self._locks: dict[str, threading.Lock] = {}
        self._store: Store | None = None
        self._cache: dict[str, tuple[Hashable, Any]] = {}
        self._choices: dict[type[Any], Any] = {}

    @property
    def store(self) -> Store:
        """The one store object, so that suites read once stay in memory."""
        from engine.results.database import Store

        if self._store is None:
            self._store = Store(self.store_path)
        return self._store

    def choices(self, kind: type[T]) -> T:
        """What a place keeps between visits: the one object of its own type, made when first asked for."""
        if kind not in self._choices:
            self._choices[kind] = kind()
        choices: T = self._choices[kind]
        return choices

    def offer_suite(self, path: str) -> None:
        """List a suite file among the suites, now and next time."""
        if path not in self.suite_files:
            self.suite_files.append(path)
            self.remember("suites", self.suite_files)

    def show_bundled(self, *, shown: bool) -> None:
        """List the candidates and suites that ship, or leave them out; now and next time."""
        self.hide_bundled = not shown
        self.remember("hide_bundled", self.hide_bundled)

    def question(self, **changes: Any) -> Question:
        """What is asked now, with changes."""
        from engine.results.board import Question

        return Question(**{**self.question_fields, **changes})

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever the database file does."""
        from engine.results.database import stamp

        return stamp(self.store)

    def cached(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, the newest of each name kept until another key is asked for or the file changes."""
        with self._locks.setdefault(name, threading.Lock()):
            key = (key, self.stamp())
            if name not in self._cache or self._cache[name][0] != key:
                self._cache[name] = (key, make())
            value: T = self._cache[name][1]
            return value

    def board(self) -> Board:
        """The board for the question; kept until the question or the file changes.

        Raises:
            RudeError: nothing answers it, or the store cannot be read.
        """
        from engine.results.board import load_board

        question = self.question()
        key = (question.suite, question.protocol, question.metric, question.template, question.with_excluded)
        return self.cached("board", key, lambda: load_board(self.store, question))

    def ranking(self) -> RankingTable:
        """The ranking for the question; kept as the board is.

        Raises:
            RudeError: as for `board`.
        """
        from engine.results.rankings import rankings_of

        question = self.question()
        return self.cached("ranking", question, lambda: rankings_of(self.board(), question))
