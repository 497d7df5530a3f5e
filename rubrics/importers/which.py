"""Which of two columns of a table holds the better response, where their names do not say.

Columns that differ in a letter or a number alone, such as `response_A` and `response_B`, do not: another column may,
with a label or with a score of either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from rubrics.importers.labels import better_of
from rubrics.importers.records import Drop, Puzzle, number_of

__all__ = ["MARGINS", "PLACES", "SCORES", "better_column", "words_of"]

SCORES: Final = frozenset({"score", "scores", "rating", "ratings", "reward", "rewards", "avg", "mean", "overall"})
"""Words in the names of columns that hold scores."""
PLACES: Final = frozenset({"rank", "ranks", "ranking", "place", "position"})
"""Words in the names of columns that hold places, of which the first is the best."""
MARGINS: Final = frozenset({"margin", "margins", "diff", "difference", "delta", "gap"})
"""Words in the names of columns that say by how much the one is better than the other."""
_LABELS: Final = frozenset({
    "label", "labels", "winner", "preference", "preferred", "better", "best", "choice", "verdict", "judgement",
    "judgment", "strength",
})  # fmt: skip
"""Words in the names of columns that say which of two responses is the better."""
_TIES: Final = frozenset({*_LABELS, "status"})
_SIDED: Final = re.compile(r"(?P<stem>.*?)[ _.-]?(?P<side>[AaBb]|[012])")

_NO_LABEL: Final = Drop("no label")

Which = Literal["first", "second"]


class _Side(NamedTuple):
    stem: str
    side: str


def better_column(
    row: Mapping[str, Any], first: str, second: str, label: str | None, separator: str
) -> Which | Drop | Puzzle | None:
    """Whether the column `first` or `second` holds the better response; None where no other column says.

    Args:
        label: the column that a person says holds the label.
    """
    one, two = _sided(first), _sided(second)
    alike = one is not None and two is not None and one.stem == two.stem and one.side != two.side
    if not alike and label is None:
        # Beside chosen and rejected only a plain word is taken for a tie.
        told = [value for name, value in row.items() if isinstance(value, str) and words_of(name) & _TIES]
        plain = any(better_of(value) == "tie" and value.casefold().startswith(("tie", "draw")) for value in told)
        return Drop("a tie") if plain else None
    turned = alike and one is not None and two is not None and one.side > two.side
    names = [label] if label is not None else [n for n in row if words_of(n) & _LABELS and n not in (first, second)]
    said = _labelled(row, names, one if alike else None, (first, second))
    if said in (None, _NO_LABEL) and alike and one is not None and two is not None:
        return _scored(row, one, two, separator) or said
    if said == "first" or said == "second":
        return ("second" if said == "first" else "first") if turned else said
    return said


def words_of(name: object) -> set[str]:
    """The words of a column's name, in small letters."""
    return set(re.split(r"[\W_]+", str(name).casefold())) - {""}


def _sided(name: str) -> _Side | None:
    match = _SIDED.fullmatch(name)
    return _Side(match["stem"], match["side"].casefold()) if match and match["stem"] else None


def _labelled(
    row: Mapping[str, Any], names: list[str], one: _Side | None, columns: tuple[str, str]
) -> Which | Drop | Puzzle | None:
    given = [name for name in names if row.get(name) not in (None, "")]
    if not given:
        return _NO_LABEL if names else None
    # Numbers say which only where the columns are numbered too, and then begin where these do.
    numbered = one is not None and one.side.isdecimal() and not any("strength" in n or "overall" in n for n in given)
    start: Literal["", "from 0", "from 1"] = ""
    if numbered:
        start = (
            "from 0" if any((side := _sided(name)) is not None and side.side == "0" for name in columns) else "from 1"
        )
    said = {better_of(row[name], numbers=start) for name in given}
    if len(said) > 1 or None in said:
        seen = ", ".join(f"{name!r} = {str(row[name])[:40]!r}" for name in given[:4])
        return Puzzle(
            f"the columns {columns[0]!r} and {columns[1]!r} and {seen}, which does not say which of the two is better",
            "map label to a column that says A or B, or keep only columns that say chosen and rejected",
        )
    verdict = said.pop()
    return Drop("a tie") if verdict == "tie" else verdict


def _scored(row: Mapping[str, Any], one: _Side, two: _Side, separator: str) -> Which | Drop | Puzzle | None:
    """By a score of either, or a place, in columns with the same letters or numbers."""
    sides: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        side = _sided(str(name))
        if side is not None and words_of(side.stem) & (SCORES | PLACES) and value not in (None, ""):
            sides.setdefault(side.stem, {})[side.side] = value
    both = [stem for stem, held in sides.items() if one.side in held and two.side in held]
    if not both:
        return None
    scores = [number_of(sides[both[0]][side.side], separator) for side in (one, two)]
    if scores[0] is None or scores[1] is None:
        return Drop("a score that is no finite number")
    if scores[0] == scores[1]:
        return Drop("a tie")
    return "first" if (scores[0] > scores[1]) is not bool(words_of(both[0]) & PLACES) else "second"
