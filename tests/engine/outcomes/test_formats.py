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
    return read_outcomes(path).outcomes


def test_lm_evaluation_harness(tmp_path: Path) -> None:
    source = "lm-evaluation-harness: results.json"
    assert _read(tmp_path, _LM_EVAL) == [
        Outcome("acme/small-it", "quiz/acc", 0.55, 0.08, source),
        Outcome("acme/small-it", "sums/exact_match,strict-match", 0.25, 0.01, source),
        Outcome("acme/small-it", "sums/exact_match,flexible-extract", 0.5, None, source),
    ]


def test_a_standard_error_is_no_score_wherever_a_filter_puts_its_name(tmp_path: Path) -> None:
    odd = _change(_LM_EVAL, "results", "quiz", "ac,c_stderr", to=0.08)
    assert _read(tmp_path, odd) == _read(tmp_path, _LM_EVAL)


def _left_out(folder: Path, content: dict[str, Any]) -> list[str]:
    (folder / "results.json").write_text(json.dumps(content))
    return read_outcomes(folder / "results.json").left_out


def test_a_group_stays_only_where_its_tasks_are_not_there(tmp_path: Path) -> None:
    assert _left_out(tmp_path, _LM_EVAL) == ["all (a mean of what stands beside it)"]
    alone = _change(_LM_EVAL, "results", to={"all": _LM_EVAL["groups"]["all"]})
    assert [outcome.outcome for outcome in _read(tmp_path, alone)] == ["all/acc"]
    kept = read_outcomes(tmp_path / "results.json", averages=True)
    assert not kept.left_out


def test_directions_are_the_file_s_own_else_those_a_metric_is_known_for(tmp_path: Path) -> None:
    told = _change(_LM_EVAL, "results", "quiz", "perplexity,none", to=12.5)
    told["higher_is_better"] = {"quiz": {"acc": True}, "sums": {"exact_match": False}}
    assert {outcome.outcome: outcome.lower_is_better for outcome in _read(tmp_path, told)} == {
        "quiz/acc": False,
        "quiz/perplexity": True,
        "sums/exact_match,strict-match": True,
        "sums/exact_match,flexible-extract": True,
    }
    told = _change(_LIGHTEVAL, "config_tasks", to={
        "lighteval|prose": {"metrics": [{"metric_name": "bleu", "higher_is_better": False}]},
        "lighteval|sums|5": {"metric": [
            {"metric_name": ["extractive_match", "x"], "higher_is_better": {"extractive_match": True, "x": False}},
        ]},
    })  # fmt: skip
    assert [outcome.lower_is_better for outcome in _read(tmp_path, told)] == [False, True]


def test_lm_evaluation_harness_before_filters(tmp_path: Path) -> None:
    old = {
        "results": {"quiz": {"acc": 0.5, "acc_stderr": 0.1, "ppl": 7.5, "ppl_stderr": float("nan")}},
        "versions": {"quiz": 0},
        "config": {"model": "hf-causal", "model_args": "pretrained=acme/old,dtype=float16", "num_fewshot": 0},
    }
    assert [(o.candidate, o.outcome, o.score, o.stderr, o.lower_is_better) for o in _read(tmp_path, old)] == [
        ("acme/old", "quiz/acc", 0.5, 0.1, None),
        ("acme/old", "quiz/ppl", 7.5, None, True),
    ]


@pytest.mark.parametrize("bad", [float("nan"), "N/A", None])
def test_a_score_that_is_no_number_is_left_out_by_name(tmp_path: Path, bad: object) -> None:
    content = _change(_LM_EVAL, "results", "quiz", "acc,none", to=bad)
    assert {outcome.outcome for outcome in _read(tmp_path, content)} == {
        "sums/exact_match,strict-match",
        "sums/exact_match,flexible-extract",
    }
    assert any("quiz/acc" in what and "not a finite number" in what for what in _left_out(tmp_path, content))


def test_inspect_scorer_read_by_two_reducers_is_two_outcomes(tmp_path: Path) -> None:
    two = [
        {"name": "words", "reducer": reducer, "metrics": {"accuracy": {"value": value}, "all": {"value": value}}}
        for reducer, value in (("mean", 0.625), ("at_least_2", 0.375))
    ]
    found = _read(tmp_path, _change(_INSPECT, "results", "scores", to=two))
    assert {outcome.outcome: outcome.score for outcome in found} == {
        "advice/words/accuracy,mean": 0.625,
        "advice/words/accuracy,at_least_2": 0.375,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"results": {"a": {"acc,none": 0.25, "acc,none": 0.5}}, "model_name": "m"}', "given twice"),
        ('{"results": {"a\\ud800": {"acc,none": 0.25}}, "model_name": "m"}', "half of a surrogate pair"),
        ('{"results": {"a": {"acc,none": 0.25}}, "model_name": "m\\udc00"}', "half of a surrogate pair"),
        ('{"results": {"a": {"acc,none": NaN}}, "model_name": "m"}', "not a finite number"),
    ],
)
def test_text_that_says_two_things_or_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(OutcomeError, match=said):
        read_outcomes(tmp_path / "r.json")


def test_json_in_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(_LM_EVAL), encoding="utf-16")
    assert len(read_outcomes(tmp_path / "r.json").outcomes) == 3


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
        (_change(_LM_EVAL, "results", "quiz", to=[1]), "results.quiz: must be an object, is list"),
        (_change(_change(_LM_EVAL, "model_name", to=None), "config", to=None), "model_name: is missing"),
        (_change(_change(_LM_EVAL, "results", to={}), "groups", to={}), "holds no scores"),
        (_change(_LM_EVAL, "results", "quiz", "acc,none", to=float("inf")), "is not finite"),
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


@pytest.mark.parametrize(
    ("harness", "said", "words"),
    [
        (_LM_EVAL, {"n-samples": {"quiz": {"original": 1172, "effective": 100}}}, ", 100 of 1,172 samples"),
        (_LM_EVAL, {"n-samples": {"quiz": {"original": 40, "effective": 40}}}, ""),
        (_LM_EVAL, {"config": {"model": "hf", "limit": 0.1}}, ", 10 % of the samples"),
        (_LM_EVAL, {"config": {"model": "hf", "limit": None}}, ""),
        (_LM_EVAL, {"config": {"model": "hf", "limit": "all"}}, ""),
        (
            _LIGHTEVAL,
            {"config_general": _LIGHTEVAL["config_general"] | {"max_samples": 1000}},
            ", at most 1,000 samples",
        ),
        (_INSPECT, {"eval": _INSPECT["eval"] | {"config": {"limit": [10, 35]}}}, ", at most 25 samples a task"),
    ],
)
def test_a_test_that_was_not_run_whole_is_said_to_be_so(
    tmp_path: Path, harness: dict[str, Any], said: dict[str, Any], words: str
) -> None:
    source = _read(tmp_path, harness | said)[0].source or ""
    assert words in source
    assert bool(words) == ("samples" in source)
