"""Result files of other harnesses: lm-evaluation-harness 0.4, lighteval, and Inspect's JSON log (version 2).

Each names its model and holds metrics by task. An outcome is named `task/metric`. Standard errors that a harness could
not compute ("N/A", NaN) are left empty; a score that is not finite is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.stats.numbers import unusable
from rubrics.errors import OutcomeError

__all__ = ["HarnessScore", "read_results"]

_LM_EVAL, _LIGHTEVAL, _INSPECT = "lm-evaluation-harness", "lighteval", "Inspect"
_FIX = "give a results file of lm-evaluation-harness, lighteval or Inspect (.json), or a CSV"


@dataclass(frozen=True)
class HarnessScore:
    """One metric of one task."""

    harness: str
    candidate: str
    outcome: str
    score: float
    stderr: float | None


def read_results(content: object, where: str) -> list[HarnessScore]:
    """The scores in a parsed result file.

    Raises:
        OutcomeError: of no known harness, without a model name, without scores, or with one that is not finite.
    """
    if isinstance(content, dict) and isinstance(content.get("eval"), dict) and "status" in content:
        scores = list(_inspect(content, where))
    elif isinstance(content, dict) and isinstance(content.get("config_general"), dict):
        scores = list(_lighteval(content, where))
    elif isinstance(content, dict) and isinstance(content.get("results"), dict):
        scores = list(_lm_eval(content, where))
    else:
        raise OutcomeError("is JSON, but not a result file of a known harness", where=where, fix=_FIX)
    if not scores:
        raise OutcomeError("holds no scores", where=where, fix="check that the evaluation finished")
    return scores


def _lm_eval(content: dict[str, object], where: str) -> Iterator[HarnessScore]:
    config = content.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    model = _name(content.get("model_name")) or _pretrained(arguments)
    if not model:
        raise OutcomeError("model_name: is missing", where=where, fix="add the name of the model that was evaluated")
    # Groups stand both among the results and apart; the same numbers are read once.
    tasks = {**_table(content, "results", where), **_table(content, "groups", where)}
    for task, metrics in tasks.items():
        for key, value in _metrics(metrics, f"results.{task}", where).items():
            # Metrics are "name,filter"; what has no comma (alias, sample_len) describes the task.
            name, comma, filtered = key.partition(",")
            if not comma or name.endswith("_stderr") or not _is_number(value):
                continue
            label = name if filtered == "none" else key
            error = metrics.get(f"{name}_stderr,{filtered}") if isinstance(metrics, dict) else None
            yield _score(_LM_EVAL, model, f"{task}/{label}", value, error, f"results.{task}.{key}", where)


def _lighteval(content: dict[str, object], where: str) -> Iterator[HarnessScore]:
    general = content["config_general"]
    assert isinstance(general, dict)
    inner = general.get("model_config")
    model = _name(general.get("model_name")) or _name(inner.get("model_name") if isinstance(inner, dict) else None)
    if not model:
        raise OutcomeError("config_general.model_name: is missing", where=where, fix="add the name of the model")
    for task, metrics in _table(content, "results", where).items():
        table = _metrics(metrics, f"results.{task}", where)
        for key, value in table.items():
            if key.endswith("_stderr") or not _is_number(value):
                continue
            error = table.get(f"{key}_stderr")
            yield _score(_LIGHTEVAL, model, f"{task}/{key}", value, error, f"results.{task}.{key}", where)


def _inspect(content: dict[str, object], where: str) -> Iterator[HarnessScore]:
    if content["status"] != "success":
        raise OutcomeError(
            f"status: is {str(content['status'])[:40]!r}, not 'success'",
            where=where,
            fix="finish the evaluation (inspect eval-retry) and give its log",
        )
    spec, results = content["eval"], content.get("results")
    assert isinstance(spec, dict)
    model, task = _name(spec.get("model")), _name(spec.get("task"))
    if not model or not task:
        missing = "model" if not model else "task"
        raise OutcomeError(f"eval.{missing}: is missing", where=where, fix="give the log as Inspect wrote it")
    scores = results.get("scores") if isinstance(results, dict) else None
    for position, scorer in enumerate(scores if isinstance(scores, list) else []):
        place = f"results.scores[{position}]"
        scorer = _metrics(scorer, place, where)
        name = _name(scorer.get("name")) or str(position)
        metrics = {
            key: metric.get("value") if isinstance(metric, dict) else None
            for key, metric in _metrics(scorer.get("metrics"), f"{place}.metrics", where).items()
        }
        measured = [key for key in metrics if key not in ("stderr", "std", "var")]
        for key in measured:
            # One standard error stands beside the metrics; with several it is not said whose it is.
            error = metrics.get("stderr") if len(measured) == 1 else None
            if _is_number(metrics[key]):
                yield _score(_INSPECT, model, f"{task}/{name}/{key}", metrics[key], error, f"{place}.{key}", where)


def _score(
    harness: str, model: str, outcome: str, value: object, error: object, field: str, where: str
) -> HarnessScore:
    assert isinstance(value, int | float)
    if wrong := unusable(value):
        what = f"{field}: {str(value)[:40]} {wrong}"
        raise OutcomeError(what, where=where, fix="remove this metric from the file")
    usable = isinstance(error, int | float) and not isinstance(error, bool) and not unusable(error) and error >= 0
    return HarnessScore(harness, model, outcome, float(value), float(error) if usable else None)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _pretrained(arguments: object) -> str:
    """The model in lm-evaluation-harness's model_args, which older files hold as `pretrained=NAME,dtype=…`."""
    if isinstance(arguments, dict):
        return _name(arguments.get("pretrained"))
    parts = dict(part.partition("=")[::2] for part in arguments.split(",")) if isinstance(arguments, str) else {}
    return _name(parts.get("pretrained"))


def _table(content: dict[str, object], key: str, where: str) -> dict[str, object]:
    return _metrics(content.get(key, {}), key, where)


def _metrics(value: object, field: str, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise OutcomeError(f"{field}: must be an object, is {type(value).__name__}", where=where, fix=_FIX)
    return value
