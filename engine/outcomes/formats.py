"""Result files of other harnesses: lm-evaluation-harness 0.3 and 0.4, lighteval, and Inspect's JSON log (version 2).

Each names its model and holds metrics by task. An outcome is named `task/metric`. Standard errors that a harness could
not compute ("N/A", NaN) are left empty; a score that is not a number is left out, by name; one that is infinite or
beyond all bounds is a fault. Means over tasks or groups that stand beside these are left out too, unless asked for:
they are no tasks of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.outcomes.outcome import LOWER
from engine.stats.numbers import unusable
from rubrics.errors import OutcomeError
from rubrics.faults import shown

__all__ = ["HarnessScore", "read_results"]

_LM_EVAL, _LIGHTEVAL, _INSPECT = "lm-evaluation-harness", "lighteval", "Inspect"
_FIX = "give a results file of lm-evaluation-harness, lighteval or Inspect (.json), or a CSV"
_MEANS: Final = frozenset({"all", "average", "_average", "avg", "mean", "overall"})
"""What harnesses call a mean over tasks or groups."""
_SPREADS: Final = ("stderr", "std", "var", "bootstrap_stderr")


@dataclass(frozen=True)
class HarnessScore:
    """One metric of one task."""

    harness: str
    candidate: str
    outcome: str
    score: float
    stderr: float | None
    lower_is_better: bool | None = None


@dataclass
class _Results:
    """One result file on the way in."""

    content: dict[str, Any]
    where: str
    averages: bool
    left_out: list[str] = field(default_factory=list)

    def error(self, what: str, fix: str = _FIX) -> OutcomeError:
        """A fault of this file."""
        return OutcomeError(what, where=self.where, fix=fix)

    def table(self, value: object, place: str) -> dict[str, Any]:
        """An object of the file.

        Raises:
            OutcomeError: it is none.
        """
        if not isinstance(value, dict):
            raise self.error(f"{place}: must be an object, is {type(value).__name__}")
        return value

    def is_mean(self, name: str, parts: Iterable[str]) -> bool:
        """Whether a mean is to be left out, since its parts are there; said once."""
        listed = list(parts)
        if not listed or self.averages:
            return False
        what = f"{name} (a mean of what stands beside it)"
        if what not in self.left_out:
            self.left_out.append(what)
        return True


def read_results(content: object, where: str, *, averages: bool = False) -> tuple[list[HarnessScore], list[str]]:
    """The scores in a parsed result file, and what was left out of it, a phrase each.

    Raises:
        OutcomeError: of no known harness, without a model name, without scores, or with one that is beyond bounds.
    """
    if not isinstance(content, dict):
        raise OutcomeError("is JSON, but not a result file of a known harness", where=where, fix=_FIX)
    file = _Results(content, where, averages)
    if isinstance(content.get("eval"), dict) and "status" in content:
        scores = list(_inspect(file))
    elif isinstance(content.get("config_general"), dict):
        scores = list(_lighteval(file))
    elif isinstance(content.get("results"), dict):
        scores = list(_lm_eval(file))
    else:
        raise file.error("is JSON, but not a result file of a known harness")
    if not scores:
        why = f": {file.left_out[0]}" if file.left_out else ""
        raise file.error(f"holds no scores{why}", "check that the evaluation finished")
    for text in {text for score in scores for text in (score.candidate, score.outcome)}:
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise file.error(f"the name {shown(text)} holds half of a surrogate pair, which is not text", "rename it")
        if "\0" in text:
            raise file.error(f"the name {shown(text)} holds a NUL character, which is not text", "rename it")
    return scores, file.left_out


def _lm_eval(file: _Results) -> Iterator[HarnessScore]:
    content = file.content
    config = content.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    model = _name(content.get("model_name")) or _from_arguments(arguments)
    if not model:
        raise file.error("model_name: is missing", "add the name of the model that was evaluated")
    # Groups stand both among the results and apart; the same numbers are read once.
    groups = file.table(content.get("groups", {}), "groups")
    tasks = {**file.table(content.get("results", {}), "results"), **groups}
    metrics_of = {task: file.table(metrics, f"results.{task}") for task, metrics in tasks.items()}
    directions, samples = content.get("higher_is_better"), content.get("n-samples")
    # Metrics are "name,filter" since 0.4; what has no comma (alias, sample_len) describes the task. Before, all are
    # names alone.
    old = "configs" not in content and not any("," in key for metrics in metrics_of.values() for key in metrics)
    for task, metrics in metrics_of.items():
        if file.is_mean(task, _parts(task, tasks, groups, content.get("group_subtasks"))):
            continue
        for key, value in metrics.items():
            name, comma, filtered = key.partition(",")
            if key.endswith("_stderr") or name.endswith("_stderr") or not (comma or (old and _is_number(value))):
                continue
            label = name if filtered in ("", "none") else key
            error = metrics.get(f"{name}_stderr{comma}{filtered}")
            lower = _lower(name, _at(_at(directions, task), name))
            harness = (f"{_LM_EVAL} 0.3" if old else _LM_EVAL) + _sampled(samples, task, _at(config, "limit"))
            yield from _score(file, harness, model, f"{task}/{label}", value, error, f"results.{task}.{key}", lower)


def _parts(
    task: str, tasks: Mapping[str, Any], groups: Mapping[str, Any], subtasks: object
) -> list[str]:  # fmt: skip
    """The tasks of the file that a group is made of; none where it is a task, or stands alone."""
    named = _at(subtasks, task)
    if isinstance(named, list) and named:
        return [name for name in named if isinstance(name, str) and name in tasks and name != task]
    return [name for name in tasks if name not in groups] if task in groups else []


def _lighteval(file: _Results) -> Iterator[HarnessScore]:
    general = file.table(file.content["config_general"], "config_general")
    model = _name(general.get("model_name")) or _name(_at(general.get("model_config"), "model_name"))
    if not model:
        raise file.error("config_general.model_name: is missing", "add the name of the model")
    tasks = file.table(file.content.get("results", {}), "results")
    directions = _lighteval_directions(file.content.get("config_tasks"))
    harness = _LIGHTEVAL + _sampled(None, "", general.get("max_samples"))
    for task, metrics in tasks.items():
        table = file.table(metrics, f"results.{task}")
        # "suite|task:subset|shots", and "all".
        whole, subset, _ = _pieces(task)
        beside = [
            other for other in tasks
            if other != task and _pieces(other)[1] not in _MEANS and (not whole or _pieces(other)[0] == whole)
        ]  # fmt: skip
        if subset in _MEANS and file.is_mean(task, beside):
            continue
        for key, value in table.items():
            if key.endswith("_stderr"):
                continue
            told = next((said for name, said in directions.items() if task == name or task.startswith(f"{name}|")), {})
            error = table.get(f"{key}_stderr")
            lower = _lower(key, told.get(key))
            yield from _score(file, harness, model, f"{task}/{key}", value, error, f"results.{task}.{key}", lower)


def _pieces(task: str) -> tuple[str, str, str]:
    """`suite|task`, subset and shots of lighteval's names; `all` has no task."""
    head, bar, shots = task.rpartition("|") if task.count("|") > 1 else (task, "", "")
    whole, _, subset = head.rpartition(":")
    return (whole, subset, shots) if bar or whole else ("", head, "")


