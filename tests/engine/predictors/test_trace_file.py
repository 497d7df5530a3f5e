"""Trace files: what is read, and every fault by line and field."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.predictors.trace_file import TraceRecord, parse_traces, read_traces
from rubrics.errors import BadInput

GOOD: dict[str, Any] = {
    "prompt": "Q?\n",
    "trace": "é so",
    "tokens": [{"token": "?", "bytes": [0xC3], "logprob": -1.0}, {"token": "?", "bytes": [0xA9], "logprob": 0.0},
               {"token": " so", "bytes": None, "logprob": -0.5, "top_logprobs": []}],
    "spans": [[0, 1], [2, 4]],
}  # fmt: skip


def lines(*values: object) -> list[bytes]:
    return [(value if isinstance(value, str) else json.dumps(value)).encode() + b"\n" for value in values]


def fault(*values: object) -> str:
    with pytest.raises(BadInput) as caught:
        parse_traces(lines(*values), name="t", where="t.jsonl")
    assert caught.value.where == "t.jsonl"
    assert caught.value.fix
    return caught.value.what


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sums.jsonl"
    path.write_bytes(b"".join(lines(GOOD, {**GOOD, "id": "second", "cluster": "c"})))
    traces = read_traces(path)
    assert (traces.name, traces.weighted, traces.masked) == ("sums", True, True)
    first, second = traces.records
    assert (first.id, first.cluster, second.id, second.cluster) == ("line 1", "line 1", "second", "c")
    assert first.lengths == (1, 1, 3)
    assert first.logprob == (-1.0, 0.0, -0.5)
    assert first.spans == ((0, 1), (2, 4))
    assert first.frontier.characters().tolist() == pytest.approx([math.exp(-1), *[math.exp(-0.5)] * 3])


def test_who_wrote_them_is_said() -> None:
    written = [{**GOOD, "id": "1", "writer": "http://h:1/v1#org/Big-7B"}, {**GOOD, "id": "2"}]
    traces = parse_traces(lines(*written), name="t", where="")
    assert traces.writers == ("http://h:1/v1#org/Big-7B",)
    assert traces.by_candidates(["big-7b", "small"]).startswith("big-7b wrote traces of t")
    assert traces.by_candidates(["Big-70B", ""]) == ""
    assert TraceRecord.from_json(traces.records[0].to_json()).writer == traces.writers[0]
    assert "must be text" in fault({**GOOD, "writer": 3})


def test_the_hash_is_of_what_is_said() -> None:
    plain = {"prompt": "a", "trace": "b"}
    one = parse_traces(lines(plain), name="x", where="")
    other = parse_traces(lines('{"trace": "b",   "prompt": "\\u0061"}'), name="y", where="")
    third = parse_traces(lines({**plain, "prompt": "c"}), name="x", where="")
    assert one.hash == other.hash != third.hash
    assert not one.weighted
    assert not one.masked


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": 3}, "line 1, prompt: must be text"),
        ({"trace": " "}, "line 1, trace: is blank"),
        ({"cluster": None}, "line 1, cluster: must be text"),
        ({"tracee": "x"}, "did you mean trace?"),
        ({"tokens": []}, "line 1, tokens: must be a list"),
        ({"tokens": {"token": "x"}}, "line 1, tokens: must be a list"),
        ({"tokens": ["é so"]}, "line 1, tokens.0: must be an object"),
        ({"tokens": [{"token": "é so"}]}, "tokens.0: must be an object with token and logprob"),
        ({"tokens": [{"token": "é so", "logprob": 0.1}]}, "is no log-probability"),
        ({"tokens": [{"token": "é so", "logprob": True}]}, "is no log-probability"),
        ({"tokens": [{"token": "é so", "logprob": -(10**400)}]}, "is no log-probability"),
        ({"tokens": [{"token": 1, "logprob": -1}]}, "token must be text"),
        ({"tokens": [{"bytes": None, "logprob": -1}]}, "token must be text"),
        ({"tokens": [{"bytes": [256], "logprob": -1}]}, "bytes must be a list of 0 to 255"),
        (
            {"tokens": [{"token": "é", "logprob": -1}, {"token": " sa", "logprob": -1}]},
            "part from it at byte 4, token 1",
        ),
        (
            {"tokens": [{"token": "é so", "logprob": -1}, {"token": "!", "logprob": -1}]},
            "part from it at byte 5, token 1",
        ),
        ({"tokens": [{"token": "é", "logprob": -1}]}, "part from it at byte 2, token 1"),
        ({"spans": [0, 1]}, "spans.0: must be two whole numbers"),
        ({"spans": [[0, 1], [1, 5]]}, "spans.1: 1–5 is not inside a trace of 4 characters"),
        ({"spans": [[1, 1]]}, "spans.0: 1–1 is not inside"),
        ({"spans": []}, "line 1, spans: must be a list"),
    ],
)
def test_faults(change: dict[str, Any], said: str) -> None:
    assert said in fault({**GOOD, **change})


def test_faults_between_lines() -> None:
    assert "line 2, id: ‘a’ stands further up" in fault({**GOOD, "id": "a"}, {**GOOD, "id": "a"})
    assert "1 of 2 lines has tokens" in fault(GOOD, {**GOOD, "tokens": None})
    assert "1 of 2 lines has spans" in fault({**GOOD, "spans": None}, GOOD)
    assert "2 faults" in fault({"prompt": "x"}, "[1]")
    assert "holds no traces" in fault("")
    assert "line 2: not valid JSON" in fault(GOOD, '{"prompt"')


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read_traces(tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_traces(tmp_path / "none.jsonl")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 300) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["token", "bytes", "logprob", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "id", "cluster", "odd"]), _JSON, max_size=7), st.booleans())
def test_anything_is_read_or_refused(value: dict[str, Any], over_good: bool) -> None:
    try:
        found = parse_traces(lines({**GOOD, **value} if over_good else value), name="t", where="t")
    except BadInput:
        return
    for record in found.records:
        assert TraceRecord.from_json(record.to_json()).to_json() == record.to_json()
        if record.lengths:
            assert sum(record.lengths) == len(record.trace.encode())
