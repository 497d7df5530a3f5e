"""Importers: what goes in is what comes out plus what was dropped, on shapes written here and on the real files."""

from __future__ import annotations

import csv
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rubrics.errors import SuiteError
from rubrics.importers import FORMATS, ImportOptions, ImportResult, import_pairs, parse_map, recognised
from rubrics.prompts import RubricPrompt, read_prompts
from rubrics.reading import read_suite
from rubrics.schema import Pair
from rubrics.taxonomy import Subcategory


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def listed(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def run(format: str, *files: Path, **options: Any) -> tuple[ImportResult, list[Pair]]:
    out = files[0].parent / "out" / "result.jsonl"
    out.parent.mkdir(exist_ok=True)
    result = import_pairs(format, files, out, ImportOptions(**options))
    pairs = list(read_suite(out).pairs)
    assert result.considered == result.written + sum(result.dropped.values())
    assert result.written == len(pairs)
    assert set(result.first) == set(result.dropped)
    return result, pairs


def run_prompts(format: str, file: Path, **options: Any) -> tuple[ImportResult, list[RubricPrompt]]:
    out = file.parent / "prompts.out.jsonl"
    result = import_pairs(format, [file], out, ImportOptions(**options))
    prompts = read_prompts(out)
    assert result.considered == result.written + sum(result.dropped.values()) == result.records
    assert result.written == len(prompts)
    return result, prompts


MAP = parse_map("prompt=question, chosen=better, rejected=worse")


class TestGeneric:
    def test_json_lines_with_a_map(self, tmp_path: Path) -> None:
        file = lines(
            tmp_path / "my file.jsonl",
            {"question": "Q", "better": "A", "worse": "B"},
            "{broken",
            {"question": "Q", "better": "same", "worse": "same"},
            {"question": " ", "better": "A", "worse": "B"},
            {"question": "Q", "better": "A"},
            {"question": "Q", "better": "A", "worse": "B"},
            {"question": 2, "better": 4, "worse": 5, "id": 7, "license": "CC0-1.0"},
        )
        result, pairs = run("jsonl", file, map=MAP, source="here", license="MIT")
        assert [(pair.id, pair.prompt, pair.chosen, pair.rejected) for pair in pairs] == [
            ("my-file-000001", "Q", "A", "B"),
            ("7", "2", "4", "5"),
        ]
        assert dict(result.dropped) == {
            "not a line of JSON": 1,
            "both responses are the same text": 1,
            "prompt is blank": 1,
            "no rejected": 1,
            "the same was there before": 1,
        }
        assert result.records == result.considered == 7
        assert result.first["not a line of JSON"] == "my file.jsonl 2"
        assert {(pair.source, pair.license) for pair in pairs} == {("here", "MIT")}
        assert "5 dropped" in result.render()

    def test_ties_by_score_and_ids_used_twice_are_dropped(self, tmp_path: Path) -> None:
        row = {"prompt": "Q", "chosen": "A", "rejected": "B", "chosen_score": 2, "rejected_score": 1, "id": "x"}
        file = lines(
            tmp_path / "a.jsonl",
            row,
            {**row, "rejected_score": 2},
            {**row, "rejected_score": 3},
            {**row, "chosen": "C"},
        )
        result, _ = run("jsonl", file)
        assert dict(result.dropped) == {
            "a tie": 1,
            "the rejected response scores higher": 1,
            "its id was there before": 1,
        }

    def test_conversations_give_prompt_and_last_turn(self, tmp_path: Path) -> None:
        asked = {"role": "user", "content": "Hello"}
        file = lines(
            tmp_path / "a.jsonl",
            {
                "chosen": [asked, {"role": "assistant", "content": "Good day"}],
                "rejected": [asked, {"role": "assistant", "content": "What"}],
            },
        )
        _, (pair,) = run("jsonl", file)
        assert (pair.prompt_text, pair.chosen, pair.rejected) == ("Hello", "Good day", "What")

    def test_a_row_s_own_criteria_are_kept_and_its_subcategory_comes_first(self, tmp_path: Path) -> None:
        row = {"prompt": "Q", "chosen": "A", "rejected": "B"}
        criteria = [{"id": "c", "text": "t", "subcategory": "Format"}, {"id": "d", "text": "u", "subcategory": "Logic"}]
        file = lines(
            tmp_path / "a.jsonl",
            {**row, "criteria": criteria, "violated": ["d"]},
            {**row, "chosen": "C", "subcategory": "Scope", "criterion": "Says C."},
            {**row, "chosen": "D"},
            {**row, "chosen": "E", "subcategory": "Nonsense"},
        )
        result, pairs = run("jsonl", file, subcategory=Subcategory.SAFETY)
        assert [pair.subcategories for pair in pairs] == [("Logic",), ("Scope",), ("Safety",)]
        assert pairs[1].criteria[0].text == "Says C."
        assert dict(result.dropped) == {"criteria.subcategory a value is no subcategory": 1}

    def test_csv(self, tmp_path: Path) -> None:
        file = tmp_path / "a.csv"
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["question", "better", "worse", "criteria", "violated"])
            rows.writerow(["Q, with comma", "two\nlines", "=B", "", ""])
            rows.writerow(["Q", "A", "B", '[{"id": "c", "text": "t", "subcategory": "Format"}]', '["c"]'])
            rows.writerow(["Q", "short"])
        result, pairs = run("csv", file, map=MAP)
        assert pairs[0].chosen == "two\nlines"
        assert pairs[1].subcategories == ("Format",)
        assert dict(result.dropped) == {"a row with more or fewer cells than the header": 1}

    def test_parquet(self, tmp_path: Path) -> None:
        file = tmp_path / "a.parquet"
        with duckdb.connect() as database:
            database.execute(
                "COPY (SELECT 'Q' || i AS question, [{'role': 'user', 'content': 'Q' || i}, "
                "{'role': 'assistant', 'content': 'A'}] AS better, [{'role': 'user', 'content': 'Q' || i}, "
                "{'role': 'assistant', 'content': 'B'}] AS worse FROM range(1200) t(i)) "
                f"TO '{file}' (FORMAT parquet)"
            )
        result, pairs = run("parquet", file, map=MAP, limit=1100)
        assert result.written == 1100
        assert (pairs[3].prompt_text, pairs[3].chosen, pairs[3].rejected) == ("Q3", "A", "B")

    @pytest.mark.parametrize(
        ("format", "name", "content", "said"),
        [
            (
                "jsonl",
                "a.jsonl",
                b'{"question": "Q", "better": "A", "worse": "B"}',
                "has no column 'chosen' for chosen",
            ),
            ("csv", "a.csv", b"question,better\nx,y", "has no column 'chosen'"),
            ("csv", "a.csv", b"prompt,prompt\nx,y", "two columns named 'prompt'"),
            ("csv", "a.csv", b'prompt,chosen,rejected\n"x', "is not CSV"),
            ("csv", "a.csv", b"prompt,chosen,rejected\n\xff,a,b", "is not UTF-8"),
            ("csv", "a.csv", b"", "gave nothing to write: no records"),
            ("parquet", "a.parquet", b"PAR1 but no", "is not Parquet"),
            ("llmbar", "a.json", b'[{"x": 1}, 3]', "gave nothing to write: 1 × no input, output_1 and output_2"),
            ("llmbar", "a.json", b"\xff", "is not UTF-8"),
            ("llmbar", "a.json", b"[" * 100_000, "is nested too deeply"),
        ],
    )
    def test_a_file_that_does_not_fit_leaves_nothing_behind(
        self, tmp_path: Path, format: str, name: str, content: bytes, said: str
    ) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SuiteError) as caught:
            import_pairs(format, [tmp_path / name], tmp_path / "out.jsonl")
        assert said in str(caught.value)
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_wrong_use_is_refused(self, tmp_path: Path) -> None:
        file = lines(tmp_path / "a.jsonl", {"prompt": "Q", "chosen": "A", "rejected": "B"})
        with pytest.raises(SuiteError, match="did you mean llmbar"):
            import_pairs("llmbr", [file], tmp_path / "o")
        with pytest.raises(SuiteError, match="over itself"):
            import_pairs("jsonl", [file], file)
        with pytest.raises(SuiteError, match="cannot be read"):
            import_pairs("jsonl", [tmp_path / "none.jsonl"], tmp_path / "o")
        with pytest.raises(SuiteError, match="its columns are known"):
            import_pairs("llmbar", [file], tmp_path / "o", ImportOptions(map=MAP))
        with pytest.raises(SuiteError, match="at least 1"):
            ImportOptions(limit=0)
        for text in ("prompt", "promt=a", "prompt=", "prompt=a,prompt=b"):
            with pytest.raises(SuiteError):
                parse_map(text)


