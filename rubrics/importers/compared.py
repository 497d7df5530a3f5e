"""Data sets that lay two or more responses side by side and say, by a label or by marks, which is the better.

Their criterion is theirs, as far as they state one, else that the response serves the person better (Utility); the
options `subcategory` and `criterion` replace it.

HelpSteer2 (arXiv 2406.08673)             rows of one prompt are compared two by two by helpfulness; equal marks are a
                                          tie.
HelpSteer2-Preference (2410.01257), -3    strength from −3, the first is much better, to 3; 0 is a tie.
Chatbot Arena (2306.05685)                winner: model_a, model_b, or a tie of either kind.
JudgeBench (2410.12784)                   label A>B or B>A; Logic, since its pairs differ in being right.
RewardBench 2 (2506.01937)                every chosen against every rejected response.
UltraFeedback binarised (2310.01377)      two conversations with score_chosen and score_rejected; equal ones are a tie.
ShareGPT                                  conversations of from and value, and two answers as single turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final, NamedTuple

from rubrics.importers.files import read_records
from rubrics.importers.labels import better_of
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Puzzle, Record, number_of, one_criterion, text_of
from rubrics.importers.turns import Turn, conversation, sides
from rubrics.taxonomy import Subcategory

_SERVES: Final = ("Serves the person who asks better than the other response.", Subcategory.UTILITY)


def _draft(
    prompt: object, chosen: object, rejected: object, options: ImportOptions, rule: tuple[str, str] = _SERVES,
    **more: Any,
) -> Item:  # fmt: skip
    made = sides(prompt, chosen, rejected)
    if not isinstance(made, dict):
        return made
    return Draft({**made, **more, **one_criterion(options, "better", *rule)})


def _row(record: Record) -> dict[str, Any]:
    assert isinstance(record.value, dict)
    return record.value


def _field(row: dict[str, Any], *names: str) -> object:
    return next((row[name] for name in names if row.get(name) is not None), None)


# HelpSteer ------------------------------------------------------------------------------------------------------------
_MARK: Final = re.compile(r"<extra_id_1>(User|Assistant)\s*\n?")


def _turns_of(prompt: object) -> object:
    """HelpSteer's prompt, where marks divide it into turns, as a conversation."""
    if not isinstance(prompt, str) or "<extra_id_1>" not in prompt:
        return prompt
    first, *rest = _MARK.split(prompt)
    turns: list[Turn] = [{"role": "user", "content": first.strip()}]
    for speaker, words in zip(rest[::2], rest[1::2], strict=True):
        turns.append({"role": speaker.casefold(), "content": words.strip()})
    if turns[-1]["role"] == "assistant" and not turns[-1]["content"]:
        turns.pop()
    return turns


class _Marked(NamedTuple):
    response: str
    mark: float
    number: int


def _gather_marked(records: Iterator[Record]) -> Iterator[Record]:
    """Responses to one prompt as one record."""
    groups: dict[str, list[_Marked]] = {}
    for record in records:
        row = record.value
        if isinstance(row, Drop):
            yield record
            continue
        prompt, response = text_of(row.get("prompt")), text_of(row.get("response"))
        mark = number_of(row.get("helpfulness"), record.separator)
        if prompt is None or response is None or mark is None:
            yield Record(record.number, Drop("no prompt, response and helpfulness"))
        else:
            groups.setdefault(prompt, []).append(_Marked(response, mark, record.number))
    for prompt, responses in groups.items():
        yield Record(responses[0].number, {"prompt": prompt, "responses": responses})


