"""A job in a process of its own that outlives whoever asked for it; it is followed through the store.

Started as `python -m engine.jobs.detached`. Standard input holds one JSON object: `job` (`module:function`, which makes
the job of a store and the request), `store` (the database's path), `request` and `take_over`. Standard output gets one
when it is over: `states`, or `error`.
"""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from engine.jobs.child import own_modules, started_by
from rubrics.errors import Exit, RudeError

__all__ = ["Detached", "Ended", "main", "start_detached"]


class Ended(NamedTuple):
    """How a detached job ended."""

    error: RudeError | None
    states: tuple[Mapping[str, Any], ...]
    """As `engine.jobs.progress.RunState.to_json` gives them."""


@dataclass(frozen=True, eq=False)
class Detached:
    """One that was started from here."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    _asked: threading.Lock = field(default_factory=threading.Lock)
    _end: list[Ended] = field(default_factory=list)
    """How it ended, once that was read."""

    def ended(self) -> Ended | None:
        """How it ended, the same to everybody who asks; None while it goes on."""
        code = self.process.poll()
        if code is None:
            return None
        with self._asked:
            if not self._end:
                self.output.seek(0)
                self._end.append(self._told(self.output.read(), code))
                self.output.close()
            return self._end[0]

    def _told(self, text: bytes, code: int) -> Ended:
        try:
            answer = json.loads(text)
            error = answer.get("error")
            return Ended(RudeError.of_json(error) if error else None, tuple(answer.get("states", ())))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Ended(RudeError(f"its process ended with code {code}, without a word"), ())


def start_detached(job: str, store: Path, request: Mapping[str, Any], *, take_over: bool = False) -> Detached:
    """Start one, in a session of its own.

    Args:
        job: `module:function`; called with a `Store` and `request`, it gives the `Job`.
        take_over: see `perform`.

    Raises:
        RudeError: no process can be started.
    """
    output = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
    try:
        process = subprocess.Popen(
            started_by("engine.jobs.detached"), stdin=subprocess.PIPE, stdout=output,
            stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **own_modules()},
        )  # fmt: skip
    except OSError as error:
        output.close()
        raise RudeError(f"no process can be started: {error}", fix="close other programs, then try again") from None
    assert process.stdin is not None
    with process.stdin:
        message = {"job": job, "store": str(store), "request": dict(request), "take_over": take_over}
        process.stdin.write(json.dumps(message).encode())
    return Detached(process, output)


def main() -> int:
    """Do what standard input asks for."""
    from engine.jobs.cancelling import cancelled_by_signals
    from engine.jobs.job import Job, exit_code, perform
    from engine.store.connection import Store

    cancel = cancelled_by_signals()
    message = json.loads(sys.stdin.buffer.read())
    try:
        store = Store(Path(message["store"]))
        make: Callable[[Store, Mapping[str, Any]], Job] = pkgutil.resolve_name(message["job"])
        job = make(store, message["request"])
        states = perform(store, job, cancel=cancel, take_over=message["take_over"])
    except RudeError as error:
        _answer({"error": error.to_json()})
        return error.exit_code
    except Exception as error:
        _answer({"error": RudeError(f"{type(error).__name__}: {error}").to_json()})
        raise
    _answer({"states": [state.to_json() for state in states]})
    return exit_code(states, job.refused)


def _answer(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(int(main() or Exit.DONE))
