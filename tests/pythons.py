"""The Pythons of this machine that work, by version: on the path, and those that pyenv keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

__all__ = ["VERSIONS", "found"]

VERSIONS = ("3.11", "3.12", "3.13")
"""Those that the program is meant for."""
_TELL = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.executable)"


def found(asked: Sequence[str] = ()) -> dict[str, str]:
    """By version, the path of a Python.

    Args:
        asked: versions, or paths of Pythons; none: all of `VERSIONS`.
    """
    there: dict[str, str] = {}
    for name in asked or VERSIONS:
        for path in [name] if os.sep in name else _candidates(name):
            version, _, real = _told(path).partition(" ")
            if version and (os.sep in name or version == name):
                there.setdefault(version, real)
    return there


def _candidates(version: str) -> Iterator[str]:
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    kept = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    yield from _paths(kept.glob(f"{version}.*/bin/python{version}"))


def _paths(paths: Iterable[Path]) -> list[str]:
    return [str(path) for path in sorted(paths, reverse=True)]


def _told(path: str) -> str:
    """Version and executable; empty where it does not work, as a name that pyenv only stands in for."""
    try:
        done = subprocess.run([path, "-c", _TELL], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
