"""Every candidate at hand, with the precision it would be scored at, and which are marked. Plain Python."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.errors import CandidateError

if TYPE_CHECKING:
    from engine.candidates.address import ServedAs
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device
    from engine.machine.precision import PrecisionFit
    from engine.results.database import Store

__all__ = [
    "CandidateEntry",
    "Inventory",
    "NoCandidate",
    "Row",
    "add_folder",
    "add_served",
    "held",
    "invert",
    "look",
    "look_into",
    "mark_all",
    "toggle",
]


@dataclass(frozen=True)
class CandidateEntry:
    """One candidate, where it comes from, and what fits."""

    candidate: Candidate
    origin: str
    """`bundled`, `cache`, `served`, or the watched folder it lies in."""
    fit: PrecisionFit | None
    """None where the candidate is refused anyway."""

    @property
    def path(self) -> str:
        """Its folder, file or address, by which it is marked."""
        return self.candidate.place

    @property
    def usable(self) -> bool:
        """Whether it can be scored here and now."""
        return self.candidate.usable and self.fit is not None and self.fit.precision is not None


@dataclass(frozen=True)
class NoCandidate:
    """A watched folder that holds no model, or is not there."""

    path: str
    what: str
    """Why it holds none."""
    fix: str


Row = CandidateEntry | NoCandidate


@dataclass(frozen=True)
class Inventory:
    """What a look around came to."""

    entries: tuple[CandidateEntry, ...]
    """A person's own first, then those of the cache, then the bundled ones."""
    device: Device
    problems: tuple[NoCandidate, ...]
    unseen: int = 0
    """Candidates that are still to be held against the model libraries."""

    def rows(self, *, without_bundled: bool = False) -> tuple[Row, ...]:
        """What is listed: folders without a model below a person's own candidates."""
        own = [entry for entry in self.entries if entry.origin not in ("bundled", "cache")]
        others = [entry for entry in self.entries if entry.origin in ("bundled", "cache")]
        return (*own, *self.problems, *(e for e in others if not (without_bundled and e.origin == "bundled")))

    def unmark_unusable(self, marks: dict[str, str]) -> None:
        """Take marks from candidates that are gone or cannot be scored any more."""
        usable = {entry.path for entry in self.entries if entry.usable}
        for path in [path for path in marks if path not in usable]:
            del marks[path]


def mark_all(marks: dict[str, str], rows: Iterable[Row]) -> None:
    """Mark every candidate listed that can be scored; where all are marked, none any more."""
    usable = {row.path: row.candidate.name for row in rows if isinstance(row, CandidateEntry) and row.usable}
    if usable.keys() <= marks.keys():
        for path in usable:
            del marks[path]
    else:
        marks.update(usable)


def invert(marks: dict[str, str], rows: Iterable[Row]) -> None:
    """Mark every candidate listed that can be scored and is not marked, and unmark those that are."""
    for row in rows:
        if isinstance(row, CandidateEntry):
            toggle(marks, row)


def toggle(marks: dict[str, str], entry: CandidateEntry) -> bool:
    """Mark a candidate for the next run (path → name), or unmark it; False where it cannot be scored."""
    if entry.path in marks:
        del marks[entry.path]
    elif entry.usable:
        marks[entry.path] = entry.candidate.name
    else:
        return False
    return True


def look(folders: Sequence[str], served: Sequence[ServedAs] = ()) -> Inventory:
    """Bundled models, those in the watched folders, those of servers, and the Hugging Face cache; each once, with what
    is remembered of how it stands to the model libraries. Blocks."""
    from data.bundled import bundled_models
    from engine.candidates.find import distinct, find, hub_cache
    from engine.jobs.looking import recalled
    from engine.machine.devices import resolve_device

    device = resolve_device("auto")
    sources: list[tuple[str, list[Candidate]]] = []
    problems: list[NoCandidate] = []
    for folder in folders:
        try:
            sources.append((folder, find([folder])))
        except CandidateError as error:
            problems.append(NoCandidate(folder, " ".join(error.what.split()), error.fix))
    for one in served:
        sources.append(("served", find([one.address], served=tuple(served))))
    sources.append(("cache", hub_cache()))
    sources.append(("bundled", find(map(str, bundled_models()))))
    origins: dict[str, str] = {}
    listed: list[Candidate] = []
    for origin, candidates in sources:
        for candidate in candidates:
            if (place := _real(candidate)) not in origins:
                origins[place] = origin
                listed.append(candidate)
    named = distinct(listed)
    known, unseen = recalled(named)
    by = [origins[_real(candidate)] for candidate in known]
    return Inventory(_entries(zip(known, by, strict=True), device), device, tuple(problems), unseen)