def _helpsteer2(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    responses: list[_Marked] = row["responses"]
    if len(responses) == 1:
        yield Drop("no other response to compare with")
    for left, right in combinations(responses, 2):
        if left.mark == right.mark:
            yield Drop("a tie")
            continue
        better, worse = (left, right) if left.mark > right.mark else (right, left)
        rule = ("Is of more help with what was asked than the other response.", Subcategory.UTILITY)
        yield _draft(_turns_of(row["prompt"]), better.response, worse.response, options, rule)


_STRENGTH: Final = ("preference_strength", "overall_preference")


def _helpsteer_preference(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    first, second = _field(row, "response_1", "response1"), _field(row, "response_2", "response2")
    given = _field(row, *_STRENGTH)
    strength = number_of(given, record.separator)
    if strength is None:
        puzzle = Puzzle(f"a preference of {str(given)[:40]!r}, which is no number")
        yield Drop("no label") if given is None else puzzle
    elif strength == 0:
        yield Drop("a tie")
    else:
        better, worse = (first, second) if strength < 0 else (second, first)
        yield _draft(
            _turns_of(_field(row, "prompt", "context")), better, worse, options, domain=text_of(row.get("domain"))
        )


# Labels ---------------------------------------------------------------------------------------------------------------
def _arena(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    said = _labelled(row, "winner", ("conversation_a", "conversation_b"))
    if isinstance(said, Drop | Puzzle):
        yield said
        return
    # Where `turn` says which answer was judged, what follows it was not.
    better, worse = (_first_rounds(conversation(value), row.get("turn")) for value in said)
    yield _draft(None, better, worse, options, domain="arena")


def _first_rounds(turns: object, rounds: object) -> object:
    if not isinstance(turns, list) or not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
        return turns
    answers = [at for at, turn in enumerate(turns) if turn["role"] == "assistant"]
    return turns[: answers[rounds - 1] + 1] if len(answers) > rounds else turns


def _judgebench(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    said = _labelled(row, "label", ("response_A", "response_B"))
    if isinstance(said, Drop | Puzzle):
        yield said
        return
    rule = ("Comes to the right answer.", Subcategory.LOGIC)
    name, origin = text_of(row.get("pair_id")), text_of(row.get("source"))
    yield _draft(row.get("question"), *said, options, rule, id=name, domain=origin)


def _labelled(row: dict[str, Any], label: str, columns: tuple[str, str]) -> tuple[object, object] | Drop | Puzzle:
    """Better and worse response by the label, or why there is no pair."""
    given = row.get(label)
    if given is None:
        return Drop("no label")
    said = better_of(given)
    if said is None:
        return Puzzle(f"{label} {str(given)[:40]!r}, which does not say which response is the better")
    if said == "tie":
        return Drop("a tie")
    first, second = (row.get(name) for name in columns)
    return (first, second) if said == "first" else (second, first)


# Chosen and rejected --------------------------------------------------------------------------------------------------
_REWARD_BENCH: Final = {
    "Factuality": ("States no falsehood.", Subcategory.FACTUALITY),
    "Precise IF": ("Keeps to the instructions exactly.", Subcategory.SCOPE),
    "Math": ("Works out the answer correctly.", Subcategory.LOGIC),
    "Safety": ("Declines what would do harm, and helps with what would not.", Subcategory.SAFETY),
    "Focus": ("Answers what was asked.", Subcategory.RELEVANCE),
    "Ties": ("Gives a right answer.", Subcategory.FACTUALITY),
}


def _reward_bench(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if not (isinstance(chosen, list) and isinstance(rejected, list) and chosen and rejected):
        yield Drop("no lists of chosen and rejected responses")
        return
    subset = text_of(row.get("subset"))
    rule = _REWARD_BENCH.get(subset or "", _SERVES)
    name = text_of(row.get("id")) or str(record.number)
    for (i, better), (j, worse) in product(enumerate(chosen), enumerate(rejected)):
        yield _draft(row.get("prompt"), better, worse, options, rule, id=f"{name}/c{i}-r{j}", domain=subset)


def _ultrafeedback(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    high, low = (number_of(row.get(f"score_{side}"), record.separator) for side in ("chosen", "rejected"))
    if high is None or low is None:
        yield Drop("no score_chosen and score_rejected")
    elif high <= low:
        yield Drop("a tie" if high == low else "the rejected response scores higher")
    else:
        yield _draft(row.get("prompt"), row.get("chosen"), row.get("rejected"), options)


def _sharegpt(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = _row(record)
    prompt = _field(row, "conversations", "conversation")
    turns = conversation(prompt)
    system = text_of(row.get("system"))
    if isinstance(turns, list) and system and system.strip():
        turns = [{"role": "system", "content": system}, *turns]
    yield turns if isinstance(turns, Drop | Puzzle) else _draft(turns, row.get("chosen"), row.get("rejected"), options)


FORMATS = [
    Format(
        "helpsteer2", "pairs", "HelpSteer2: rows of prompt, response and helpfulness", "HelpSteer2 (nvidia/HelpSteer2)",
        "CC-BY-4.0", read_records, _helpsteer2, ("prompt", "response", "helpfulness"), gather=_gather_marked,
    ),
    Format(
        "helpsteer2-preference", "pairs",
        "HelpSteer2's or 3's preferences: two responses and a strength from −3 to 3", "HelpSteer2 (nvidia/HelpSteer2)",
        "CC-BY-4.0", read_records, _helpsteer_preference, ("response_1", "response_2", "preference_strength"),
    ),
    Format(
        "arena", "pairs", "Chatbot Arena's or MT-Bench's votes: conversation_a, conversation_b, winner",
        "Chatbot Arena (lmsys)", "", read_records, _arena, ("conversation_a", "conversation_b", "winner"),
    ),
    Format(
        "judgebench", "pairs", "JudgeBench: question, response_A, response_B, label",
        "JudgeBench (ScalerLab/JudgeBench)", "MIT", read_records, _judgebench,
        ("question", "response_A", "response_B", "label"),
    ),
    Format(
        "rewardbench2", "pairs", "RewardBench 2: prompt with lists of chosen and rejected responses, and a subset",
        "RewardBench 2 (allenai/reward-bench-2)", "ODC-BY-1.0", read_records, _reward_bench,
        ("prompt", "chosen", "rejected", "subset", "num_correct"),
    ),
    Format(
        "ultrafeedback", "pairs", "UltraFeedback binarised: two conversations with score_chosen and score_rejected",
        "UltraFeedback binarised (HuggingFaceH4/ultrafeedback_binarized)", "MIT", read_records, _ultrafeedback,
        ("chosen", "rejected", "score_chosen", "score_rejected", "prompt_id"),
    ),
    Format(
        "sharegpt", "pairs", "ShareGPT: conversations of from and value, chosen and rejected answers", "", "",
        read_records, _sharegpt, ("conversations", "chosen", "rejected"),
    ),
]  # fmt: skip
