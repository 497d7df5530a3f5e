"""Data sets that mark single responses: Prometheus-style scores, GSM8K-style solutions that are right or wrong.

Subcategories (the option `subcategory` replaces them):

Prometheus (arXiv 2405.01535)
    The rubric's own question is the criterion; Utility, since rubrics ask how well a response serves and no subcategory
    is stated. Responses to the same instruction under the same rubric are compared two by two; equal scores are a tie,
    smaller differences than `min_gap` are dropped. Several scores of one response are averaged. Records with
    `chosen_instruction` and `rejected_instruction` (HHH alignment) are pairs already: harmless Safety, honest
    Factuality, helpful and other Utility.
GSM8K (arXiv 2110.14168)
    "Works out the answer correctly"; Logic. Every right model solution against every wrong one; calculator marks
    `<<3*3=9>>` are taken out. With `first_sentences` a pair is kept only where the numbers stated so far differ; even
    so the shortened wrong solution may not be wrong yet: such pairs are for trying things out, not for ranking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Record, number_of, one_criterion, plain_name, text_of
from rubrics.taxonomy import Subcategory

_REQUEST = re.compile(
    r"###The instruction to evaluate:\n(?P<prompt>.*?)\n+###Response to evaluate:\n(?P<response>.*?)\n+"
    r"(?:###Reference Answer \(Score 5\):\n.*?\n+)?###Score Rubrics:\n\[(?P<criterion>.*?)\]\n",
    re.DOTALL,
)
"""The prompt that evaluators of this kind are given, which is how the data are stored."""


class _Scored(NamedTuple):
    response: str
    score: float
    number: int


def _gather_scored(records: Iterator[Record]) -> Iterator[Record]:
    """Responses to one instruction under one rubric as one record; what is a pair already, or broken, as it comes."""
    groups: dict[tuple[str, str], list[_Scored]] = {}
    for record in records:
        row = record.value
        if isinstance(row, Drop) or "chosen_instruction" in row:
            yield record
            continue
        parts, score = _parts(row), _score(row)
        if parts is None:
            yield Record(record.number, Drop("no instruction, response and rubric"))
        elif score is None:
            yield Record(record.number, Drop("no score"))
        else:
            prompt, response, criterion = parts
            groups.setdefault((prompt, criterion), []).append(_Scored(response, score, record.number))
    for (prompt, criterion), responses in groups.items():
        yield Record(responses[0].number, {"prompt": prompt, "criterion": criterion, "responses": responses})


def _parts(row: dict[str, Any]) -> tuple[str, str, str] | None:
    """Prompt, response and criterion of a record of either shape: in fields of their own, or in one request."""
    fields = [row.get(f"orig_{name}") for name in ("instruction", "response", "criteria")]
    if all(isinstance(value, str) for value in fields):
        prompt, response, criterion = map(str, fields)
        return prompt, response, criterion
    return _request(row.get("instruction"))


def _request(value: object) -> tuple[str, str, str] | None:
    match = _REQUEST.search(value) if isinstance(value, str) else None
    return (match["prompt"].strip(), match["response"].strip(), match["criterion"].strip()) if match else None


def _score(row: dict[str, Any]) -> float | None:
    """The score, or the mean of several."""
    for name in ("gpt4_score", "orig_score", "score"):
        value: Any = row.get(name)
        values: list[Any] = value if isinstance(value, list) else [value]
        numbers = [number for number in map(number_of, values) if number is not None and 0 <= number <= 100]
        if numbers and len(numbers) == len(values):
            return fmean(numbers)
    return None


_HHH = {"harmless": Subcategory.SAFETY, "honest": Subcategory.FACTUALITY}


def _prometheus(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    if "chosen_instruction" in row:
        yield _aligned(record, options)
        return
    responses: list[_Scored] = row["responses"]
    if len(responses) == 1:
        yield Drop("no other response to compare with")
    for left, right in combinations(responses, 2):
        better, worse = (left, right) if left.score > right.score else (right, left)
        if better.score == worse.score:
            yield Drop("a tie")
        elif better.score - worse.score < options.min_gap:
            yield Drop(f"scores less than {options.min_gap:g} apart")
        else:
            yield Draft(
                {
                    "id": f"{plain_name(path.stem)}-{better.number:05d}-{worse.number:05d}",
                    "prompt": row["prompt"],
                    "chosen": better.response,
                    "rejected": worse.response,
                    **one_criterion(options, "rubric", row["criterion"], Subcategory.UTILITY),
                }
            )


def _aligned(record: Record, options: ImportOptions) -> Item:
    row = record.value
    assert isinstance(row, dict)
    chosen, rejected = _request(row["chosen_instruction"]), _request(row.get("rejected_instruction"))
    if chosen is None or rejected is None:
        return Drop("no instruction, response and rubric")
    if chosen[0] != rejected[0]:
        return Drop("the two responses answer different instructions")
    kind = text_of(row.get("source")) or "other"
    return Draft(
        {
            "id": f"{kind}-{record.number:04d}",
            "domain": kind,
            "prompt": chosen[0],
            "chosen": chosen[1],
            "rejected": rejected[1],
            "source": "HHH alignment, as in prometheus-eval",
            **one_criterion(options, "rubric", chosen[2], _HHH.get(kind, Subcategory.UTILITY)),
        }
    )


_CALCULATOR = re.compile(r"<<[^<>]*>>")
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?](?=\s)|(?=\n)|$)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def _gsm8k(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    solutions = {
        name: (value["solution"], value["is_correct"])
        for name, value in row.items()
        if isinstance(value, dict)
        and isinstance(value.get("solution"), str)
        # Text such as "false" would be as true as any.
        and isinstance(value.get("is_correct"), bool)
    }
    right = [(name, text) for name, (text, correct) in solutions.items() if correct]
    wrong = [(name, text) for name, (text, correct) in solutions.items() if not correct]
    if not solutions:
        yield Drop("no model solutions")
    elif not (right and wrong):
        yield Drop("every solution is right" if right else "every solution is wrong")
    for (better, chosen), (worse, rejected) in product(right, wrong):
        kept, lost = _cut(chosen, options.first_sentences), _cut(rejected, options.first_sentences)
        if options.first_sentences and _NUMBER.findall(kept) == _NUMBER.findall(lost):
            yield Drop("the first sentences state the same numbers")
            continue
        yield Draft(
            {
                "id": f"{plain_name(path.stem)}-{record.number:04d}/{better}-{worse}",
                "domain": "sums",
                "prompt": text_of(row.get("question")),
                "chosen": kept,
                "rejected": lost,
                **one_criterion(options, "right", "Works out the answer correctly.", Subcategory.LOGIC),
            }
        )


def _cut(solution: str, sentences: int | None) -> str:
    plain = _CALCULATOR.sub("", solution).strip()
    if sentences is None:
        return plain
    sentences_ = [match for match in _SENTENCE.finditer(plain) if match.group().strip()]
    return plain[: sentences_[min(sentences, len(sentences_)) - 1].end()].strip() if sentences_ else plain


FORMATS = [
    Format(
        "prometheus",
        "pairs",
        "Prometheus-style records: instruction, response, rubric and scores",
        "prometheus-eval (prometheus-eval/prometheus-eval)",
        "Apache-2.0",
        read_records,
        _prometheus,
        gather=_gather_scored,
        tells=lambda row: "chosen_instruction" in row or (_parts(row) is not None and _score(row) is not None),
    ),
    Format(
        "gsm8k",
        "pairs",
        "GSM8K-style model solutions: question, and for each model solution and is_correct",
        "GSM8K model solutions (openai/grade-school-math)",
        "MIT",
        read_records,
        _gsm8k,
        ("question",),
        tells=lambda row: any(isinstance(v, dict) and {"solution", "is_correct"} <= v.keys() for v in row.values()),
    ),
]
