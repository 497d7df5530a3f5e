"""An importer: `{"question": …, "right": …, "wrong": [ … ]}` made into pairs."""

from collections.abc import Iterator
from pathlib import Path

from rude_tui.plugins import Draft, Drop, Format, ImportOptions, Item, Record, read_records


def _pairs(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    if not row["wrong"]:
        yield Drop("no wrong answer")
    for wrong in row["wrong"]:
        yield Draft({
            "prompt": row["question"], "chosen": row["right"], "rejected": wrong,
            "criteria": [{"id": "true", "text": "Says what is true.", "subcategory": "Factuality"}],
            "violated": ["true"],
        })  # fmt: skip


QUIZ_CARDS = Format(
    name="quiz-cards",
    kind="pairs",
    summary="cards of a quiz: question, right, wrong",
    source="",
    license="",
    read=read_records,
    items=_pairs,
    marks=("question", "right", "wrong"),
)
