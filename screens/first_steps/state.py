"""What the first steps ask and find. Plain Python; blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import BadInput, RudeError
from screens.candidates.state import CandidateEntry, add_folder, look, look_into, toggle
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.formats import parameters
from screens.shell.suite_files import named_suite

if TYPE_CHECKING:
    from screens.shell.session import Session

__all__ = ["MODELS", "SUITE", "nothing_yet", "take_models", "take_suite"]

_SHOWN = 12
"""Candidates that are named before the rest is counted."""

MODELS = Field("folder", "Folder", "such as ~/models; empty: the small ones that ship", "path", endings=(".gguf",))
SUITE = Field("suite", "Suite", "a .jsonl file, world or core; empty: world", "path", endings=(".jsonl",))


def nothing_yet(session: Session) -> bool:
    """Whether nobody has begun anything here: no folder or file named, no run stored."""
    from engine.results.runs import stored_runs

    if session.folders or session.suite_files:
        return False
    try:
        return not stored_runs(session.store)
    except RudeError:
        # A database that is not there yet, or that something is wrong with: the screens say what.
        return not os.path.exists(session.store.path)


def take_models(session: Session, typed: Typed) -> Prepared:
    """Watch the folder that was typed, and mark what can be scored of it once that is agreed to.

    Raises:
        AtField: no such folder, or nothing in it can be scored.
    """
    name = typed.text("folder")
    with at("folder"):
        if name:
            path = add_folder((), name)[0]
            found: Sequence[CandidateEntry] = look_into(session.store, path)
        else:
            found = [entry for entry in look(()).entries if entry.origin == "bundled"]
        usable = [entry for entry in found if entry.usable]
        if not usable:
            raise BadInput("\n".join(_lines(found)), fix="mend what is said, or name another folder")

    def mark() -> str:
        if name:
            session.folders = add_folder(session.folders, path)
            session.remember("folders", session.folders)
        for entry in usable:
            if entry.path not in session.marked_models:
                toggle(session.marked_models, entry)
        return ""

    head = f"{count(len(found), 'candidate')} found, {len(usable)} can be scored:"
    return Prepared("\n".join([head, "", *_lines(found), "", "Go on with them?"]), act=mark)


def _lines(found: Sequence[CandidateEntry]) -> list[str]:
    lines = []
    for entry in found[:_SHOWN]:
        candidate = entry.candidate
        if entry.usable and entry.fit is not None:
            lines.append(f"✓ {candidate.name}  {parameters(candidate.parameters)}, as {entry.fit.precision}")
            continue
        problem = next((problem for problem in candidate.problems if problem.refused), None)
        what, fix = (problem.what, problem.fix) if problem is not None else _does_not_fit(entry)
        lines += [f"✗ {candidate.name}: {what}", f"  → {fix}"]
    return lines + ([f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])


def _does_not_fit(entry: CandidateEntry) -> tuple[str, str]:
    return entry.fit.reason if entry.fit is not None else "", "free memory, or choose a smaller one"


def take_suite(session: Session, typed: Typed) -> Prepared:
    """Mark the suite that was typed, and no other.

    Raises:
        AtField: no such file, or it holds faults.
    """
    from rubrics.reading import built_in_names, find_suite

    with at("suite"):
        name = named_suite(typed.text("suite") or "world")
        find_suite(name)
    if name not in built_in_names():
        session.offer_suite(name)
    session.marked_suites[:] = [name]
    return Prepared()
