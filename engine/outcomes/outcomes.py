"""Post-training scores in: a CSV, or the result file of an evaluation harness; and whose they are.

Nothing is guessed: a score belongs to a candidate by its exact name or by a mapping the person gives.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.published import SOURCE, published
from engine.outcomes.formats import HarnessScore, read_results
from engine.stats.numbers import unusable
from rubrics.counted import count
from rubrics.errors import OutcomeError
from rubrics.sources import read_bytes, read_text

__all__ = ["Outcome", "mapping_of", "near_misses", "published_outcomes", "read_outcomes", "renamed"]

_REQUIRED = ("candidate", "outcome", "score")
_COLUMNS = (*_REQUIRED, "stderr", "source")
_SHOWN = 20
"""Faults shown in one message; the count of the rest is given."""
_HEADER = ",".join(_REQUIRED) + "[,stderr,source]"


@dataclass(frozen=True)
class Outcome:
    """One measured post-training score of one candidate."""

    candidate: str
    outcome: str
    score: float
    stderr: float | None = None
    source: str | None = None


def read_outcomes(path: Path) -> list[Outcome]:
    """The outcomes in one file: CSV by the columns `candidate, outcome, score[, stderr, source]`, or JSON results of
    lm-evaluation-harness, lighteval or Inspect.

    Raises:
        OutcomeError: naming file, line and field; nothing is taken from a file with a fault.
    """
    where = str(path)
    raw = read_bytes(path, OutcomeError)
    if raw.startswith(b"PK\x03\x04"):
        raise OutcomeError(
            "is a zip archive, such as Inspect's .eval log",
            where=where,
            fix="turn it into JSON first",
            shell="inspect log convert --to json --output-dir DIR FILE",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        what = f"line {line} is not UTF-8 (byte {raw[error.start]:#04x})"
        raise OutcomeError(what, where=where, fix="save the file as UTF-8") from None
    if not text.strip():
        raise OutcomeError("is empty", where=where, fix=f"give a header {_HEADER} and one row per score")
    if text.lstrip()[0] in "{[":
        outcomes = [_of_harness(score, path.name) for score in read_results(_json(text, where), where)]
    else:
        outcomes = _read_csv(text, where)
    return outcomes


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
    for outcome in outcomes:
        name = mapping.get(outcome.candidate, outcome.candidate)
        key = (name, outcome.outcome)
        if key in by_key:
            raise OutcomeError(
                f"two scores of {outcome.outcome!r} meet in candidate {name!r}",
                where=outcome.source or "mapping",
                fix="map only one of the names, or leave out a file or a row",
            )
        by_key[key] = replace(outcome, candidate=name)
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
    where = str(path)
    try:
        rows = csv.DictReader(io.StringIO(read_text(path, OutcomeError), newline=""), strict=True)
        return [(row.get("name") or "", row.get("candidate") or "") for row in rows]
    except csv.Error as error:
        raise OutcomeError(f"is not CSV ({error})", where=where, fix="mend the quotes") from None


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


def _read_csv(text: str, where: str) -> list[Outcome]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    faults: list[str] = []
    by_key: dict[tuple[str, str], Outcome] = {}
    lines: dict[tuple[str, str], int] = {}
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(header, where)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = reader.line_num
            outcome = _row(header, row, line, faults)
            if outcome is None:
                continue
            key = (outcome.candidate, outcome.outcome)
            if key in by_key:
                faults.append(f"line {line}: {key[0]!r} already has a score of {key[1]!r} on line {lines[key]}")
                continue
            by_key[key], lines[key] = outcome, line
    except csv.Error as error:
        raise OutcomeError(f"line {reader.line_num} is not CSV ({error})", where=where, fix="mend the quotes") from None
    if faults:
        shown = "\n  ".join(faults[:_SHOWN])
        more = f"\n  … and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise OutcomeError(
            f"{count(len(faults), 'fault')}\n  {shown}{more}", where=where, fix="mend these lines; nothing was read"
        )
    if not by_key:
        raise OutcomeError("holds a header and no scores", where=where, fix="add one row per score")
    return list(by_key.values())


def _check_header(header: list[str], where: str) -> None:
    missing = [name for name in _REQUIRED if name not in header]
    unknown = [name for name in header if name not in _COLUMNS]
    twice = [name for name in _COLUMNS if header.count(name) > 1]
    what = (
        f"line 1: column {missing[0]!r} is missing"
        if missing
        else f"line 1: column {unknown[0]!r} is not known"
        if unknown
        else f"line 1: column {twice[0]!r} stands twice"
        if twice
        else ""
    )
    if what:
        raise OutcomeError(what, where=where, fix=f"the header must be {_HEADER}")


def _row(header: list[str], row: list[str], line: int, faults: list[str]) -> Outcome | None:
    if len(row) != len(header):
        faults.append(f"line {line}: has {len(row)} fields, the header {len(header)}")
        return None
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    before = len(faults)
    for name in ("candidate", "outcome"):
        if not cells[name]:
            faults.append(f"line {line}, {name}: is empty; give a name")
    score = _number(cells["score"], line, "score", faults)
    stderr = _number(cells["stderr"], line, "stderr", faults) if cells.get("stderr") else None
    if stderr is not None and stderr < 0:
        faults.append(f"line {line}, stderr: {stderr:g} is below zero; a standard error is not")
    if len(faults) > before or score is None:
        return None
    return Outcome(cells["candidate"], cells["outcome"], score, stderr, cells.get("source") or None)


def _number(text: str, line: int, name: str, faults: list[str]) -> float | None:
    try:
        # float() takes "1_0" and other scripts' digits; a CSV of scores means neither.
        value = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        hint = "use a decimal point" if "," in text else "give a number such as 0.71"
        faults.append(f"line {line}, {name}: {text[:40]!r} is not a number; {hint}")
        return None
    if wrong := unusable(value):
        faults.append(f"line {line}, {name}: {text[:40]!r} {wrong}; leave out the row instead")
        return None
    return value


def _json(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        what = f"line {error.lineno} is not JSON ({error.msg})"
        raise OutcomeError(what, where=where, fix="give the whole result file, or a CSV") from None
    except (ValueError, RecursionError):
        raise OutcomeError("is not JSON that can be read", where=where, fix="give a result file, or a CSV") from None


def _of_harness(score: HarnessScore, name: str) -> Outcome:
    return Outcome(score.candidate, score.outcome, score.score, score.stderr, f"{score.harness}: {name}")


def _resembling(name: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Candidates whose name, less the owner, case and separators, is like this one's; at most three."""
    plain = {candidate: _plain(candidate) for candidate in candidates}
    close = difflib.get_close_matches(_plain(name), list(plain.values()), n=3, cutoff=0.6)
    alike = [candidate for text in close for candidate in candidates if plain[candidate] == text]
    return tuple(dict.fromkeys(alike))[:3]


def _plain(name: str) -> str:
    return "".join(c for c in name.rstrip("/").rsplit("/", 1)[-1].casefold() if c.isalnum())
