"""What has become known against stored runs since they were scored, kept beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.store.connection import Store

__all__ = ["DoubtfulRun", "runs_of_folder", "set_doubt"]


class DoubtfulRun(NamedTuple):
    """A stored run of a folder, as far as it may be doubted."""

    run_id: str
    key: Mapping[str, Any]
    """What produced its numbers."""
    doubt: str
    """What is said against it so far; empty where nothing is."""


def runs_of_folder(store: Store, folder: Path) -> list[DoubtfulRun]:
    """The runs with verdicts of the candidates that were last seen in a folder."""
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, run_key, coalesce(json_extract_string(facts, '$.doubt'), '') from runs "
            "join (select weights_hash from candidates where path = ?) using (weights_hash) "
            "where run_id in (select run_id from verdicts_raw)",
            [str(folder)],
        ).fetchall()
    return [DoubtfulRun(run_id, json.loads(key), doubt) for run_id, key, doubt in rows]


def set_doubt(store: Store, run_id: str, doubt: str) -> None:
    """Say this against a run from now on; an empty text says nothing any more."""
    patch = json.dumps({"doubt": doubt or None})
    with store.writing() as connection:
        connection.execute("update runs set facts = json_merge_patch(facts, ?) where run_id = ?", [patch, run_id])
