"""What has become known against stored runs since they were scored, kept beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.store.connection import Store

__all__ = ["DoubtfulRun", "runs_of_folders", "set_doubt"]


class DoubtfulRun(NamedTuple):
    """A stored run of a folder, as far as it may be doubted."""

    folder: Path
    run_id: str
    key: Mapping[str, Any]
    """What produced its numbers."""
    doubt: str
    """What is said against it so far; empty where nothing is."""


def runs_of_folders(store: Store, folders: Iterable[Path]) -> list[DoubtfulRun]:
    """The runs with verdicts of the candidates that were last seen in these folders."""
    with store.reading() as connection:
        rows = connection.execute(
            "select path, run_id, run_key, coalesce(json_extract_string(facts, '$.doubt'), '') from runs "
            "join (select weights_hash, path from candidates where path in (select unnest(?::varchar[]))) "
            "using (weights_hash) where run_id in (select run_id from verdicts_raw) order by path, run_id",
            [list(map(str, folders))],
        ).fetchall()
    return [DoubtfulRun(Path(path), run_id, json.loads(key), doubt) for path, run_id, key, doubt in rows]


def set_doubt(store: Store, run_id: str, doubt: str) -> None:
    """Say this against a run from now on; an empty text says nothing any more."""
    patch = json.dumps({"doubt": doubt or None})
    with store.writing() as connection:
        connection.execute("update runs set facts = json_merge_patch(facts, ?) where run_id = ?", [patch, run_id])