def _lighteval_directions(config: object) -> dict[str, dict[str, Any]]:
    """`higher_is_better` by task and metric; a metric may have several names, each with its own."""
    told: dict[str, dict[str, Any]] = {}
    for task, about in config.items() if isinstance(config, dict) else ():
        metrics = _at(about, "metrics") or _at(about, "metric")
        for metric in metrics if isinstance(metrics, list) else ():
            names, higher = _at(metric, "metric_name"), _at(metric, "higher_is_better")
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    told.setdefault(task, {})[name] = higher.get(name) if isinstance(higher, dict) else higher
    return told


def _inspect(file: _Results) -> Iterator[HarnessScore]:
    content = file.content
    if content["status"] != "success":
        raise file.error(
            f"status: is {str(content['status'])[:40]!r}, not 'success'",
            "finish the evaluation (inspect eval-retry) and give its log",
        )
    spec = content["eval"]
    model, task = _name(spec.get("model")), _name(spec.get("task"))
    if not model or not task:
        missing = "model" if not model else "task"
        raise file.error(f"eval.{missing}: is missing", "give the log as Inspect wrote it")
    scores = _at(content.get("results"), "scores")
    limit = _at(spec.get("config"), "limit")
    if isinstance(limit, list) and len(limit) == 2 and all(map(_is_number, limit)):
        limit = limit[1] - limit[0]  # from one sample up to another
    harness = _INSPECT + _sampled(None, "", limit)
    scorers = [
        file.table(scorer, f"results.scores[{position}]")
        for position, scorer in enumerate(scores if isinstance(scores, list) else [])
    ]
    names = [_name(scorer.get("name")) or str(position) for position, scorer in enumerate(scorers)]
    for position, (scorer, name) in enumerate(zip(scorers, names, strict=True)):
        place = f"results.scores[{position}]"
        # Several epochs of one sample may be reduced in several ways, each of which is another number.
        reducer = _name(scorer.get("reducer")) if names.count(name) > 1 else ""
        metrics = {
            key: _at(metric, "value")
            for key, metric in file.table(scorer.get("metrics"), f"{place}.metrics").items()
        }  # fmt: skip
        measured = [key for key in metrics if key not in _SPREADS]
        for key in measured:
            label = f"{task}/{name}/{key}" + (f",{reducer}" if reducer else "")
            if key in _MEANS - {"mean"} and file.is_mean(label, [other for other in measured if other != key]):
                continue
            # One standard error stands beside the metrics; with several it is not said whose it is.
            error = metrics.get("stderr") if len(measured) == 1 else None
            yield from _score(file, harness, model, label, metrics[key], error, f"{place}.{key}", _lower(key, None))


