"""What other screens will need, made ready while the person looks at the first one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from rubrics.errors import RudeError

if TYPE_CHECKING:
    from screens.shell.session import Session

__all__ = ["load_answers", "load_modules"]


def load_modules() -> None:
    """Import what other screens need while the person looks at the first one."""
    for name in (
        "rankings.screen",
        "failures.screen",
        "pair.screen",
        "tokens.screen",
        "correlation.screen",
        "candidates.screen",
        "run.screen",
        "suites.screen",
        "items.screen",
        "short_suite.screen",
        "construct.screen",
        "construct.calls",
        "shell.form",
        "construct.edit_dialog",
        "review.screen",
        "review.agreement",
    ):
        importlib.import_module(f"screens.{name}")


def load_answers(session: Session, nobody_waits: Callable[[], bool]) -> None:
    """Have ready what the other screens will ask for.

    Args:
        nobody_waits: blocks while the person acts, whose keys would be answered late; whether to go on.
    """
    from screens.correlation.state import Axes, read_rivals, read_scatter
    from screens.rankings.state import read_standings

    # Each screen says for itself what is wrong once it is opened.
    with suppress(RudeError):
        if nobody_waits():
            read_standings(session)
        if nobody_waits():
            shown = read_scatter(session, Axes())
            if nobody_waits():
                read_rivals(session, shown)
