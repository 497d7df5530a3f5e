"""A home of its own: what is tried reads and writes nothing of the person who runs it, and reaches nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["isolated"]


@contextmanager
def isolated(scratch: Path) -> Iterator[None]:
    """Home, caches, settings, database and temporary files below a folder."""
    home = scratch / "home"
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    told = {
        "HOME": home,
        "XDG_CACHE_HOME": home / "cache",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "HF_HOME": home / "hf",
        "RUDE_TUI_CACHE": home / "rude-cache",
        "RUDE_TUI_CONFIG": home / "rude-config",
        "RUDE_TUI_DB": home / "rude.duckdb",
        "TMPDIR": home / "tmp",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "COLUMNS": "120",
        "LINES": "40",
        "LC_ALL": "C.UTF-8",
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update({name: str(value) for name, value in told.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
