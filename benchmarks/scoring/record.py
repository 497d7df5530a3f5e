"""What a benchmark of scoring found, as two dated files: JSON to calculate with, and a table to read."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["keep", "versions_of"]


def versions_of(*packages: str) -> dict[str, str]:
    """Python's version, and of these packages that of each that is installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def keep(
    folder: Path, name: str, machine: str, packages: Sequence[str], settings: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]], told: str, table: str,
) -> None:  # fmt: skip
    """Write `YYYY-MM-DD-NAME.json` and `.md`.

    Args:
        settings: what was set, for the JSON.
        told: the same for a reader, in a phrase.
    """
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    versions = versions_of(*packages)
    record = {"date": when, "machine": machine, "versions": versions, **settings, "results": list(results)}
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{when}-{name}"
    stem.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    listed = ", ".join(f"{package} {version}" for package, version in versions.items())
    text = f"{when}, {machine}; {listed}; {told}\n\n{table}\n"
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
