"""Data sets in the Hugging Face cache, by their hub id; nothing is downloaded."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from rubrics.errors import SuiteError

__all__ = ["data_files"]

_ID: Final = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<under>.+))?")
_ENDINGS: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
_NOT_DATA: Final = frozenset({"dataset_info.json", "dataset_infos.json"})


def data_files(name: str | Path) -> list[Path]:
    """A file as it is; or, for a name such as `OWNER/NAME`, `OWNER/NAME@REVISION` or `OWNER/NAME/data/test`, the data
    files of that data set in the cache, in order, whose path begins so.

    Raises:
        SuiteError: a data set that is there has no such files.
    """
    text = str(name)
    match = _ID.fullmatch(text)
    if match is None or os.path.lexists(text):
        return [Path(name)]
    folder = _cache() / f"datasets--{match['repo'].replace('/', '--')}"
    if not folder.is_dir():
        return [Path(name)]
    snapshot = _snapshot(folder, match["revision"])
    found = sorted(path for path in snapshot.rglob("*") if _is_data(path)) if snapshot else []
    chosen = [path for path in found if snapshot and _under(path, snapshot).startswith(match["under"] or "")]
    if not chosen:
        have = ", ".join(_under(path, snapshot) for path in found[:12]) if snapshot else ""
        raise SuiteError(
            "has no such data files in the cache", where=text,
            fix=f"name one of {have}" if have else "fetch the data set first, as files and not as a script",
        )  # fmt: skip
    return chosen


def _cache() -> Path:
    if told := os.environ.get("HF_HUB_CACHE"):
        return Path(os.path.expanduser(told))
    beside = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or os.path.join(beside, "huggingface")
    return Path(os.path.expanduser(home)) / "hub"


def _snapshot(folder: Path, revision: str | None) -> Path | None:
    """The snapshot of a revision, a branch or the beginning of a commit; main, else the newest."""
    reference = folder / "refs" / (revision or "main")
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision
    held = sorted((folder / "snapshots").glob("*"), key=lambda path: path.stat().st_mtime)
    if commit is None:
        return held[-1] if held else None
    return next((path for path in held if path.name.startswith(commit)), None)


def _is_data(path: Path) -> bool:
    name = path.name.casefold()
    plain = name.removesuffix(".gz").removesuffix(".zst")
    return plain.endswith(_ENDINGS) and name not in _NOT_DATA and path.is_file()


def _under(path: Path, snapshot: Path) -> str:
    return path.relative_to(snapshot).as_posix()