def _real(candidate: Candidate) -> str:
    return candidate.place if candidate.served else os.path.realpath(candidate.path)


def held(store: Store, inventory: Inventory, cancel: threading.Event) -> Inventory:
    """The same candidates, all of them held against the model libraries, in a worker; what this says of runs stored
    earlier is written beside them. Blocks for seconds.

    Args:
        cancel: once set, what has not been looked at yet stays as it is.

    Raises:
        WorkerError: the worker died.
    """
    from engine.jobs.doubts import keep_doubts
    from engine.jobs.looking import looked_at

    entries = inventory.entries
    candidates = looked_at([entry.candidate for entry in entries], cancel=cancel)
    keep_doubts(store, candidates)
    by = [entry.origin for entry in entries]
    return replace(inventory, entries=_entries(zip(candidates, by, strict=True), inventory.device), unseen=0)


def _entries(candidates: Iterable[tuple[Candidate, str]], device: Device) -> tuple[CandidateEntry, ...]:
    from engine.machine.precision import fits

    return tuple(
        CandidateEntry(candidate, origin, fits(candidate, device) if candidate.usable else None)
        for candidate, origin in candidates
    )


def add_served(served: Iterable[ServedAs], address: str, tokenizer: str, key: str) -> list[ServedAs]:
    """The models of servers with one more; one with the same address is replaced. Asks the server, and blocks.

    Args:
        tokenizer: where it is; empty where the model that the server names has it.
        key: the name of the variable that holds it, if the server asks for one.

    Raises:
        BadInput: the address cannot be read.
        CandidateError: the key is not where it is said to be, nobody is there, or there is no tokenizer for it.
    """
    from engine.candidates.address import ServedAs, parse_address
    from engine.candidates.find import find

    one = ServedAs(address, tokenizer, key)
    parse_address(one.address)
    (candidate,) = find([one.address], served=(one,))
    for problem in candidate.problems:
        if problem.refused:
            raise CandidateError(problem.what, where=one.address, fix=problem.fix)
    return [*(other for other in served if other.address != one.address), one]


def look_into(store: Store, folder: str) -> tuple[CandidateEntry, ...]:
    """The candidates in one folder, all of them held against the model libraries. Blocks for seconds.

    Raises:
        CandidateError: there is no such folder, or no model in it.
        WorkerError: the worker died.
    """
    from engine.candidates.find import find
    from engine.jobs.doubts import keep_doubts
    from engine.jobs.looking import looked_at
    from engine.machine.devices import resolve_device

    candidates = looked_at(find([folder]))
    keep_doubts(store, candidates)
    return _entries(((candidate, folder) for candidate in candidates), resolve_device("auto"))


def add_folder(folders: Iterable[str], name: str) -> list[str]:
    """The watched folders with one more, whatever it holds. Blocks.

    Raises:
        CandidateError: there is no such folder.
    """
    path = Path(os.path.expanduser(name)).absolute()
    if not path.is_dir() and path.suffix != ".gguf":
        what = "is neither a folder nor a GGUF file" if path.exists() else "no such folder"
        raise CandidateError(what, where=str(path), fix="check the path; Tab completes it")
    if not path.exists():
        raise CandidateError("no such file", where=str(path), fix="check the path; Tab completes it")
    return list(dict.fromkeys([*folders, str(path)]))
