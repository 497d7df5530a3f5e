"""Other people's data sets through `import_pairs`, every registered format, in every kind of file that it is met in.

The model knows of each format which of two texts a record calls the better one. Whatever is written has to be a pair of
the contract, of one record, that way round; a record that was not touched has to be written.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz.contract import objects_in, prompt_of, suite_of
from tests.fuzz.family import Case, Family, NotValid, Unsure, has_half, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

Pairs = set[tuple[str, str]]


def _chat(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


_REQUEST: Final = (
    "###Task Description:\nJudge.\n\n###The instruction to evaluate:\nWhy {n}?\n\n###Response to evaluate:\n{answer}\n\n"
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
        {"conversation_a": _chat("Why 1?", "better 1"), "conversation_b": _chat("Why 1?", "worse 1"), "winner": "model_a"},
        {"conversation_a": _chat("Why 2?", "worse 2"), "conversation_b": _chat("Why 2?", "better 2"), "winner": "model_b"},
        {"conversation_a": _chat("Why 3?", "one"), "conversation_b": _chat("Why 3?", "two"), "winner": "tie (bothbad)"},
    ],
    "judgebench": [
        {"pair_id": "j1", "question": "Why 1?", "response_A": "better 1", "response_B": "worse 1", "label": "A>B", "source": "x"},
        {"pair_id": "j2", "question": "Why 2?", "response_A": "worse 2", "response_B": "better 2", "label": "B>A", "source": "x"},
    ],
    "rewardbench2": [
        {"id": "r1", "prompt": "Why?", "chosen": ["better"], "rejected": ["worse", "worst"], "subset": "Math", "num_correct": 1},
    ],
    "ultrafeedback": [
        {
            "prompt": "Why 1?", "prompt_id": "u1", "chosen": _chat("Why 1?", "better 1"), "rejected": _chat("Why 1?", "worse 1"),
            "score_chosen": 8.5, "score_rejected": 3.0,
        },
        {
            "prompt": "Why 2?", "prompt_id": "u2", "chosen": _chat("Why 2?", "better 2"), "rejected": _chat("Why 2?", "worse 2"),
            "score_chosen": 5, "score_rejected": 5,
        },
    ],
    "sharegpt": [
        {
            "conversations": [{"from": "human", "value": "Why?"}], "chosen": {"from": "gpt", "value": "better"},
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
            "chosen": "\n\nHuman: Why 1?\n\nAssistant: better 1", "rejected": "\n\nHuman: Why 1?\n\nAssistant: worse 1",
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
            "question": "How many?", "ground_truth": "3", "m1": {"solution": "It is 3. Yes.", "is_correct": True},
            "m2": {"solution": "It is <<2+2=4>>4. Yes.", "is_correct": False},
        },
    ],
    "healthbench": [
        {
            "prompt_id": "h1", "prompt": [{"role": "user", "content": "Why?"}], "ideal_completions_data": {"ideal_completion": "So."},
            "rubrics": [
                {"criterion": "Says so.", "points": 5, "tags": ["axis:accuracy"]},
                {"criterion": "Invents.", "points": -3, "tags": []},
            ],
        },
    ],
    "biggen": [
        {
            "id": "b1", "capability": "planning", "task": "reward_modeling", "input": "Why?", "system_prompt": "Be brief.",
            "reference_answer": "So.", "score_rubric": {"criteria": "Is it so?", "score1_description": "no"},
        },
    ],
    "ifeval": [
        {
            "key": 1000, "prompt": "Why?", "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
            "kwargs": [{}, {"relation": "at least", "num_words": 30}],
        },
    ],
}  # fmt: skip
PROMPTS: Final = ("healthbench", "biggen", "ifeval")


# Which texts a record calls better and worse: never taken the other way round. `Unsure` where it may be meant otherwise.
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
        if one is not other and _last(one.get("prompt")) == _last(other.get("prompt")):
            if _number(one.get("helpfulness")) > _number(other.get("helpfulness")):
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
    "jsonl": _generic, "helpsteer2-preference": _strength, "arena": _arena, "ultrafeedback": _ultra, "rewardbench2": _lists,
    "judgebench": lambda r: _by_label(r.get("label"), r.get("response_A"), r.get("response_B")), "rm-bench": _lists,
    "sharegpt": lambda r: {(_last(r.get("chosen")), _last(r.get("rejected")))}, "llmbar": _llmbar, "hh": _hh, "gsm8k": _gsm8k,
}  # fmt: skip
_TOGETHER: Final[dict[str, Callable[[list[dict[str, Any]]], Pairs]]] = {"helpsteer2": _marked, "prometheus": _prometheus}


def allowed(format: str, records: Iterable[Any]) -> Pairs:
    """Every pair of better and worse that these records state.

    Raises:
        Unsure: it may be meant otherwise.
    """
    rows = [record for record in records if isinstance(record, dict)]
    if format in _TOGETHER:
        return _TOGETHER[format](rows)
    return {pair for row in rows for pair in _EACH[format](row)}


class Imports(Family):
    """JSON and JSON lines."""

    name = "importers"
    share = 6.0
    formats: ClassVar[list[str]] = list(SEEDS)

    def prepare(self, home: Path) -> None:
        self.out = home / "out.jsonl"

    def make(self, change: Mutator) -> Case:
        format = change.chance.choice(self.formats)
        records = change.value(SEEDS[format])
        name = change.chance.choice(["made.jsonl", "made.jsonl", "made.json", "dataset.json"])
        raw = change.lines(records) if name == "made.jsonl" else change.json(records)
        if change.chance.random() < 0.25:
            raw = change.raw(raw)
        more = change.chance.choice([{}] * 6 + [{"per_prompt": 1}, {"limit": 1}, {"domain": "d", "criterion": "Is right."}])
        return Case({name: raw}, {"format": format, "options": more, "name": name})

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.importers import ImportOptions, import_pairs

        self.out.unlink(missing_ok=True)
        asked = case.asked
        return import_pairs(asked["format"], [folder / asked["name"]], self.out, ImportOptions(**asked["options"]))

    def records(self, case: Case) -> list[Any]:
        """What stands in the file."""
        raw = case.files[case.asked["name"]]
        if not case.asked["name"].endswith(".jsonl"):
            try:
                value = strict_json(raw.decode("utf-8-sig"), constants=True)
            except (NotValid, UnicodeDecodeError):
                pass
            else:
                whole = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
                return whole if isinstance(value, list) or all(isinstance(row, dict) for row in whole) else [value]
        found: list[Any] = []
        for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            try:
                value = strict_json(line.decode())
                found += [] if has_half(value) else [value]
            except (NotValid, UnicodeDecodeError):
                continue
        return found

    def judge(self, case: Case, got: Any) -> str:
        if got.considered != got.written + sum(got.dropped.values()):
            return f"{got.considered} is not {got.written} and {sum(got.dropped.values())}"
        raw = self.out.read_bytes()
        try:
            if case.asked["format"] in PROMPTS:
                for value in objects_in(raw):
                    prompt_of(value)
                return ""
            pairs = suite_of(raw)
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            pairs = [json.loads(line) for line in raw.splitlines()]
        try:
            right = allowed(case.asked["format"], self.records(case))
        except Unsure:
            return ""
        for pair in pairs:
            if (pair["chosen"], pair["rejected"]) not in right:
                return f"{pair['chosen']!r} before {pair['rejected']!r} is stated nowhere: {sorted(right)!r}"[:1500]
        return ""

    def judge_refusal(self, case: Case) -> str:
        seed = SEEDS[case.asked["format"]]
        untouched = self.records_or_none(case) == seed
        return "refused, though nothing was changed" if untouched and "limit" not in case.asked["options"] else ""

    def records_or_none(self, case: Case) -> list[Any] | None:
        """The same; None where the model does not know."""
        try:
            return self.records(case)
        except Unsure:
            return None

    def said(self, got: Any) -> str:
        return str(got.render())


class SheetImports(Imports):
    """Tables of text: separators, encodings, quotes, decimal commas."""

    name = "importers: CSV"
    shrinks = False
    share = 3.0
    formats: ClassVar[list[str]] = ["jsonl", "helpsteer2", "helpsteer2-preference", "judgebench", "llmbar"]

    def make(self, change: Mutator) -> Case:
        format = change.chance.choice(self.formats)
        separator = change.chance.choice([",", ",", ";", "\t", "|"])
        rows = [row for row in SEEDS[format] if not any(isinstance(value, list) for value in row.values())]
        header = list(dict.fromkeys(name for row in rows for name in row))
        cells = [header] + [[_cell(row.get(name, ""), separator) for name in header] for row in rows]
        changed = change.value(cells)
        table = changed if isinstance(changed, list) else [changed]
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=separator, lineterminator=change.chance.choice(["\n", "\r\n"]))
        for row in table:
            writer.writerow([_cell(cell, separator) for cell in (row if isinstance(row, list) else [row])])
        text = (f"sep={separator}\n" if change.chance.random() < 0.1 else "") + out.getvalue()
        encoding = change.chance.choice(["utf-8"] * 5 + ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
        raw = text.encode(encoding, "replace")
        damaged = change.chance.random() < 0.25
        known = not damaged and encoding.startswith("utf") and table == cells
        name = f"made.{change.chance.choice(['csv', 'csv', 'tsv'])}"
        if format == "jsonl":
            # The names by which the separator is told are the generic format's.
            name, as_format = "made.csv", "csv"
        else:
            as_format = format
        asked = {"format": as_format, "seed": format, "options": {}, "name": name, "untouched": known and separator == ","}
        asked["table"] = None if damaged or encoding == "latin-1" else [
            [_cell(cell, separator) for cell in row] if isinstance(row, list) else None for row in table
        ]  # fmt: skip
        asked["separator"] = separator
        return Case({name: change.raw(raw) if damaged else raw}, asked)

    def judge(self, case: Case, got: Any) -> str:
        if got.considered != got.written + sum(got.dropped.values()):
            return f"{got.considered} is not {got.written} and {sum(got.dropped.values())}"
        try:
            pairs = suite_of(self.out.read_bytes())
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            return ""
        if not case.asked["untouched"]:
            return ""
        right = allowed(case.asked["seed"], SEEDS[case.asked["seed"]])
        found = {(pair["chosen"], pair["rejected"]) for pair in pairs}
        return "" if found <= right and found else f"{sorted(found)!r} is not {sorted(right)!r}"

    def judge_refusal(self, case: Case) -> str:
        return "refused, though nothing was changed" if case.asked["untouched"] else ""


def _cell(value: Any, separator: str) -> str:
    if isinstance(value, float) and separator != ",":
        return str(value).replace(".", ",")
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return "1" + "0" * 400
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


class ParquetImports(Family):
    """Parquet, whole and damaged, with columns of every type."""

    name = "importers: Parquet"
    shrinks = False
    share = 0.05

    def prepare(self, home: Path) -> None:
        import duckdb

        self.out = home / "out.jsonl"
        self.seeds = []
        for number, query in enumerate((
            "select 'Why ' || i || '?' as prompt, 'better ' || i as chosen, 'worse ' || i as rejected from range(3) t(i)",
            "select 'Why?' as prompt, [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'better'}] as chosen, "
            "[{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'worse'}] as rejected, 7.5::decimal(4,2) as "
            "chosen_score, 3::utinyint as rejected_score, timestamp 'infinity' as at, '\\xff'::blob as raw, 1e400::double as huge, "
            "uuid() as name, map {'a': 1} as more, interval 3 year as took, null as nothing, 170141183460469231731687303715884105727 "
            "as largest, date '290000-01-01' as late",
        )):  # fmt: skip
            file = home / f"seed{number}.parquet"
            with duckdb.connect(config={"threads": 1}) as connection:
                connection.execute(f"copy ({query}) to '{file}' (format parquet, compression uncompressed)")
            self.seeds.append(file.read_bytes())

    def make(self, change: Mutator) -> Case:
        raw = self.seeds[change.chance.randrange(len(self.seeds))]
        name = change.chance.choice(["made.parquet"] * 4 + ["ma[d]e.parquet", "ma*e.parquet", "made'.parquet", "ma?de {x}.parquet"])
        whole = change.chance.random() < 0.2
        asked = {"name": name, "untouched": whole}
        return Case({name: raw if whole else change.raw(raw), "beside.parquet": b"PAR1"}, asked)

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.importers import import_pairs

        self.out.unlink(missing_ok=True)
        return import_pairs("parquet", [folder / case.asked["name"]], self.out)

    def judge(self, case: Case, got: Any) -> str:
        try:
            pairs = suite_of(self.out.read_bytes())
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            return ""
        wrong = [pair for pair in pairs if "better" in pair["rejected"] or "worse" in pair["chosen"]]
        return f"the wrong way round: {wrong[:1]}" if case.asked["untouched"] and (wrong or len(pairs) not in (1, 3)) else ""

    def judge_refusal(self, case: Case) -> str:
        return "refused, though nothing was changed" if case.asked["untouched"] else ""


FAMILIES: list[type[Family]] = [Imports, SheetImports, ParquetImports]
