"""Results as the `model-index` block of a model's card on the Hugging Face hub, in YAML.

Every string is written as JSON writes it, which is YAML too, so that no name of a model or a suite can be taken for
anything else than text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, Final

from engine.export.tables import Table
from rubrics.errors import BadInput

__all__ = ["model_index"]

_REFUSED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
"""What JSON lets stand and YAML does not."""
_TASK: Final = {"type": "text-generation", "name": "Discriminative evaluation by rubrics (RuDE)"}


def model_index(rankings: Table, suite: str, suite_hash: str, candidate: str | None = None) -> str:
    """The block for every ranked candidate, or for one; to be put between the dashes at the top of its README.

    Args:
        rankings: the table of that name, of one suite.

    Raises:
        BadInput: nobody of that name is ranked.
    """
    records = [record for record in rankings.records() if record["value"] is not None]
    names = list(dict.fromkeys(record["candidate"] for record in records))
    if candidate is not None and candidate not in names:
        raise BadInput(f"{candidate!r} is not ranked", where=suite, fix="candidates: " + ", ".join(names))
    chosen = names if candidate is None else [candidate]
    dataset = {
        "type": suite, "name": f"{suite} (suite of rude-tui)", "revision": suite_hash,
        "args": {"rude_tui": metadata.version("rude-tui")},
    }  # fmt: skip
    block = [
        {
            "name": name,
            "results": [
                {
                    "task": _TASK, "dataset": {**dataset, "config": f"{protocol}, {metric}"},
                    "metrics": [
                        _metric(record)
                        for record in records
                        if (record["candidate"], record["protocol"], record["metric"]) == (name, protocol, metric)
                    ],
                }
                for protocol, metric in dict.fromkeys((r["protocol"], r["metric"]) for r in records)
            ],
        }
        for name in chosen
    ]  # fmt: skip
    return "\n".join(["model-index:", *_yaml(block, 0)]) + "\n"


def _metric(record: Mapping[str, Any]) -> dict[str, Any]:
    told = ("ci_low", "ci_high", "chance", "n_pairs", "n_clusters")
    return {
        "type": "accuracy", "name": f"{record['metric']} accuracy, {record['scope']}", "value": record["value"],
        "args": {name: record[name] for name in told if record[name] is not None},
    }  # fmt: skip


def _yaml(value: object, depth: int) -> Iterator[str]:
    """The lines of a mapping or a list of mappings."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, Mapping | list):
                yield f"{pad}{key}:"
                yield from _yaml(item, depth + 1)
            else:
                yield f"{pad}{key}: {_scalar(item)}"
    elif isinstance(value, Sequence):
        for item in value:
            first, *rest = _yaml(item, depth + 1)
            yield f"{pad}- {first.lstrip()}"
            yield from rest


def _scalar(value: object) -> str:
    return _REFUSED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))
