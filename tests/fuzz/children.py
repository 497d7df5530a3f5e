"""Processes forked to do something, that say through a pipe how far they are."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

__all__ = ["Child", "Tell", "ask"]

_PATIENCE: Final = 300.0

Tell = Callable[[Any], None]


class Child:
    """A process forked to do something; what it tells is JSON, a line each."""

    def __init__(self, do: Callable[[Tell], None]) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(reading)
                null = os.open(os.devnull, os.O_RDWR)
                for number in (0, 1, 2):
                    os.dup2(null, number)
                do(lambda words: _say(writing, words))
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            except BaseException:
                _say(writing, {"broken": traceback.format_exc()})
            finally:
                os._exit(code)
        os.close(writing)
        self._reading = reading
        self._kept = b""
        self.told: list[Any] = []

    def listen(self, seconds: float) -> bool:
        """Hear what it tells, for so long at most; False once it has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._reading], [], [], left)[0]:
                return True
            content = os.read(self._reading, 1 << 16)
            if not content:
                return False
            *lines, self._kept = (self._kept + content).split(b"\n")
            self.told += map(json.loads, lines)
        return True

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Wait for its end; what it told is complete then."""
        while self.listen(_PATIENCE):
            self.kill()
        os.close(self._reading)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if broken := next(
            (words["broken"] for words in self.told if isinstance(words, dict) and "broken" in words), None
        ):
            raise AssertionError(broken)
        return code


def _say(descriptor: int, words: Any) -> None:
    os.write(descriptor, (json.dumps(words) + "\n").encode())


def ask(do: Callable[[Tell], None]) -> Any:
    """The last thing that a process told which did this undisturbed."""
    child = Child(do)
    child.end()
    return child.told[-1]
