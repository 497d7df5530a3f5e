"""Preference data whose rows look right and are not: no prompt loses a part, and no response gains one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rubrics.errors import SuiteError
from rubrics.importers import ImportOptions, import_pairs, parse_map
from rubrics.reading import read_suite

LONG = "Name a colour that the sky may have."


def taken(folder: Path, *rows: dict[str, Any], mapping: str = "") -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    (folder / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = import_pairs("jsonl", [folder / "d.jsonl"], folder / "out.jsonl", ImportOptions(map=parse_map(mapping)))
    pairs = read_suite(folder / "out.jsonl").pairs
    return [(pair.prompt_text, pair.chosen, pair.rejected) for pair in pairs], dict(result.dropped)


def row(**fields: Any) -> dict[str, Any]:
    return {"prompt": "Which?", "chosen": "Blue.", "rejected": "Wood.", **fields}


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [("In the café.", "In the cafe\u0301."), ("a\r\nb", "a\nb"), ("zero\u200bwidth", "zerowidth"), ("x", " x\n"),
     ("soft\u00adhyphen", "softhyphen"), ("line \nend", "line\nend")],
)  # fmt: skip
def test_responses_that_look_the_same_are_no_pair(tmp_path: Path, chosen: str, rejected: str) -> None:
    pairs, dropped = taken(tmp_path, row(chosen=chosen, rejected=rejected), row(prompt="Kept?"))
    assert pairs == [("Kept?", "Blue.", "Wood.")]
    assert dropped == {"both responses are the same text, but for what cannot be seen": 1}


def test_line_breaks_and_capitals_are_seen(tmp_path: Path) -> None:
    rows = [row(chosen="a\nb", rejected="a b"), row(chosen="No", rejected="no"), row(chosen="a  b", rejected="a b")]
    pairs, dropped = taken(tmp_path, *rows)
    assert [pair[1:] for pair in pairs] == [("a\nb", "a b"), ("No", "no"), ("a  b", "a b")]
    assert dropped == {}


@pytest.mark.parametrize("word", ["nan", "None", "NULL", "<NA>", "[deleted]", " [removed] "])
@pytest.mark.parametrize("side", ["chosen", "rejected"])
def test_what_programs_write_for_no_text_is_no_response(tmp_path: Path, word: str, side: str) -> None:
    pairs, dropped = taken(tmp_path, row(**{side: word}), row())
    assert pairs == [("Which?", "Blue.", "Wood.")]
    assert dropped == {f"a {side} that says that there is none, such as nan or [deleted]": 1}


def test_transcripts_are_read_as_turns(tmp_path: Path) -> None:
    asked = "\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: A colour?\n\nAssistant:"
    whole = {"chosen": f"{asked} Blue.", "rejected": f"{asked} Wood."}
    apart = {"prompt": asked, "chosen": " Sky blue.", "rejected": " Wood."}
    pairs, dropped = taken(tmp_path, whole, apart)
    turns = "User: Hi.\n\nAssistant: Hello.\n\nUser: A colour?"
    assert pairs == [(turns, "Blue.", "Wood."), (turns, " Sky blue.", " Wood.")]
    assert dropped == {}


@pytest.mark.parametrize(
    "fields",
    [{"prompt": "<|im_start|>user\nWhich?<|im_end|>\n<|im_start|>assistant\n"}, {"chosen": "Blue.</s>"},
     {"rejected": "Wood.<|im_end|>\n"}, {"prompt": "<s>[INST] Which? [/INST]"}, {"chosen": "Blue.<|eot_id|>"},
     {"prompt": "<start_of_turn>user\nWhich?<end_of_turn>\n"}],
)  # fmt: skip
def test_a_chat_template_s_marks_import_nothing(tmp_path: Path, fields: dict[str, str]) -> None:
    with pytest.raises(SuiteError, match=r"record 2 is not understood.*which a chat template puts around a turn"):
        taken(tmp_path, row(), row(**fields))
    assert not (tmp_path / "out.jsonl").exists()


def test_marks_inside_a_text_are_its_own(tmp_path: Path) -> None:
    said = "It writes </s> where a text ends, and <|im_start|> where a turn begins."
    pairs, _ = taken(tmp_path, row(chosen=said))
    assert pairs == [("Which?", said, "Wood.")]


def test_responses_that_repeat_the_prompt_are_dropped_and_said(tmp_path: Path) -> None:
    both = row(prompt=LONG, chosen=f"{LONG} Blue.", rejected=f"{LONG} Wood.")
    one = row(prompt=LONG, chosen=f"{LONG} Blue.")
    short = row(prompt="Ok?", chosen="Ok? y", rejected="Ok? n")
    pairs, dropped = taken(tmp_path, both, one, short)
    assert pairs == [(LONG, f"{LONG} Blue.", "Wood."), ("Ok?", "Ok? y", "Ok? n")]
    assert dropped == {"responses that begin with the whole prompt: it would be scored with them": 1}


@pytest.mark.parametrize(
    "more", [{"input": "le ciel"}, {"history": [["Translate.", "sky"]]}, {"context": "Of the sky."}]
)
def test_a_column_that_belongs_to_the_prompt_is_not_left_out(tmp_path: Path, more: dict[str, Any]) -> None:
    rows = [{"instruction": "Which?", "input": "", "history": [], "chosen": "Blue.", "rejected": "Wood."}]
    assert taken(tmp_path, *rows, mapping="prompt=instruction")[0] == [("Which?", "Blue.", "Wood.")]
    (name,) = more
    with pytest.raises(SuiteError, match=f"record 2 is not understood: the column '{name}' holds something"):
        taken(tmp_path, *rows, {**rows[0], **more}, mapping="prompt=instruction")
    # What the prompt says already is not missing from it.
    known = {**rows[0], "instruction": "Which? Of the sky.", "context": "Of the sky."}
    assert taken(tmp_path, known, mapping="prompt=instruction")[0] == [("Which? Of the sky.", "Blue.", "Wood.")]


def test_a_system_column_is_the_system_s_turn(tmp_path: Path) -> None:
    told = {"system": "Be brief."}
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which?"}]
    pairs, _ = taken(
        tmp_path, row(**told), row(prompt=turns, chosen="Sky blue.", **told), row(system="", prompt="And?")
    )
    whole = "System: Be brief.\n\nUser: Which?"
    assert pairs == [(whole, "Blue.", "Wood."), (whole, "Sky blue.", "Wood."), ("And?", "Blue.", "Wood.")]


def test_the_first_place_is_the_best(tmp_path: Path) -> None:
    ranked = {"prompt": "Which?", "a_1": "Wood.", "a_2": "Blue.", "rank_1": 2, "rank_2": 1}
    pairs, _ = taken(tmp_path, ranked, mapping="chosen=a_1,rejected=a_2")
    assert pairs == [("Which?", "Blue.", "Wood.")]
    rows = [row(chosen_rank=2, rejected_rank=1), row(prompt="And?", chosen_rank="1", rejected_rank="3")]
    pairs, dropped = taken(tmp_path, *rows)
    assert pairs == [("And?", "Blue.", "Wood.")]
    assert dropped == {"the rejected response has the better place": 1}


def test_a_margin_below_zero_speaks_for_the_rejected(tmp_path: Path) -> None:
    rows = [row(margin=-2.0), row(margin=0), row(prompt="And?", score_diff="0.5"), row(prompt="Or?", margin="wide")]
    pairs, dropped = taken(tmp_path, *rows)
    assert [pair[0] for pair in pairs] == ["And?", "Or?"]
    assert dropped == {"a margin below zero: the rejected response is the better": 1, "a tie": 1}


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [("d.jsonl", b"\x1f\x8b\x08\0", r"compressed \(gzip\)"), ("d.csv", b"\x28\xb5\x2f\xfd\0", r"compressed \(zstd\)"),
     ("d.json", b"BZh91AY", r"compressed \(bzip2\)"), ("d.xlsx", b"PK\x03\x04\x14\0", "a spreadsheet's own file")],
)  # fmt: skip
def test_a_packed_file_is_called_that(tmp_path: Path, name: str, head: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(head + bytes(range(256)))
    for format in ("csv", "jsonl"):
        with pytest.raises(SuiteError, match=said):
            import_pairs(format, [tmp_path / name], tmp_path / "out.jsonl", ImportOptions())
