"""What the scripts that make pictures share."""

from __future__ import annotations

import re

__all__ = ["offline"]


def offline(svg: str) -> str:
    """The picture without the web font that Rich names: it should need nothing from anywhere."""
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "monospace")