def test_llmbar(tmp_path: Path) -> None:
    row = {"input": "Name a bird.", "output_1": "Robin", "output_2": "Trout", "label": 1}
    natural = listed(tmp_path / "Natural" / "dataset.json", row, {**row, "label": 3}, {**row, "label": None})
    base = listed(tmp_path / "Base_9" / "dataset.json", {**row, "input": "7 + 7", "label": 2})
    result, pairs = run("llmbar", natural, base)
    assert [(pair.id, pair.chosen, pair.rejected, *pair.subcategories) for pair in pairs] == [
        ("natural-0001", "Robin", "Trout", "Relevance"),
        ("base_9-0001", "Trout", "Robin", "Logic"),
    ]
    assert dict(result.dropped) == {"a tie": 1, "no label": 1}
    assert (pairs[0].source, pairs[0].license) == ("LLMBar Natural (princeton-nlp/LLMBar)", "MIT")


def test_rm_bench_gives_every_chosen_against_every_rejected(tmp_path: Path) -> None:
    row = {
        "id": "math/1",
        "prompt": "2+2",
        "chosen": ["4", "It is 4"],
        "rejected": ["5", "It is 5", "4"],
        "domain": "math",
    }
    file = listed(tmp_path / "total.json", row, {**row, "id": "x", "chosen": []})
    result, pairs = run("rm-bench", file)
    assert len(pairs) == 5
    assert {pair.group for pair in pairs} == {pairs[0].group}
    assert pairs[1].id == "math/1/c0-r1"
    assert pairs[0].subcategories == ("Logic",)
    assert dict(result.dropped) == {
        "both responses are the same text": 1,
        "no lists of chosen and rejected responses": 1,
    }
    assert len(run("rm-bench", file, per_prompt=2)[1]) == 2


