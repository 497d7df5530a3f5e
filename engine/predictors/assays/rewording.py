"""A text in other words, by rules: what has been learned by heart is likelier as it stood.

The rules replace words and phrases that stand in any text by others that mean the same, each wherever it occurs. They
need not be elegant: shipped and fresh texts are reworded alike.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["reworded"]

_PAIRS: Final = """
do not|don't; does not|doesn't; is not|isn't; are not|aren't; cannot|can't; will not|won't; it is|it's; that
is|that's; about|around; above|over; after|following; all|every one of; also|too; always|at all times; and|as well
as; answer|reply; at least|no fewer than; at most|no more than; because|since; before|ahead of; begin|start;
begins|starts; below|beneath; big|large; but|yet; buy|purchase; called|named; comes|arrives; each|every; end|finish;
ends|finishes; every|each; fast|quick; finally|at last; first|to begin with; for|on behalf of; gives|hands;
goes|travels; has|holds; have|hold; how many|what number of; how|in what way; if|in case; in|within; keep|hold;
large|big; leave out|omit; leaves|departs; let|allow; list|enumerate; long|lengthy; many|numerous; may|might;
mention|name; must|has to; name|mention; near|close to; need|require; needs|requires; next|after that; no|not any;
not|by no means; often|frequently; only|just; open|unlocked; or|or else; please|kindly; put|place; quick|fast;
reply|answer; right|correct; say|state; says|states; send|dispatch; show|display; shut|closed; small|little; some|a
few; start|begin; takes|requires; tell|inform; the|that; then|next; thing|item; things|items; under|beneath;
until|up to; use|employ; uses|employs; very|most; want|wish; what|which thing; when|at which time; where|at which
place; which|what; who|which person; why|for what reason; with|along with; without|lacking; write|put down;
wrong|incorrect; yes|indeed; one|1; two|2; three|3; four|4; five|5; six|6; seven|7; eight|8; nine|9; ten|10;
eleven|11; twelve|12
"""
_RULES: Final = dict(pair.strip().split("|") for pair in _PAIRS.replace("\n", " ").split(";"))
_WORDS: Final = re.compile(
    r"(?<![\w'])(" + "|".join(re.escape(word) for word in sorted(_RULES, key=len, reverse=True)) + r")(?![\w'])",
    flags=re.IGNORECASE,
)


def reworded(text: str) -> tuple[str, int]:
    """The text in other words, and how many places changed; what began with a capital letter still does."""

    def other(match: re.Match[str]) -> str:
        words = _RULES[match[0].lower()]
        return words[0].upper() + words[1:] if match[0][0].isupper() else words

    return _WORDS.subn(other, text)
