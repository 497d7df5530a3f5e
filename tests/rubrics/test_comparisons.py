"""Preference data in other people's shapes: which response is the better, to what, and when nothing is imported."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import SHAPES

from rubrics.errors import SuiteError
from rubrics.importers import FORMATS, ImportOptions, import_pairs, parse_map
from rubrics.importers.labels import better_of
from rubrics.reading import read_suite

Found = tuple[list[tuple[str, str, str]], dict[str, int]]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def says(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def bring_in(folder: Path, format: str, *rows: dict[str, Any], mapping: str = "", name: str = "d.jsonl") -> Found:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_in(folder, format, name, mapping)


def read_in(folder: Path, format: str, name: str, mapping: str = "") -> Found:
    result = import_pairs(format, [folder / name], folder / "out.jsonl", ImportOptions(map=parse_map(mapping)))
    pairs = read_suite(folder / "out.jsonl").pairs
    return [(pair.prompt_text, pair.chosen, pair.rejected) for pair in pairs], dict(result.dropped)


def test_helpsteer2_compares_the_rows_of_a_prompt(tmp_path: Path) -> None:
    marks = {"a": 4, "b": 1, "c": 4}
    turns = "Hi<extra_id_1>Assistant\nHello<extra_id_1>User\nAnd?"
    rows = [{"prompt": "P", "response": text, "helpfulness": mark} for text, mark in marks.items()]
    rows += [{"prompt": turns, "response": text, "helpfulness": mark} for text, mark in (("x", 0), ("y", 3))]
    rows += [{"prompt": "alone", "response": "z", "helpfulness": 2}]
    pairs, dropped = bring_in(tmp_path, "helpsteer2", *rows)
    assert set(pairs) == {("P", "a", "b"), ("P", "c", "b"), ("User: Hi\n\nAssistant: Hello\n\nUser: And?", "y", "x")}
    assert dropped == {"a tie": 1, "no other response to compare with": 1}


def test_a_preference_s_strength_is_below_zero_for_the_first(tmp_path: Path) -> None:
    row = {"prompt": "P", "response_1": "one", "response_2": "two"}
    rows = [{**row, "prompt": f"P{s}", "preference_strength": s} for s in (-3, 2, 0)]
    pairs, dropped = bring_in(tmp_path, "helpsteer2-preference", *rows)
    assert pairs == [("P-3", "one", "two"), ("P2", "two", "one")]
    assert dropped == {"a tie": 1}
    with pytest.raises(SuiteError, match="record 2 is not understood: a preference of 'much'"):
        bring_in(tmp_path, "helpsteer2-preference", rows[0], {**row, "preference_strength": "much"})


def test_arena_votes_and_the_answer_that_was_judged(tmp_path: Path) -> None:
    def battle(winner: str, *turns: tuple[str, str, str], turn: int = 1) -> dict[str, Any]:
        sides = {
            f"conversation_{side}": [t for asked, *said in turns for t in (user(asked), says(said[at]))]
            for at, side in enumerate("ab")
        }
        return {**sides, "winner": winner, "turn": turn}

    pairs, dropped = bring_in(
        tmp_path, "arena", battle("model_b", ("P", "x", "y")), battle("tie (bothbad)", ("P", "x", "y")),
        battle("model_a", ("Q", "x", "y"), ("R", "v", "w")),
        battle("model_a", ("S", "x", "y"), ("T", "v", "w"), turn=2),
    )  # fmt: skip
    assert pairs == [("P", "y", "x"), ("Q", "x", "y")]
    assert dropped == {"a tie": 1, "the two responses answer different conversations": 1}
    with pytest.raises(SuiteError, match=r"winner 'gpt-4', which does not say"):
        bring_in(tmp_path, "arena", battle("gpt-4", ("P", "x", "y")))


def test_a_label_decides_whatever_the_columns_are_mapped_to(tmp_path: Path) -> None:
    rows = [
        {"question": f"Q{n}", "response_A": "a", "response_B": "b", "label": label}
        for n, label in enumerate(("A>B", "B>A", "A=B"))
    ]
    right = [("Q0", "a", "b"), ("Q1", "b", "a")]
    for format, mapping in (
        ("judgebench", ""),
        ("jsonl", "prompt=question,chosen=response_A,rejected=response_B"),
        ("jsonl", "prompt=question,chosen=response_B,rejected=response_A"),
    ):
        assert bring_in(tmp_path, format, *rows, mapping=mapping) == (right, {"a tie": 1})
    numbered = {"p": "P", "out_1": "x", "out_2": "y", "best": 2}
    assert bring_in(tmp_path, "jsonl", numbered, mapping="prompt=p,chosen=out_1,rejected=out_2")[0] == [("P", "y", "x")]
    one_hot = {"prompt": "P", "response_a": "x", "response_b": "y", "winner_model_a": 0, "winner_model_b": 1}
    with pytest.raises(SuiteError, match="'winner_model_a' = '0', 'winner_model_b' = '1'"):
        bring_in(tmp_path, "jsonl", one_hot, mapping="chosen=response_a,rejected=response_b")
    own = {"prompt": "P", "left": "x", "right": "y", "who": "second"}
    mapping = "chosen=left,rejected=right,label=who"
    assert bring_in(tmp_path, "jsonl", own, mapping=mapping)[0] == [("P", "y", "x")]


@pytest.mark.parametrize(
    ("more", "better"),
    [
        ({"better_response_id": 1}, "y"),
        ({"better_response_id": 0}, "x"),
        ({"score_0": -1, "score_1": 1}, "y"),
        ({"score_0": 2, "score_1": 1, "label": ""}, "x"),
        ({"score_0": 1, "score_1": 1}, ""),
        ({"id": 3}, "x"),
    ],
)
def test_columns_that_differ_in_a_number_alone(tmp_path: Path, more: dict[str, Any], better: str) -> None:
    row = {"prompt": "P", "response_0": "x", "response_1": "y", **more}
    other = {"prompt": "Q", "response_0": "x", "response_1": "y"}
    for mapping in ("chosen=response_0,rejected=response_1", "chosen=response_1,rejected=response_0"):
        if more == {"id": 3} and mapping.startswith("chosen=response_1"):
            continue
        pairs, dropped = bring_in(tmp_path, "jsonl", row, other, mapping=mapping)
        assert [chosen for prompt, chosen, _ in pairs if prompt == "P"] == ([better] if better else [])
        assert dropped == ({} if better else {"a tie": 1})


@pytest.mark.parametrize("label", ["gpt-4", 0, 7, True, {"a": 1}])
def test_a_label_that_is_not_understood_imports_nothing(tmp_path: Path, label: object) -> None:
    row = {"prompt": "P", "response_1": "x", "response_2": "y", "winner": label}
    with pytest.raises(SuiteError, match="does not say which of the two is better"):
        bring_in(tmp_path, "jsonl", row, mapping="chosen=response_1,rejected=response_2")
    assert not (tmp_path / "out.jsonl").exists()


def test_chosen_and_rejected_stand_whatever_another_column_is_called(tmp_path: Path) -> None:
    row = {"prompt": "P", "chosen": "x", "rejected": "y"}
    rows = [{**row, "label": "math"}, {**row, "prompt": "Q", "label": 1, "split": "train"}, {**row, "winner": "tie"}]
    pairs, dropped = bring_in(tmp_path, "jsonl", *rows)
    assert pairs == [("P", "x", "y"), ("Q", "x", "y")]
    assert dropped == {"a tie": 1}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("A>B", "first"), ("A >> B", "first"), ("B>A", "second"), ("A<B", "second"), ("A≻B", "first"), ("B<A", "first"),
        ("[[A]]", "first"), ("[[B>>A]]", "second"), ("model_b", "second"), ("Model A", "first"), ("a wins", "first"),
        ("tie (bothbad)", "tie"), ("A=B", "tie"), ("[[C]]", "tie"), ("both_bad", "tie"), ("", None), (1, None),
        (None, None), (True, None), ("gpt-4", None),
    ],
)  # fmt: skip
def test_labels_in_use(label: object, said: str | None) -> None:
    assert better_of(label) == said


def test_numbers_are_labels_only_where_it_is_known_where_they_begin() -> None:
    assert [better_of(n, numbers="from 0") for n in (0, 1, 2)] == ["first", "second", None]
    assert [better_of(n, numbers="from 1") for n in ("1", 2.0, 0)] == ["first", "second", None]


def test_reward_bench_2_is_not_rm_bench(tmp_path: Path) -> None:
    row = {"id": "7", "prompt": "P", "chosen": ["a", "b"], "rejected": ["c", "d"], "num_correct": 2, "subset": "Ties"}
    pairs, _ = bring_in(tmp_path, "rewardbench2", row)
    assert set(pairs) == {("P", good, bad) for good in "ab" for bad in "cd"}
    (first, *_) = read_suite(tmp_path / "out.jsonl").pairs
    assert (first.source, first.domain) == ("RewardBench 2 (allenai/reward-bench-2)", "Ties")
    for other in ("rm-bench", "jsonl"):
        with pytest.raises(SuiteError, match="which are those of rewardbench2"):
            bring_in(tmp_path, other, row)


@pytest.mark.parametrize(
    ("high", "low"), [("score_chosen", "score_rejected"), ("chosen-rating", "rejected-rating"), ("a", "b")]
)
def test_scores_under_other_names_make_ties(tmp_path: Path, high: str, low: str) -> None:
    row = {"prompt": "P", "chosen": [user("P"), says("x")], "rejected": [user("P"), says("y")]}
    mapping = "chosen_score=a,rejected_score=b" if high == "a" else ""
    rows = [
        {**row, high: 8, low: 4},
        {**row, high: 7, low: 7},
        {**row, high: 1, low: 2},
        {**row, high: 10**400, low: 1},
    ]
    rows.append({**row, high: float("nan"), low: 1})
    pairs, dropped = bring_in(tmp_path, "jsonl", *rows[:4], mapping=mapping)
    assert pairs == [("P", "x", "y")]
    assert dropped == {"a tie": 1, "the rejected response scores higher": 1, "a score that is no finite number": 1}


def test_sharegpt_and_its_roles(tmp_path: Path) -> None:
    def turn(who: str, text: str) -> dict[str, str]:
        return {"from": who, "value": text}

    row = {
        "conversations": [turn("human", "P"), turn("gpt", "Q"), turn("human", "R")], "system": "Be kind.",
        "chosen": turn("gpt", "x"), "rejected": turn("gpt", "y"),
    }  # fmt: skip
    pairs, dropped = bring_in(tmp_path, "sharegpt", row, {**row, "rejected": turn("human", "y")})
    assert pairs == [("System: Be kind.\n\nUser: P\n\nAssistant: Q\n\nUser: R", "x", "y")]
    assert dropped == {"a conversation that ends with another's turn than the assistant's": 1}


ASKED = [user("P"), says("Q"), user("R")]


@pytest.mark.parametrize(
    ("row", "prompt", "reason"),
    [
        ({"chosen": [user("P"), says("x"), user("thanks")]}, None, "ends with another's turn"),
        ({"rejected": [user("other"), says("y")]}, None, "different conversations"),
        ({"prompt": "P"}, ASKED, ""),
        ({"prompt": "R"}, ASKED, ""),
        ({"prompt": "User: P\nAssistant: Q\nUser: R"}, ASKED, ""),
        ({"prompt": ASKED[:2]}, ASKED, ""),
        ({"prompt": [{"role": "system", "content": "S"}, *ASKED]}, [{"role": "system", "content": "S"}, *ASKED], ""),
        ({"prompt": "something else"}, None, "another than the conversation's"),
        ({"chosen": [says("x")], "rejected": says("y"), "prompt": ASKED}, ASKED, ""),
        ({"chosen": [*ASKED, says("x")], "rejected": "y"}, ASKED, ""),
        ({"chosen": [*ASKED, {"role": "assistant", "content": [{"type": "text", "text": "x"}]}]}, ASKED, ""),
        ({"chosen": [*ASKED, {"role": "assistant", "content": [{"type": "image"}]}]}, None, "more than text"),
        ({"chosen": ["a", says("x")]}, None, "something else than turns"),
        ({"chosen": [{"role": "tool", "content": "x"}]}, None, "neither the user's nor"),
        ({"chosen": [], "prompt": "P"}, None, "no chosen"),
        ({"chosen": [{"speaker": 1, "text": "x"}]}, None, "a turn with the fields 'speaker', 'text'"),
    ],
)
def test_conversations(tmp_path: Path, row: dict[str, Any], prompt: list[dict[str, str]] | None, reason: str) -> None:
    whole = {"chosen": [*ASKED, says("x")], "rejected": [*ASKED, says("y")], **row}
    if reason:
        with pytest.raises(SuiteError, match=reason):
            bring_in(tmp_path, "jsonl", whole)
        return
    assert [pair[1:] for pair in bring_in(tmp_path, "jsonl", whole)[0]] == [("x", "y")]
    (pair,) = read_suite(tmp_path / "out.jsonl").pairs
    assert [turn.model_dump() for turn in pair.prompt if not isinstance(turn, str)] == prompt


@pytest.mark.parametrize("written", [repr, json.dumps, lambda turns: str(np.array(turns, dtype=object))])
def test_lists_that_python_or_numpy_printed(tmp_path: Path, written: Any) -> None:
    said = "it's {'a'} {'b'}, \"so\"\n['x' 'y']"
    rows = [{"chosen": written([user("P"), says(said)]), "rejected": written([user("P"), says("y")])}]
    assert bring_in(tmp_path, "jsonl", *rows)[0] == [("P", said, "y")]
    half = {"prompt": "P", "chosen": "[{'role': 'user', 'content': ...", "rejected": "y"}
    with pytest.raises(SuiteError, match="looks like turns of a conversation"):
        bring_in(tmp_path, "jsonl", half)


def test_an_answer_that_is_a_list_stays_text(tmp_path: Path) -> None:
    row = {"prompt": "Give JSON.", "chosen": '[{"a": 1}]', "rejected": "{'a': 1}"}
    assert bring_in(tmp_path, "jsonl", row)[0] == [("Give JSON.", '[{"a": 1}]', "{'a': 1}")]


def test_structs_of_parquet(tmp_path: Path) -> None:
    turn = "{{'role': 'assistant', 'content': '{}'}}"
    with duckdb.connect() as database:
        database.execute(
            f"copy (select 'P' as prompt, {turn.format('x')} as chosen, {turn.format('y')} as rejected) "
            f"to '{tmp_path / 'd.parquet'}' (format parquet)"
        )
    assert read_in(tmp_path, "parquet", "d.parquet")[0] == [("P", "x", "y")]


@pytest.mark.parametrize(("separator", "first"), [(";", ""), ("\t", ""), (";", "sep=;\r\n"), ("\t", "sep=\t\r\n")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_spreadsheets(tmp_path: Path, separator: str, first: str, encoding: str) -> None:
    table = [["prompt", "chosen", "rejected", "chosen_score", "rejected_score"], ["P, q", "x", "y", "4,5", "1,25"]]
    table.append(["tie", "x", "y", "3,0", "3"])
    text = first + "".join(separator.join(row) + "\r\n" for row in table)
    (tmp_path / "d.csv").write_bytes(text.encode(encoding))
    assert read_in(tmp_path, "csv", "d.csv") == ([("P, q", "x", "y")], {"a tie": 1})


ROWS: dict[str, dict[str, Any]] = {
    "jsonl": {
        "prompt": "P",
        "chosen": [user("P"), says("x")],
        "rejected": says("y"),
        "chosen_score": 2,
        "label": "A>B",
    },
    "llmbar": {"input": "P", "output_1": "x", "output_2": "y", "label": 1},
    "rm-bench": {"id": "i", "prompt": "P", "chosen": ["x"], "rejected": ["y"], "domain": "chat"},
    "hh": {"chosen": "\n\nHuman: P\n\nAssistant: x", "rejected": "\n\nHuman: P\n\nAssistant: y"},
    "helpsteer2": {"prompt": "P", "response": "x", "helpfulness": 3},
    "helpsteer2-preference": {"prompt": "P", "response_1": "x", "response_2": "y", "preference_strength": 1},
    "arena": {"conversation_a": [user("P"), says("x")], "conversation_b": [says("y")], "winner": "tie", "turn": 1},
    "judgebench": {"question": "P", "response_A": "x", "response_B": "y", "label": "A>B"},
    "rewardbench2": {"id": "i", "prompt": "P", "chosen": ["x"], "rejected": ["y"], "subset": "Ties", "num_correct": 1},
    "ultrafeedback": {"chosen": "x", "rejected": "y", "prompt": "P", "score_chosen": 2, "score_rejected": 1},
    "sharegpt": {"conversations": [{"from": "human", "value": "P"}], "chosen": "x", "rejected": "y", "system": ""},
    "prometheus": {"orig_instruction": "P", "orig_response": "x", "orig_criteria": "c", "score": [1, 2]},
    "gsm8k": {"question": "P", "m": {"solution": "x", "is_correct": True}, "n": {"solution": "y", "is_correct": False}},
    "healthbench": {"prompt": [user("P")], "rubrics": [{"criterion": "c", "points": 1, "tags": ["axis:accuracy"]}]},
    "biggen": {"input": "P", "score_rubric": {"criteria": "c"}, "system_prompt": "s", "capability": "safety"},
    "ifeval": {"prompt": "P", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}], "key": 1},
    **{
        name: SHAPES[name][0]
        for name in ("rude", "nectar", "ultrafeedback-scores", "shp", "rewardbench", "helpsteer3", "ifbench")
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.just(10**400) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\0", "[{'role': 'user'}", "A>B", "tie", "[[[[", "1e999"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["role", "content", "from", "value", "criterion", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def test_every_format_of_json_has_a_row_here() -> None:
    assert set(ROWS) == set(FORMATS) - {"csv", "parquet"}


@pytest.mark.long
@pytest.mark.parametrize("format", list(ROWS))
@given(st.data())
def test_a_field_of_another_kind_drops_a_row_or_is_said(
    tmp_path_factory: pytest.TempPathFactory, format: str, data: st.DataObject
) -> None:
    row = copy.deepcopy(ROWS[format])
    place: Any = row
    key: Any = data.draw(st.sampled_from(list(row)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    folder = tmp_path_factory.mktemp("i")
    (folder / "d.json").write_text(json.dumps([row, ROWS[format]]))
    try:
        result = import_pairs(format, [folder / "d.json"], folder / "out.jsonl")
    except SuiteError:
        return
    assert result.considered == result.written + sum(result.dropped.values())


def test_a_mark_that_is_no_number_leaves_its_record_out(tmp_path: Path) -> None:
    """The overall mark would say the opposite of the fine one, which is there and cannot be read."""
    responses = [
        {"response": "x", "overall_score": 9, "fine-grained_score": 2},
        {"response": "y", "overall_score": 8, "fine-grained_score": "much"},
    ]
    whole = [{**responses[0], "fine-grained_score": 3}, {"response": "y", "overall_score": 8}]
    rows = [{"instruction": "P", "completions": responses}, {"instruction": "Q", "completions": whole}]
    pairs, dropped = bring_in(tmp_path, "ultrafeedback-scores", *rows)
    assert pairs == [("Q", "x", "y")]
    assert dropped == {"a score that is no finite number": 1}
