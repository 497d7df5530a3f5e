"""A blind reading as a screen takes it: one response at a time, each answer kept at once, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.construct.agreement import Agreement, agreement
from engine.construct.judgements import Judgement
from engine.construct.output import labels_of
from engine.construct.reading import examples
from engine.construct.review import Item, hidden, sample
from engine.store.connection import Store
from engine.store.construct import examples_of
from engine.store.construct_review import BlindReading, add_readings, readings_of, withdraw_reading
from rubrics.schema import Criterion

__all__ = ["BlindFinding", "BlindResult", "Sheet", "blind_result", "correct_labels", "keep_answer", "lay_out_sheet"]

CriterionPlace = tuple[str, int]
"""An item's opaque name, and which of its criteria, from 0."""


@dataclass(frozen=True)
class Sheet:
    """Responses to read, in an order that keeps those of one prompt apart, and what this reader has said so far."""

    run_id: str
    reader: str
    items: tuple[Item, ...]
    answers: Mapping[CriterionPlace, bool]
    examples: Mapping[str, str]
    """Example by item. Not to be shown: an example's name may tell what it is."""


@dataclass(frozen=True)
class BlindFinding:
    """A reading that goes against the label."""

    reading: BlindReading
    kind: str
    prompt: str
    response: str
    criterion: Criterion
    judgement: Judgement | None
    """What the verifier had found."""


@dataclass(frozen=True)
class BlindResult:
    """All readings of a construction set against its labels."""

    agreement: Agreement
    """Of all readers."""
    findings: tuple[BlindFinding, ...]
    """About responses that the one who asks has read; what others found elsewhere would end the blindness there."""


def lay_out_sheet(store: Store, run_id: str, reader: str, count: int, seed: int = 0) -> Sheet:
    """Lay out a sample to read; the same again goes on where the reader stopped.

    Raises:
        BadInput: no such construction, or nothing accepted.
    """
    items = tuple(sample(store, run_id, count, seed))
    names = {hidden(run_id, row.example_id): row.example_id for row in examples_of(store, run_id)}
    numbers = {
        (names[item.item], criterion.id): (item.item, number)
        for item in items
        for number, criterion in enumerate(item.criteria)
    }
    answers = {
        numbers[r.example_id, r.criterion]: r.met
        for r in readings_of(store, run_id)
        if r.reader == reader and (r.example_id, r.criterion) in numbers
    }
    return Sheet(run_id, reader, items, answers, {item.item: names[item.item] for item in items})


def keep_answer(store: Store, sheet: Sheet, item: Item, number: int, met: bool | None) -> None:
    """Keep what the reader says of one criterion of one response; None takes it back."""
    example, criterion = sheet.examples[item.item], item.criteria[number].id
    if met is None:
        withdraw_reading(store, sheet.run_id, example, criterion, sheet.reader)
    else:
        add_readings(store, sheet.run_id, [BlindReading(example, criterion, sheet.reader, met, corrects=False)])


def blind_result(store: Store, run_id: str, reader: str) -> BlindResult:
    """How far all readings so far agree with the labels, and those that do not, as far as this reader may see them.

    Raises:
        BadInput: no such construction.
    """
    readings = readings_of(store, run_id)
    agreed = agreement(readings, labels_of(examples_of(store, run_id)))
    read = {reading.example_id for reading in readings if reading.reader == reader}
    by_id = {example.example_id: example for example in examples(store, run_id)}
    findings = []
    for reading in agreed.disagreements:
        if reading.example_id not in read:
            continue
        example = by_id[reading.example_id]
        criterion = next(c for c in example.criteria if c.id == reading.criterion)
        judgement = next((j for j in example.judgements if j.criterion == reading.criterion), None)
        text = example.response if example.edited is None else example.edited
        findings.append(BlindFinding(reading, example.kind, example.prompt, text, criterion, judgement))
    return BlindResult(agreed, tuple(findings))


def correct_labels(store: Store, run_id: str, readings: Sequence[BlindReading], *, corrects: bool) -> None:
    """Let readings overrule the labels when the suite is written, or no longer."""
    changed = [BlindReading(r.example_id, r.criterion, r.reader, r.met, corrects) for r in readings]
    add_readings(store, run_id, changed)
