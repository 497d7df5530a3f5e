"""Post-training scores in: a CSV, or the result file of an evaluation harness; and whose they are.

Nothing is guessed: a score belongs to a candidate by its exact name or by a mapping the person gives.
"""

from __future__ import annotations

import codecs
import difflib
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from data.published import SOURCE, published
from engine.outcomes.formats import format_of, read_results
from engine.outcomes.inspect_log import head_of
from engine.outcomes.outcome import Outcome
from engine.outcomes.result_file import HarnessScore, ResultTable
from engine.outcomes.table import COLUMNS, HEADER, read_table
from rubrics.errors import OutcomeError
from rubrics.jsonl import NotJson, load_json
from rubrics.sheets import encoding_of, open_sheet, parse_sheet
from rubrics.sources import read_bytes

__all__ = ["Outcome", "OutcomesFile", "mapping_of", "near_misses", "published_outcomes", "read_outcomes", "renamed"]

_SHOWN = 20
"""Names shown in one message."""


class OutcomesFile(NamedTuple):
    """What a file holds."""

    outcomes: list[Outcome]
    left_out: list[str]
    """What it holds and was not taken, and why, a phrase each."""


def read_outcomes(path: Path, *, averages: bool = False, only: Sequence[str] = ()) -> OutcomesFile:
    """The outcomes in one file: a CSV by the columns of `HEADER`, or what one of `FORMATS` has written.

    Args:
        averages: take the means of tasks too that stand beside these tasks.
        only: patterns of names of outcomes that are taken, such as `arc*/acc` or `eval/*`; none: all.

    Raises:
        OutcomeError: naming file, line and field; nothing is taken from a file with a fault.
    """
    where = str(path)
    raw = read_bytes(path, OutcomeError)
    if raw.startswith(b"PK\x03\x04"):
        raw = head_of(raw, where)
    if (encoding := encoding_of(raw[:4])) != "utf-8-sig":
        # Spreadsheets save so, and terminals of Windows what a program prints.
        try:
            raw = raw.decode(encoding).encode()
        except UnicodeError:
            raise OutcomeError(f"is not {encoding.upper()}", where=where, fix="save the file as UTF-8") from None
    if not raw.removeprefix(codecs.BOM_UTF8).strip():
        raise OutcomeError("is empty", where=where, fix=f"give a header {HEADER} and one row per score")
    if raw.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        content = _json(raw, where)
    elif (table := _table(raw, where)).rows and format_of(table) is not None:
        if table.uneven:
            what = f"line {table.uneven}: has more or fewer fields than the header, {len(table.header)}"
            raise OutcomeError(what, where=where, fix="give the table as it was exported")
        content = table
    else:
        outcomes, left_out = read_table(raw, where)
        kept = [o for o in outcomes if not only or any(fnmatchcase(o.outcome, pattern) for pattern in only)]
        if not kept:
            names = ", ".join(list(dict.fromkeys(o.outcome for o in outcomes))[:_SHOWN])
            raise OutcomeError(
                f"has no outcome called {' or '.join(only)}", where=where, fix=f"outcomes there: {names}"
            )
        return OutcomesFile(kept, left_out)
    scores, left_out = read_results(content, path, averages=averages, only=only)
    return OutcomesFile([_of_harness(score, path.name) for score in scores], left_out)


def _table(raw: bytes, where: str) -> ResultTable:
    """The header of a table; its rows too where the header is not that of a person's own table."""
    with parse_sheet(io.BufferedReader(io.BytesIO(raw)), COLUMNS, where, OutcomeError) as sheet:
        own = set(COLUMNS[:3]) & set(sheet.header)
        if len(set(sheet.header)) < len(sheet.header) or "candidate" in own or len(own) > 1:
            return ResultTable(sheet.header, [])
        rows, uneven = [], None
        for line, row in sheet.rows:
            uneven = uneven or (line if len(row) != len(sheet.header) else None)
            rows.append((line, {name: cell.strip() for name, cell in zip_longest(sheet.header, row, fillvalue="")}))
        return ResultTable(sheet.header, rows, uneven)


def renamed(outcomes: Sequence[Outcome], mapping: Mapping[str, str]) -> list[Outcome]:
    """Outcomes under the names that their candidates have here.

    Args:
        mapping: from a name in the files to a candidate's; names that it leaves out stay.

    Raises:
        OutcomeError: it names nobody in the files, or two scores of one outcome meet in one candidate.
    """
    own = dict.fromkeys(outcome.candidate for outcome in outcomes)
    for name, near in near_misses(mapping, own).items():
        hint = f"did you mean {near[0]}? " if near else ""
        raise OutcomeError(
            f"{name!r} is in no file", where="mapping", fix=f"{hint}names there: {', '.join(list(own)[:_SHOWN])}"
        )
    by_key: dict[tuple[str, str], Outcome] = {}
    whose: dict[tuple[str, str], str] = {}
    for outcome in outcomes:
        name = mapping.get(outcome.candidate, outcome.candidate)
        key = (name, outcome.outcome)
        earlier = by_key.get(key)
        same = earlier and whose[key] == outcome.candidate and earlier.source != outcome.source
        if same and earlier and math.isclose(earlier.score, outcome.score, rel_tol=1e-9):
            continue  # such as results, and the samples that they are the mean of, in two files
        if earlier:
            raise OutcomeError(
                f"two scores of {outcome.outcome!r} meet in candidate {name!r}",
                where=outcome.source or "mapping",
                fix="map only one of the names, or leave out a file or a row",
            )
        by_key[key] = replace(outcome, candidate=name)
        whose[key] = outcome.candidate
    return list(by_key.values())


