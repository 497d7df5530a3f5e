"""A small file of every shape of data that is imported, written by hand: names of fields are theirs, the words ours."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]

_ASK = [{"role": "user", "content": "Name a fruit."}]
_FRUIT, _STONE = {"role": "assistant", "content": "A pear."}, {"role": "assistant", "content": "A pebble."}
_JUDGED = (
    "###The instruction to evaluate:\nName a fruit.\n\n###Response to evaluate:\n{}\n\n"
    "###Score Rubrics:\n[Is what was named a fruit?]\nScore 1: no\n"
)

SHAPES: dict[str, list[Row]] = {
    "rude": [
        {
            "input": "Name a fruit.", "choices": ["A pear.", "A pebble."],
            "rude": json.dumps({
                "id": "p1", "domain": "d", "violated": ["c"], "group": "g", "cluster": "g",
                "criteria": [{"id": "c", "text": "Is a fruit.", "subcategory": "Factuality"}],
            }),
        },
    ],
    "jsonl": [{"prompt": "Name a fruit.", "chosen": "A pear.", "rejected": "A pebble."}],
    "llmbar": [{"input": "Name a fruit.", "output_1": "A pebble.", "output_2": "A pear.", "label": 2}],
    "rm-bench": [
        {"id": "1", "prompt": "Name a fruit.", "chosen": ["A pear."], "rejected": ["A pebble."], "domain": "chat"},
    ],
    "hh": [
        {
            "chosen": "\n\nHuman: Name a fruit.\n\nAssistant: A pear.",
            "rejected": "\n\nHuman: Name a fruit.\n\nAssistant: A pebble.",
        },
    ],
    "helpsteer2": [
        {"prompt": "Name a fruit.", "response": "A pear.", "helpfulness": 4, "correctness": 4},
        {"prompt": "Name a fruit.", "response": "A pebble.", "helpfulness": 1, "correctness": 0},
    ],
    "helpsteer2-preference": [
        {
            "prompt": "Name a fruit.", "response_1": "A pebble.", "response_2": "A pear.", "preference_strength": 2,
            "split": "train",
        },
    ],
    "helpsteer3": [
        {
            "domain": "general", "language": "english", "context": _ASK, "response1": "A pear.",
            "response2": "A pebble.", "overall_preference": -3,
        },
    ],
    "arena": [
        {
            "model_a": "m", "model_b": "n", "winner": "model_b", "conversation_a": [*_ASK, _STONE],
            "conversation_b": [*_ASK, _FRUIT], "turn": 1,
        },
        {
            "model_a": "m", "model_b": "n", "winner": "tie", "conversation_a": [*_ASK, _STONE],
            "conversation_b": [*_ASK, _FRUIT], "turn": 1,
        },
    ],
    "judgebench": [
        {
            "pair_id": "1", "source": "quiz", "question": "Name a fruit.", "response_A": "A pear.",
            "response_B": "A pebble.", "label": "A>B",
        },
    ],
    "rewardbench": [
        {
            "id": 1, "subset": "llmbar-natural", "prompt": "Name a fruit.", "chosen": "A pear.", "chosen_model": "m",
            "rejected": "A pebble.", "rejected_model": "n",
        },
    ],
    "rewardbench2": [
        {
            "id": "1", "prompt": "Name a fruit.", "chosen": ["A pear."], "rejected": ["A pebble."], "num_correct": 1,
            "num_incorrect": 1, "subset": "Factuality",
        },
    ],
    "ultrafeedback": [
        {
            "prompt": "Name a fruit.", "prompt_id": "x", "chosen": [*_ASK, _FRUIT], "rejected": [*_ASK, _STONE],
            "score_chosen": 8.5, "score_rejected": 3.0,
        },
    ],
    "ultrafeedback-scores": [
        {
            "source": "s", "instruction": "Name a fruit.",
            "completions": [
                {"model": "m", "response": "A pebble.", "overall_score": 10.0, "fine-grained_score": 1.25},
                {"model": "n", "response": "A pear.", "overall_score": 8.0, "fine-grained_score": 4.75},
            ],
        },
    ],
    "nectar": [
        {
            "prompt": "\n\nHuman: Name a fruit.\n\nAssistant: ", "num_responses": 2, "turns": 1,
            "answers": [
                {"answer": "A pebble.", "model": "m", "rank": 2.0}, {"answer": "A pear.", "model": "n", "rank": 1.0},
            ],
        },
    ],
    "shp": [
        {
            "post_id": "1", "domain": "food_test", "history": "Name a fruit.", "human_ref_A": "A pebble.",
            "human_ref_B": "A pear.", "labels": 0, "score_ratio": 3.0,
        },
    ],
    "sharegpt": [
        {
            "conversations": [{"from": "human", "value": "Name a fruit."}],
            "chosen": {"from": "gpt", "value": "A pear."}, "rejected": {"from": "gpt", "value": "A pebble."},
        },
    ],
    "prometheus": [
        {"instruction": _JUDGED.format("A pear."), "gpt4_score": [5, 5], "output": "x"},
        {"instruction": _JUDGED.format("A pebble."), "gpt4_score": [1, 2], "output": "x"},
    ],
    "gsm8k": [
        {
            "question": "Name a fruit.", "ground_truth": "x",
            "large": {"solution": "A pear.", "is_correct": True},
            "small": {"solution": "A pebble.", "is_correct": False},
        },
    ],
    "healthbench": [
        {
            "prompt_id": "1", "prompt": _ASK,
            "rubrics": [{"criterion": "Names a fruit.", "points": 5, "tags": ["axis:accuracy"]}],
        },
    ],
    "biggen": [
        {
            "id": "1", "capability": "reasoning", "task": "t", "system_prompt": "", "input": "Name a fruit.",
            "reference_answer": "A pear.", "score_rubric": {"criteria": "Is it a fruit?", "score1_description": "no"},
        },
    ],
    "ifeval": [
        {
            "key": 1, "prompt": "Name a fruit.", "instruction_id_list": ["punctuation:no_comma"],
            "kwargs": [{"num_words": None}],
        },
    ],
    "ifbench": [
        {
            "key": "1", "prompt": "Name a fruit.", "instruction_id_list": ["count:word_count_range"],
            "kwargs": [{"min_words": 3, "max_words": 9}],
        },
    ],
}  # fmt: skip
"""By format. Every one that gives pairs gives the same: a pear is chosen, a pebble rejected."""


def write(rows: Sequence[Row], path: Path) -> Path:
    """The rows as a file of the kind that its ending says, as the programs that people use write one."""
    kind = path.suffix
    if kind in (".gz", ".zst"):
        inner = write(rows, path.with_suffix(""))
        path.write_bytes(_packed(inner.read_bytes(), kind))
        inner.unlink()
    elif kind == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    elif kind == ".json":
        path.write_text(json.dumps(list(rows), indent=1), encoding="utf-8")
    elif kind in (".csv", ".tsv"):
        # Excel writes tables so where a comma is the decimal sign, and as "Unicode text".
        encoding, separator = ("utf-8-sig", ";") if kind == ".csv" else ("utf-16", "\t")
        with path.open("w", encoding=encoding, newline="") as out:
            writer = csv.writer(out, delimiter=separator)
            writer.writerow(rows[0])
            writer.writerows([_cell(value) for value in row.values()] for row in rows)
    else:
        source = write(rows, path.with_suffix(".jsonl"))
        with duckdb.connect() as connection:
            connection.execute(f"copy (select * from read_json('{source}')) to '{path}' (format parquet)")
        source.unlink()
    return path


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _packed(content: bytes, kind: str) -> bytes:
    if kind == ".gz":
        return gzip.compress(content)
    import zstandard

    return zstandard.ZstdCompressor().compress(content)
