"""The one tree of errors a person may see.

    RudeError                 something a person has to know; says what, where and what to do
    ├── BadInput              what was given cannot be used; nothing was run           exit 3
    │   ├── SuiteError        a suite file breaks the contract (rubrics)
    │   ├── CandidateError    a model folder cannot be scored (engine)
    │   └── OutcomeError      an outcomes file cannot be read (engine)
    ├── StoreError            the database cannot be opened, read or written           exit 1
    ├── WorkerError           the scoring process failed or died                       exit 1
    ├── EndpointError         a server that answers nobody                             exit 1
    └── Busy                  another process is at work on it; nothing was changed    exit 4

The tree lives at the bottom layer because every layer raises from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

__all__ = [
    "BadInput",
    "Busy",
    "CandidateError",
    "EndpointError",
    "Exit",
    "OutcomeError",
    "RudeError",
    "StoreError",
    "SuiteError",
    "WorkerError",
]


class Exit(IntEnum):
    """Exit codes, an interface others script against."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    SOME_SKIPPED = 4
    INTERRUPTED = 130


class RudeError(Exception):
    """What went wrong, where, and what to do about it; each a short sentence or phrase without markup.

    Args:
        shell: the same remedy as it is typed in a shell, `--limit N` or `rude-tui run …`. Whoever has no shell before
            them – the app, the report – never gets to see it, so `fix` has to do without it.
    """

    exit_code: Exit = Exit.FAILED

    def __init__(self, what: str, *, where: str = "", fix: str = "", shell: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.shell = shell

    def to_json(self) -> dict[str, str | int]:
        """As another process can be told of it; `of_json` makes it one again."""
        return {
            "what": self.what, "where": self.where, "fix": self.fix, "shell": self.shell, "code": int(self.exit_code),
        }  # fmt: skip

    @staticmethod
    def of_json(fields: Mapping[str, Any]) -> RudeError:
        """An error of this tree with the same words and exit code."""
        error = RudeError(fields["what"], where=fields["where"], fix=fields["fix"], shell=fields.get("shell", ""))
        error.exit_code = Exit(fields["code"])
        return error

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  → {self.fix}" if self.fix else head

    @property
    def in_shell(self) -> str:
        """The same for someone who types commands."""
        remedy = f"{self.fix}: {self.shell}" if self.fix and self.shell else self.fix or self.shell
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  → {remedy}" if remedy else head


class BadInput(RudeError):
    """What was given cannot be used; nothing was run."""

    exit_code = Exit.BAD_INPUT


class SuiteError(BadInput):
    """A suite file breaks the contract."""


class CandidateError(BadInput):
    """A model folder cannot be scored."""


class OutcomeError(BadInput):
    """An outcomes file cannot be read."""


class StoreError(RudeError):
    """The database cannot be opened, read or written."""


class WorkerError(RudeError):
    """The scoring process failed or died."""


class EndpointError(RudeError):
    """A model that answers nobody: wrong key, unknown model, nobody at the address."""


class Busy(RudeError):
    """Another process is at work on it; nothing was changed."""

    exit_code = Exit.SOME_SKIPPED
