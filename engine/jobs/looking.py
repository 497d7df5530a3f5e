"""Candidates held against the model libraries in a worker, nothing loaded: what a run would refuse is seen here."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.candidates.find import Candidate, Problem
from engine.candidates.untrusted import shown
from engine.jobs.keys import key_hash, library_versions
from engine.jobs.process import Runner, WorkerProcess
from engine.machine.paths import cache_dir
from rubrics.errors import CandidateError

__all__ = ["looked_at"]

_RULES: Final = Path(__file__).parents[1] / "scoring"


def looked_at(candidates: Sequence[Candidate], *, runner: Runner = WorkerProcess) -> list[Candidate]:
    """The same candidates, with what only the model libraries can tell among their problems: a tokenizer that cannot be
    opened, tensors that are missing, left over or of another shape, entries that the config lacks.

    Candidates refused already are left as they are. What was seen of a folder is remembered until it changes.

    Raises:
        WorkerError: the worker died.
    """
    seen: dict[int, list[Problem]] = {}
    notes: dict[int, Path] = {}
    for number, candidate in enumerate(candidates):
        if not candidate.usable:
            continue
        try:
            notes[number] = _note(candidate)
        except CandidateError as error:
            seen[number] = [Problem("unfit", True, shown(f"{error.where}: {error.what}", 600), error.fix)]
        else:
            if (recalled := _recall(notes[number])) is not None:
                seen[number] = recalled
    asked = [number for number in notes if number not in seen]
    if asked:
        models = [
            {"folder": str(candidates[number].path), "trust_remote_code": candidates[number].runs_own_code}
            for number in asked
        ]
        with runner({"kind": "look", "models": models}) as worker:
            for event in worker.events(threading.Event()):
                number = asked[event["model"]]
                seen[number] = _problems(event)
                _remember(notes[number], seen[number])
    return [
        replace(candidate, problems=(*candidate.problems, *seen.get(number, ())))
        for number, candidate in enumerate(candidates)
    ]


def _problems(event: Mapping[str, Any]) -> list[Problem]:
    if event["event"] == "refused":
        return [Problem("unfit", True, shown(event["what"], 600), shown(event["fix"], 300))]
    return [Problem("noted", False, shown(note, 600), "see its config.json") for note in event["notes"]]


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


def _recall(note: Path) -> list[Problem] | None:
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
