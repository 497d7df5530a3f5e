"""Files of the program's own contract: suites, prompts with criteria, traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from tests.fuzz.contract import objects_in, prompt_of, suite_of
from tests.fuzz.family import Case, Family, NotValid, Unsure
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]


def _pair(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "domain": "d",
        "prompt": f"Name {number} colours.",
        "chosen": "Red, blue.",
        "rejected": "Red.",
        "criteria": [
            {"id": "c1", "text": "Names all of them.", "subcategory": "Completeness"},
            {"id": "c2", "text": "Names colours.", "subcategory": "Factuality"},
        ],
        "violated": ["c1"],
        **more,
    }


_TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
_SUITE = [
    _pair(1),
    _pair(2, prompt=_TURNS, group="g", cluster="t"),
    _pair(3, split="shot", source="mine", license="MIT"),
]
_PROMPTS = [
    {"id": "q1", "domain": "d", "prompt": "Why?", "criteria": _pair(1)["criteria"], "reference": "Because."},
    {"id": "q2", "domain": "d", "prompt": _TURNS, "criteria": [], "source": "mine"},
    {
        "id": "q3",
        "domain": "d",
        "prompt": "How many?",
        "criteria": _pair(1)["criteria"],
        "checks": {
            "c1": {"kind": "at most", "number": 50},
            "c2": {"kind": "says", "right": ["red"], "wrong": ["green"]},
        },
    },
]
_TRACES = [
    {
        "id": "t1",
        "prompt": "1+1?\n",
        "trace": "It is two.",
        "cluster": "sums",
        "spans": [[0, 2], [6, 9]],
        "tokens": [{"token": "It", "logprob": -0.5}, {"token": " is", "logprob": -1}, {"token": " two.", "logprob": 0}],
    },
    {
        "prompt": "",
        "trace": "ä",
        "spans": [[0, 1]],
        "tokens": [{"bytes": [195], "logprob": -2.5}, {"token": "?", "bytes": [164], "logprob": 1e-9}],
    },
]


class _Lines(Family):
    seeds: ClassVar[list[dict[str, Any]]]

    def make(self, change: Mutator) -> Case:
        values = self.seeds[: change.chance.choice([1, 2, 3])]
        raw = change.lines(change.value(values))
        return Case({"made.jsonl": change.raw(raw) if change.chance.random() < 0.3 else raw})

    def model(self, raw: bytes) -> Any:
        """What the file holds.

        Raises:
            NotValid: it may not be taken.
            Unsure: the model does not know.
        """
        raise NotImplementedError

    def plainly(self, got: Any) -> Any:
        """What the program made of it, in the model's terms."""
        raise NotImplementedError

    def judge(self, case: Case, got: Any) -> str:
        try:
            right = self.model(case.files["made.jsonl"])
        except NotValid as fault:
            return f"taken, though {fault}"
        except Unsure:
            return ""
        return "" if self.plainly(got) == right else f"{self.plainly(got)!r} is not {right!r}"[:2000]

    def judge_refusal(self, case: Case) -> str:
        try:
            self.model(case.files["made.jsonl"])
        except (NotValid, Unsure):
            return ""
        return "refused, though valid"


class Suites(_Lines):
    name = "suites"
    share = 6.0
    seeds = _SUITE

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.reading import find_suite

        suite = find_suite(str(folder / "made.jsonl"))
        assert len(suite.hash) == 64
        return suite

    def model(self, raw: bytes) -> Any:
        return suite_of(raw)

    def plainly(self, got: Any) -> Any:
        return [json.loads(pair.canonical()) for pair in got.pairs]


class SuiteChecks(Suites):
    """`suite check` reads a file for itself, and reports instead of refusing."""

    name = "suite check"
    share = 1.0

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.check import check_file

        return check_file(folder / "made.jsonl", [])

    def judge(self, case: Case, got: Any) -> str:
        try:
            suite_of(case.files["made.jsonl"])
        except NotValid as fault:
            return "" if got.errors else f"no error is reported, though {fault}"
        except Unsure:
            return ""
        return ""

    def judge_refusal(self, case: Case) -> str:
        return ""

    def said(self, got: Any) -> str:
        json.dumps(got.to_json())
        return str(got.render())


