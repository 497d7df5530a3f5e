"""HELM: `stats.json` of one run, with `run_spec.json` beside it, and `per_instance_stats.json` where it is there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

from engine.outcomes.outcome import LOWER
from engine.outcomes.result_file import (
    HarnessScore,
    ResultFile,
    at,
    count_of,
    is_number,
    mean_and_error,
    name_of,
    share,
)
from engine.stats.numbers import unusable
from rubrics.errors import OutcomeError
from rubrics.jsonl import NotJson, load_json
from rubrics.sources import read_text

__all__ = ["is_stats", "stats"]

_ABOUT_THE_RUN: Final = re.compile(
    r"(num_|training_|inference_|finish_reason_|estimated_|batch_size|max_prob|logprob|prompt_truncated|unknown_)"
    r"|.*_(runtime|cost|tokens|bytes)$"
)
"""Statistics that say how a run went, not how well it was answered."""
_WHOLE: Final = frozenset({"exact_match", "quasi_exact_match", "prefix_exact_match", "quasi_prefix_exact_match"})
"""Metrics that HELM gives as shares."""


def is_stats(content: object) -> bool:
    """The list of statistics of one run."""
    return isinstance(content, list) and bool(content) and all(
        isinstance(one, dict) and isinstance(at(one, "name", "name"), str) and "count" in one for one in content
    )  # fmt: skip


def stats(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a metric and split, of the instances as they were, without perturbations."""
    spec = _beside(file, "run_spec.json")
    model, run = name_of(at(spec, "adapter_spec", "model")), name_of(at(spec, "name"))
    if not model or not run:
        raise file.error(
            "is HELM's stats.json, but does not say which model it is of",
            "keep run_spec.json beside it, as HELM writes it",
        )
    task = re.sub(r"([:,])model=[^,]*,?", r"\1", run).rstrip(":,")
    instances = _instances(file)
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    counted: dict[str, int | None] = {}
    for one in file.content:
        name, split = one["name"]["name"], name_of(one["name"].get("split"))
        if one["name"].get("perturbation"):
            file.leave_out("what was measured on perturbed instances")
        elif not one["name"].get("sub_split"):
            by_name[name, split] = one
            if name == "num_instances":
                counted[split] = count_of(one.get("mean"))
    for (name, split), one in by_name.items():
        if not split or split == "train" or _ABOUT_THE_RUN.match(name) or not one.get("count"):
            continue
        mean = one.get("mean")
        each = instances.get((name, split), [])
        yield from file.score(
            "HELM", model, f"{task}/{name}" + ("" if split == "test" else f",{split}"), mean, f"{name} ({split})",
            mean_and_error(each)[1] if each else None,
            lower_is_better=None if LOWER.isdisjoint(re.split(r"[^a-z]+", name)) and name not in LOWER else True,
            scale=1.0 if name in _WHOLE else share(name, mean), samples=counted.get(split) or len(each) or None,
        )  # fmt: skip


def _instances(file: ResultFile) -> dict[tuple[str, str], list[float]]:
    """By metric and split, the value of each instance, a mean over its trials; empty where they are not there."""
    held = _beside(file, "per_instance_stats.json")
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for instance in held if isinstance(held, list) else ():
        listed = at(instance, "stats")
        if at(instance, "perturbation"):
            continue
        for one in listed if isinstance(listed, list) else ():
            mean, name = at(one, "mean"), at(one, "name", "name")
            if isinstance(name, str) and is_number(mean) and not math.isnan(mean) and not unusable(mean):
                key = name, name_of(at(one, "name", "split"))
                values.setdefault(key, {}).setdefault(str(at(instance, "instance_id")), []).append(mean)
    return {key: [sum(own) / len(own) for own in held.values()] for key, held in values.items()}


def _beside(file: ResultFile, name: str) -> object:
    path = file.path.with_name(name)
    if not path.is_file():
        return None
    try:
        return load_json(read_text(path, OutcomeError), constants=True)
    except (NotJson, RecursionError) as error:
        raise OutcomeError(f"is not JSON ({error})", where=str(path), fix="give it as HELM wrote it") from None
