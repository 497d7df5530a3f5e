"""What records of other people's data sets look like, and which of two texts each calls the better one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, Final

from tests.fuzz.family import Unsure

__all__ = ["PROMPTS", "SEEDS", "allowed"]

Pairs = set[tuple[str, str]]


def _chat(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


_REQUEST: Final = (
    "###Task Description:\nJudge.\n\n###The instruction to evaluate:\nWhy {n}?\n\n###Response to evaluate:\n{answer}"
    "\n\n"
    "###Reference Answer (Score 5):\nRight.\n\n###Score Rubrics:\n[Is it right?]\nScore 1: no\n\n###Feedback: "
)
SEEDS: Final[dict[str, list[dict[str, Any]]]] = {
    "jsonl": [
        {"prompt": "Why 1?", "chosen": "better 1", "rejected": "worse 1"},
        {"prompt": "Why 2?", "chosen": "better 2", "rejected": "worse 2", "chosen_score": 5, "rejected_score": 2.5},
        {"chosen": _chat("Why 3?", "better 3"), "rejected": _chat("Why 3?", "worse 3")},
    ],
    "helpsteer2": [
        {"prompt": "Why 1?", "response": "better 1", "helpfulness": 4, "coherence": 3},
        {"prompt": "Why 1?", "response": "worse 1", "helpfulness": 1, "coherence": 3},
        {"prompt": "Why 2?", "response": "tied", "helpfulness": 2, "coherence": 3},
        {"prompt": "Why 2?", "response": "tied too", "helpfulness": 2, "coherence": 3},
    ],
    "helpsteer2-preference": [
        {"prompt": "Why 1?", "response_1": "better 1", "response_2": "worse 1", "preference_strength": -2},
        {"prompt": "Why 2?", "response_1": "worse 2", "response_2": "better 2", "preference_strength": 3},
        {"prompt": "Why 3?", "response_1": "worse 3", "response_2": "better 3", "preference_strength": 0},
    ],
    "arena": [
        {
            "conversation_a": _chat("Why 1?", "better 1"),
            "conversation_b": _chat("Why 1?", "worse 1"),
            "winner": "model_a",
        },
        {
            "conversation_a": _chat("Why 2?", "worse 2"),
            "conversation_b": _chat("Why 2?", "better 2"),
            "winner": "model_b",
        },
        {"conversation_a": _chat("Why 3?", "one"), "conversation_b": _chat("Why 3?", "two"), "winner": "tie (bothbad)"},
    ],
    "judgebench": [
        {
            "pair_id": "j1",
            "question": "Why 1?",
            "response_A": "better 1",
            "response_B": "worse 1",
            "label": "A>B",
            "source": "x",
        },
        {
            "pair_id": "j2",
            "question": "Why 2?",
            "response_A": "worse 2",
            "response_B": "better 2",
            "label": "B>A",
            "source": "x",
        },
    ],
    "rewardbench2": [
        {
            "id": "r1",
            "prompt": "Why?",
            "chosen": ["better"],
            "rejected": ["worse", "worst"],
            "subset": "Math",
            "num_correct": 1,
        },
    ],
    "ultrafeedback": [
        {
            "prompt": "Why 1?",
            "prompt_id": "u1",
            "chosen": _chat("Why 1?", "better 1"),
            "rejected": _chat("Why 1?", "worse 1"),
            "score_chosen": 8.5,
            "score_rejected": 3.0,
        },
        {
            "prompt": "Why 2?",
            "prompt_id": "u2",
            "chosen": _chat("Why 2?", "better 2"),
            "rejected": _chat("Why 2?", "worse 2"),
            "score_chosen": 5,
            "score_rejected": 5,
        },
    ],
    "sharegpt": [
        {
            "conversations": [{"from": "human", "value": "Why?"}],
            "chosen": {"from": "gpt", "value": "better"},
            "rejected": {"from": "gpt", "value": "worse"},
        },
    ],
    "llmbar": [
        {"input": "Why 1?", "output_1": "better 1", "output_2": "worse 1", "label": 1},
        {"input": "Why 2?", "output_1": "worse 2", "output_2": "better 2", "label": 2},
    ],
    "rm-bench": [
        {"id": 7, "prompt": "Why?", "chosen": ["better", "best"], "rejected": ["worse", "worst"], "domain": "math"},
    ],
    "hh": [
        {
            "chosen": "\n\nHuman: Why 1?\n\nAssistant: better 1",
            "rejected": "\n\nHuman: Why 1?\n\nAssistant: worse 1",
        },
    ],
    "prometheus": [
        {"instruction": _REQUEST.format(n=1, answer="better 1"), "gpt4_score": [5, 4]},
        {"instruction": _REQUEST.format(n=1, answer="worse 1"), "gpt4_score": 2},
        {"orig_instruction": "Why 2?", "orig_response": "better 2", "orig_criteria": "Is it?", "score": "5"},
        {"orig_instruction": "Why 2?", "orig_response": "worse 2", "orig_criteria": "Is it?", "score": 1},
    ],
    "gsm8k": [
        {
            "question": "How many?",
            "ground_truth": "3",
            "m1": {"solution": "It is 3. Yes.", "is_correct": True},
            "m2": {"solution": "It is <<2+2=4>>4. Yes.", "is_correct": False},
        },
    ],
    "nectar": [
        {
            "prompt": "\n\nHuman: Why 1?\n\nAssistant: ",
            "answers": [{"answer": "worse 1", "rank": 3}, {"answer": "better 1", "rank": 1.0}],
        },
    ],
    "ultrafeedback-scores": [
        {
            "instruction": "Why 1?",
            "completions": [
                {"response": "worse 1", "overall_score": 9.0, "fine-grained_score": 2.5},
                {"response": "better 1", "overall_score": 8.0, "fine-grained_score": 4},
            ],
        },
    ],
    "shp": [
        {"history": "Why 1?", "human_ref_A": "better 1", "human_ref_B": "worse 1", "labels": 1, "domain": "x"},
        {"history": "Why 2?", "human_ref_A": "worse 2", "human_ref_B": "better 2", "labels": 0, "domain": "x"},
    ],
    "rewardbench": [
        {
            "id": 3,
            "subset": "hep-go",
            "prompt": "Why?",
            "chosen": "better",
            "chosen_model": "m",
            "rejected": "worse",
            "rejected_model": "n",
        },
    ],
    "helpsteer3": [
        {
            "context": [{"role": "user", "content": "Why 1?"}],
            "response1": "worse 1",
            "response2": "better 1",
            "overall_preference": 2,
        },
    ],
    "healthbench": [
        {
            "prompt_id": "h1",
            "prompt": [{"role": "user", "content": "Why?"}],
            "ideal_completions_data": {"ideal_completion": "So."},
            "rubrics": [
                {"criterion": "Says so.", "points": 5, "tags": ["axis:accuracy"]},
                {"criterion": "Invents.", "points": -3, "tags": []},
            ],
        },
    ],
    "biggen": [
        {
            "id": "b1",
            "capability": "planning",
            "task": "reward_modeling",
            "input": "Why?",
            "system_prompt": "Be brief.",
            "reference_answer": "So.",
            "score_rubric": {"criteria": "Is it so?", "score1_description": "no"},
        },
    ],
    "ifeval": [
        {
            "key": 1000,
            "prompt": "Why?",
            "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
            "kwargs": [{}, {"relation": "at least", "num_words": 30}],
        },
    ],
    "ifbench": [
        {
            "key": "7",
            "prompt": "Why?",
            "instruction_id_list": ["count:word_count_range", "repeat:repeat_simple"],
            "kwargs": [{"min_words": 3, "max_words": 9}, None],
        },
    ],
}
PROMPTS: Final = ("healthbench", "biggen", "ifeval", "ifbench")


# Which texts a record calls better and worse. `Unsure` where it may be meant otherwise.
def _last(value: Any) -> str:
    if isinstance(value, str):
        if re.match(r"\s*(array\()?\s*\[?\s*\{", value):
            raise Unsure("text that looks like turns")
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        found = value[-1].get("content", value[-1].get("value"))
        if isinstance(found, list):
            return "\n".join(str(part["text"]) for part in found if isinstance(part, dict) and "text" in part)
        if isinstance(found, str):
            return found
    return "\0"


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float("nan")
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", value, re.ASCII):
            raise Unsure("a number as text")
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _generic(record: dict[str, Any]) -> Pairs:
    known = {"prompt", "chosen", "rejected", "chosen_score", "rejected_score"}
    if not set(record) <= known:
        raise Unsure("other columns may say which is the better")
    scores = [record.get(f"{side}_score") for side in ("chosen", "rejected")]
    if all(score is not None and score != "" for score in scores) and not _number(scores[0]) > _number(scores[1]):
        return set()
    return {(_last(record.get("chosen")), _last(record.get("rejected")))}


def _marked(records: list[dict[str, Any]]) -> Pairs:
    found: Pairs = set()
    for one, other in product(records, records):
        same = one is not other and _last(one.get("prompt")) == _last(other.get("prompt"))
        if same and _number(one.get("helpfulness")) > _number(other.get("helpfulness")):
            found.add((_last(one.get("response")), _last(other.get("response"))))
    return found


def _strength(record: dict[str, Any]) -> Pairs:
    if not {"prompt", "response_1", "response_2", "preference_strength"} >= set(record):
        raise Unsure("other names for the same")
    strength = _number(record.get("preference_strength"))
    first, second = _last(record.get("response_1")), _last(record.get("response_2"))
    return {(first, second)} if strength < 0 else {(second, first)} if strength > 0 else set()


def _by_label(label: Any, first: Any, second: Any) -> Pairs:
    """Labels as the data sets have them; what is close to one may be read as such."""
    word = label.strip().strip("[]").casefold() if isinstance(label, str) else ""
    if word in ("model_a", "a", "a>b"):
        return {(_last(first), _last(second))}
    if word in ("model_b", "b", "b>a"):
        return {(_last(second), _last(first))}
    if isinstance(label, str) and re.search("[ab]", word):
        raise Unsure("a label that may be one")
    return set()


def _arena(record: dict[str, Any]) -> Pairs:
    if "turn" in record:
        raise Unsure("turn")
    return _by_label(record.get("winner"), record.get("conversation_a"), record.get("conversation_b"))


def _ultra(record: dict[str, Any]) -> Pairs:
    if not _number(record.get("score_chosen")) > _number(record.get("score_rejected")):
        return set()
    return {(_last(record.get("chosen")), _last(record.get("rejected")))}


def _lists(record: dict[str, Any]) -> Pairs:
    chosen, rejected = record.get("chosen"), record.get("rejected")
    if not isinstance(chosen, list) or not isinstance(rejected, list):
        return set()
    return {(_last(one), _last(other)) for one, other in product(chosen, rejected)}


def _ranked(answers: Any, text: str, mark: str, sign: int) -> Pairs:
    """Every better answer before every worse one, by one mark of each."""
    held = [answer for answer in answers if isinstance(answer, dict)] if isinstance(answers, list) else []
    return {
        (_last(one.get(text)), _last(other.get(text)))
        for one, other in product(held, held)
        if sign * _number(one.get(mark)) > sign * _number(other.get(mark))
    }


def _scored(record: dict[str, Any]) -> Pairs:
    held = record.get("completions")
    rows = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    if any(math.isnan(_number(one.get("fine-grained_score"))) for one in rows):
        raise Unsure("another mark may be taken")
    return _ranked(held, "response", "fine-grained_score", 1)


def _shp(record: dict[str, Any]) -> Pairs:
    label = _number(record.get("labels"))
    first, second = _last(record.get("human_ref_A")), _last(record.get("human_ref_B"))
    return {(first, second)} if label == 1 else {(second, first)} if label == 0 else set()


def _third(record: dict[str, Any]) -> Pairs:
    strength = _number(record.get("overall_preference"))
    first, second = _last(record.get("response1")), _last(record.get("response2"))
    return {(first, second)} if strength < 0 else {(second, first)} if strength > 0 else set()


def _llmbar(record: dict[str, Any]) -> Pairs:
    label, one, two = record.get("label"), _last(record.get("output_1")), _last(record.get("output_2"))
    if isinstance(label, bool):
        return set()
    return {(one, two)} if label in (1, "1") else {(two, one)} if label in (2, "2") else set()


def _hh(record: dict[str, Any]) -> Pairs:
    ends = []
    for side in ("chosen", "rejected"):
        text = record.get(side)
        if not isinstance(text, str):
            return set()
        *_, last = re.split(r"(?:^|\n\n)(?:Human|Assistant):", text)
        ends.append(last.strip())
    return {(ends[0], ends[1])}


def _prometheus(records: list[dict[str, Any]]) -> Pairs:
    raise Unsure("every higher score before every lower one, under the same request")


def _gsm8k(record: dict[str, Any]) -> Pairs:
    def texts(right: bool) -> list[str]:
        return [
            re.sub(r"<<[^<>]*>>", "", value["solution"]).strip()
            for value in record.values()
            if isinstance(value, dict) and isinstance(value.get("solution"), str) and value.get("is_correct") is right
        ]

    return set(product(texts(True), texts(False)))


_EACH: Final[dict[str, Callable[[dict[str, Any]], Pairs]]] = {
    "jsonl": _generic,
    "helpsteer2-preference": _strength,
    "arena": _arena,
    "ultrafeedback": _ultra,
    "rewardbench2": _lists,
    "rewardbench": lambda r: {(_last(r.get("chosen")), _last(r.get("rejected")))},
    "nectar": lambda r: _ranked(r.get("answers"), "answer", "rank", -1),
    "ultrafeedback-scores": _scored,
    "shp": _shp,
    "helpsteer3": _third,
    "judgebench": lambda r: _by_label(r.get("label"), r.get("response_A"), r.get("response_B")),
    "rm-bench": _lists,
    "sharegpt": lambda r: {(_last(r.get("chosen")), _last(r.get("rejected")))},
    "llmbar": _llmbar,
    "hh": _hh,
    "gsm8k": _gsm8k,
}
_TOGETHER: Final[dict[str, Callable[[list[dict[str, Any]]], Pairs]]] = {
    "helpsteer2": _marked,
    "prometheus": _prometheus,
}


def allowed(format: str, records: Iterable[Any]) -> Pairs:
    """Every pair of better and worse that these records state.

    Raises:
        Unsure: it may be meant otherwise.
    """
    rows = [record for record in records if isinstance(record, dict)]
    if format in _TOGETHER:
        return _TOGETHER[format](rows)
    return {pair for row in rows for pair in _EACH[format](row)}
