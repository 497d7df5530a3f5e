"""What is kept of a finished model: compact rows that anybody can compute with, and how they came about.

A model's folder holds `pairs`, `texts`, `traces` and `answers` as Parquet, and `cell.json`, which is written last: that
it is there says that the model is finished. What all models share (which pair is of which family, which prompt) stands
in the folder above, so that nothing else is needed to work out any figure.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.export.parquet import Columns, read_columns, write_columns
from engine.posttrain.ladder2.design import Planned, parameters
from engine.posttrain.ladder2.regimen import PLACE, SETS, Common, Regimen
from engine.posttrain.tasks import Task
from engine.predictors.rbridge import Trace
from rubrics.errors import BadInput
from rubrics.taxonomy import SUBCATEGORIES, Subcategory

__all__ = [
    "REPEATS",
    "REPEAT_TABLES",
    "TABLES",
    "Finished",
    "claims_hash",
    "finished",
    "mirror_of",
    "processor",
    "provenance",
    "read_finished",
    "read_traces",
    "write_common",
    "write_facts",
    "write_traces",
]

TABLES: Final = ("pairs", "texts", "traces", "answers")
REPEATS: Final = PLACE / "repeats"
"""Folder of the models that were post-trained again."""
REPEAT_TABLES: Final = ("answers",)
"""What is kept of these."""
_FACTS: Final = "cell.json"
_TRACES: Final = "traces.json"
_LIBRARIES: Final = ("torch", "transformers", "tokenizers", "numpy")
_SOURCES: Final = (
    "engine/layout", "engine/scoring", "rubrics/world", "rubrics/world_b",
    *(
        f"engine/posttrain/{name}.py"
        for name in ("byte_tokenizer", "comparisons", "generation", "packing", "pretrain", "tasks")
    ),
    *(
        f"engine/posttrain/ladder2/{name}.py"
        for name in ("cell", "design", "measures", "regimen", "replica", "tuning", "world_b", "worlds")
    ),
)  # fmt: skip
"""What decides the numbers, as far as it is ours."""


@dataclass(frozen=True)
class Finished:
    """One model's rows."""

    name: str
    facts: Mapping[str, Any]
    tables: Mapping[str, Columns]


def claims_hash(place: Path | None = None) -> str:
    """SHA-256 of the file that names predictors, shortened.

    Args:
        place: folder that it is in; the second ladder's where none is given.

    Raises:
        BadInput: there is none: nothing may be measured before it is said what it should show.
    """
    path = (place or PLACE) / "claims.toml"
    if not path.is_file():
        raise BadInput("no predictor is named", where=str(path), fix="write it, and commit it, before any outcome")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def provenance(planned: Planned, regimen: Regimen, shared: Common, claims: str) -> dict[str, Any]:
    """Everything that decided a model's rows: recipe, hashes, versions, processor."""
    return {
        "name": planned.name, "cell": planned.cell, "size": planned.size, "tokenizer": planned.tokenizer,
        "parameters": parameters(planned.recipe), "flops": planned.flops, "recipe": asdict(planned.recipe),
        "regimen": asdict(regimen), "claims": claims, "met": shared.hash, "sources": _sources(),
        "versions": {name: metadata.version(name) for name in _LIBRARIES} | {"python": platform.python_version()},
        "processor": processor(),
    }  # fmt: skip


def write_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    """Say that a model is finished."""
    scratch = folder / (_FACTS + ".part")
    scratch.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    os.replace(scratch, folder / _FACTS)


def finished(rows: Path) -> list[str]:
    """Names of the models that are, in order."""
    return sorted(path.parent.name for path in rows.glob(f"*/{_FACTS}"))


def read_finished(rows: Path, names: Sequence[str] | None = None, tables: Sequence[str] = TABLES) -> list[Finished]:
    """Rows of finished models, of all unless some are named.

    Raises:
        BadInput: a file is damaged.
    """
    return [
        Finished(
            name,
            json.loads((rows / name / _FACTS).read_text(encoding="utf-8")),
            {table: read_columns(rows / name / f"{table}.parquet") for table in tables},
        )
        for name in (finished(rows) if names is None else names)
    ]


def write_common(rows: Path, shared: Common) -> None:
    """Which pair is which, and which prompt: rows of models are in this order.

    `pairs`: `pair`, `mirror` (number of the mirror set), `family`, `category` (of the family), `bytes_chosen`,
    `bytes_rejected`. `prompts`: `set`, `prompt` (its number in the set), `family`, `category`.
    """
    rows.mkdir(parents=True, exist_ok=True)
    pairs = shared.suite.scored
    sets = list(dict.fromkeys(mirror_of(pair.id) for pair in pairs))
    number = {name: n for n, name in enumerate(sets)}
    own = {pair.id: next(c for c in pair.criteria if c.id == pair.cluster) for pair in pairs}
    write_columns(
        {
            "pair": np.array([pair.id for pair in pairs]),
            "mirror": np.array([number[mirror_of(pair.id)] for pair in pairs], np.int16),
            "family": np.array([pair.cluster for pair in pairs]),
            "category": np.array([_category(own[pair.id].subcategory) for pair in pairs]),
            "bytes_chosen": np.array([len(pair.chosen.encode()) for pair in pairs], np.int16),
            "bytes_rejected": np.array([len(pair.rejected.encode()) for pair in pairs], np.int16),
        },
        rows / "pairs.parquet",
    )
    listed: list[tuple[str, int, Task]] = [
        (name, n, task) for name in SETS for n, task in enumerate(shared.prompts[name])
    ]
    write_columns(
        {
            "set": np.array([name for name, _, _ in listed]),
            "prompt": np.array([n for _, n, _ in listed], np.int16),
            "family": np.array([task.family for _, _, task in listed]),
            "category": np.array([_category(Subcategory(task.subcategories[0])) for _, _, task in listed]),
        },
        rows / "prompts.parquet",
    )


def write_traces(rows: Path, traces: Sequence[tuple[str, Trace]]) -> None:
    """Keep the frontier model's answers with its probabilities, so that every model reads the same."""
    kept = [[prompt, trace.text, trace.lengths.tolist(), trace.logprob.round(6).tolist()] for prompt, trace in traces]
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in kept)
    (rows / _TRACES).write_text(f"[\n{text}\n]\n", encoding="utf-8")


def read_traces(rows: Path) -> list[tuple[str, Trace]] | None:
    """What `write_traces` wrote; None where it has not."""
    if not (rows / _TRACES).is_file():
        return None
    kept = json.loads((rows / _TRACES).read_text(encoding="utf-8"))
    return [(p, Trace(text, np.array(lengths, np.int64), np.array(logs))) for p, text, lengths, logs in kept]


def mirror_of(pair_id: str) -> str:
    """The mirror set that a pair of the world is in: its id without the side, `a` or `b`."""
    stem, _, side = pair_id.rpartition("-")
    return stem + side[1:]


def _category(subcategory: Subcategory) -> str:
    return str(SUBCATEGORIES[subcategory].category)


def _sources() -> str:
    root = Path(__file__).resolve().parents[3]
    digest = hashlib.sha256()
    named = [root / place for place in _SOURCES]
    files = [file for place in named for file in ([place] if place.suffix else place.rglob("*"))]
    for path in sorted(file for file in files if file.suffix in (".py", ".toml")):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def processor() -> str:
    """Its name, and the widest vectors it has: rounding follows these."""
    import torch

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
