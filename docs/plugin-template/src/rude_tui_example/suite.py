"""A suite: a file of pairs, with its card beside it."""

from importlib import resources
from pathlib import Path


def lighthouse() -> Path:
    """Where it is."""
    return Path(str(resources.files("rude_tui_example") / "lighthouse.jsonl"))