def test_hh_transcripts(tmp_path: Path) -> None:
    start = "\n\nHuman: How do I sleep?\n\nAssistant: Early.\n\nHuman: And then?\n\nAssistant:"
    file = lines(
        tmp_path / "harmless-base" / "train.jsonl",
        {"chosen": f"{start} Rest.", "rejected": f"{start} Drink a lot."},
        {"chosen": f"{start} Rest.", "rejected": "\n\nHuman: Other?\n\nAssistant: No."},
        {"chosen": f"{start} Rest.", "rejected": "\n\nHuman: How do I sleep?"},
        {"chosen": f"{start} Rest.", "rejected": f"{start} Rest."},
    )
    result, (pair,) = run("hh", file)
    assert [(turn.role, turn.content) for turn in pair.prompt if not isinstance(turn, str)] == [
        ("user", "How do I sleep?"),
        ("assistant", "Early."),
        ("user", "And then?"),
    ]
    assert (pair.chosen, pair.rejected, *pair.subcategories) == ("Rest.", "Drink a lot.", "Safety")
    assert sum(result.dropped.values()) == 3


def request(prompt: str, response: str, rubric: str = "Is it kind?", reference: str = "") -> str:
    reference = f"###Reference Answer (Score 5):\n{reference}\n\n" if reference else ""
    return (
        f"###Task Description:\nJudge.\n\n###The instruction to evaluate:\n{prompt}\n\n"
        f"###Response to evaluate:\n{response}\n\n{reference}"
        f"###Score Rubrics:\n[{rubric}]\nScore 1: No.\nScore 5: Yes.\n\n###Feedback: "
    )


def test_prometheus_pairs_by_gap(tmp_path: Path) -> None:
    scored = {"A": [5, 5, 4], "B": [3, 3, 3], "C": [3], "D": [2.5]}
    rows: list[dict[str, Any]] = [
        {"instruction": request("Greet me", text, reference="Hi"), "gpt4_score": score}
        for text, score in scored.items()
    ]
    rows.append({"orig_instruction": "Alone", "orig_response": "x", "orig_criteria": "k", "orig_score": "4"})
    rows += [{"instruction": "free text", "gpt4_score": [1]}, {"instruction": request("p", "r"), "gpt4_score": []}]
    result, pairs = run("prometheus", listed(tmp_path / "e.json", *rows))
    assert {(pair.chosen, pair.rejected) for pair in pairs} == {("A", "B"), ("A", "C"), ("A", "D")}
    assert pairs[0].criteria[0].text == "Is it kind?"
    assert pairs[0].prompt == "Greet me"
    assert dict(result.dropped) == {
        "a tie": 1,
        "scores less than 1 apart": 2,
        "no other response to compare with": 1,
        "no instruction, response and rubric": 1,
        "no score": 1,
    }
    assert len(run("prometheus", tmp_path / "e.json", min_gap=0.4)[1]) == 5


