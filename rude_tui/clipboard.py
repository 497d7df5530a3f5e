"""The clipboard of the machine, through programs that say whether they took a text; a terminal does not say it.

Over SSH only the terminal is left (OSC 52), and many of them ignore it, or ask their user first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

__all__ = ["copied_words", "give_to_clipboard"]

_PATIENCE = 2.0
"""Seconds that such a program gets."""


def give_to_clipboard(text: str) -> str:
    """Copy a text by the first program that takes it; its name, empty where none did."""
    for command in _programs():
        if shutil.which(command[0]) is None:
            continue
        try:
            done = subprocess.run(
                command, input=text.encode(), timeout=_PATIENCE, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return command[0]
    return ""


def copied_words(taken_by: str) -> str:
    """What is said of it."""
    if taken_by:
        return f"Copied ({taken_by})"
    return "Sent to the terminal, which does not say whether it took it; x writes to a file"


def _programs() -> Iterator[list[str]]:
    """Those that speak to the clipboard of whoever sits here."""
    if os.environ.get("SSH_CONNECTION") and not os.environ.get("TMUX"):
        return
    if sys.platform == "darwin":
        yield ["pbcopy"]
    if os.environ.get("WAYLAND_DISPLAY"):
        yield ["wl-copy"]
    if os.environ.get("DISPLAY"):
        yield ["xclip", "-selection", "clipboard"]
        yield ["xsel", "--clipboard", "--input"]
    if os.environ.get("TMUX"):
        # Its own buffer, and that of the terminal around it.
        yield ["tmux", "load-buffer", "-w", "-"]
