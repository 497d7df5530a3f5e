"""lighteval's result files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.outcomes.lm_eval import sampled
from engine.outcomes.result_file import (
    MEANS,
    HarnessScore,
    ResultFile,
    at,
    conditions,
    count_of,
    day_of,
    is_error,
    lower,
    name_of,
    share,
)

__all__ = ["is_results", "results"]


def is_results(content: object) -> bool:
    """A result file."""
    return isinstance(at(content, "config_general"), dict)


def results(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a task and metric; means over tasks only where these are not there."""
    general = file.table(file.content["config_general"], "config_general")
    model = name_of(general.get("model_name")) or name_of(at(general, "model_config", "model_name"))
    if not model:
        raise file.error("config_general.model_name: is missing", "add the name of the model")
    tasks = file.table(file.content.get("results", {}), "results")
    configs = file.content.get("config_tasks")
    told_of = {task: _directions(about) for task, about in configs.items()} if isinstance(configs, dict) else {}
    for task, metrics in tasks.items():
        table = file.table(metrics, f"results.{task}")
        # "suite|task:subset|shots", and "all".
        whole, subset, _ = _pieces(task)
        beside = [
            other for other in tasks
            if other != task and _pieces(other)[1] not in MEANS and (not whole or _pieces(other)[0] == whole)
        ]  # fmt: skip
        if subset in MEANS and file.is_mean(task, beside):
            continue
        config = next((name for name in told_of if task == name or task.startswith(f"{name}|")), "")
        original, used = (at(configs, config, f"{name}_num_docs") for name in ("original", "effective"))
        counted = {task: {"effective": count_of(used), "original": count_of(original)}}
        for key, value in table.items():
            if not is_error(key):
                yield from file.score(
                    "lighteval" + sampled(counted, task, general.get("max_samples")), model, f"{task}/{key}", value,
                    f"results.{task}.{key}", table.get(f"{key}_stderr"),
                    lower_is_better=lower(key, told_of.get(config, {}).get(key)), scale=share(key, value),
                    samples=count_of(used), measured=day_of(file.path),
                    # Shots stand in the name of the task.
                    conditions=conditions(version=at(file.content, "versions", task)),
                )  # fmt: skip


def _pieces(task: str) -> tuple[str, str, str]:
    """`suite|task`, subset and shots of lighteval's names; `all` has no task."""
    head, bar, shots = task.rpartition("|") if task.count("|") > 1 else (task, "", "")
    whole, _, subset = head.rpartition(":")
    return (whole, subset, shots) if bar or whole else ("", head, "")


def _directions(about: object) -> dict[str, Any]:
    """`higher_is_better` of a task's metrics; a metric may have several names, each with its own."""
    told: dict[str, Any] = {}
    metrics = at(about, "metrics") or at(about, "metric")
    for metric in metrics if isinstance(metrics, list) else ():
        names, higher = at(metric, "metric_name"), at(metric, "higher_is_better")
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str):
                told[name] = higher.get(name) if isinstance(higher, dict) else higher
    return told
