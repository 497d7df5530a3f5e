"""Opening the app, and what is left to do once it has closed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rubrics.errors import BadInput
from rude_tui.app import RudeApp
from rude_tui.output import narrate
from rude_tui.settings import load_settings
from rude_tui.terminal import quiet_terminal
from screens.shell.session import Session

__all__ = ["run_app"]

_STOPPING: Final = 20.0
"""Seconds that work gets to end and be stored, on the way out."""


def run_app(store_path: Path | None, *, start_screen: str = "", model_folders: Sequence[str] = ()) -> int:
    """Open the app and stay until the person leaves.

    Args:
        store_path: the database; None for the default one.
        start_screen: a name of `PLACES`; empty for the one that was open last.
        model_folders: folders to look for candidates in, besides the bundled ones, the cache and those remembered.

    Returns:
        An exit code: 0, 130 where a run was stopped, or 128 + n where signal n told it to end; a terminal that
        closes counts as SIGHUP.

    Raises:
        BadInput: the settings file cannot be read, or there is no terminal.
        Exception: what nobody expected, once the terminal is as it was.
    """
    # Without a terminal to read from, keys would be waited for without rest.
    if "TEXTUAL_DRIVER" not in os.environ and not (os.isatty(0) and (os.isatty(1) or os.isatty(2))):
        raise BadInput("the app needs a terminal", fix="open it in one, or use its commands", shell="rude-tui --help")
    settings = load_settings()
    folders = list(dict.fromkeys([*settings.folders, *map(str, model_folders)]))
    with quiet_terminal():
        app = RudeApp(
            Session(
                store_path=store_path,
                folders=folders,
                served=list(settings.served),
                suite_files=list(settings.suites),
                weights=dict(settings.weights),
                hide_bundled=settings.hide_bundled,
                requirements=Path(settings.requirements).expanduser() if settings.requirements else None,
            ),
            settings,
            start_screen=start_screen or settings.place,
            welcome=True,
        )
        code = app.run()
        # The worker dies with the thread that reads it; give that thread the moment it needs.
        app.runner.wait(_STOPPING)
    app.raise_unexpected()
    if app.goes_on and (left := app.runner.go_on_without(app.session.store)) is not None:
        narrate(f"the work goes on as process {left.process.pid}; rude-tui shows it under Run, Stored, and can stop it")
    if app.return_code:
        return int(app.return_code)
    return code or 0
