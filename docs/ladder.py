"""Put what the ladder showed into README.md, between its markers.

python docs/ladder.py            write it
python docs/ladder.py --check    fail where README.md is not current
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "README.md"
SAID = ROOT / "data" / "ladder" / "summary.md"
BEGIN, END = "<!-- begin: written by make ladder-report -->", "<!-- end: written by make ladder-report -->"
WIDTH = 122


def page(text: str, said: str) -> str:
    """The page with what stands between its markers replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page lacks its markers: {BEGIN} … {END}")
    lines = textwrap.fill(said, WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"{before}{BEGIN}\n{lines}\n{END}{after}"


def main() -> None:
    """Write or check; the exit code is 1 where the page is not current."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text, SAID.read_text(encoding="utf-8"))
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit("README.md is not current; run: make ladder-report")


if __name__ == "__main__":
    main()
