"""Which candidates share a maker and a recipe, so that a correlation can be seen without each family in turn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from rubrics.errors import BadInput
from rubrics.sheets import open_sheet

__all__ = ["RULE", "families_of", "family_of", "read_families"]

RULE: Final = "as you said; else alike in weights, or of one kind of model and tokenizer, or kind and name"
_FIX: Final = "two columns, candidate and family, and one row per candidate"


def family_of(name: str) -> str:
    """By the rule: the letters that the name begins with, its owner left out; the whole name where there are none."""
    own = name.rstrip("/").rsplit("/", 1)[-1]
    letters = re.match(r"[^\W\d_]+", own)
    return (letters[0] if letters else own).casefold()


def families_of(text: str) -> dict[str, str]:
    """What a person says: `candidate=family,candidate=family`, or the path of a CSV with both columns.

    Raises:
        BadInput: neither of them, or a candidate in two families.
    """
    if text.endswith(".csv"):
        return read_families(Path(text))
    by_candidate: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, family = (piece.strip() for piece in part.rpartition("="))
        if not (name and equals and family):
            raise BadInput(f"{part!r} is not CANDIDATE=FAMILY", where="families", fix="a=llama,b=qwen, or a FILE.csv")
        _put(by_candidate, name, family, "families")
    return by_candidate


def read_families(path: Path) -> dict[str, str]:
    """By candidate, from a CSV with the columns `candidate` and `family`.

    Raises:
        BadInput: naming file and line.
    """
    where = str(path)
    with open_sheet(path, ("candidate", "family")) as sheet:
        rows = [(line, dict(zip(sheet.header, row, strict=False))) for line, row in sheet.rows]
    by_candidate: dict[str, str] = {}
    for line, row in rows:
        name, family = ((row.get(column) or "").strip() for column in ("candidate", "family"))
        if not name or not family:
            raise BadInput(f"row {line}: needs a candidate and a family", where=where, fix=_FIX)
        _put(by_candidate, name, family, where)
    if not by_candidate:
        raise BadInput("names no family", where=where, fix=_FIX)
    return by_candidate


def _put(by_candidate: dict[str, str], name: str, family: str, where: str) -> None:
    if by_candidate.setdefault(name, family) != family:
        raise BadInput(
            f"{name!r} is put into {by_candidate[name]!r} and {family!r}", where=where, fix="name one family"
        )