class Prompts(_Lines):
    name = "prompts"
    share = 2.0
    seeds = _PROMPTS

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.prompts import read_prompts

        return read_prompts(folder / "made.jsonl")

    def model(self, raw: bytes) -> Any:
        prompts = [prompt_of(value) for value in objects_in(raw)]
        if not prompts or len({prompt["id"] for prompt in prompts}) < len(prompts):
            raise NotValid("ids, or nothing")
        return prompts

    def plainly(self, got: Any) -> Any:
        return [json.loads(prompt.canonical()) for prompt in got]


class Traces(_Lines):
    name = "traces"
    share = 2.0
    seeds = _TRACES

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.predictors.trace_file import read_traces

        traces = read_traces(folder / "made.jsonl")
        assert type(traces).from_lines("", [record.to_json() for record in traces.records]).hash == traces.hash
        return traces

    def model(self, raw: bytes) -> Any:
        records = []
        blank = any(not line.strip() for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:-1])
        for number, value in enumerate(objects_in(raw)):
            if not set(value) <= {"id", "prompt", "trace", "tokens", "spans", "cluster"}:
                raise NotValid("fields")
            name, prompt, trace = value.get("id"), value.get("prompt"), value.get("trace")
            if not isinstance(prompt, str) or not isinstance(trace, str) or not trace.strip():
                raise NotValid("prompt or trace")
            if "id" not in value:
                name = None if blank else f"line {number + 1}"
            elif not isinstance(name, str) or not name.strip():
                raise NotValid("id")
            cluster = value.get("cluster", name)
            if "cluster" in value and (not isinstance(cluster, str) or not cluster.strip()):
                raise NotValid("cluster")
            records.append((name, prompt, trace, cluster, *_tokens(value, trace), _spans(value, trace)))
        for place in (4, 6):
            if len({bool(record[place]) for record in records}) > 1:
                raise NotValid("some and not all")
        known = [record[0] for record in records if record[0] is not None]
        if not records or len(set(known)) < len(known):
            raise NotValid("ids, or nothing")
        return records

    def plainly(self, got: Any) -> Any:
        return [
            (r.id, r.prompt, r.trace, r.cluster, list(r.lengths), list(r.logprob), list(r.spans)) for r in got.records
        ]

    def judge(self, case: Case, got: Any) -> str:
        try:
            right = self.model(case.files["made.jsonl"])
        except NotValid as fault:
            return f"taken, though {fault}"
        except Unsure:
            return ""
        found = self.plainly(got)
        # A line's number is a name where there is no other, and blank lines count.
        same = len(found) == len(right) and all(
            one[4:] == other[4:] and one[1:3] == other[1:3] and (other[0] is None or one[0] == other[0])
            for one, other in zip(found, right, strict=True)
        )
        return "" if same else f"{found!r} is not {right!r}"[:2000]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tokens(value: dict[str, Any], trace: str) -> tuple[list[int], list[float]]:
    tokens = value.get("tokens")
    if tokens is None:
        return [], []
    if not isinstance(tokens, list) or not tokens:
        raise NotValid("tokens")
    pieces, surprise = [], []
    for token in tokens:
        if not isinstance(token, dict) or not _number(token.get("logprob")) or not -1e100 <= token["logprob"] <= 1e-6:
            raise NotValid("token")
        raw = token.get("bytes")
        if raw is not None:
            if not isinstance(raw, list) or not all(type(byte) is int and 0 <= byte < 256 for byte in raw):
                raise NotValid("bytes")
            pieces.append(bytes(raw))
        elif isinstance(token.get("token"), str):
            pieces.append(token["token"].encode())
        else:
            raise NotValid("token")
        surprise.append(min(0.0, float(token["logprob"])))
    if b"".join(pieces) != trace.encode():
        raise NotValid("tokens are not the trace")
    return [len(piece) for piece in pieces], surprise


def _spans(value: dict[str, Any], trace: str) -> list[tuple[int, int]]:
    spans = value.get("spans")
    if spans is None:
        return []
    if not isinstance(spans, list) or not spans:
        raise NotValid("spans")
    for span in spans:
        if not isinstance(span, list) or len(span) != 2 or not all(type(end) is int for end in span):
            raise NotValid("span")
        if not 0 <= span[0] < span[1] <= len(trace):
            raise NotValid("span outside")
    return [(start, stop) for start, stop in spans]


FAMILIES: list[type[Family]] = [Suites, SuiteChecks, Prompts, Traces]
