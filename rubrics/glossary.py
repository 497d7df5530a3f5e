"""The program's terms, each written down once; the app's help and the documentation show them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Group", "Term", "glossary", "term", "terms_in"]


@dataclass(frozen=True)
class Term:
    """One term for one thing."""

    name: str
    means: str
    """One sentence without a full stop."""
    see: str
    """The module that decides it."""
    source: str = ""
    """Where the term is from, if not from here."""


@dataclass(frozen=True)
class Group:
    """Terms that belong together."""

    name: str
    terms: tuple[Term, ...]


@cache
def glossary() -> tuple[Group, ...]:
    """All terms, in the order in which they are read."""
    groups = tomllib.loads((resources.files("rubrics") / "glossary.toml").read_text(encoding="utf-8"))["group"]
    return tuple(Group(group["name"], tuple(Term(**term) for term in group["term"])) for group in groups)


def term(name: str) -> Term:
    """One term.

    Raises:
        KeyError: there is none of that name.
    """
    by_name = {entry.name: entry for group in glossary() for entry in group.terms}
    return by_name[name]


def terms_in(text: str) -> list[str]:
    """Names of the terms that a text uses, in the order of the glossary."""
    return [
        entry.name
        for group in glossary()
        for entry in group.terms
        if re.search(rf"(?<!\w){re.escape(entry.name)}s?(?!\w)", text, re.IGNORECASE)
    ]
