"""Outcomes as a person adds them: whose they are, and what they are the outcome of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.outcomes.outcome import Outcome, other_lengths, unsaid_directions, unsaid_scales
from engine.outcomes.outcomes import near_misses, read_outcomes, renamed
from engine.store.connection import Store
from engine.store.outcomes import (
    add_checked,
    forget_names,
    give_traces,
    keep_names,
    kept_names,
    stored_outcomes,
    tie_outcome,
)
from engine.store.pairs import stored_parts
from engine.store.runs import candidate_names
from rubrics.errors import BadInput
from rubrics.taxonomy import Category, Subcategory

__all__ = ["AddedFiles", "Given", "Tied", "add_files", "add_given", "forget", "name_experts", "read_files", "tie"]


class Given(NamedTuple):
    """What files hold, under the names that candidates have here as far as these are known; nothing is stored yet."""

    scores: list[Outcome]
    left_out: list[str]
    """What they hold and was not taken, a phrase each."""
    said: dict[str, str]
    """Names in the files that a person gives a candidate now."""
    recalled: dict[str, str]
    """Names that a person gave a candidate before."""
    strangers: dict[str, tuple[str, ...]]
    """Names that are no candidate's, with those of candidates that they resemble; to be asked about, not guessed."""


class AddedFiles(NamedTuple):
    """What became of files of outcomes."""

    scores: list[Outcome]
    replaced: int
    """How many took the place of an earlier score."""
    notes: list[str]
    """What was left out, whom names are taken for, and what must be said of the rest, a phrase each."""
    strangers: dict[str, tuple[str, ...]]
    """Names that are no candidate's here, each with those that it resembles, likest first."""


def add_files(
    store: Store,
    files: Sequence[Path],
    mapping: Mapping[str, str],
    *,
    averages: bool = False,
    one_scale: bool = False,
    one_test: bool = False,
    only: Sequence[str] = (),
) -> AddedFiles:
    """Store the outcomes of some files: all of them, or none where any has a fault.

    Args:
        mapping: from a name in the files to a candidate's; remembered. The others as in `read_files`, `add_given`.

    Raises:
        OutcomeError: as these two.
    """
    given = read_files(store, files, names=mapping, averages=averages, only=only)
    return add_given(store, given, one_scale=one_scale, one_test=one_test)


def read_files(
    store: Store,
    files: Sequence[Path],
    *,
    names: Mapping[str, str] | None = None,
    averages: bool = False,
    only: Sequence[str] = (),
) -> Given:
    """Outcomes in files of any known format.

    Args:
        names: from a name in the files to a candidate's; comes before what was said earlier.
        averages: means of tasks too that stand beside these tasks.
        only: patterns of names of outcomes that are taken; none: all.

    Raises:
        OutcomeError: a fault of a file, a name that stands in none, or two scores of one outcome that meet.
    """
    said = dict(names or {})
    read = [read_outcomes(file, averages=averages, only=only) for file in files]
    scores = [outcome for file in read for outcome in file.outcomes]
    there = {outcome.candidate for outcome in scores}
    recalled = {name: to for name, to in kept_names(store).items() if name in there and name not in said}
    scores = renamed(scores, {**recalled, **said})
    return Given(
        scores, [what for file in read for what in file.left_out], said, recalled,
        near_misses([outcome.candidate for outcome in scores], candidate_names(store)),
    )  # fmt: skip


def add_given(
    store: Store,
    given: Given,
    *,
    confirmed: Mapping[str, str] | None = None,
    one_scale: bool = False,
    one_test: bool = False,
) -> AddedFiles:
    """Store what was read, and remember what names are called here.

    Args:
        confirmed: of the strangers, those that a person says are a candidate.
        one_scale: a person has said that what looks like two scales is one.
        one_test: a person has said that what was measured under several conditions can be compared.

    Raises:
        OutcomeError: the scores cannot be compared with each other or with those that are stored; nothing is stored.
    """
    known = dict(confirmed or {})
    scores = renamed(given.scores, known)
    replaced, together = add_checked(store, scores, one_scale=one_scale, one_test=one_test)
    keep_names(store, {**given.said, **known})
    notes = [f"left out: {what}" for what in given.left_out]
    notes += [f"{name} is {candidate}, as you said before" for name, candidate in given.recalled.items()]
    notes += [*unsaid_directions(together), *([] if one_scale else unsaid_scales(together))]
    notes += other_lengths(together)
    return AddedFiles(
        scores, replaced, notes, {name: near for name, near in given.strangers.items() if name not in known}
    )


def forget(store: Store, names: Sequence[str]) -> int:
    """Forget what names in files are called here; how many.

    Raises:
        BadInput: of one of them nothing was said.
    """
    known = kept_names(store)
    for name in names:
        if name not in known:
            raise BadInput(f"nothing was said of the name {name!r}", fix="names: " + (", ".join(known) or "none yet"))
    return forget_names(store, names)


class Tied(NamedTuple):
    """What became of tying an outcome."""

    scores: int
    """Of the outcome."""
    part: str | None
    """What it is tied to, as the suites here spell it."""
    known: bool
    """Whether a suite here has such a part; another may come."""


def tie(store: Store, outcome: str, domain: str | None) -> Tied:
    """Tie a stored outcome to a domain of a suite, a category or a subcategory, or to none.

    Raises:
        BadInput: no such outcome is stored, or the domain is no text that can be one.
    """
    if domain is not None and (not domain.strip() or "\0" in domain):
        raise BadInput("a domain needs a name", where=repr(domain), fix="name a domain, a category or a subcategory")
    _assert_stored(store, outcome)
    if domain is None:
        return Tied(tie_outcome(store, outcome, None), None, True)
    parts = [*stored_parts(store)[0], *map(str, Category), *map(str, Subcategory)]
    wanted = domain.strip()
    alike = [part for part in parts if part.casefold() == wanted.casefold()]
    part = wanted if wanted in parts or not alike else alike[0]
    return Tied(tie_outcome(store, outcome, part), part, part in parts)


def name_experts(store: Store, outcome: str, traces: str | None) -> int:
    """Say which trace file holds the expert solutions of a stored outcome, or that none does; how many scores it has.

    The file need not have been read yet.

    Raises:
        BadInput: no such outcome is stored, or the name is no text that can be one.
    """
    if traces is not None and (not traces.strip() or "\0" in traces):
        raise BadInput("a trace file needs a name", where=repr(traces), fix="name it without its ending")
    _assert_stored(store, outcome)
    return give_traces(store, outcome, traces.strip() if traces is not None else None)


def _assert_stored(store: Store, outcome: str) -> None:
    names = sorted({score.outcome for score in stored_outcomes(store)})
    if outcome not in names:
        raise BadInput(f"no outcome {outcome!r} is stored", fix="outcomes: " + (", ".join(names) or "none yet"))
