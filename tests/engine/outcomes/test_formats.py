"""Result files of other harnesses, in the shapes they write."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from engine.outcomes.outcomes import Outcome, read_outcomes
from rubrics.errors import OutcomeError

_LM_EVAL: dict[str, Any] = {
    "results": {
        "quiz": {"name": "quiz", "alias": "quiz", "sample_len": 40, "acc,none": 0.55, "acc_stderr,none": 0.08},
        "sums": {
            "alias": "sums",
            "exact_match,strict-match": 0.25,
            "exact_match_stderr,strict-match": 0.01,
            "exact_match,flexible-extract": 0.5,
            "exact_match_stderr,flexible-extract": "N/A",
        },
    },
    "groups": {"all": {"alias": "all", "acc,none": 0.4, "acc_stderr,none": 0.02}},
    "group_subtasks": {"all": ["quiz"]},
    "configs": {"quiz": {"task": "quiz"}},
    "versions": {"quiz": 1.0},
    "n-shot": {"quiz": 0},
    "config": {"model": "hf", "model_args": {"pretrained": "acme/small-it", "dtype": "bfloat16"}},
    "model_source": "hf",
    "model_name": "acme/small-it",
    "model_name_sanitized": "acme__small-it",
}

_LIGHTEVAL: dict[str, Any] = {
    "config_general": {
        "lighteval_sha": "?",
        "max_samples": None,
        "model_config": {"model_name": "acme/small-it", "batch_size": 1},
        "model_name": "acme/small-it",
    },
    "results": {
        "lighteval|sums|5": {"extractive_match": 0.25, "extractive_match_stderr": 0.03},
        "lighteval|prose|0": {"bleu": 12, "bleu_stderr": float("nan")},
        "all": {"extractive_match": 0.25, "extractive_match_stderr": 0.03, "bleu": 12, "bleu_stderr": float("nan")},
    },
    "versions": {"lighteval|sums|5": 0},
    "config_tasks": {},
    "summary_tasks": {},
    "summary_general": {},
}

_INSPECT: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {"task": "advice", "task_id": "x", "model": "vllm/acme/small-it", "created": "2026-05-01T00:00:00+00:00"},
    "plan": {"name": "plan", "steps": []},
    "results": {
        "total_samples": 50,
        "completed_samples": 50,
        "scores": [
            {
                "name": "rubric",
                "scorer": "rubric",
                "params": {},
                "metrics": {
                    "mean": {"name": "mean", "value": 0.61, "params": {}},
                    "stderr": {"name": "stderr", "value": 0.02, "params": {}},
                },
            },
            {"name": "words", "scorer": "words", "metrics": {"accuracy": {"name": "accuracy", "value": 1}}},
        ],
    },
    "stats": {},
}


def _read(folder: Path, content: dict[str, Any]) -> list[Outcome]:
    path = folder / "results.json"
    path.write_text(json.dumps(content))
    return read_outcomes(path)


def test_lm_evaluation_harness(tmp_path: Path) -> None:
    source = "lm-evaluation-harness: results.json"
    assert _read(tmp_path, _LM_EVAL) == [
        Outcome("acme/small-it", "quiz/acc", 0.55, 0.08, source),
        Outcome("acme/small-it", "sums/exact_match,strict-match", 0.25, 0.01, source),
        Outcome("acme/small-it", "sums/exact_match,flexible-extract", 0.5, None, source),
        Outcome("acme/small-it", "all/acc", 0.4, 0.02, source),
    ]


@pytest.mark.parametrize("arguments", ["pretrained=acme/old,dtype=float16", {"pretrained": "acme/old"}])
def test_lm_evaluation_harness_without_a_model_name(tmp_path: Path, arguments: object) -> None:
    content = copy.deepcopy(_LM_EVAL)
    del content["model_name"]
    content["config"]["model_args"] = arguments
    assert {outcome.candidate for outcome in _read(tmp_path, content)} == {"acme/old"}


def test_lighteval(tmp_path: Path) -> None:
    found = {outcome.outcome: outcome for outcome in _read(tmp_path, _LIGHTEVAL)}
    assert set(found) == {
        "lighteval|sums|5/extractive_match",
        "lighteval|prose|0/bleu",
        "all/extractive_match",
        "all/bleu",
    }
    assert found["lighteval|prose|0/bleu"] == Outcome(
        "acme/small-it", "lighteval|prose|0/bleu", 12, None, "lighteval: results.json"
    )
    assert found["lighteval|sums|5/extractive_match"].stderr == 0.03


def test_inspect(tmp_path: Path) -> None:
    source = "Inspect: results.json"
    assert _read(tmp_path, _INSPECT) == [
        Outcome("vllm/acme/small-it", "advice/rubric/mean", 0.61, 0.02, source),
        Outcome("vllm/acme/small-it", "advice/words/accuracy", 1, None, source),
    ]


def _change(content: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    changed = copy.deepcopy(content)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return changed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_change(_LM_EVAL, "results", "quiz", "acc,none", to=10**400), "is not finite"),
        (_change(_LM_EVAL, "results", "quiz", "acc,none", to=float("nan")), "results.quiz.acc,none: nan is not finite"),
        (_change(_LM_EVAL, "results", "quiz", to=[1]), "results.quiz: must be an object, is list"),
        (_change(_change(_LM_EVAL, "model_name", to=None), "config", to=None), "model_name: is missing"),
        (_change(_change(_LM_EVAL, "results", to={}), "groups", to={}), "holds no scores"),
        (_change(_LIGHTEVAL, "config_general", to={}), "config_general.model_name: is missing"),
        (_change(_LIGHTEVAL, "results", to=None), "results: must be an object, is NoneType"),
        (_change(_INSPECT, "status", to="cancelled"), "status: is 'cancelled'"),
        (_change(_INSPECT, "eval", "model", to=3), "eval.model: is missing"),
        (_change(_INSPECT, "results", to=None), "holds no scores"),
        (_change(_INSPECT, "results", "scores", 0, "metrics", to=1), "results.scores[0].metrics: must be an object"),
        ({"accuracy": 1}, "not a result file of a known harness"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(OutcomeError) as caught:
        _read(tmp_path, content)
    assert said in caught.value.what
    assert caught.value.where.endswith("results.json")
    assert caught.value.fix