def test_hhh_alignment_is_pairs_already(tmp_path: Path) -> None:
    row = {"source": "honest", "chosen_instruction": request("Q", "yes"), "rejected_instruction": request("Q", "no")}
    _, pairs = run("prometheus", listed(tmp_path / "h.json", row, {**row, "source": "other"}))
    assert [(pair.id, *pair.subcategories) for pair in pairs] == [("honest-0001", "Factuality")]
    assert recognised([tmp_path / "h.json"]) == ("prometheus", tuple(row))


def solved(**solutions: tuple[str, bool]) -> dict[str, Any]:
    made = {name: {"solution": text, "is_correct": right} for name, (text, right) in solutions.items()}
    return {"question": "Two boxes of 3?", "ground_truth": "6", **made}


def test_gsm8k_right_against_wrong(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "s.jsonl",
        solved(
            a=("He has 2.\nSo 2*3=<<2*3=6>>6\nA: 6", True),
            b=("He has 2.\nSo 2+3=<<2+3=5>>5\nA: 5", False),
            c=("It is 7. A: 7", False),
        ),
        solved(a=("A: 6", True)),
        solved(a=("A: 5", False)),
    )
    result, pairs = run("gsm8k", file)
    assert pairs[0].chosen == "He has 2.\nSo 2*3=6\nA: 6"
    assert len(pairs) == 2
    assert dict(result.dropped) == {"every solution is right": 1, "every solution is wrong": 1}
    result, pairs = run("gsm8k", file, first_sentences=1)
    assert [(pair.chosen, pair.rejected) for pair in pairs] == [("He has 2.", "It is 7.")]
    assert result.dropped["the first sentences state the same numbers"] == 1


def test_gsm8k_takes_a_solution_for_right_only_where_it_says_so(tmp_path: Path) -> None:
    # Any text is true in Python, and anything at all has a text.
    other = {
        "question": "P",
        "a": {"solution": "A: 6", "is_correct": "false"},
        "b": {"solution": None, "is_correct": True},
    }
    result, pairs = run("gsm8k", lines(tmp_path / "s.jsonl", solved(a=("A: 6", True), b=("A: 5", False)), other))
    assert [(pair.chosen, pair.rejected) for pair in pairs] == [("A: 6", "A: 5")]
    assert dict(result.dropped) == {"no model solutions": 1}


def test_a_link_that_leads_to_itself_is_one_error(tmp_path: Path) -> None:
    link = tmp_path / "loop.csv"
    link.symlink_to(link)
    with pytest.raises(SuiteError, match="symbolic links"):
        import_pairs("csv", [link], tmp_path / "out.jsonl")


def test_healthbench(tmp_path: Path) -> None:
    item = {"criterion": "Names the dose.", "points": 5, "tags": ["level:example", "axis:accuracy"]}
    file = lines(
        tmp_path / "h.jsonl",
        {
            "prompt_id": "h1",
            "prompt": [{"role": "user", "content": "Cough."}],
            "rubrics": [
                item,
                {**item, "criterion": "Frightens.", "points": -3, "tags": ["axis:communication_quality"]},
            ],
            "ideal_completions_data": {"ideal_completion": "Rest."},
        },
        {"prompt_id": "h2", "prompt": [{"role": "user", "content": "x"}], "rubrics": []},
    )
    result, (prompt,) = run_prompts("healthbench", file)
    assert [(c.id, c.text, c.subcategory) for c in prompt.criteria] == [
        ("r1", "Names the dose.", "Factuality"),
        ("r2", "Does not do this: Frightens.", "Coherence"),
    ]
    assert (prompt.reference, prompt.license) == ("Rest.", "MIT")
    assert dict(result.dropped) == {"no criteria": 1}


