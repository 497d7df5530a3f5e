"""Data sets that rank or score several responses, or say with a number which of two is the better.

Their criterion is that the response serves the person better (Utility), but where a subset says more; the options
`subcategory` and `criterion` replace it.

Nectar (berkeley-nest)                rank 1 is the best; every two responses of different rank, the widest apart first,
                                      so that `per_prompt` keeps the clearest.
UltraFeedback (arXiv 2310.01377)      completions with marks: the mean of the fine-grained ones where all have it, as
                                      some of the overall marks are known to be slips; equal marks are a tie.
SHP (arXiv 2110.08420)                labels 1: the first of two answers was the one people preferred.
RewardBench (arXiv 2403.13787)        chosen and rejected with their models; the subset says what is asked of them.
HelpSteer3 (arXiv 2505.11475)         context, two responses, overall_preference: −3, the first is much better, to 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple

from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import (
    Draft,
    Drop,
    Format,
    Item,
    Puzzle,
    Record,
    number_of,
    objects,
    one_criterion,
    text_of,
)
from rubrics.importers.turns import sides
from rubrics.taxonomy import Subcategory

_SERVES: Final = ("Serves the person who asks better than the other response.", Subcategory.UTILITY)
_TURN: Final = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \t]*")


class _Marked(NamedTuple):
    text: str
    mark: float
    """Higher is better."""


def _draft(
    prompt: object, chosen: object, rejected: object, options: ImportOptions, rule: tuple[str, str] = _SERVES,
    **more: Any,
) -> Item:  # fmt: skip
    made = sides(prompt, chosen, rejected)
    return Draft({**made, **more, **one_criterion(options, "better", *rule)}) if isinstance(made, dict) else made


def _pairs(prompt: object, marked: list[_Marked], options: ImportOptions) -> Iterator[Item]:
    if len(marked) < 2:
        yield Drop("no other response to compare with")
    ordered = sorted(marked, key=lambda response: -response.mark)
    apart = sorted(combinations(ordered, 2), key=lambda two: two[1].mark - two[0].mark)
    for better, worse in apart:
        if better.mark == worse.mark:
            yield Drop("a tie")
        else:
            yield _draft(prompt, better.text, worse.text, options)


def _nectar(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    marked = []
    for answer in objects(row.get("answers")):
        text, rank = text_of(answer.get("answer")), number_of(answer.get("rank"), record.separator)
        if text is not None and rank is not None:
            marked.append(_Marked(text, -rank))
    yield from _pairs(_asked(row.get("prompt")), marked, options)


def _asked(prompt: object) -> object:
    """A prompt whose turns are marked Human: and Assistant:, as a conversation; another as it is."""
    if not isinstance(prompt, str) or not _TURN.match(prompt):
        return prompt
    _, *rest = _TURN.split(prompt)
    turns = [
        {"role": "user" if speaker == "Human" else "assistant", "content": words.strip()}
        for speaker, words in zip(rest[::2], rest[1::2], strict=True)
    ]
    return [turn for turn in turns if turn["content"]]


def _ultrafeedback(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    completions = [
        (text, completion)
        for completion in objects(row.get("completions"))
        if (text := text_of(completion.get("response"))) is not None
    ]
    # The two marks are on scales of their own: one of them has to do for the whole record.
    by_mark = []
    for name in ("fine-grained_score", "overall_score"):
        given = [(text, completion[name]) for text, completion in completions if completion.get(name) is not None]
        marks = [number_of(mark, record.separator) for _, mark in given]
        by_mark.append([_Marked(text, mark) for (text, _), mark in zip(given, marks, strict=True) if mark is not None])
        if len(by_mark[-1]) < len(given):
            # The other mark may say the opposite.
            yield Drop("a score that is no finite number")
            return
    yield from _pairs(row.get("instruction"), max(by_mark, key=len), options)


def _shp(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    label = number_of(row.get("labels"), record.separator)
    if label not in (0, 1):
        given = row.get("labels")
        yield Drop("no label") if given is None else Puzzle(f"labels {str(given)[:40]!r}, which is neither 0 nor 1")
        return
    first, second = row.get("human_ref_A"), row.get("human_ref_B")
    better, worse = (first, second) if label == 1 else (second, first)
    yield _draft(row.get("history"), better, worse, options, domain=text_of(row.get("domain")))


_SUBSETS: Final = (
    (
        ("refusals", "xstest", "donotanswer"), "Declines what would do harm, and helps with what would not.",
        Subcategory.SAFETY,
    ),
    (("hep-", "math-"), "Works out the answer correctly.", Subcategory.LOGIC),
    (("llmbar",), "Follows the instruction that was given.", Subcategory.RELEVANCE),
)  # fmt: skip
"""Beginnings of RewardBench's subsets, and what is asked there."""


def _rewardbench(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    subset = text_of(row.get("subset")) or ""
    rule = next(((text, kind) for names, text, kind in _SUBSETS if subset.startswith(names)), _SERVES)
    name = text_of(row.get("id"))
    # Ids count within a subset.
    told = {"id": f"{subset}/{name}" if subset and name else name, "domain": subset or None}
    yield _draft(row.get("prompt"), row.get("chosen"), row.get("rejected"), options, rule, **told)


def _helpsteer3(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    strength = number_of(row.get("overall_preference"), record.separator)
    if strength is None:
        given = row.get("overall_preference")
        yield Drop("no label") if given is None else Puzzle(f"a preference of {str(given)[:40]!r}, which is no number")
    elif strength == 0:
        yield Drop("a tie")
    else:
        first, second = row.get("response1"), row.get("response2")
        better, worse = (first, second) if strength < 0 else (second, first)
        yield _draft(row.get("context"), better, worse, options, domain=text_of(row.get("domain")))


def _row(record: Record) -> dict[str, Any]:
    assert isinstance(record.value, dict)
    return record.value


FORMATS = [
    Format(
        "nectar", "pairs", "Nectar-like rankings: prompt, and answers with a rank each",
        "Nectar (berkeley-nest/Nectar)", "Apache-2.0", read_records, _nectar, ("prompt", "answers"),
        tells=lambda row: any("rank" in answer for answer in objects(row["answers"])),
    ),
    Format(
        "ultrafeedback-scores", "pairs", "UltraFeedback: instruction, and completions with marks",
        "UltraFeedback (openbmb/UltraFeedback)", "MIT", read_records, _ultrafeedback, ("instruction", "completions"),
    ),
    Format(
        "shp", "pairs", "SHP: history, human_ref_A, human_ref_B and labels", "SHP (stanfordnlp/SHP)", "", read_records,
        _shp, ("history", "human_ref_A", "human_ref_B", "labels"),
    ),
    Format(
        "rewardbench", "pairs", "RewardBench: prompt, chosen and rejected, their models, and a subset",
        "RewardBench (allenai/reward-bench)", "ODC-BY-1.0", read_records, _rewardbench,
        ("prompt", "chosen", "rejected", "chosen_model", "rejected_model", "subset"),
    ),
    Format(
        "helpsteer3", "pairs", "HelpSteer3's preferences: context, two responses, and overall_preference from −3 to 3",
        "HelpSteer3 (nvidia/HelpSteer3)", "CC-BY-4.0", read_records, _helpsteer3,
        ("context", "response1", "response2", "overall_preference"),
    ),
]  # fmt: skip
