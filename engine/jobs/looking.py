"""Candidates held against the model libraries in a worker, nothing loaded: what a run would refuse is seen here."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from data.bundled import bundled_models
from engine.candidates.find import Candidate, Problem
from engine.candidates.headers import HeaderFault
from engine.candidates.untrusted import shown
from engine.jobs.keys import key_hash, library_versions
from engine.jobs.process import Runner, WorkerProcess
from engine.machine.paths import cache_dir, digest_dir
from rubrics.errors import CandidateError

__all__ = ["looked_at", "recalled"]

_RULES: Final = Path(__file__).parents[1] / "scoring"

_Seen = list[Problem]


def looked_at(
    candidates: Sequence[Candidate],
    *,
    cancel: threading.Event | None = None,
    runner: Runner = WorkerProcess,
    concurrency: int | None = None,
) -> list[Candidate]:
    """The same candidates, with what only the model libraries can tell among their problems: a tokenizer that cannot be
    opened, tensors that are missing, left over or of another shape, entries that the config lacks, a kind of model that
    reads ahead. Servers are tried, and what tells their model from others is read.

    Candidates refused already are left as they are. What was seen of a folder is remembered until it changes; a server
    is tried every time.

    Args:
        cancel: once set, candidates that have not been looked at stay as they are.
        concurrency: requests that a server is sent at a time at most.

    Raises:
        WorkerError: the worker died.
    """
    seen, notes = _remembered(candidates)
    read: dict[int, dict[str, Any]] = {}
    asked = [number for number in notes if number not in seen]
    if asked:
        with runner({"kind": "look", "models": [_told(candidates[number], concurrency) for number in asked]}) as worker:
            for event in worker.events(cancel or threading.Event()):
                number = asked[event["model"]]
                problems = _problems(event)
                if (note := notes[number]) is None:
                    seen[number] = problems
                    if event["event"] == "seen":
                        read[number] = {"fingerprint": tuple(event["fingerprint"]), "spread": event["spread"]}
                else:
                    _remember(note, problems)
                    seen[number] = [*problems, *_of_numbers(candidates[number].path)]
    return [
        replace(candidate, served=replace(candidate.served, **read[number]))
        if candidate.served is not None and number in read
        else candidate
        for number, candidate in enumerate(_with(candidates, seen))
    ]


def _told(candidate: Candidate, concurrency: int | None) -> dict[str, Any]:
    """What a worker is told of one."""
    told: dict[str, Any] = {"folder": str(candidate.path), "trust_remote_code": candidate.runs_own_code}
    if candidate.served is not None:
        told |= {"served": asdict(candidate.served), "context": candidate.context, "concurrency": concurrency}
    return told


def recalled(candidates: Sequence[Candidate]) -> tuple[list[Candidate], int]:
    """The same candidates as far as it is remembered, at once; and how many are still to be looked at."""
    seen, notes = _remembered(candidates)
    return _with(candidates, seen), sum(number not in seen for number in notes)


def _remembered(candidates: Sequence[Candidate]) -> tuple[dict[int, _Seen], dict[int, Path | None]]:
    """By number: what is known of candidates, and where what is seen of the usable ones is kept, if it is."""
    bundled = frozenset(bundled_models())
    seen: dict[int, _Seen] = {}
    notes: dict[int, Path | None] = {}
    for number, candidate in enumerate(candidates):
        # The models that ship have been held against the libraries by the tests.
        if candidate.usable and candidate.served is not None:
            notes[number] = None
            continue
        if not candidate.usable or candidate.path in bundled:
            continue
        try:
            note = notes[number] = _note(candidate)
        except CandidateError as error:
            seen[number] = [Problem("unfit", True, shown(f"{error.where}: {error.what}", 600), error.fix)]
        else:
            if (known := _recall(note)) is not None:
                seen[number] = [*known, *_of_numbers(candidate.path)]
    return seen, notes


def _of_numbers(folder: Path) -> _Seen:
    """What is remembered of the numbers in its weights, from when they were hashed."""
    from engine.candidates.hashing import NO_NUMBERS, known_faults

    try:
        faults = known_faults(folder, digest_dir())
    except (CandidateError, HeaderFault):
        return []  # it has gone, or changed, this very moment
    problems = [Problem("unfit", True, faults.refusal, NO_NUMBERS)] if faults.refusal else []
    return problems + [Problem("noted", False, faults.note, "compare its files with their source")] * bool(faults.note)


def _with(candidates: Sequence[Candidate], seen: Mapping[int, _Seen]) -> list[Candidate]:
    return [
        replace(candidate, problems=tuple(dict.fromkeys((*candidate.problems, *seen.get(number, ())))))
        for number, candidate in enumerate(candidates)
    ]


def _problems(event: Mapping[str, Any]) -> _Seen:
    if event["event"] == "refused":
        return [Problem("unfit", True, shown(event["what"], 600), shown(event["fix"], 300))]
    tokens = [
        Problem("tokens", False, shown(remark, 600), "see that its tokenizer's files are those of its source")
        for remark in event["tokens"]
    ]
    return tokens + [Problem("noted", False, shown(note, 600), "look at its config") for note in event["notes"]]


def _note(candidate: Candidate) -> Path:
    """Where is remembered what was seen of a folder, in this state of its files and of the libraries."""
    from engine.candidates.hashing import config_hash, stamp, tokenizer_hash

    causes = {
        "config": config_hash(candidate.path), "tokenizer": tokenizer_hash(candidate.path),
        # What is refused is decided there; what an earlier version saw says nothing.
        "rules": [file.read_text(encoding="utf-8") for file in sorted(_RULES.glob("*.py"))],
        "weights": stamp(candidate.path), "versions": library_versions(), "own_code": candidate.runs_own_code,
    }  # fmt: skip
    return cache_dir() / "seen" / key_hash(causes)


def _recall(note: Path) -> _Seen | None:
    try:
        return [Problem(*problem) for problem in json.loads(note.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _remember(note: Path, problems: Sequence[Problem]) -> None:
    """Without a cache everything works, only slower."""
    scratch = note.with_name(f"{note.name}.{os.getpid()}")
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(problems), encoding="utf-8")
        os.replace(scratch, note)
