"""Telling a person who looks elsewhere that long work has ended: a bell, or a message to the desktop by the terminal.

OSC 9 (iTerm2, WezTerm, Ghostty, Windows Terminal, kitty) takes a text, OSC 777 (rxvt, foot, terminals of GNOME) a title
and a text. A terminal that knows neither ignores them; one that knows both is sent one.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Final, Literal, get_args

__all__ = ["WAYS", "Way", "ask", "message", "tell"]

Way = Literal["auto", "bell", "osc9", "osc777"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
_NINE: Final = frozenset({"iTerm.app", "WezTerm", "ghostty", "kitty", "vscode"})
_BELL: Final = "\a"
_WORDS: Final = {0: "done", 4: "done, some items were left out", 130: "interrupted"}

_asked: tuple[Way, str, float] | None = None


def ask(way: Way, command: str) -> None:
    """Ask to be told when this command ends."""
    global _asked
    _asked = way, command, time.monotonic()


def tell(code: int) -> None:
    """Tell that the command has ended with an exit code, if that was asked for and a terminal is there."""
    global _asked
    asked, _asked = _asked, None
    if asked is None or not sys.stderr.isatty():
        return
    way, command, since = asked
    spent = time.monotonic() - since
    took = f"{spent / 60:.0f} min" if spent >= 90 else f"{spent:.0f} s"
    sys.stderr.write(message(way, command, f"{_WORDS.get(code, 'failed')} ({took})", os.environ))
    sys.stderr.flush()


def message(way: Way, title: str, text: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal.

    Args:
        way: `auto` goes by what the terminal says of itself in the environment.
    """
    if way == "auto":
        way = _way_of(environment)
    body = {"osc9": f"\x1b]9;{title}: {text}\a", "osc777": f"\x1b]777;notify;{title};{text}\a"}.get(way, "")
    if body and environment.get("TMUX"):
        # tmux keeps such messages to itself unless they are wrapped, and allow-passthrough is on.
        body = "\x1bPtmux;" + body.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return body + _BELL


def _way_of(environment: Mapping[str, str]) -> Way:
    if environment.get("TERM_PROGRAM") in _NINE or environment.get("WT_SESSION") or environment.get("KITTY_WINDOW_ID"):
        return "osc9"
    term = environment.get("TERM", "")
    return "osc777" if environment.get("VTE_VERSION") or term.startswith(("rxvt", "foot")) else "bell"
