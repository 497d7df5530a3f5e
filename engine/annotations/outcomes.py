"""What an outcome is the outcome of: the one door to it above the store."""

from __future__ import annotations

from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes, tie_outcome
from rubrics.errors import BadInput

__all__ = ["tie"]


def tie(store: Store, outcome: str, domain: str | None) -> int:
    """Tie a stored outcome to a domain of a suite, a category or a subcategory, or to none; how many scores it has.

    Raises:
        BadInput: no such outcome is stored, or the domain is no text that can be one.
    """
    if domain is not None and (not domain.strip() or "\0" in domain):
        raise BadInput("a domain needs a name", where=repr(domain), fix="name a domain, a category or a subcategory")
    names = sorted({score.outcome for score in stored_outcomes(store)})
    if outcome not in names:
        raise BadInput(f"no outcome {outcome!r} is stored", fix="outcomes: " + (", ".join(names) or "none yet"))
    return tie_outcome(store, outcome, domain.strip() if domain is not None else None)