def test_biggen(tmp_path: Path) -> None:
    row = {
        "id": "t_0",
        "capability": "grounding",
        "task": "role_playing",
        "system_prompt": "You are a miller.",
        "input": "Greet me.",
        "reference_answer": "Ho!",
        "score_rubric": {"criteria": "Does it stay in role?", "score1_description": "No."},
    }
    file = tmp_path / "b.json"
    file.write_text(json.dumps({"t_0": row, "t_1": {**row, "id": "t_1", "task": "x", "system_prompt": ""}}))
    _, (first, second) = run_prompts("biggen", file)
    assert first.prompt_text == "System: You are a miller.\n\nUser: Greet me."
    assert (first.domain, first.reference, first.criteria[0].subcategory) == ("grounding", "Ho!", "Persona")
    assert (second.prompt, second.criteria[0].subcategory) == ("Greet me.", "Relevance")


def test_ifeval(tmp_path: Path) -> None:
    row = {
        "key": 5,
        "prompt": "Write.",
        "instruction_id_list": ["punctuation:no_comma", "keywords:existence", "keywords:existence"],
        "kwargs": [{}, {"keywords": ["a", "b"]}, {"keywords": ["c"]}],
    }
    unknown = {**row, "key": 6, "instruction_id_list": ["new:kind"], "kwargs": [{}]}
    result, (prompt,) = run_prompts("ifeval", lines(tmp_path / "i.jsonl", row, unknown))
    assert [(c.id, c.text) for c in prompt.criteria] == [
        ("punctuation:no_comma", "Uses no comma."),
        ("keywords:existence", "Uses these words: a, b."),
        ("keywords:existence#2", "Uses these words: c."),
    ]
    assert dict(result.dropped) == {"an instruction of unknown kind": 1}


def test_every_format_says_what_it_reads() -> None:
    assert all(found.summary and found.kind in ("pairs", "prompts") for found in FORMATS.values())


class TestRealFiles:
    """Counts are worked out here from the raw files, apart from the importers."""

    def test_llmbar(self, shared: Path, tmp_path: Path) -> None:
        files = sorted((shared / "datasets" / "llmbar" / "LLMBar").rglob("dataset.json"))
        result = import_pairs("llmbar", files, tmp_path / "o.jsonl")
        assert result.written == sum(len(json.loads(file.read_text())) for file in files) == 419

    def test_gsm8k(self, shared: Path, tmp_path: Path) -> None:
        file = shared / "datasets" / "gsm8k" / "example_model_solutions.jsonl"
        expected, without = set(), 0
        for row in map(json.loads, file.read_text().splitlines()):
            marks = [value for value in row.values() if isinstance(value, dict)]
            right = {mark["solution"] for mark in marks if mark["is_correct"]}
            wrong = {mark["solution"] for mark in marks if not mark["is_correct"]}
            without += not (right and wrong)
            expected |= {(row["question"], a, b) for a in right for b in wrong}
        result = import_pairs("gsm8k", [file], tmp_path / "o.jsonl")
        assert result.written == len(expected)
        assert result.dropped["every solution is right"] + result.dropped["every solution is wrong"] == without

    def test_prometheus(self, shared: Path, tmp_path: Path) -> None:
        file = shared / "datasets" / "prometheus-eval" / "vicuna_eval.json"
        scores: dict[int, list[float]] = {}
        for row in json.loads(file.read_text()):
            scores.setdefault(row["idx"], []).append(sum(row["gpt4_score"]) / len(row["gpt4_score"]))
        gaps = [abs(a - b) for found in scores.values() for a, b in combinations(found, 2)]
        result = import_pairs("prometheus", [file], tmp_path / "o.jsonl")
        assert result.considered == len(gaps)
        assert result.written == sum(gap >= 1 for gap in gaps)
        assert result.dropped["a tie"] == sum(gap == 0 for gap in gaps)

    @pytest.mark.parametrize(
        ("format", "name", "count"),
        [
            ("biggen", "biggen-bench/sample_responses.json", 765),
            ("ifeval", "ifeval/input_data.jsonl", 541),
            ("prometheus", "prometheus-eval/hhh_alignment_eval.json", 221),
        ],
    )
    def test_whole_files(self, shared: Path, tmp_path: Path, format: str, name: str, count: int) -> None:
        result = import_pairs(format, [shared / "datasets" / name], tmp_path / "o.jsonl")
        assert (result.records, result.written, sum(result.dropped.values())) == (count, count, 0)
