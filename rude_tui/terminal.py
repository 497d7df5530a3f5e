"""While the app has the terminal, nothing else may write to it: logs and native libraries go to a file."""

from __future__ import annotations

import logging
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rude_tui.streams import to_whoever_listens

__all__ = ["has_closed", "log_file", "quiet_terminal"]


def log_file() -> Path:
    """Where the app writes what would otherwise go to stderr."""
    import platformdirs

    return Path(platformdirs.user_log_dir("rude-tui", appauthor=False)) / "rude-tui.log"


def has_closed() -> bool:
    """Whether the terminal that keys come from is there no more: nothing will ever be read from it."""
    if sys.platform == "win32" or not hasattr(select, "poll"):
        return False
    keys = select.poll()
    keys.register(0, 0)
    return any(what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, what in keys.poll(0))


@contextmanager
def quiet_terminal() -> Iterator[None]:
    """Send log handlers and file descriptor 2 to the log file, and back afterwards.

    Textual draws through `sys.__stderr__`, so that is first moved to a copy of the terminal's descriptor.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    terminal, original, copy = sys.__stderr__, None, -1
    for handler in handlers:
        root.removeHandler(handler)
    keeper = _keeper()
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    if terminal is not None and isinstance(keeper, RotatingFileHandler) and keeper.stream is not None:
        sys.stderr.flush()
        original = os.dup(2)
        # Where stderr was sent elsewhere, draw where the person is looking.
        copy = os.dup(1 if os.isatty(1) and not os.isatty(2) else original)
        # A terminal that closes is told of by a signal; what is still drawn until then goes nowhere.
        sys.__stderr__ = to_whoever_listens(copy)  # type: ignore[misc, assignment]
        os.dup2(keeper.stream.fileno(), 2)
    try:
        yield
    finally:
        if original is not None:
            sys.__stderr__.close()  # type: ignore[union-attr]
            sys.__stderr__ = terminal  # type: ignore[misc]
            os.close(copy)
            os.dup2(original, 2)
            os.close(original)
        logging.captureWarnings(False)
        root.removeHandler(keeper)
        keeper.close()
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)


def _keeper() -> logging.Handler:
    file = log_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=2_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        # A home that cannot be written is no reason not to open; there is then nowhere to keep a log.
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
