"""Families of candidates as a person says them, or takes them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.store.connection import Store
from engine.store.kin import forget_families, said_families, say_families
from rubrics.errors import BadInput

__all__ = ["say", "take_back"]


def say(store: Store, families: Mapping[str, str]) -> None:
    """Put candidates into families, by name; what was said before of one of them goes.

    Raises:
        BadInput: a family without a name.
    """
    for candidate, family in families.items():
        if not family.strip() or "\0" in family:
            raise BadInput("a family needs a name", where=candidate, fix="name the maker, or the line of models")
    say_families(store, {candidate: family.strip() for candidate, family in families.items()})


def take_back(store: Store, candidates: Sequence[str]) -> int:
    """Forget what was said of candidates' families, so that what is proposed holds; of how many something was.

    Raises:
        BadInput: of one of them nothing was said.
    """
    said = said_families(store)
    for name in candidates:
        if name not in said:
            known = ", ".join(said) or "none yet"
            raise BadInput(f"nothing was said of the family of {name!r}", fix=f"families were said of: {known}")
    return forget_families(store, candidates)
