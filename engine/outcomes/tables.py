"""Tables that other programs write: OpenCompass's summary, and a table of runs as Weights & Biases exports it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from engine.outcomes.result_file import HarnessScore, ResultFile, ResultTable, conditions, day_of, lower, moment
from rubrics.sheets import parse_number

__all__ = ["is_opencompass", "is_wandb", "opencompass", "wandb"]

_SUMMARY: Final = ("dataset", "version", "metric", "mode")
_MEANS: Final = frozenset({"naive_average", "weighted_average", "harmonic_mean", "sum", "standard_deviation"})
"""What OpenCompass calls a row that is made of others."""
_PERCENT: Final = frozenset({"accuracy", "exact_match", "humaneval_pass@1"})
"""Metrics that OpenCompass gives in percent."""

_RUNS: Final = frozenset({"Name", "State"})
_OF_A_RUN: Final = frozenset({
    "Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "ID", "Group", "Job Type", "GPU Count",
    "GPU Type", "Hostname", "Commit", "Description", "Github Link", "_step", "_runtime", "_timestamp", "_wandb",
})  # fmt: skip
_MEASURED: Final = re.compile(r"(eval|evaluation|test|val|valid|validation|predict)[/_.]", re.IGNORECASE)
_PACE: Final = re.compile(r"(runtime|_per_second|global_step|num_tokens|epoch)$")


def is_opencompass(content: object) -> bool:
    """OpenCompass's `summary_….csv`."""
    return isinstance(content, ResultTable) and tuple(content.header[:4]) == _SUMMARY


def opencompass(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a dataset, metric and model; rows that are made of others only where they are asked for."""
    table: ResultTable = file.content
    models = [name for name in table.header[4:] if name]
    if len(set(models)) < len(models) or not models:
        raise file.error("needs one column for each model, none of them twice", "give the summary as it was written")
    measured = [row for _, row in table.rows if row["metric"] not in _MEANS and row["metric"] != "-"]
    for line, row in table.rows:
        dataset, metric = row["dataset"], row["metric"]
        if metric in ("", "-") or (
            metric in _MEANS and file.is_mean(f"{dataset}/{metric}", [r["metric"] for r in measured])
        ):
            continue
        for model in models:
            text = row.get(model, "")
            if text in ("", "-"):
                continue
            value = parse_number(text)
            yield from file.score(
                "OpenCompass", model, f"{dataset}/{metric}", text if value is None else value, f"line {line}, {model}",
                lower_is_better=lower(metric), measured=day_of(file.path),
                conditions=conditions(version=row["version"].strip("-"), more=[row["mode"].strip("-")]),
                scale=100.0 if metric in _PERCENT and value is not None and 0 <= value <= 100 else None,
            )  # fmt: skip


def is_wandb(content: object) -> bool:
    """A table of runs, as the app of Weights & Biases exports it."""
    return isinstance(content, ResultTable) and set(content.header) >= _RUNS


def wandb(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a run and column that was measured on held-out data, or that a pattern names; settings are none.

    A run is a candidate by its name until it is mapped to one.
    """
    table: ResultTable = file.content
    columns = [name for name in table.header if name and name not in _OF_A_RUN]
    taken = [
        name for name in columns
        if (any(fnmatchcase(name, pattern) for pattern in file.only) if file.only
            else _MEASURED.match(name) and not _PACE.search(name))
    ]  # fmt: skip
    if not taken:
        raise file.error(
            "holds no column that says it was measured on held-out data (eval/…, test/…, val/…)",
            f"say which columns are outcomes; there are {', '.join(columns[:20]) or 'none'}",
        )
    for line, row in table.rows:
        name = row.get("Name", "")
        if not name:
            raise file.error(f"line {line}: the run has no name", "export the runs with their names")
        if row.get("State", "finished") not in ("finished", ""):
            file.leave_out(f"{name} (its state is {row['State']!r})")
            continue
        for column in taken:
            text = row.get(column, "")
            if text:
                value = parse_number(text)
                yield from file.score(
                    "Weights & Biases", name, column, text if value is None else value, f"line {line}, {column}",
                    lower_is_better=lower(re.split(r"[/_.]", column)[-1]), measured=moment(row.get("Created")),
                )  # fmt: skip
