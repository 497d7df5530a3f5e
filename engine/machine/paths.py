"""Folders of the program on the user's machine. Each can be moved by an environment variable."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["cache_dir", "digest_dir", "log_dir"]


def cache_dir() -> Path:
    """What can be made again: hashes, logs. `RUDE_TUI_CACHE`, else the user's cache folder."""
    if named := os.environ.get("RUDE_TUI_CACHE"):
        return Path(os.path.expanduser(named))
    import platformdirs

    return Path(platformdirs.user_cache_dir("rude-tui", appauthor=False))


def digest_dir() -> Path:
    """SHA-256 digests of weights that have been read once (`engine.candidates.hashing`); made when one is kept."""
    return cache_dir() / "sha256"


def log_dir() -> Path:
    """Logs of scoring processes; made when asked for. Where the cache cannot be written, a temporary folder."""
    folder = cache_dir() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _instead()
    return folder if os.access(folder, os.W_OK | os.X_OK) else _instead()


@cache
def _instead() -> Path:
    """Of this process alone, since in a shared place nobody may foretell its name; it stays, as logs do."""
    return Path(tempfile.mkdtemp(prefix="rude-tui-logs-"))
