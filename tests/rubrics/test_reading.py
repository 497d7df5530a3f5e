"""Suite files in and out: every fault named, nothing broken let through, whatever the bytes."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubrics.errors import RudeError, SuiteError
from rubrics.reading import find_suite, parse_suite, read_suite, scan_lines, write_suite
from rubrics.taxonomy import Subcategory

MUTANTS = int(os.environ.get("RUDE_TUI_MUTANTS", "1500"))
"""Mutated suite files that the long test tries; set it to 10000 for the full number."""


def make_pair(**changes: Any) -> dict[str, Any]:
    pair = {
        "id": "p1",
        "domain": "letters",
        "prompt": "Write two lines to the landlord.",
        "chosen": "The tap drips.\nPlease send someone.",
        "rejected": "The tap drips, so please send someone, and soon.",
        "criteria": [
            {"id": "lines", "text": "Is exactly two lines.", "subcategory": "Length"},
            {"id": "tap", "text": "Names the tap.", "subcategory": "Completeness"},
        ],
        "violated": ["lines"],
    }
    return {**pair, **changes}


def line(**changes: Any) -> bytes:
    return json.dumps(make_pair(**changes)).encode()


def faults(raw: bytes) -> list[str]:
    return [str(fault) for fault in scan_lines(raw.split(b"\n")).faults]


def test_a_whole_suite_is_read() -> None:
    shot = line(id="s", split="shot", group="g", cluster="k", source="here", license="CC0-1.0")
    suite = parse_suite(line() + b"\n\n" + shot, name="mine")
    assert [pair.id for pair in suite.scored] == ["p1"]
    assert [pair.id for pair in suite.shots["letters"]] == ["s"]
    assert suite.pairs[0].cluster == suite.pairs[0].group
    assert suite.pairs[0].subcategories == (Subcategory.LENGTH,)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (line(chosen="same", rejected="same"), "line 1, rejected: is the same text as chosen"),
        (line(rejected=" \n\t"), "line 1, rejected: is blank"),
        (line(rejected="\u200b\u200e"), "line 1, rejected: is blank"),
        (line(chosen=""), "line 1, chosen: is blank"),
        (line(prompt=[]), "line 1, prompt: is empty; give at least one"),
        (line(prompt=3), "line 1, prompt: must be text or a list of {role, content}, is a number"),
        (line(prompt=[{"role": "usr", "content": "x"}]), "line 1, prompt.0.role: ‘usr’ is not allowed"),
        (line(id=7), "line 1, id: must be text, is a number; put it in quotes"),
        (line(id="a\x1b[31m"), r"line 1, id: ‘a\x1b[31m’ is no name"),
        (line(id="a\u202eb"), r"line 1, id: ‘a\u202eb’ is no name"),
        (line(id="a "), "line 1, id: ‘a ’ is no name"),
        (line(promt="x"), "line 1, promt: no such field; did you mean prompt?"),
        (line(qqq="x"), "line 1, qqq: no such field; known: id, domain"),
        (line(violated=["tap", "price"]), "line 1, violated: ‘price’ is not among the criteria"),
        (line(violated=["tap", "tap"]), "line 1, violated: names ‘tap’ twice"),
        (line(violated=[]), "line 1, violated: is empty"),
        (line(split="train"), "line 1, split: ‘train’ is not allowed"),
        (line(source=""), "line 1, source: is blank"),
        (line(chosen="a\0b"), "line 1, chosen: holds a NUL character"),
        (line(chosen="\ud800"), "line 1: holds half of a surrogate pair"),
        (b'{"id": "a", "id": "b"}', "line 1: not valid JSON (‘id’ is given twice in one object)"),
        (b'{"id": NaN}', "line 1: not valid JSON (‘NaN’ is no JSON number)"),
        (b'{"id": ' + b"9" * 5000 + b"}", "line 1: not valid JSON (a number is too long)"),
        (b"[" * 100_000, "line 1: nested too deeply"),
        (b'{"id": "a"', "line 1: not valid JSON (Expecting ',' delimiter, column 11)"),
        (b'{"id": "a"\r\n', "line 1: not valid JSON (Expecting ',' delimiter, column 11)"),
        (b"[", "line 1: not valid JSON (Expecting value, column 2); the file must be JSON lines"),
        (b'"text"', "line 1: must be a JSON object, is str"),
        (b'{"id": "\xff"}', "line 1: not UTF-8 (byte 0xff)"),
        ("{}".encode("utf-16"), "line 1: the file is UTF-16; save it as UTF-8"),
    ],
)
def test_a_fault_is_named_with_line_field_and_fix(raw: bytes, said: str) -> None:
    found = faults(raw)
    assert any(text.startswith(said) for text in found), found
    with pytest.raises(SuiteError):
        parse_suite(raw, name="bad")


def test_an_unknown_subcategory_lists_the_twelve_and_the_nearest() -> None:
    (found,) = faults(line(criteria=[{"id": "lines", "text": "t", "subcategory": "fact"}]))
    assert "line 1, criteria.0.subcategory: ‘fact’ is no subcategory" in found
    assert all(name in found for name in Subcategory)
    (found,) = faults(line(criteria=[{"id": "lines", "text": "t", "subcategory": "factualty"}]))
    assert "did you mean Factuality?" in found


def test_every_fault_of_every_line_is_found() -> None:
    raw = b"\n".join([line(), line(), b"{", line(id="x", chosen=1, domain="", violated=["no"])])
    assert [text.split(":")[0] for text in faults(raw)] == [
        "line 2, id",
        "line 3",
        "line 4, domain",
        "line 4, chosen",
        "line 4, violated",
    ]


def test_an_error_shows_twenty_faults_and_counts_the_rest() -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(b"\n".join([b"{"] * 25), name="bad", where="bad.jsonl")
    said = str(caught.value)
    assert said.startswith("bad.jsonl: 25 faults")
    assert said.count("line ") == 20
    assert "… and 5 more" in said


def test_what_a_message_quotes_cannot_drive_a_terminal() -> None:
    hostile = "\x1b[2J\u202e\ud800"
    for raw in (line(id=hostile), line(**{hostile: 1}), line(split=hostile), line(violated=[hostile])):
        assert all(ch.isprintable() for text in faults(raw) for ch in text)


def test_bom_and_crlf_are_taken_and_a_bom_further_on_is_not() -> None:
    raw = b"\xef\xbb\xbf" + line() + b"\r\n \t\r\n" + line(id="p2") + b"\r\n"
    assert len(parse_suite(raw, name="windows").pairs) == 2
    assert faults(line() + b"\n\xef\xbb\xbf" + line(id="p2"))[0].startswith("line 2: not valid JSON")


def test_line_separators_inside_text_do_not_end_a_line() -> None:
    raw = json.dumps(make_pair(chosen="one\u2028two\x85three"), ensure_ascii=False).encode()
    assert parse_suite(raw, name="separators").pairs[0].chosen == "one\u2028two\x85three"


@pytest.mark.parametrize("raw", [b"", b"\n \n", line(split="shot")])
def test_a_suite_without_a_pair_to_score_is_refused(raw: bytes) -> None:
    with pytest.raises(SuiteError, match="holds no pair to score"):
        parse_suite(raw, name="empty")


def test_the_hash_is_over_content_alone() -> None:
    one, two = line(), line(id="p2", chosen="Other text.")
    suite = parse_suite(one + b"\n" + two, name="a")
    assert suite.hash == parse_suite(two + b"\r\n" + one, name="b", card="words").hash
    assert suite.hash != parse_suite(one, name="a").hash


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    suite = parse_suite(line(chosen="naïve ☕ \u2028 end") + b"\n" + line(id="q"), name="a")
    path = tmp_path / "a.jsonl"
    write_suite(path, suite.pairs)
    assert read_suite(path).pairs == suite.pairs
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("before")

    def pairs() -> Any:
        yield from parse_suite(line(), name="a").pairs
        raise OSError(28, "No space left on device")

    with pytest.raises(RudeError, match="cannot be written"):
        write_suite(path, pairs())
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_paths_that_are_no_suite_file(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="is a folder"):
        read_suite(tmp_path)
    for name in (str(tmp_path / "none.jsonl"), "~nobody-here/x", "a" * 5000, "a\0b", "\x1b[2J", ""):
        with pytest.raises(SuiteError, match="no such suite"):
            find_suite(name)
    path = tmp_path / "mine.jsonl"
    path.write_bytes(line())
    path.with_suffix(".md").write_text("# Mine")
    assert find_suite(str(path)).card == "# Mine"


# Mutants. `meets_contract` says independently of the reader, from the contract's text, whether a file is a suite.

_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_REQUIRED = {"id", "domain", "prompt", "chosen", "rejected", "criteria", "violated"}
_OPTIONAL = {"group", "cluster", "split", "source", "license"}


def _text(value: object) -> bool:
    if not isinstance(value, str) or any(ch == "\0" or unicodedata.category(ch) == "Cs" for ch in value):
        return False
    return any(not ch.isspace() and unicodedata.category(ch) not in ("Cc", "Cf") for ch in value)


def _name(value: object) -> bool:
    if not _text(value) or len(value) > 200:
        return False
    if any(unicodedata.category(ch) in ("Cc", "Zl", "Zp", "Cs") or ch in _TURNS for ch in value):
        return False
    return all(not ch.isspace() and unicodedata.category(ch) != "Cf" for ch in (value[0], value[-1]))


def _criterion(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"id", "text", "subcategory"}
        and _name(value["id"])
        and _text(value["text"])
        and value["subcategory"] in [s.value for s in Subcategory]
    )


def _message(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"role", "content"}
        and value["role"] in ("system", "user", "assistant")
        and _text(value["content"])
    )


def _pair(value: object) -> bool:
    if not isinstance(value, dict) or not _REQUIRED <= set(value) <= _REQUIRED | _OPTIONAL:
        return False
    if not all(_name(value[key]) for key in ("id", "domain", "group", "cluster") if key in value):
        return False
    if not all(value[key] is None or _text(value[key]) for key in ("source", "license") if key in value):
        return False
    if value.get("split") not in (None, "shot"):
        return False
    prompt, criteria, violated = value["prompt"], value["criteria"], value["violated"]
    if not (_text(prompt) or (isinstance(prompt, list) and prompt and all(map(_message, prompt)))):
        return False
    if not (isinstance(criteria, list) and criteria and all(map(_criterion, criteria))):
        return False
    if not (isinstance(violated, list) and violated and all(map(_name, violated))):
        return False
    ids = [row["id"] for row in criteria]
    unique = len(set(ids)) == len(ids) and len(set(violated)) == len(violated)
    responses = _text(value["chosen"]) and _text(value["rejected"]) and value["chosen"] != value["rejected"]
    return unique and set(violated) <= set(ids) and responses


def _unique(items: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in items}) != len(items):
        raise ValueError("repeated key")
    return dict(items)


def _refuse(name: str) -> None:
    raise ValueError(name)


def meets_contract(raw: bytes) -> bool:
    try:
        rows = raw.decode("utf-8").removeprefix("\ufeff").split("\n")
        values = [
            json.loads(row, object_pairs_hook=_unique, parse_constant=_refuse) for row in rows if row.strip(" \t\r")
        ]
    except (ValueError, RecursionError):
        return False
    if not all(map(_pair, values)):
        return False
    ids = [value["id"] for value in values]
    return len(set(ids)) == len(ids) and any(value.get("split") != "shot" for value in values)


_BASE = [
    make_pair(),
    make_pair(id="p2", prompt=[{"role": "user", "content": "Hello"}], group="g", cluster="k"),
    make_pair(id="s1", split="shot", source="here", license="CC0-1.0", violated=["lines", "tap"]),
]

_junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.sampled_from(
        ["", " ", "\u200b", "\0", "a\0b", "\x1b[31m", " x", "x\u2028y", "x\u202ey", "\ud800", "😀", "x " * 150]
    ),
    st.sampled_from(["p1", "p2", "lines", "tap", "Length", "length", "shot", "user", 10**400, 1e400]),
    st.just("The tap drips.\nPlease send someone."),
    st.text(max_size=8),
    st.lists(st.sampled_from(["lines", "tap", "", 3, None, {"role": "user", "content": "x"}]), max_size=3),
    st.dictionaries(st.sampled_from(["id", "text", "subcategory", "role", "content"]), st.text(max_size=3), max_size=3),
)
_fields = st.sampled_from([*sorted(_REQUIRED | _OPTIONAL), "promt", "", "\ud800"])


@st.composite
def _values(draw: st.DrawFn) -> bytes:
    """Lines that are JSON, with fields set, dropped or nested values changed."""
    rows = json.loads(json.dumps(_BASE))
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.sampled_from(rows))
        match draw(st.sampled_from(["set", "drop", "criterion", "message", "copy"])):
            case "set":
                row[draw(_fields)] = draw(_junk)
            case "drop":
                row.pop(draw(_fields), None)
            case "criterion" if isinstance(row.get("criteria"), list) and row["criteria"]:
                row["criteria"][0] = {**make_pair()["criteria"][1], draw(_fields): draw(_junk)}
            case "message":
                row["prompt"] = [
                    {"role": "user", "content": "x", draw(st.sampled_from(["role", "content"])): draw(_junk)}
                ]
            case "copy":
                rows.append(dict(row))
    return b"\n".join(json.dumps(row).encode() for row in rows)


@st.composite
def _bytes(draw: st.DrawFn) -> bytes:
    """The file's bytes with pieces cut, doubled, overwritten or put in."""
    raw = b"\n".join(json.dumps(row, ensure_ascii=False).encode() for row in _BASE)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 40)))
        new = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(
                    [b"", b"\n", b"\r\n", b"\xef\xbb\xbf", b'"', b"}", b",", b"\\ud800", b"\\u0000", b"\xc2\xa0"]
                ),
                st.just(raw[start:end] * 2),
                st.just(b"[" * 3000),
                st.just(b"9" * 5000),
            )
        )
        raw = raw[:start] + new + raw[end:]
    return raw


