"""lm-evaluation-harness: result files of 0.3 and 0.4, and the samples that 0.4 writes beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.outcomes.result_file import (
    HarnessScore,
    ResultFile,
    at,
    conditions,
    count_of,
    day_of,
    is_error,
    is_number,
    lower,
    mean_and_error,
    moment,
    name_of,
    share,
)
from engine.stats.numbers import unusable
from rubrics.errors import OutcomeError
from rubrics.jsonl import NotJson, load_json
from rubrics.sources import read_text

__all__ = ["are_samples", "is_results", "results", "sampled", "samples"]

_NAME: Final = "lm-evaluation-harness"
_SAMPLES: Final = re.compile(r"samples_(?P<task>.+)_(?P<stamp>\d{4}-\d\d-\d\dT[\d.-]+)")
_OF_SAMPLE: Final = frozenset({"doc_id", "resps", "filtered_resps"})


def is_results(content: object) -> bool:
    """A result file, of either version."""
    return isinstance(at(content, "results"), dict)


def results(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a task, metric and filter; groups only where their tasks are not there."""
    content = file.content
    config = content.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    model = name_of(content.get("model_name")) or _from_arguments(arguments)
    if not model:
        raise file.error("model_name: is missing", "add the name of the model that was evaluated")
    # Groups stand both among the results and apart; the same numbers are read once.
    groups = file.table(content.get("groups", {}), "groups")
    tasks = {**file.table(content.get("results", {}), "results"), **groups}
    metrics_of = {task: file.table(metrics, f"results.{task}") for task, metrics in tasks.items()}
    directions, counted = content.get("higher_is_better"), content.get("n-samples")
    measured = moment(content.get("date")) or day_of(file.path)
    # Metrics are "name,filter" since 0.4; what has no comma (alias, sample_len) describes the task. Before, all are
    # names alone.
    old = "configs" not in content and not any("," in key for metrics in metrics_of.values() for key in metrics)
    for task, metrics in metrics_of.items():
        if file.is_mean(task, _parts(task, tasks, groups, content.get("group_subtasks"))):
            continue
        for key, value in metrics.items():
            name, comma, filtered = key.partition(",")
            if is_error(key) or not (comma or (old and is_number(value))):
                continue
            label = name if filtered in ("", "none") else key
            yield from file.score(
                (f"{_NAME} 0.3" if old else _NAME) + sampled(counted, task, at(config, "limit")),
                model, f"{task}/{label}", value, f"results.{task}.{key}",
                metrics.get(f"{name}_stderr{comma}{filtered}"),
                lower_is_better=lower(name, at(directions, task, name)), scale=share(name, value),
                samples=count_of(at(counted, task, "effective")), measured=measured,
                conditions=_conditions(content, task),
            )  # fmt: skip


def _parts(
    task: str, tasks: Mapping[str, Any], groups: Mapping[str, Any], subtasks: object
) -> list[str]:  # fmt: skip
    """The tasks of the file that a group is made of; none where it is a task, or stands alone."""
    named = at(subtasks, task)
    if isinstance(named, list) and named:
        return [name for name in named if isinstance(name, str) and name in tasks and name != task]
    return [name for name in tasks if name not in groups] if task in groups else []


def sampled(samples: object, task: str, limit: object) -> str:
    """That a task was not run whole, as words behind the harness: such a score is of another test.

    Args:
        samples: lm-eval's `n-samples`: by task, how many there are and how many were used.
        limit: samples a task at most; a share of them, if it is below 1.
    """
    used, there = (at(samples, task, name) for name in ("effective", "original"))
    if is_number(used) and is_number(there):
        return f", {used:,} of {there:,} samples" if used < there else ""
    if not is_number(limit) or unusable(limit) or limit <= 0:  # type: ignore[arg-type, operator]
        return ""
    return f", at most {limit:,g} samples a task" if limit >= 1 else f", {100 * limit:g} % of the samples"  # type: ignore[operator]


def _conditions(content: object, task: str) -> str | None:
    """Shots and version of a task, and what stood around it: with another of these it is another test."""
    shots = at(content, "n-shot", task)
    return conditions(
        shots=at(content, "config", "num_fewshot") if shots is None else shots,
        version=at(content, "versions", task),
        more=[
            *(["chat template"] if name_of(at(content, "chat_template")) else []),
            *(["system instruction"] if name_of(at(content, "system_instruction")) else []),
        ],
    )


def _from_arguments(arguments: object) -> str:
    """The model in lm-evaluation-harness's model_args, which older files hold as `pretrained=NAME,dtype=…`."""
    if isinstance(arguments, str):
        arguments = dict(part.partition("=")[::2] for part in arguments.split(","))
    return next(filter(None, (name_of(at(arguments, key)) for key in ("pretrained", "model", "engine"))), "")


def are_samples(content: object) -> bool:
    """The lines of a samples file."""
    return isinstance(content, list) and bool(content) and all(
        isinstance(line, dict) and line.keys() >= _OF_SAMPLE for line in content
    )  # fmt: skip


def samples(file: ResultFile) -> Iterator[HarnessScore]:
    """The mean of every metric that each sample has by itself, with its standard error.

    A samples file names its task in its own name, and its model only in the results beside it or in its folder.
    """
    named = _SAMPLES.fullmatch(file.path.stem)
    if named is None:
        raise file.error(
            "holds samples of lm-evaluation-harness, but its name does not say of which task",
            "call it samples_TASK_DATE.jsonl, as the harness does, or give the results beside it",
        )
    beside = _results_beside(file, named["stamp"])
    model = name_of(at(beside, "model_name")) or _from_arguments(at(beside, "config", "model_args"))
    model = model or file.path.absolute().parent.name.replace("__", "/")
    directions = at(beside, "higher_is_better", named["task"])
    by_metric: dict[tuple[str, str], list[float]] = {}
    for number, line in enumerate(file.content, start=1):
        filtered = name_of(line.get("filter")) or "none"
        # Before 0.4.5 a line does not say which of its fields are metrics: those that are numbers.
        told = line.get("metrics")
        metrics = (
            told if isinstance(told, list) else [name for name in line if name != "doc_id" and is_number(line[name])]
        )
        for metric in metrics:
            value = line.get(metric) if isinstance(metric, str) else None
            value = float(value) if isinstance(value, bool) else value
            if is_number(value) and not math.isnan(value):  # type: ignore[arg-type]
                if wrong := unusable(value):  # type: ignore[arg-type]
                    raise file.error(f"line {number}, {metric}: {str(value)[:40]} {wrong}", "remove this sample")
                by_metric.setdefault((metric, filtered), []).append(float(value))  # type: ignore[arg-type]
    for (metric, filtered), values in by_metric.items():
        mean, error = mean_and_error(values)
        yield from file.score(
            f"{_NAME}, {len(values):,} samples", model,
            f"{named['task']}/{metric}" + ("" if filtered == "none" else f",{filtered}"), mean, metric, error,
            lower_is_better=lower(metric, at(directions, metric)), scale=share(metric, mean),
            samples=len(values), measured=moment(at(beside, "date")) or day_of(file.path),
            conditions=_conditions(beside, named["task"]),
        )  # fmt: skip


def _results_beside(file: ResultFile, stamp: str) -> object:
    path = file.path.with_name(f"results_{stamp}.json")
    if not path.is_file():
        return None
    try:
        return load_json(read_text(path, OutcomeError), constants=True)
    except (NotJson, RecursionError):
        return None
