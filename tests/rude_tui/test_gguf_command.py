"""A GGUF file from the command line: looked at, scored as its folder is, and refused before a run as in a listing."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import gguf_writing as writing
import pytest
from command import rude

from data.bundled import bundled_models

FOLDER = next(folder for folder in bundled_models() if folder.name == "llama-brook-0.2m")


@pytest.mark.long
def test_a_file_is_scored_as_the_folder_that_it_was_made_from(tmp_path: Path) -> None:
    file, db = writing.from_folder(FOLDER, tmp_path / "brook-F32.gguf"), tmp_path / "runs.duckdb"
    done = rude(
        "run", "--db", db, "--model", FOLDER, "--model", file, "--suite", "world", "--protocol", "likelihood",
        "--limit", "6", "--controls", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "stored as F32 ×20, are scored dequantised (brook-F32" in done.stderr
    with duckdb.connect(str(db), read_only=True) as store:
        rows = store.sql("select candidate, pair_id, ll_chosen, ll_rejected from verdicts order by all").fetchall()
        keys = [json.loads(key) for (key,) in store.sql("select run_key from runs order by candidate").fetchall()]
    assert len(rows) == 12
    assert [row[1:] for row in rows[:6]] == [row[1:] for row in rows[6:]]
    assert [key.get("stored") for key in keys] == ["F32 ×20", None]
    assert rude("run", "--db", db, "--model", file, "--suite", "world", "--protocol", "likelihood", "--limit", "6",
                "--controls", "0").stderr.count("up to date") == 1  # fmt: skip


@pytest.mark.long
def test_what_would_be_left_out_is_seen_by_models_as_by_run(tmp_path: Path) -> None:
    metadata, tensors = writing.of_folder(FOLDER)
    stray = ("blk.0.attn_sinks.weight", "F32", tensors[0][2][:2])
    file = writing.write_gguf(tmp_path / "m.gguf", metadata, [*tensors, stray])
    listed = rude("models", file, "--json")
    assert listed.returncode == 3
    (row,) = json.loads(listed.stdout)
    (problem,) = row["problems"]
    assert problem["refused"]
    assert "blk.0.attn_sinks.weight" in problem["what"]
    run = rude("run", "--model", file, "--suite", "world")
    assert run.returncode == 3
    assert problem["what"].removeprefix(f"{file}: ") in run.stderr
