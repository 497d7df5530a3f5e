"""Which of two responses is the better one, as data sets write it down."""

from __future__ import annotations

import re
from typing import Final, Literal

__all__ = ["Better", "better_of"]

Better = Literal["first", "second", "tie"]

_NAMES: Final = ("model", "response", "answer", "assistant", "output", "completion")
_FIRST: Final = frozenset({"a", "first", *(f"{name}_a" for name in _NAMES)})
_SECOND: Final = frozenset({"b", "second", *(f"{name}_b" for name in _NAMES)})
_TIE: Final = frozenset({
    "tie", "ties", "tied", "draw", "both", "both_bad", "bothbad", "both_good", "equal", "equally_good", "same", "c",
    "neither", "none", "tie_bothbad", "tie_both_bad",
})  # fmt: skip
_COMPARED: Final = re.compile(r"a([<>=≻≺])\1*b|b([<>=≻≺])\2*a")


def better_of(label: object, *, numbers: Literal["", "from 0", "from 1"] = "") -> Better | None:
    """What a label such as `A>B`, `model_b`, `tie (bothbad)` or `[[A]]` says of two responses, a before b.

    Args:
        numbers: whether 0 and 1, or 1 and 2, stand for the first and the second; else a number says nothing.

    Returns:
        None for a label that says nothing known.
    """
    if isinstance(label, bool):
        return None
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if isinstance(label, int) or (isinstance(label, str) and label.strip().isdecimal()):
        places = {"from 0": ("0", "1"), "from 1": ("1", "2")}.get(numbers, ())
        text = str(label).strip()
        return ("first", "second")[places.index(text)] if text in places else None
    if not isinstance(label, str):
        return None
    text = label.strip().strip("[]").strip().casefold()
    if match := _COMPARED.fullmatch(re.sub(r"\s+", "", text)):
        sign = match[1] or {">": "<", "<": ">", "≻": "≺", "≺": "≻"}.get(match[2], match[2])
        return "tie" if sign == "=" else "first" if sign in ">≻" else "second"
    word = re.sub(r"\W+", "_", text.removesuffix(" wins").removesuffix(" is better")).strip("_")
    return "first" if word in _FIRST else "second" if word in _SECOND else "tie" if word in _TIE else None