def _sampled(samples: object, task: str, limit: object) -> str:
    """That a task was not run whole, as words behind the harness: such a score is of another test.

    Args:
        samples: lm-eval's `n-samples`: by task, how many there are and how many were used.
        limit: samples a task at most; a share of them, if it is below 1.
    """
    used, there = (_at(_at(samples, task), name) for name in ("effective", "original"))
    if _is_number(used) and _is_number(there):
        return f", {used:,} of {there:,} samples" if used < there else ""
    if not _is_number(limit) or unusable(limit) or limit <= 0:  # type: ignore[arg-type, operator]
        return ""
    return f", at most {limit:,g} samples a task" if limit >= 1 else f", {100 * limit:g} % of the samples"  # type: ignore[operator]


def _score(
    file: _Results, harness: str, model: str, outcome: str, value: object, error: object, place: str, lower: bool | None
) -> Iterator[HarnessScore]:  # fmt: skip
    if not _is_number(value) or (isinstance(value, float) and math.isnan(value)):
        # Text and null are what harnesses write for a number they could not compute.
        if value is None or isinstance(value, str | float):
            file.left_out.append(f"{outcome} ({place} is {shown(value, 20)}, not a finite number)")
        return
    assert isinstance(value, int | float)
    if wrong := unusable(value):
        raise file.error(f"{place}: {str(value)[:40]} {wrong}", "remove this metric from the file")
    known = None
    if _is_number(error):
        assert isinstance(error, int | float)
        known = float(error) if not unusable(error) and error >= 0 else None
    yield HarnessScore(harness, model, outcome, float(value), known, lower)


def _lower(metric: str, higher: object) -> bool | None:
    """Whether lower is better: as the file says, else as the metric is known for; None where neither is so."""
    if isinstance(higher, bool):
        return not higher
    return True if metric.casefold() in LOWER else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _at(value: object, key: str) -> Any:
    """A member of what may be an object."""
    return value.get(key) if isinstance(value, dict) else None


def _name(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _from_arguments(arguments: object) -> str:
    """The model in lm-evaluation-harness's model_args, which older files hold as `pretrained=NAME,dtype=…`."""
    if isinstance(arguments, str):
        arguments = dict(part.partition("=")[::2] for part in arguments.split(","))
    return next(filter(None, (_name(_at(arguments, key)) for key in ("pretrained", "model", "engine"))), "")
