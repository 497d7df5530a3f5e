"""What a screen shows, taken away into one folder: table, picture, text, and a manifest of how they were made."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.export.figures import rendered
from engine.export.files import write_table
from engine.export.tables import Table
from engine.results.board import Board
from rubrics.errors import BadInput
from rubrics.targets import whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MANIFEST", "Taken", "how_made", "take_away"]

MANIFEST: Final = "manifest.json"
_FIGURES: Final = ("svg", "pdf")


@dataclass(frozen=True)
class Taken:
    """What a screen shows, as far as it can be taken away."""

    name: str
    """What files are called, before their endings."""
    text: str
    """What stands on it, as Markdown."""
    screen: str
    """The screen itself, as an SVG picture."""
    table: Table | None = None
    figure: Figure | None = None
    """What is drawn for a paper."""
    how: Mapping[str, Any] = field(default_factory=dict)
    """What it was made of, as JSON takes it."""


def how_made(board: Board | None) -> dict[str, Any]:
    """The suite, the metric and the runs behind a board's numbers, and the program that counted."""
    how: dict[str, Any] = {"program": f"rude-tui {metadata.version('rude-tui')}"}
    if board is not None:
        how |= {
            "suite": board.suite, "suite_hash": board.suite_hash, "protocol": board.protocol, "metric": board.metric,
            "excluded_pairs": board.excluded,
            "runs": [
                {
                    "candidate": entrant.label, "run_id": entrant.run.run_id, "weights_hash": entrant.weights_hash,
                    "precision": entrant.precision, "template_hash": entrant.run.template_hash,
                }
                for entrant in board.entrants
            ],
        }  # fmt: skip
    return how


def take_away(folder: Path, taken: Taken) -> list[Path]:
    """Write everything there is, each file whole, then the manifest; what was taken away before stays.

    The same again replaces itself; something else of the same name is numbered.

    Raises:
        BadInput: the folder is a file, or its manifest is another program's.
        RudeError: something cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput("is a file, not a folder", where=str(folder), fix="name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot be made ({error.strerror})", where=str(folder), fix="name another folder") from None
    entries = _entries(folder / MANIFEST)
    how = json.loads(json.dumps(dict(taken.how), default=str))
    stem = _stem(taken, how, entries, folder)
    parts: list[tuple[str, str, Callable[[Path], object]]] = [
        ("text", f"{stem}.md", lambda path: path.write_text(taken.text, encoding="utf-8")),
        ("screen", f"{stem}-screen.svg", lambda path: path.write_text(taken.screen, encoding="utf-8")),
    ]
    if (table := taken.table) is not None:
        parts.append(("table", f"{stem}.csv", lambda path: write_table(table, path)))
    if (figure := taken.figure) is not None:
        for ending in _FIGURES:
            parts.append(("figure", f"{stem}.{ending}", lambda path, e=ending: path.write_bytes(rendered(figure, e))))  # type: ignore[misc]
    made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    written = []
    for kind, name, write in parts:
        path = folder / name
        with whole(path) as scratch:
            # The scratch file has a name of its own; a table is written by its ending.
            staged = scratch.with_name(scratch.name + path.suffix)
            write(staged)
            staged.replace(scratch)
        held = path.read_bytes()
        entries[name] = {
            "file": name, "kind": kind, "what": taken.name, "bytes": len(held),
            "sha256": hashlib.sha256(held).hexdigest(), "made_at": made_at, "how": how,
        }  # fmt: skip
        written.append(path)
    with whole(folder / MANIFEST) as scratch:
        text = json.dumps({"files": list(entries.values())}, ensure_ascii=False, indent=1)
        scratch.write_text(text + "\n", encoding="utf-8")
    return [*written, folder / MANIFEST]


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    """What was taken away before, by file."""
    if not path.exists():
        return {}
    try:
        return {entry["file"]: dict(entry) for entry in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        fix = "name another folder, or put that file somewhere else"
        raise BadInput("is no manifest of this program", where=str(path), fix=fix) from None


def _stem(taken: Taken, how: Any, entries: Mapping[str, Mapping[str, Any]], folder: Path) -> str:
    """The name, with a number where files of that name say something else, were made otherwise, or are not ours."""
    said = hashlib.sha256(taken.text.encode()).hexdigest()
    number = 1
    while True:
        stem = taken.name if number == 1 else f"{taken.name}-{number}"
        first = entries.get(f"{stem}.md")
        if first is None and not (folder / f"{stem}.md").exists():
            return stem
        if first is not None and (first.get("how"), first.get("sha256")) == (how, said):
            return stem
        number += 1
