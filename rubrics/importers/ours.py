"""Suites that were exported to another shape, read back without loss.

An exported row has the columns that its format asks for, and one more, `rude`: a JSON object with every field of the
pair that those columns do not give back exactly. What stands in it counts; what does not is read from the row, so that
a text that somebody corrected there is corrected here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeGuard

from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Record
from rubrics.importers.turns import sides
from rubrics.jsonl import NotJson, load_json
from rubrics.schema import Pair

__all__ = ["COLUMN", "FORMATS", "is_ours", "left_over", "pair_of"]

COLUMN: Final = "rude"
_FIELDS: Final = frozenset(Pair.model_fields)


def is_ours(row: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a record was exported from here; a column that happens to have the name does not make it so."""
    return isinstance(row, Mapping) and _kept(row.get(COLUMN)) is not None


def _kept(value: object) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = load_json(value)
        except (NotJson, RecursionError):
            return None
    return value if isinstance(value, dict) and "criteria" in value and value.keys() <= _FIELDS else None


def left_over(pair: Pair, row: Mapping[str, Any]) -> str:
    """The column for a row that was made of a pair: what the row itself does not say, as JSON."""
    whole = pair.model_dump(mode="json", exclude_none=True)
    said = _said(row)
    kept = {name: value for name, value in whole.items() if name not in said or said[name] != value}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def pair_of(row: Mapping[str, Any]) -> Item:
    """The pair that a row was made of."""
    kept = _kept(row.get(COLUMN))
    return Drop("not exported from here") if kept is None else Draft({**_said(row), **kept}, ours=True)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Prompt and responses as the columns of whichever format have them."""
    chosen, rejected = row.get("chosen"), row.get("rejected")
    choices = row.get("choices")
    if isinstance(choices, list) and len(choices) == 2:
        chosen, rejected = choices
    prompt = row.get("prompt", row.get("input"))
    made = sides(prompt, chosen, rejected)
    if not isinstance(made, dict):
        # Without its prompt, or with one that is laid out for a model, the responses may still be as they were.
        texts = {"chosen": chosen, "rejected": rejected}
        return {name: text for name, text in texts.items() if isinstance(text, str)}
    turns = made["prompt"]
    lone = isinstance(turns, list) and len(turns) == 1 and turns[0]["role"] == "user"
    return {**made, "prompt": turns[0]["content"] if lone else turns}


def _items(record: Record, path: Path, options: ImportOptions) -> Any:
    assert isinstance(record.value, dict)
    yield pair_of(record.value)


FORMATS = [
    Format(
        "rude", "pairs", "a suite exported from here, in whatever shape: any columns, and one named rude", "", "",
        read_records, _items, (COLUMN,), tells=is_ours,
    ),
]  # fmt: skip
