"""Outcomes that a person adds, and what they are the outcomes of: the one door to them above the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.outcomes.outcome import unsaid_directions, unsaid_scales
from engine.outcomes.outcomes import Outcome, near_misses, read_outcomes, renamed
from engine.store.connection import Store
from engine.store.outcomes import add_checked, stored_outcomes, tie_outcome
from engine.store.runs import candidate_names
from rubrics.errors import BadInput

__all__ = ["AddedFiles", "add_files", "tie"]


class AddedFiles(NamedTuple):
    """What became of files of outcomes."""

    scores: list[Outcome]
    replaced: int
    """How many took the place of an earlier score."""
    notes: list[str]
    """What was left out, and what must be said of the rest, a phrase each."""
    strangers: dict[str, tuple[str, ...]]
    """Names that are no candidate's here, each with those that it resembles, likest first."""


def add_files(
    store: Store,
    files: Iterable[Path],
    mapping: Mapping[str, str],
    *,
    averages: bool = False,
    one_scale: bool = False,
) -> AddedFiles:
    """Store the outcomes of some files: all of them, or none where any has a fault.

    Args:
        mapping: from a name in the files to a candidate's; names that it leaves out stay.
        averages: take the means of tasks too that stand beside these tasks.
        one_scale: a person has said that what looks like two scales is one.

    Raises:
        OutcomeError: a file cannot be read, the mapping names nobody, or the scores cannot be compared.
    """
    read = [read_outcomes(file, averages=averages) for file in files]
    scores = renamed([outcome for file in read for outcome in file.outcomes], mapping)
    replaced, together = add_checked(store, scores, one_scale=one_scale)
    notes = [f"left out: {what}" for file in read for what in file.left_out]
    notes += [*unsaid_directions(together), *([] if one_scale else unsaid_scales(together))]
    strangers = near_misses([outcome.candidate for outcome in scores], candidate_names(store))
    return AddedFiles(scores, replaced, notes, strangers)


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
