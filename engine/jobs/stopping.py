"""Asking the process that is at work on something to stop; what is done by then is kept."""

from __future__ import annotations

import os
import signal

from engine.store.owners import Owner
from rubrics.errors import RudeError

__all__ = ["ask_to_stop", "is_another"]


def is_another(owner: Owner | None) -> bool:
    """Whether a living process of this machine, other than this one, owns something."""
    return owner is not None and owner.within_sight and owner.alive and owner.pid != os.getpid()


def ask_to_stop(owner: Owner | None) -> bool:
    """Ask it as Ctrl-C would.

    Returns:
        Whether there was a process to ask.

    Raises:
        RudeError: it runs on another machine, or belongs to somebody else.
    """
    import psutil

    if owner is None or not owner.alive:
        return False
    if not owner.within_sight:
        raise RudeError("it runs on another machine", where=owner.host, fix=f"stop process {owner.pid} there")
    try:
        psutil.Process(owner.pid).send_signal(signal.SIGTERM)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        raise RudeError(
            "may not be stopped from here", where=f"process {owner.pid}", fix="stop it where it runs"
        ) from None
    return True
