"""The suites at hand – built in, given as files, stored – and their pairs, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from engine.store.connection import Store
from engine.store.pairs import PairLine, count_coverage, count_groups, pair_lines, pair_places
from engine.store.suites import find_pair, load_pairs, stored_suites
from rubrics.errors import SuiteError
from rubrics.schema import Pair, Suite
from rubrics.taxonomy import Subcategory

if TYPE_CHECKING:
    from rubrics.check import Report

__all__ = [
    "SIZES", "PairFilter", "PairLine", "SuiteEntry", "SuitePairs", "check_report", "coverage", "find_pair",
    "pairs_of", "suites",
]  # fmt: skip

SIZES: Final = 5
"""Columns of the coverage matrix: |V| = 1, 2, 3, 4, 5 and more."""
_HEAD: Final = 200

Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class SuiteEntry:
    """One suite, or a file that should be one."""

    name: str
    origin: Literal["built-in", "file", "stored"]
    suite_hash: str
    """Empty where it cannot be read."""
    path: str
    """What a run is given: the name of a built-in one, else its file; empty for one that is only stored."""
    n_scored: int = 0
    n_shots: int = 0
    n_groups: int = 0
    n_runs: int = 0
    """Runs on it in this database."""
    card: str = ""
    fault: str = ""
    """Why it cannot be used; several lines."""
    fix: str = ""
    added_at: str = ""


@dataclass(frozen=True)
class PairFilter:
    """Which pairs are looked for; what is empty does not narrow."""

    text: str = ""
    """Anywhere in id, prompt, responses or criteria, whatever the case."""
    subcategory: str = ""
    size: int = 0
    """|V|; `SIZES` stands for that and more. Exemplars are in no cell of the matrix, so this leaves them out."""


class SuitePairs(Protocol):
    """The pairs of one suite. Every method may block."""

    def places(self, pair_filter: PairFilter) -> Places:
        """Where the pairs that pass stand in the suite, in its order."""

    def lines(self, places: Sequence[int]) -> list[PairLine]:
        """The pairs at these places, in the same order."""

    def pair(self, place: int) -> Pair:
        """One pair in full."""


def suites(store: Store, files: Sequence[str] = ()) -> list[SuiteEntry]:
    """The files given and those of plugins, then built-in suites, then what only the store holds, newest first. One
    that is stored as well is listed once. A file that cannot be read is listed with what is wrong.

    Raises:
        StoreError: the store cannot be read.
    """
    from rubrics.reading import built_in_names, plugin_suites

    held = {stored.suite_hash: stored for stored in stored_suites(store)}
    entries = []
    brought = [str(path) for path in plugin_suites().values()]
    named: list[tuple[str, Literal["built-in", "file"]]] = [
        (file, "file") for file in dict.fromkeys((*files, *brought))
    ]
    for name, origin in [*named, *((name, "built-in") for name in built_in_names())]:
        try:
            suite = _read(name)
        except SuiteError as error:
            entries.append(SuiteEntry(Path(name).stem or name, origin, "", name, fault=error.what, fix=error.fix))
            continue
        stored = held.pop(suite.hash, None)
        entries.append(
            SuiteEntry(
                suite.name, origin, suite.hash, name, len(suite.scored), len(suite.pairs) - len(suite.scored),
                len({pair.group for pair in suite.scored}), stored.n_runs if stored else 0, suite.card,
                added_at=stored.added_at if stored else "",
            )
        )  # fmt: skip
    groups = count_groups(store, list(held)) if held else {}
    for stored in held.values():
        entries.append(
            SuiteEntry(
                stored.name, "stored", stored.suite_hash, "", stored.n_scored, stored.n_pairs - stored.n_scored,
                groups.get(stored.suite_hash, 0), stored.n_runs, stored.card, added_at=stored.added_at,
            )
        )  # fmt: skip
    return entries


def _read(name: str) -> Suite:
    from rubrics.reading import suite_path

    path = suite_path(name)
    try:
        seen = tuple(
            (stat.st_mtime_ns, stat.st_size) for file in (path, path.with_suffix(".md")) if (stat := _stat(file))
        )
    except OSError as error:
        raise SuiteError(f"cannot be read ({error.strerror})", where=str(path), fix="check the file") from None
    return _read_once(str(path), seen)


def _stat(path: Path) -> Any:
    return path.stat() if path.exists() else None


@lru_cache(maxsize=8)
def _read_once(path: str, seen: tuple[tuple[int, int], ...]) -> Suite:
    # `seen` makes a file that has changed another one.
    from rubrics.reading import read_suite

    return read_suite(Path(path))


def coverage(store: Store, entry: SuiteEntry) -> Mapping[str, tuple[int, ...]]:
    """Scored pairs by subcategory and |V| = 1 … `SIZES` and more; a pair counts in each subcategory it violates.

    Raises:
        SuiteError: the file has gone or changed for the worse.
        StoreError: the store cannot be read.
    """
    if entry.origin != "stored":
        from rubrics.check.structure import cover

        return cover(_read(entry.path).scored)
    counts = count_coverage(store, entry.suite_hash, largest=SIZES)
    return {str(name): tuple(counts.get((str(name), n), 0) for n in range(1, SIZES + 1)) for name in Subcategory}


def check_report(store: Store, entry: SuiteEntry) -> Report:
    """All checks on a suite, artefact detectors included; takes seconds. Faults of a file are findings of it.

    Raises:
        SuiteError: the file cannot be read at all.
        StoreError: the store cannot be read.
    """
    from rubrics.check import check_file, check_suite
    from rubrics.reading import suite_path

    if entry.origin != "stored":
        return check_file(suite_path(entry.path))
    return check_suite(Suite(entry.name, tuple(load_pairs(store, entry.suite_hash)), entry.card))


def pairs_of(store: Store, entry: SuiteEntry) -> SuitePairs:
    """The pairs of a suite, wherever they are.

    Raises:
        SuiteError: the file has gone or changed for the worse.
    """
    if entry.origin == "stored":
        return _Stored(store, entry.suite_hash)
    return _Read(_read(entry.path))


class _Stored:
    """Pairs in the store."""

    def __init__(self, store: Store, suite_hash: str) -> None:
        self._store = store
        self._hash = suite_hash

    def places(self, pair_filter: PairFilter) -> Places:
        return pair_places(
            self._store, self._hash, text=pair_filter.text, subcategory=pair_filter.subcategory,
            size=pair_filter.size, or_more=pair_filter.size == SIZES,
        )  # fmt: skip

    def lines(self, places: Sequence[int]) -> list[PairLine]:
        return pair_lines(self._store, self._hash, places, prompt_characters=_HEAD)

    def pair(self, place: int) -> Pair:
        with self._store.snapshot():
            return find_pair(self._store, self._hash, self.lines([place])[0].pair_id)


class _Read:
    """Pairs in memory, from a file."""

    def __init__(self, suite: Suite) -> None:
        self._pairs = suite.pairs

    def places(self, pair_filter: PairFilter) -> Places:
        text = pair_filter.text.lower()
        places = [place for place, pair in enumerate(self._pairs) if _matches(pair, pair_filter, text)]
        return np.array(places, dtype=np.int32)

    def lines(self, places: Sequence[int]) -> list[PairLine]:
        return [_line(self._pairs[place]) for place in places]

    def pair(self, place: int) -> Pair:
        return self._pairs[place]


def _line(pair: Pair) -> PairLine:
    subcategories = tuple(str(name) for name in pair.subcategories)
    shot = pair.split is not None
    return PairLine(pair.id, pair.domain, subcategories, tuple(pair.violated), shot, pair.prompt_text[:_HEAD])


def _matches(pair: Pair, pair_filter: PairFilter, text: str) -> bool:
    if pair_filter.subcategory and pair_filter.subcategory not in pair.subcategories:
        return False
    if pair_filter.size and (pair.split is not None or min(len(pair.violated), SIZES) != pair_filter.size):
        return False
    if not text:
        return True
    fields = (pair.id, pair.prompt_text, pair.chosen, pair.rejected, *(rule.text for rule in pair.criteria))
    return any(text in field.lower() for field in fields)