def mapping_of(parts: Iterable[str]) -> dict[str, str]:
    """What a person says: `NAME=CANDIDATE` each, or the path of a CSV with the columns `name` and `candidate`.

    Raises:
        OutcomeError: neither, or one name is given two candidates.
    """
    mapping: dict[str, str] = {}
    for part in parts:
        rows = _read_mapping(Path(part)) if part.endswith(".csv") else [part.rpartition("=")[::2]]
        for name, candidate in rows:
            name, candidate = name.strip(), candidate.strip()
            if not name or not candidate:
                fix = "NAME=CANDIDATE, or a CSV with the columns name and candidate"
                raise OutcomeError(f"{part!r} does not say whose a score is", where="mapping", fix=fix)
            if mapping.setdefault(name, candidate) != candidate:
                what = f"{name!r} is mapped to {mapping[name]!r} and to {candidate!r}"
                raise OutcomeError(what, where="mapping", fix="keep one of them")
    return mapping


def _read_mapping(path: Path) -> list[tuple[str, str]]:
    columns = ("name", "candidate")
    with open_sheet(path, columns, OutcomeError) as sheet:
        if [sheet.header.count(column) for column in columns] != [1, 1]:
            what = "line 1: needs one column named name and one named candidate"
            raise OutcomeError(what, where=str(path), fix="a header name,candidate and one row per name")
        at = [sheet.header.index(column) for column in columns]
        rows = []
        for line, row in sheet.rows:
            if len(row) != len(sheet.header):
                what = f"line {line}: has {len(row)} fields, the header {len(sheet.header)}"
                raise OutcomeError(what, where=str(path), fix="give each row as many fields as the header")
            rows.append((row[at[0]], row[at[1]]))
    return rows


def near_misses(names: Iterable[str], candidates: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each name that is no candidate: the candidates it resembles, likest first, at most three; may be none."""
    known_names = list(dict.fromkeys(candidates))
    return {name: _resembling(name, known_names) for name in names if name not in known_names}


def published_outcomes() -> list[Outcome]:
    """The post-training scores that ship with the program; `source` says how each was taken from the study."""
    return [
        Outcome(name, benchmark, value.value, None, f"{SOURCE}, {value.mark}")
        for benchmark, values in published().post_training.items()
        for name, value in values.items()
    ]


def _json(raw: bytes, where: str) -> object:
    """JSON, or the objects of JSON lines."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        what = f"line {line} is not UTF-8 (byte {raw[error.start]:#04x})"
        raise OutcomeError(what, where=where, fix="save the file as UTF-8") from None
    try:
        return load_json(text, constants=True)
    except NotJson as error:
        lines = _lines(text)
        if format_of(lines) is not None:
            return lines
        place = f"line {error.line} " if error.line else ""
        fix = "give the whole result file, or a CSV"
        raise OutcomeError(f"{place}is not JSON ({error})", where=where, fix=fix) from None
    except RecursionError:
        raise OutcomeError("is not JSON that can be read", where=where, fix="give a result file, or a CSV") from None


def _lines(text: str) -> list[object]:
    try:
        return [load_json(line, constants=True) for line in text.split("\n") if line.strip()]
    except (NotJson, RecursionError):
        return []


def _of_harness(score: HarnessScore, name: str) -> Outcome:
    source = f"{score.harness}: {name}"
    return Outcome(
        score.candidate, score.outcome, score.score, score.stderr, source, score.lower_is_better, None, score.scale,
        score.samples, score.measured, None, score.conditions,
    )  # fmt: skip


def _resembling(name: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Candidates whose name, less the owner, case and separators, is like this one's; at most three."""
    plain = {candidate: _plain(candidate) for candidate in candidates}
    close = difflib.get_close_matches(_plain(name), list(plain.values()), n=3, cutoff=0.6)
    alike = [candidate for text in close for candidate in candidates if plain[candidate] == text]
    return tuple(dict.fromkeys(alike))[:3]


def _plain(name: str) -> str:
    return "".join(c for c in name.rstrip("/").rsplit("/", 1)[-1].casefold() if c.isalnum())
