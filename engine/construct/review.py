"""A blind human check: responses without labels, a person's readings of them, agreement, corrections."""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.construct.agreement import Agreement, agreement
from engine.construct.output import find_construction, labels_of, text_of
from engine.store.connection import Store
from engine.store.construct import examples_of
from engine.store.construct_review import BlindReading, add_readings, decisions_of, readings_of
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion
from rubrics.sheets import open_sheet

__all__ = ["Item", "agreement_of", "hidden", "keep_readings", "read_sheet", "sample", "write_sheet"]

_COLUMNS: Final = ("item", "criterion", "prompt", "response", "requirement", "met")
_YES: Final = frozenset({"yes", "y", "1", "true", "met"})
_NO: Final = frozenset({"no", "n", "0", "false", "not met"})


@dataclass(frozen=True)
class Item:
    """A response to be read. Nothing in it tells what it was meant to be."""

    item: str
    """An opaque name: a hash of the example's."""
    prompt: str
    response: str
    criteria: tuple[Criterion, ...]


def sample(store: Store, run_id: str, count: int, seed: int = 0) -> list[Item]:
    """Accepted responses, positives and negatives alike, in seeded random order.

    At most one response of each pair's prompt is taken as long as there are prompts enough, since two side by side
    would give each other away.

    Raises:
        BadInput: no such construction, or nothing accepted.
    """
    row = find_construction(store, run_id)
    decisions = decisions_of(store, row.run_id)
    dropped = {name for name, decision in decisions.items() if decision.decision == "drop"}
    examples = [e for e in examples_of(store, row.run_id) if e.status == "accepted" and e.example_id not in dropped]
    paired = {e.prompt_id for e in examples if e.kind == "negative"}
    by_prompt: dict[str, list[Item]] = {}
    rng = random.Random(f"review {seed}")
    for kind in ("positive", "negative"):
        for e in examples:
            if e.kind == kind and e.prompt_id in paired:
                prompt = RubricPrompt.model_validate_json(e.criteria)
                text = text_of(e, decisions)
                item = Item(hidden(row.run_id, e.example_id), prompt.prompt_text, text, tuple(prompt.criteria))
                by_prompt.setdefault(e.prompt_id, []).append(item)
    if not by_prompt:
        raise BadInput("nothing was accepted that could be read", where=row.name, fix="go on with the construction")
    order = sorted(by_prompt)
    rng.shuffle(order)
    for items in by_prompt.values():
        # Half positives, half negatives, however many negatives there are.
        positive, *negatives = items
        rng.shuffle(negatives)
        items[:] = [positive, *negatives] if rng.random() < 0.5 or not negatives else [*negatives, positive]
    drawn = []
    for turn in range(max(map(len, by_prompt.values()))):
        drawn += [by_prompt[name][turn] for name in order if turn < len(by_prompt[name])]
    return drawn[:count]


def hidden(run_id: str, example_id: str) -> str:
    """An example's opaque name."""
    return hashlib.sha256(f"{run_id}\n{example_id}".encode()).hexdigest()[:12]


def write_sheet(items: Sequence[Item], path: Path) -> None:
    """A CSV with one line for each requirement of each response, and an empty column `met` for yes or no.

    Raises:
        RudeError: it cannot be written.
    """
    from engine.export.files import safe_cell
    from rubrics.targets import write_whole

    with write_whole(path) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for item in items:
            for number, criterion in enumerate(item.criteria):
                # The texts once are enough for a reader, and keep the sheet small.
                texts = (item.prompt, item.response) if number == 0 else ("", "")
                cells = (item.item, str(number + 1), *texts, criterion.text, "")
                writer.writerow([safe_cell(cell) for cell in cells])


def read_sheet(path: Path) -> dict[tuple[str, int], bool]:
    """What was filled in: by item and number of the requirement, whether it is met. Empty cells are passed over.

    Raises:
        BadInput: it cannot be read, lacks a column, or a cell says neither yes nor no; every such line is named.
    """
    readings: dict[tuple[str, int], bool] = {}
    faults: list[int] = []
    with open_sheet(path, _COLUMNS) as sheet:
        if not {"item", "criterion", "met"} <= set(sheet.header):
            raise BadInput("lacks the columns item, criterion and met", where=str(path), fix="fill in a sheet of ours")
        for record, (_, row) in enumerate(sheet.rows, 2):
            cells = {name: cell.strip() for name, cell in zip(sheet.header, row, strict=False)}
            met, number = cells.get("met", "").lower(), cells.get("criterion", "")
            if not met:
                continue
            if met not in _YES | _NO or not number.isdecimal() or len(number) > 4:
                faults.append(record)
            else:
                readings[cells.get("item", ""), int(number)] = met in _YES
    if faults:
        lines = ", ".join(map(str, faults[:10]))
        raise BadInput(
            f"neither yes nor no in record {lines}", where=str(path), fix="write yes or no; nothing was kept"
        )
    return readings


def keep_readings(
    store: Store, run_id: str, answers: dict[tuple[str, int], bool], reader: str, *, corrects: bool
) -> int:
    """Store readings; where `corrects`, they overrule the labels when the suite is written. Returns how many were kept.

    Raises:
        BadInput: a reading of something that is not in this construction.
    """
    row = find_construction(store, run_id)
    examples = {hidden(row.run_id, e.example_id): e for e in examples_of(store, row.run_id)}
    readings = []
    for (item, number), met in answers.items():
        example = examples.get(item)
        criteria = RubricPrompt.model_validate_json(example.criteria).criteria if example else []
        if example is None or not 1 <= number <= len(criteria):
            raise BadInput(f"no item {item[:40]!r} with requirement {number}", where=row.name, fix="nothing was kept")
        readings.append(BlindReading(example.example_id, criteria[number - 1].id, reader, met, corrects))
    add_readings(store, row.run_id, readings)
    return len(readings)


def agreement_of(store: Store, run_id: str) -> Agreement:
    """How far all readings of a construction so far agree with its labels."""
    row = find_construction(store, run_id)
    return agreement(readings_of(store, row.run_id), labels_of(examples_of(store, row.run_id)))
