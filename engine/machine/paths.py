"""Folders of the program on the user's machine. Each can be moved by an environment variable."""

from __future__ import annotations

import os
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
    """Logs of scoring processes; made when asked for."""
    folder = cache_dir() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
