"""The small base models that ship with the program."""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundled_models"]


def bundled_models() -> list[Path]:
    """Folders of the bundled models, by name."""
    return sorted(path.parent for path in (Path(__file__).parent / "models").glob("*/config.json"))
