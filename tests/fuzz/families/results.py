"""Scores that other programs wrote: result files of harnesses, tables of outcomes and of predictors, maps of names."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz.family import Case, Family, NotValid, Unsure, has_half, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_SEEDS: Final[dict[str, dict[str, Any]]] = {
    "lm-eval": {
        "results": {
            "arc": {
                "alias": "arc",
                "acc,none": 0.25,
                "acc_stderr,none": 0.01,
                "acc_norm,none": 0.5,
                "acc_norm_stderr,none": "N/A",
            },
            "wiki": {"alias": "wiki", "word_perplexity,none": 12.5, "word_perplexity_stderr,none": "N/A"},
            "both": {"alias": "both", "acc,none": 0.3, "acc_stderr,none": 0.02},
        },
        "groups": {"both": {"alias": "both", "acc,none": 0.3, "acc_stderr,none": 0.02}},
        "group_subtasks": {"both": ["arc", "wiki"]},
        "higher_is_better": {"arc": {"acc": True, "acc_norm": True}, "wiki": {"word_perplexity": False}},
        "configs": {"arc": {}},
        "config": {"model": "hf", "model_args": "pretrained=org/base,dtype=float32"},
        "model_name": "org/base",
    },
    "lm-eval 0.3": {
        "results": {"arc": {"acc": 0.25, "acc_stderr": 0.01, "acc_norm": 0.5, "acc_norm_stderr": 0.02}},
        "versions": {"arc": 0},
        "config": {"model": "gpt2", "model_args": "pretrained=org/base"},
    },
    "lighteval": {
        "config_general": {"model_name": "org/base", "lighteval_sha": "?"},
        "results": {
            "suite|a:one|0": {"em": 0.25, "em_stderr": 0.01},
            "suite|a:two|0": {"em": 0.5, "em_stderr": 0.01},
            "suite|a:_average|0": {"em": 0.375, "em_stderr": 0.01},
            "all": {"em": 0.375, "em_stderr": 0.01},
        },
        "config_tasks": {"suite|a:one": {"metrics": [{"metric_name": "em", "higher_is_better": True}]}},
    },
    "inspect": {
        "version": 2,
        "status": "success",
        "eval": {"task": "sums", "model": "hf/base"},
        "results": {
            "scores": [
                {
                    "name": "match",
                    "reducer": "mean",
                    "metrics": {"accuracy": {"name": "accuracy", "value": 0.625}, "stderr": {"value": 0.1}},
                },
                {"name": "other", "metrics": {"mean": {"value": 3}, "std": {"value": 1.5}}},
            ]
        },
    },
    "trainer state": {
        "epoch": 1.0,
        "global_step": 20,
        "log_history": [
            {"step": 10, "loss": 2.5, "eval_loss": 2.25, "eval_runtime": 3.5},
            {"step": 20, "loss": 1.5, "eval_loss": 1.25, "eval_accuracy": 0.5, "eval_samples_per_second": 7.5},
        ],
    },
}


def _usable(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        size = abs(float(value))
    except OverflowError:
        return False
    return size == 0 or 1e-100 <= size <= 1e100


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a file that could be a score, by the names that lead to it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, f"{path}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item, path)
    elif _usable(value):
        yield path, float(value)


class Harnesses(Family):
    """JSON of harnesses through `read_outcomes`."""

    name = "outcomes: harnesses"
    share = 4.0

    def make(self, change: Mutator) -> Case:
        seed = change.chance.choice(list(_SEEDS))
        raw = change.json(change.value(_SEEDS[seed]))
        raw = change.raw(raw) if change.chance.random() < 0.25 else raw
        return Case({"made.json": raw}, {"seed": seed, "averages": change.chance.random() < 0.2})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.outcomes.outcome import check_together, unsaid_directions
        from engine.outcomes.outcomes import read_outcomes, renamed

        read = read_outcomes(folder / "made.json", averages=case.asked["averages"])
        scores = renamed(read.outcomes, {})
        check_together(scores)
        return read._replace(left_out=[*read.left_out, *unsaid_directions(scores)])

    def judge(self, case: Case, got: Any) -> str:
        raw = case.files["made.json"]
        try:
            value = strict_json(raw.decode("utf-8-sig"), constants=True)
        except UnicodeDecodeError:
            return ""
        except NotValid as fault:
            # It may be a table, or in another encoding.
            return f"taken, though {fault}" if raw[:1] == b"{" and b"\0" not in raw else ""
        except Unsure:
            return ""
        there = list(_numbers(value))
        for outcome in got.outcomes:
            if not _usable(outcome.score) or (outcome.stderr is not None and not outcome.stderr >= 0):
                return f"{outcome} is no score"
            names = (outcome.candidate, outcome.outcome)
            if has_half(list(names)) or any("\0" in name or not name.strip() for name in names):
                return f"{names} are no names"
            metric = re.split(r"[/,]", outcome.outcome)[-1]
            if not any(
                number == outcome.score and not re.search(r"_stderr(,|$)", path.rpartition("/")[2])
                for path, number in there
            ):
                return f"{outcome} stands nowhere"
            if metric.endswith("_stderr"):
                return f"{outcome} is a standard error"
        keys = [(outcome.candidate, outcome.outcome) for outcome in got.outcomes]
        if len(set(keys)) < len(keys):
            return "one outcome twice"
        # As text: to Python, 1 and true are equal.
        if json.dumps(value) == json.dumps(_SEEDS[case.asked["seed"]]) and not case.asked["averages"]:
            found = sorted(
                (outcome.outcome, outcome.score, outcome.stderr, outcome.lower_is_better) for outcome in got.outcomes
            )
            return "" if found == _RIGHT[case.asked["seed"]] else f"{found} is not {_RIGHT[case.asked['seed']]}"
        return ""

    def judge_refusal(self, case: Case) -> str:
        try:
            value = strict_json(case.files["made.json"].decode())
            untouched = json.dumps(value) == json.dumps(_SEEDS[case.asked["seed"]])
        except (NotValid, Unsure, UnicodeDecodeError):
            return ""
        return "refused, though nothing was changed" if untouched else ""

    def said(self, got: Any) -> str:
        return "\n".join(got.left_out)


_RIGHT: Final = {
    "lm-eval": [
        ("arc/acc", 0.25, 0.01, False),
        ("arc/acc_norm", 0.5, None, False),
        ("wiki/word_perplexity", 12.5, None, True),
    ],
    "lm-eval 0.3": [("arc/acc", 0.25, 0.01, None), ("arc/acc_norm", 0.5, 0.02, None)],
    "lighteval": [("suite|a:one|0/em", 0.25, 0.01, False), ("suite|a:two|0/em", 0.5, 0.01, None)],
    "trainer state": [("eval_accuracy", 0.5, None, None), ("eval_loss", 1.25, None, True)],
    "inspect": [("sums/match/accuracy", 0.625, 0.1, None), ("sums/other/mean", 3.0, None, None)],
}


class _Table(Family):
    """A table of text; the model sees the cells that were written, not the bytes."""

    seed: ClassVar[list[list[Any]]]
    shrinks = False

    def make(self, change: Mutator) -> Case:
        changed = change.value(self.seed)
        table = [
            row if isinstance(row, list) else [row] for row in (changed if isinstance(changed, list) else [changed])
        ]
        cells = [[_cell(cell) for cell in row] for row in table]
        separator = change.chance.choice([",", ",", ",", ";", "\t"])
        if separator == ";":
            cells = [[re.sub(r"^(-?\d+)\.(\d+)$", r"\1,\2", cell) for cell in row] for row in cells]
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=separator, lineterminator=change.chance.choice(["\n", "\r\n"]))
        writer.writerows(cells)
        encoding = change.chance.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16"])
        raw = out.getvalue().encode(encoding, "replace")
        damaged = change.chance.random() < 0.25
        asked = {"cells": None if damaged else cells, "separator": separator}
        return Case({"made.csv": change.raw(raw) if damaged else raw}, asked)


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return "1" + "0" * 400
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


def _decimal(cell: str, separator: str) -> float:
    """A number as people write it.

    Raises:
        NotValid: it is none.
        Unsure: it may be one.
    """
    text = cell.strip()
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        return float(text)
    if re.fullmatch(r"[+-]?\d*[,]\d+", text, re.ASCII) and separator == ";":
        return float(text.replace(",", "."))
    if re.fullmatch(r"(?i)[+-]?(nan|inf(inity)?)", text):
        return float(text)
    if re.search(r"[\d,]", text):
        raise Unsure(f"{text!r} may be a number")
    raise NotValid(f"{text!r} is no number")


_NOT_THERE: Final = ("na", "n/a", "#n/a", "null", "none")
"""What stands for a number that somebody does not have."""


def _known(cell: str, separator: str) -> float | None:
    """A number; NaN for one that is said not to be there, None for nothing."""
    return None if not cell else math.nan if cell.casefold() in _NOT_THERE else _decimal(cell, separator)


def _lowered(names: list[str], known: Sequence[str]) -> list[str]:
    """Capitals are the same name, unless that is there as well."""
    folded = [name.casefold() for name in names]
    return [
        fold if fold in known and fold not in names and folded.count(fold) == 1 else name
        for name, fold in zip(names, folded, strict=True)
    ]


class OutcomeTables(_Table):
    """`candidate, outcome, score[, stderr, source, direction, domain, scale, samples, date]`."""

    name = "outcomes: tables"
    share = 3.0
    seed: ClassVar[list[list[Any]]] = [
        ["candidate", "outcome", "score", "stderr", "source", "direction", "domain"],
        ["base-a", "arc", 0.31, 0.01, "paper", "higher", "Logic"],
        ["base-b", "arc", 0.4475, "", "", "", ""],
        ["base-a", "ppl", 12.5, "", "", "lower", ""],
    ]

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.outcomes.outcomes import read_outcomes

        return read_outcomes(folder / "made.csv")

    def _model(self, case: Case) -> list[tuple[str, str, float, float | None]]:
        cells = case.asked["cells"]
        # Bare carriage returns and what a `sep=` line does to a header are the reader's own business.
        if cells is None or any("\r" in cell or "\0" in cell for row in cells for cell in row):
            raise Unsure("damaged")
        header, *rows = [row for row in cells if any(cell.strip() for cell in row)] or [[]]
        names = [name.strip() for name in header]
        names[:1] = [name.removeprefix("\ufeff") for name in names[:1]]
        while names and not names[-1]:
            names.pop()
        if any(name.casefold().startswith(("sep=", '"sep=')) or '"' in name or "\n" in name for name in names[:1]):
            raise Unsure("sep=")
        if "".join(header[:1]).startswith(("{", "[")) or cells[:1] != [header]:
            raise Unsure("JSON, or a blank line first")
        known = ("candidate", "outcome", "score", "stderr", "source", "direction", "domain", "scale", "samples", "date")
        names = _lowered(names, known)
        if (
            not {"candidate", "outcome", "score"} <= set(names)
            or not set(names) <= set(known)
            or len(set(names)) < len(names)
        ):
            raise NotValid("header")
        found: dict[tuple[str, str], tuple[str, str, float, float | None]] = {}
        for row in rows:
            # Spreadsheets write empty cells for columns that were used once.
            if len(row) < len(names) or any(cell.strip() for cell in row[len(names) :]):
                raise NotValid("row")
            at = {name: cell.strip() for name, cell in zip(names, row, strict=False)}
            score, stderr = (_known(at.get(name, ""), case.asked["separator"]) for name in ("score", "stderr"))
            if score is None:
                raise NotValid("no score")
            if not at["candidate"] or not at["outcome"] or (stderr is not None and (stderr < 0 or math.isinf(stderr))):
                raise NotValid("cell")
            if at.get("direction", "").casefold() not in ("", "higher", "lower"):
                raise Unsure("direction")
            if stderr is not None and not math.isnan(stderr) and not _usable(stderr):
                raise NotValid("stderr")
            if math.isnan(score):
                continue
            if not _usable(score) or (at["candidate"], at["outcome"]) in found:
                raise NotValid("score, or twice")
            stderr = None if stderr is None or math.isnan(stderr) else stderr
            found[at["candidate"], at["outcome"]] = (at["candidate"], at["outcome"], score, stderr)
        if not found:
            raise NotValid("nothing")
        return sorted(found.values(), key=repr)

    def judge(self, case: Case, got: Any) -> str:
        for outcome in got.outcomes:
            if (
                not _usable(outcome.score)
                or "\0" in outcome.candidate + outcome.outcome
                or not outcome.candidate.strip()
            ):
                return f"{outcome} is no score"
        try:
            right = self._model(case)
        except NotValid as fault:
            return f"taken, though {fault}"
        except Unsure:
            return ""
        found = sorted(((o.candidate, o.outcome, o.score, o.stderr) for o in got.outcomes), key=repr)
        return "" if found == right else f"{found!r} is not {right!r}"[:1500]

    def judge_refusal(self, case: Case) -> str:
        try:
            self._model(case)
        except (NotValid, Unsure):
            return ""
        return "refused, though valid"

    def said(self, got: Any) -> str:
        return "\n".join(got.left_out)


class PredictorTables(_Table):
    """`candidate` and a column for each predictor."""

    name = "predictor tables"
    share = 2.0
    seed: ClassVar[list[list[Any]]] = [
        ["candidate", "my score", "loss"],
        ["base-a", 0.31, 2.5],
        ["base-b", 0.5, ""],
        ["base-c", "", 1],
    ]

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.predictors.column import read_columns

        return read_columns(folder / "made.csv")

    def judge(self, case: Case, got: Any) -> str:
        keys = [(value.candidate, value.predictor) for value in got]
        if len(set(keys)) < len(keys):
            return "one value twice"
        for value in got:
            if (
                not _usable(value.value)
                or not value.candidate.strip()
                or not value.predictor.strip()
                or "\0" in value.candidate + value.predictor
            ):
                return f"{value} is no value"
        cells = case.asked["cells"]
        if cells is not None:
            there = {cell.strip() for row in cells for cell in row}
            for value in got:
                if value.candidate not in there or value.predictor not in there:
                    return f"{value} stands nowhere"
        return ""


class NameMaps(_Table):
    """Whose a score is: a CSV with `name` and `candidate`, and `NAME=CANDIDATE`; columns of an import."""

    name = "name maps"
    share = 2.0
    seed: ClassVar[list[list[Any]]] = [["name", "candidate"], ["org/a", "base-a"], ["org/b", "base-b"]]

    def make(self, change: Mutator) -> Case:
        case = super().make(change)
        words = change.value(["org/a=base-a", "x=base-b"])
        parts = [_cell(word) for word in words] if isinstance(words, list) else [_cell(words)]
        columns = change.text("prompt=question,chosen=better,rejected=worse")
        return Case(
            case.files,
            {**case.asked, "parts": [part for part in parts if not part.endswith(".csv")], "columns": columns},
        )

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.outcomes.outcome import Outcome
        from engine.outcomes.outcomes import mapping_of, renamed
        from rubrics.errors import RudeError
        from rubrics.importers import parse_map

        try:
            columns: Any = parse_map(case.asked["columns"])
        except RudeError as error:
            columns = str(error)
        try:
            words: Any = mapping_of(case.asked["parts"])
        except RudeError as error:
            words = str(error)
        mapping = mapping_of([str(folder / "made.csv")])
        outcomes = [Outcome(name, "arc", 0.5) for name in ("org/a", "org/b", "base-c")]
        return (
            mapping,
            renamed(outcomes, {name: to for name, to in mapping.items() if name in ("org/a", "org/b")}),
            words,
            columns,
        )

    def judge(self, case: Case, got: Any) -> str:
        mapping, outcomes, *_ = got
        if len({outcome.candidate for outcome in outcomes}) < 3 or any(
            not n.strip() or not c.strip() for n, c in mapping.items()
        ):
            return f"{mapping} gives one score two owners, or none"
        cells = case.asked["cells"]
        if cells is None or any("\r" in cell or "\0" in cell for row in cells for cell in row):
            return ""
        header = [cell.strip() for cell in cells[0]] if cells else []
        header[:1] = [name.removeprefix("\ufeff") for name in header[:1]]
        if any("sep=" in cell.casefold() or '"' in cell or "\n" in cell for cell in header):
            return ""
        header = _lowered(header, ("name", "candidate"))
        if header.count("name") != 1 or header.count("candidate") != 1:
            return f"taken, though the header is {header}"
        for row in cells[1:]:
            fits = len(row) >= len(header) and not any(cell.strip() for cell in row[len(header) :])
            if any(cell.strip() for cell in row) and not fits:
                return f"taken, though {row} does not fit {header}"
        right = {
            row[header.index("name")].strip(): row[header.index("candidate")].strip()
            for row in cells[1:]
            if any(map(str.strip, row))
        }
        return "" if mapping == right else f"{mapping} is not {right}"

    def said(self, got: Any) -> str:
        return "\n".join(text for text in got[2:] if isinstance(text, str))


FAMILIES: list[type[Family]] = [Harnesses, OutcomeTables, PredictorTables, NameMaps]
