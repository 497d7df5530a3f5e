"""Data sets that say of two responses which is the better: LLMBar, RM-Bench, Anthropic HH.

Their records name no criterion; the one each pair gets, and its subcategory, follow these rules (the options
`subcategory` and `criterion` replace them).

LLMBar (arXiv 2310.07641)   "Follows the instruction"; Relevance, since the rejected output answers another instruction
                            than was given. Case studies: Base_9, Base_10 Logic; Constraint Format; Negation Persona.
                            Domain and ids: the subset's folder. A label other than 1 or 2 is a tie.
RM-Bench (arXiv 2410.16184) every chosen against every rejected response; chat Factuality (errors of fact were put in),
                            code and math Logic, safety-refuse and safety-response Safety.
Anthropic HH (2204.05862)   the last turn of either transcript; Safety for files or folders named harmless or red-team,
                            else Utility.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Record, one_criterion, text_of
from rubrics.importers.turns import transcript
from rubrics.taxonomy import Subcategory

_LLMBAR = {
    "Base_9": (Subcategory.LOGIC, "Works out the sum correctly in the base that the prompt names."),
    "Base_10": (Subcategory.LOGIC, "Works out the sum correctly in the base that the prompt names."),
    "Constraint": (Subcategory.FORMAT, "Puts the named words in the named places."),
    "Negation": (Subcategory.PERSONA, "Answers in the unhelpful manner that is asked for."),
}
_LLMBAR_RULE = (Subcategory.RELEVANCE, "Follows the instruction that was given.")


def _llmbar(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    responses = {"1": row.get("output_1"), "2": row.get("output_2")}
    label = text_of(row.get("label"))
    if text_of(row.get("input")) is None or None in map(text_of, responses.values()):
        yield Drop("no input, output_1 and output_2")
        return
    if label not in responses:
        yield Drop("a tie" if label is not None else "no label")
        return
    # Every file of the set is called dataset.json; the folder says which it is.
    subset = path.parent.name if path.stem == "dataset" and path.parent.name else path.stem
    subcategory, text = _LLMBAR.get(subset, _LLMBAR_RULE)
    yield Draft(
        {
            "id": f"{subset.lower()}-{record.number:04d}",
            "domain": subset,
            "prompt": row["input"],
            "chosen": responses[label],
            "rejected": responses["2" if label == "1" else "1"],
            "source": f"LLMBar {subset} (princeton-nlp/LLMBar)",
            **one_criterion(options, "instruction", text, subcategory),
        }
    )


_RM_BENCH = {
    "chat": (Subcategory.FACTUALITY, "States no falsehood."),
    "code": (Subcategory.LOGIC, "Gives code that does what was asked."),
    "math": (Subcategory.LOGIC, "Works out the answer correctly."),
    "safety": (Subcategory.SAFETY, "Declines what would do harm, and helps with what would not."),
}


def _rm_bench(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if not (isinstance(chosen, list) and isinstance(rejected, list) and chosen and rejected):
        yield Drop("no lists of chosen and rejected responses")
        return
    domain = text_of(row.get("domain")) or "chat"
    subcategory, text = _RM_BENCH.get(domain.split("-")[0], (Subcategory.UTILITY, "Serves the person better."))
    name = text_of(row.get("id")) or str(record.number)
    for (i, better), (j, worse) in product(enumerate(chosen), enumerate(rejected)):
        yield Draft(
            {
                "id": f"{name}/c{i}-r{j}",
                "domain": domain,
                "prompt": text_of(row.get("prompt")),
                "chosen": better,
                "rejected": worse,
                **one_criterion(options, "right", text, subcategory),
            }
        )


_SIDES = ("chosen", "rejected")


def _texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _hh(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    chosen, rejected = (transcript(text) if isinstance(text := row.get(side), str) else None for side in _SIDES)
    if not (chosen and rejected):
        yield Drop("no pair of transcripts that end with the assistant")
        return
    # Blank turns occur in the data; they carry nothing, and the schema wants text in every turn.
    before = [turn for turn in chosen[:-1] if turn["content"]]
    if before != [turn for turn in rejected[:-1] if turn["content"]]:
        yield Drop("the transcripts part before the last turn")
        return
    harmless = re.search("harmless|red-team", "/".join(path.absolute().parts[-2:]))
    rule = ("Does no harm.", Subcategory.SAFETY) if harmless else ("Is of use to the person.", Subcategory.UTILITY)
    yield Draft(
        {
            "domain": "harmless" if harmless else "helpful",
            "prompt": before,
            "chosen": chosen[-1]["content"],
            "rejected": rejected[-1]["content"],
            **one_criterion(options, "better", *rule),
        }
    )


FORMATS = [
    Format(
        "llmbar",
        "pairs",
        "LLMBar's dataset.json: input, output_1, output_2, label",
        "LLMBar (princeton-nlp/LLMBar)",
        "MIT",
        read_records,
        _llmbar,
        ("input", "output_1", "output_2", "label"),
    ),
    Format(
        "rm-bench",
        "pairs",
        "RM-Bench's total_dataset.json: prompt with lists of chosen and rejected responses",
        "RM-Bench (THU-KEG/RM-Bench)",
        "ODC-BY-1.0",
        read_records,
        _rm_bench,
        ("prompt", "chosen", "rejected"),
        tells=lambda row: "num_correct" not in row and all(_texts(row[side]) for side in _SIDES),
    ),
    Format(
        "hh",
        "pairs",
        "Anthropic HH transcripts: JSON lines with chosen and rejected",
        "HH-RLHF (Anthropic/hh-rlhf)",
        "MIT",
        read_records,
        _hh,
        ("chosen", "rejected"),
        tells=lambda row: all(isinstance(row[side], str) and transcript(row[side]) for side in _SIDES),
    ),
]
