"""Numbers as people read them. NaN and None are an en dash."""

from __future__ import annotations

import math

__all__ = ["duration", "parameters", "percent", "probability", "signed", "size", "strength"]

_NONE = "–"


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def parameters(number: int | None) -> str:
    """`0.3M`, `27M`, `4.0B`."""
    if not number:
        return _NONE
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= unit * 0.05 and (number >= unit or letter in "BM"):
            scaled = number / unit
            return f"{scaled:.0f}{letter}" if scaled >= 10 else f"{scaled:.1f}{letter}"
    return str(number)


def size(number: float | None) -> str:
    """`812 KB`, `1.2 GB`; powers of 1,000, as file managers and card makers count."""
    if not _is_number(number) or number is None:
        return _NONE
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if number >= unit:
            scaled = number / unit
            return f"{scaled:.0f} {name}" if scaled >= 10 else f"{scaled:.1f} {name}"
    return f"{number:.0f} B"


def duration(seconds: float | None) -> str:
    """`8 s`, `2 m 05 s`, `3 h 20 m`."""
    if not _is_number(seconds) or seconds is None or math.isinf(seconds):
        return _NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 as per cent, without the sign: `71.2`."""
    return f"{share * 100:.{digits}f}" if share is not None and _is_number(share) else _NONE


def probability(logprob: float) -> str:
    """Of a natural logarithm: `71.2 %`, `0.15 %`, `1 in 13,000,000`."""
    share = math.exp(min(0.0, logprob))
    if share >= 0.0001:
        return f"{share * 100:.1f} %" if share >= 0.01 else f"{share * 100:.2g} %"
    if share < 1e-12:
        return "below 10⁻¹²"
    # Two digits are all there is to know of it.
    unit = 10 ** (math.floor(-logprob / math.log(10)) - 1)
    return f"1 in {round(1 / share / unit) * unit:,}"


def signed(value: float | None, digits: int = 2) -> str:
    """With its sign and a true minus: `+0.43`, `−0.10`."""
    return f"{value:+.{digits}f}".replace("-", "−") if value is not None and _is_number(value) else _NONE


def strength(value: float) -> str:
    """A correlation without the leading nought: ` .91`, `−.40`."""
    if math.isnan(value):
        return "  –"
    text = f"{abs(value):.2f}"
    return ("−" if value < 0 else " ") + (text if text.startswith("1") else text[1:])
