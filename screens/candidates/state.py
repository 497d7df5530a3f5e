"""Every candidate at hand, with the precision it would be scored at, and which are marked. Plain Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.errors import CandidateError

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device
    from engine.machine.precision import PrecisionFit

__all__ = ["CandidateEntry", "Inventory", "add_folder", "look", "toggle"]


@dataclass(frozen=True)
class CandidateEntry:
    """One candidate, where it comes from, and what fits."""

    candidate: Candidate
    origin: str
    """`bundled`, `cache`, or the watched folder it lies in."""
    fit: PrecisionFit | None
    """None where the candidate is refused anyway."""

    @property
    def path(self) -> str:
        """Its folder, by which it is marked."""
        return str(self.candidate.path)

    @property
    def usable(self) -> bool:
        """Whether it can be scored here and now."""
        return self.candidate.usable and self.fit is not None and self.fit.precision is not None


@dataclass(frozen=True)
class Inventory:
    """What a look around came to."""

    entries: tuple[CandidateEntry, ...]
    device: Device
    problems: tuple[str, ...]
    """Folders that hold no model, or are not there."""

    def at(self, row: int) -> CandidateEntry | None:
        """The entry in that row, if there is one."""
        return self.entries[row] if 0 <= row < len(self.entries) else None

    def unmark_unusable(self, marks: dict[str, str]) -> None:
        """Take marks from candidates that are gone or cannot be scored any more."""
        usable = {entry.path for entry in self.entries if entry.usable}
        for path in [path for path in marks if path not in usable]:
            del marks[path]


def toggle(marks: dict[str, str], entry: CandidateEntry) -> bool:
    """Mark a candidate for the next run (path → name), or unmark it; False where it cannot be scored."""
    if entry.path in marks:
        del marks[entry.path]
    elif entry.usable:
        marks[entry.path] = entry.candidate.name
    else:
        return False
    return True


def look(folders: Sequence[str]) -> Inventory:
    """Bundled models, those in the watched folders, and the Hugging Face cache; each once. Blocks."""
    from data.bundled import bundled_models
    from engine.candidates.find import distinct, find, hub_cache
    from engine.machine.devices import resolve_device
    from engine.machine.precision import fits

    device = resolve_device("auto")
    sources: list[tuple[str, list[Candidate]]] = []
    problems: list[str] = []
    for origin, items in (("bundled", [str(path) for path in bundled_models()]), *((f, [f]) for f in folders)):
        try:
            sources.append((origin, find(items)))
        except CandidateError as error:
            problems.append(" ".join(str(error).split()))
    sources.append(("cache", hub_cache()))
    origins: dict[str, str] = {}
    listed: list[Candidate] = []
    for origin, candidates in sources:
        for candidate in candidates:
            real = os.path.realpath(candidate.path)
            if real not in origins:
                origins[real] = origin
                listed.append(candidate)
    return Inventory(
        tuple(
            CandidateEntry(
                candidate,
                origins[os.path.realpath(candidate.path)],
                fits(candidate, device) if candidate.usable else None,
            )
            for candidate in distinct(listed)
        ),
        device,
        tuple(problems),
    )


def add_folder(folders: Iterable[str], name: str) -> list[str]:
    """The watched folders with one more. Blocks.

    Raises:
        CandidateError: there is no such folder, or no model in it.
    """
    from engine.candidates.find import find

    path = Path(os.path.expanduser(name)).absolute()
    find([str(path)])
    return list(dict.fromkeys([*folders, str(path)]))
