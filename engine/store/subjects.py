"""What a person means by a name: a stored model, run or suite, or one error that lists the choices."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.store.connection import Store
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["Kind", "Subject", "find_model", "find_run", "find_suite", "models_in"]

Kind = Literal["model", "run", "suite"]
_LEAST: Final = 6
"""Characters of a hash from which it counts as one."""


@dataclass(frozen=True)
class Subject:
    """A model, a run or a suite, as it is stored."""

    kind: Kind
    key: str
    """Hash of the weights, id of the run, or hash of the suite."""
    name: str


@dataclass(frozen=True)
class _Stored:
    key: str
    names: tuple[str, ...]
    about: str
    """What tells it from another of the same name."""

    @property
    def line(self) -> str:
        return " · ".join(filter(None, [" = ".join(self.names), self.key[:12], self.about]))


def find_model(store: Store, text: str) -> Subject:
    """The model of that name, in that folder, or whose hash of weights begins so.

    Raises:
        BadInput: there is none, or several.
    """
    stored, folders = _models(store)
    return _one("model", text, stored, _at(text, stored, folders))


def models_in(store: Store, folder: str) -> list[Subject]:
    """Every stored model that was last seen in a folder: several where its weights have been replaced."""
    stored, folders = _models(store)
    return [Subject("model", item.key, item.names[0]) for item in _at(folder, stored, folders)]


def _models(store: Store) -> tuple[list[_Stored], dict[str, str]]:
    with store.reading() as connection:
        rows = connection.execute(
            "with named as (select weights_hash, name from candidates union select weights_hash, candidate from runs "
            "union select weights_hash, candidate from trace_runs "
            "union select weights_hash, candidate from assay_runs "
            "union select weights_hash, candidate from posttrain_runs) "
            "select weights_hash, list(distinct n.name order by n.name), any_value(coalesce(c.path, '')), "
            "(select count(*) from runs r where r.weights_hash = n.weights_hash) "
            "from named n left join candidates c using (weights_hash) group by weights_hash order by 2, 1"
        ).fetchall()
    stored = [_Stored(key, tuple(names), f"{path}, {count(runs, 'run')}") for key, names, path, runs in rows]
    return stored, {key: path for key, _, path, _ in rows}


def find_suite(store: Store, text: str) -> Subject:
    """The suite of that name, of that file, or whose hash begins so.

    Raises:
        BadInput: there is none, or several.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "with named as (select suite_hash, name from suites union select suite_hash, suite from runs) "
            "select suite_hash, list(distinct n.name order by n.name), any_value(coalesce(s.path, '')), "
            "coalesce(strftime(any_value(s.added_at), '%Y-%m-%d %H:%M'), ''), "
            "(select count(*) from runs r where r.suite_hash = n.suite_hash) "
            "from named n left join suites s using (suite_hash) group by suite_hash order by 2, 1"
        ).fetchall()
    files = {key: path for key, _, path, _, _ in rows}
    stored = [_Stored(key, tuple(names), f"stored {at}, {count(runs, 'run')}") for key, names, _, at, runs in rows]
    return _one("suite", text, stored, _at(text, stored, files))


def find_run(store: Store, text: str) -> Subject:
    """The run, of any kind, whose id is or begins so.

    Raises:
        BadInput: there is none, or several.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, candidate || ' · ' || suite || ' · ' || protocol, epoch_us(created_at) from runs union all "
            "select run_id, candidate || ' · traces', epoch_us(created_at) from trace_runs union all "
            "select run_id, candidate || ' · assay ' || assay, epoch_us(created_at) from assay_runs union all "
            "select run_id, candidate || ' · post-training #' || seed, epoch_us(created_at) "
            "from posttrain_runs union all "
            "select run_id, name || ' · construction', epoch_us(created_at) from construct_runs order by 3 desc, 1"
        ).fetchall()
    return _one("run", text, [_Stored(run_id, (name,), "") for run_id, name, _ in rows], [])


def _at(text: str, stored: list[_Stored], places: Mapping[str, str]) -> list[_Stored]:
    """Those that were read from a file or folder, wherever links lead.

    Args:
        places: by key.
    """
    place = _real(text)
    return [item for item in stored if places[item.key] and _real(places[item.key]) == place]


def _real(text: str) -> str:
    return os.path.realpath(os.path.expanduser(text))


def _one(kind: Kind, text: str, stored: list[_Stored], at_path: Iterable[_Stored]) -> Subject:
    """The one that is meant: by its name or whole key, then by its path, then by the beginning of its key."""
    ways = (
        [item for item in stored if text == item.key or text in item.names],
        list(at_path),
        [item for item in stored if len(text) >= _LEAST and item.key.startswith(text)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return Subject(kind, found[0].key, found[0].names[0])
    hash_of = "its id" if kind == "run" else "its hash"
    if found:
        lines = "\n".join(f"  {item.line}" for item in found)
        raise BadInput(f"several are called that:\n{lines}", where=text, fix=f"name one by the beginning of {hash_of}")
    shown = "\n".join(f"  {item.line}" for item in stored[:20])
    more = f"\n  … and {len(stored) - 20} more" if len(stored) > 20 else ""
    raise BadInput(
        f"no such {kind} is stored",
        where=text, fix=f"stored are:\n{shown}{more}" if stored else f"no {kind} is stored at all",
    )  # fmt: skip
