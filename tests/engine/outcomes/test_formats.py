"""Result files of other harnesses, in the shapes they write."""

from __future__ import annotations

import copy
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zstandard import compress as compressed

from engine.outcomes.outcomes import Outcome, read_outcomes, renamed
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
        Outcome("acme/small-it", "quiz/acc", 0.55, 0.08, source, scale=1.0, conditions="0 shots, version 1"),
        Outcome("acme/small-it", "sums/exact_match,strict-match", 0.25, 0.01, source),
        Outcome("acme/small-it", "sums/exact_match,flexible-extract", 0.5, None, source),
    ]


def test_a_standard_error_is_no_score_wherever_a_filter_puts_its_name(tmp_path: Path) -> None:
    for odd in ("ac,c_stderr", "acc,first,acc_stderr,none", "acc_stderr\n,none"):
        assert _read(tmp_path, _change(_LM_EVAL, "results", "quiz", odd, to=0.08)) == _read(tmp_path, _LM_EVAL)
        other = _change(_LIGHTEVAL, "results", "lighteval|sums|5", odd, to=0.08)
        assert _read(tmp_path, other) == _read(tmp_path, _LIGHTEVAL)


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
    when: dict[str, Any] = {"samples": 50, "measured": "2026-05-01T00:00:00+00:00"}
    assert _read(tmp_path, _INSPECT) == [
        Outcome("vllm/acme/small-it", "advice/rubric/mean", 0.61, 0.02, source, **when),
        Outcome("vllm/acme/small-it", "advice/words/accuracy", 1, None, source, scale=1.0, **when),
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


def _stat(name: str, mean: object, **more: object) -> dict[str, Any]:
    return {"name": {"name": name, "split": "valid"} | more, "count": 1, "mean": mean}


def test_helm_is_read_of_instances_as_they_were(tmp_path: Path) -> None:
    stats = [
        _stat("num_instances", 40), _stat("exact_match", 0.5), _stat("ece_10_bin", 0.25), _stat("num_tokens", 99),
        _stat("exact_match", 0.125, perturbation={"name": "robustness"}), _stat("exact_match", 0.75, sub_split="hard"),
    ]  # fmt: skip
    (tmp_path / "stats.json").write_text(json.dumps(stats))
    with pytest.raises(OutcomeError, match=r"does not say which model"):
        read_outcomes(tmp_path / "stats.json")
    spec = {"name": "mmlu:subject=law,model=acme_small,stop=none", "adapter_spec": {"model": "acme/small"}}
    (tmp_path / "run_spec.json").write_text(json.dumps(spec))
    read = read_outcomes(tmp_path / "stats.json")
    assert [(o.outcome, o.score, o.stderr, o.lower_is_better, o.samples) for o in read.outcomes] == [
        ("mmlu:subject=law,stop=none/exact_match,valid", 0.5, None, None, 40),
        ("mmlu:subject=law,stop=none/ece_10_bin,valid", 0.25, None, True, 40),
    ]
    assert read.left_out == ["what was measured on perturbed instances"]


def test_opencompass_has_a_column_for_each_model(tmp_path: Path) -> None:
    summary = tmp_path / "summary.csv"
    summary.write_text(
        "dataset,version,metric,mode,a,b\nmmlu-law,x,accuracy,gen,25.00,-\nmmlu-art,y,accuracy,gen,75.00,50.00\n"
        "mmlu,-,naive_average,gen,50.00,-\nnothing,-,-,-,-,-\n"
    )
    read = read_outcomes(summary)
    assert [(o.candidate, o.outcome, o.score) for o in read.outcomes] == [
        ("a", "mmlu-law/accuracy", 25.0), ("a", "mmlu-art/accuracy", 75.0), ("b", "mmlu-art/accuracy", 50.0),
    ]  # fmt: skip
    assert read.left_out == ["mmlu/naive_average (a mean of what stands beside it)"]
    asked = read_outcomes(summary, averages=True, only=["mmlu/*"]).outcomes
    assert [(o.outcome, o.score) for o in asked] == [("mmlu/naive_average", 50.0)]


RUNS = "Name,State,lr,reward,eval/acc,eval/epoch\none,finished,0.1,3,0.5,2\ntwo,crashed,0.1,4,0.75,2\n"


def test_columns_of_runs_are_outcomes_where_they_were_measured_or_named(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(RUNS)
    read = read_outcomes(tmp_path / "runs.csv")
    assert [(o.candidate, o.outcome, o.score) for o in read.outcomes] == [("one", "eval/acc", 0.5)]
    assert read.left_out == ["two (its state is 'crashed')"]
    assert [o.score for o in read_outcomes(tmp_path / "runs.csv", only=["rew*"]).outcomes] == [3.0]
    (tmp_path / "runs.csv").write_text(RUNS + "three,finished,0.1\n")
    with pytest.raises(OutcomeError, match="line 4: has more or fewer fields than the header, 6"):
        read_outcomes(tmp_path / "runs.csv")
    (tmp_path / "runs.csv").write_text(RUNS.replace("eval", "train"))
    with pytest.raises(OutcomeError, match="no column that says it was measured") as caught:
        read_outcomes(tmp_path / "runs.csv")
    assert "train/acc" in caught.value.fix


def test_a_trainer_has_what_it_logged_last(tmp_path: Path) -> None:
    path = tmp_path / "run-7" / "trainer_state.json"
    path.parent.mkdir()
    history = [{"step": 1, "reward": 1.0, "loss": 3.0}, {"step": 2, "reward": 2.0}]
    path.write_text(json.dumps({"global_step": 2, "log_history": history}))
    with pytest.raises(OutcomeError, match="holds no evaluation") as caught:
        read_outcomes(path)
    assert "reward, loss" in caught.value.fix
    assert read_outcomes(path, only=["reward", "loss"]).outcomes == [
        Outcome("run-7", "reward", 2.0, None, "trainer_state, step 2: trainer_state.json"),
        Outcome("run-7", "loss", 3.0, None, "trainer_state, step 1: trainer_state.json", True),
    ]
    path.write_text(json.dumps({"global_step": 2, "log_history": [{"step": 10**400, "eval_loss": 3.0}]}))
    assert read_outcomes(path).outcomes[0].source == "trainer_state: trainer_state.json"
    with pytest.raises(OutcomeError, match="has no outcome called acc"):
        read_outcomes(_lm_eval_file(tmp_path), only=["acc"])


def _lm_eval_file(folder: Path) -> Path:
    (folder / "results.json").write_text(json.dumps(_LM_EVAL))
    return folder / "results.json"


def test_results_and_their_own_samples_are_one_score(tmp_path: Path) -> None:
    lines = [{"doc_id": n, "resps": [], "filtered_resps": [], "metrics": ["acc"], "acc": n % 2} for n in range(4)]
    samples = tmp_path / "acme__small" / "samples_quiz_2026-05-31T12-00-00.5.jsonl"
    samples.parent.mkdir()
    samples.write_text("\n".join(map(json.dumps, lines)))
    (score,) = read_outcomes(samples).outcomes
    assert (score.candidate, score.outcome, score.score, score.samples) == ("acme/small", "quiz/acc", 0.5, 4)
    assert score.stderr == pytest.approx((1 / 3 / 4) ** 0.5)
    assert renamed([score, replace(score, source="results")], {}) == [score]
    with pytest.raises(OutcomeError, match="two scores of 'quiz/acc' meet"):
        renamed([score, score], {})
    with pytest.raises(OutcomeError, match="two scores of 'quiz/acc' meet"):
        renamed([score, replace(score, score=0.25)], {})
    for line in lines:
        del line["metrics"]
    samples.write_text("\n".join(map(json.dumps, lines)))
    assert read_outcomes(samples).outcomes == [score]
    with pytest.raises(OutcomeError, match="does not say of which task"):
        read_outcomes(samples.rename(tmp_path / "lines.jsonl"))


def _eval_log(path: Path, members: dict[str, bytes], *, zstandard: bool = False) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    if zstandard:
        # Python writes such archives from 3.14 on: the number of the method stands before the bytes and at the end.
        raw = bytearray(path.read_bytes())
        begin, end = raw.index(b"PK\x03\x04"), raw.index(b"PK\x01\x02")
        raw[begin + 8 : begin + 10] = raw[end + 10 : end + 12] = (93).to_bytes(2, "little")
        path.write_bytes(raw)
    return path


def test_an_archive_of_inspect_in_all_its_versions(tmp_path: Path) -> None:
    whole = json.dumps(_INSPECT).encode()
    log = _eval_log(tmp_path / "x.eval", {"header.json": whole})
    start = json.dumps({name: _INSPECT[name] for name in ("version", "eval", "plan")}).encode()
    ended = json.dumps({name: _INSPECT[name] for name in ("status", "results", "stats")}).encode()
    first = _eval_log(tmp_path / "first.eval", {"start.json": start, "results.json": ended})
    packed = _eval_log(tmp_path / "new.eval", {"header.json": compressed(whole)}, zstandard=True)
    found = [replace(o, source="") for o in read_outcomes(log).outcomes]
    assert len(found) == 2
    for other in (first, packed):
        assert [replace(o, source="") for o in read_outcomes(other).outcomes] == found


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"_journal/start.json": b"{}"}, "of an evaluation that did not end"),
        ({"word/document.xml": b"<x/>"}, "is a zip archive, but no log of Inspect"),
        ({"header.json": b"{"}, "is not JSON"),
        ({"results.json": b"{}"}, "is a zip archive that cannot be read"),
    ],
)
def test_an_archive_that_says_nothing(tmp_path: Path, members: dict[str, bytes], said: str) -> None:
    with pytest.raises(OutcomeError, match=said):
        read_outcomes(_eval_log(tmp_path / "x.eval", members))
