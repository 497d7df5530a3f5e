"""While the app has the terminal, nothing else may write to it: logs and native libraries go to a file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["log_file", "quiet_terminal"]


def log_file() -> Path:
    """Where the app writes what would otherwise go to stderr."""
    import platformdirs

    return Path(platformdirs.user_log_dir("rude-tui", appauthor=False)) / "rude-tui.log"


@contextmanager
def quiet_terminal() -> Iterator[None]:
    """Send log handlers and file descriptor 2 to the log file, and back afterwards.

    Textual draws through `sys.__stderr__`, so that is first moved to a copy of the terminal's descriptor.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    terminal, original = sys.__stderr__, None
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
        screen = 1 if os.isatty(1) and not os.isatty(2) else original
        sys.__stderr__ = os.fdopen(os.dup(screen), "w", encoding="utf-8", errors="replace")  # type: ignore[misc]
        os.dup2(keeper.stream.fileno(), 2)
    try:
        yield
    finally:
        if original is not None:
            sys.__stderr__.close()  # type: ignore[union-attr]
            sys.__stderr__ = terminal  # type: ignore[misc]
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
