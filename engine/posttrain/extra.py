"""The libraries that train, which come with the extra `posttrain` and not with the program."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from rubrics.errors import RudeError

__all__ = ["lacking", "require_extra"]

_LIBRARIES: Final = ("trl", "peft", "datasets")


def require_extra() -> None:
    """See that what trains is installed.

    Raises:
        RudeError: it is not.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise lacking(", ".join(missing))


def lacking(names: str) -> RudeError:
    """The error of libraries that are not installed."""
    return RudeError(
        f"post-training needs {names}, which is not installed",
        fix="install the extra `posttrain`",
        shell="pip install 'rude-tui[posttrain]'",
    )