def _is_read_just_when_it_meets_the_contract(raw: bytes) -> None:
    if meets_contract(raw):
        suite = parse_suite(raw, name="mutant")
        written = "\n".join(pair.canonical() for pair in suite.pairs).encode()
        assert parse_suite(written, name="again").hash == suite.hash
    else:
        with pytest.raises(SuiteError) as caught:
            parse_suite(raw, name="mutant")
        assert str(caught.value).encode(), "what was said can be printed"


@settings(max_examples=200)
@given(st.one_of(_values(), _bytes()))
def test_a_mutant_is_read_just_when_it_meets_the_contract(raw: bytes) -> None:
    _is_read_just_when_it_meets_the_contract(raw)


@pytest.mark.long
@settings(max_examples=MUTANTS)
@given(st.one_of(_values(), _bytes()))
def test_many_mutants_are_read_just_when_they_meet_the_contract(raw: bytes) -> None:
    _is_read_just_when_it_meets_the_contract(raw)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "su\udcefte.jsonl"
    file.write_text("")
    with pytest.raises(SuiteError, match="is not UTF-8"):
        find_suite(str(file))


@pytest.mark.parametrize("depth", range(60, 1100, 52))
@pytest.mark.parametrize(("opening", "closing"), ["[]", ('{"a":', "}")])
def test_however_deep_it_is_nested_there_is_one_fault(depth: int, opening: str, closing: str) -> None:
    # Just below Python's own limit a value could be read and not be printed.
    deep = (opening * depth + "1" + closing * depth).encode()
    for field in (b'"chosen": 1', b'"more": 1', b'"criteria": 1'):
        raw = line().replace(b"{", b"{" + field.replace(b"1", deep) + b", ", 1).replace(b'"chosen": "', b'"text": "')
        assert all(len(fault) < 1000 for fault in faults(raw))
        assert faults(raw)


def test_brackets_within_text_are_no_depth() -> None:
    text = "[{" * 500 + '"\\' + "]}" * 3
    assert faults(line(chosen=text)) == []
