"""The outcomes table of docs/formats.md, cell by cell."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from formats_page import YES, cells

from engine.outcomes.outcomes import read_outcomes

CELLS = cells("In: outcomes")

_INSPECT: dict[str, Any] = {
    "version": 2, "status": "success", "plan": {}, "stats": {"completed_at": "2026-05-31T12:00:00+00:00"},
    "eval": {
        "task": "quiz", "model": "vllm/acme/small", "created": "2026-05-30T00:00:00+00:00", "task_args": {"shots": 5},
    },
    "results": {
        "total_samples": 9, "completed_samples": 9,
        "scores": [{
            "name": "match", "scorer": "match",
            "metrics": {
                "accuracy": {"name": "accuracy", "value": 0.25}, "stderr": {"name": "stderr", "value": 0.02},
            },
        }],
    },
}  # fmt: skip


def _sample(right: bool) -> dict[str, Any]:
    return {
        "doc_id": 0, "doc": {}, "target": "A", "arguments": {}, "resps": [["A"]], "filtered_resps": ["A"],
        "filter": "none", "metrics": ["acc"], "doc_hash": "x", "acc": float(right),
    }  # fmt: skip


def _lm_eval(**more: Any) -> dict[str, Any]:
    return {
        "results": {"quiz": {"alias": "quiz", "acc,none": 0.25, "acc_stderr,none": 0.02}},
        "configs": {"quiz": {"task": "quiz"}}, "versions": {"quiz": 1}, "higher_is_better": {"quiz": {"acc": False}},
        "n-samples": {"quiz": {"original": 9, "effective": 9}}, "n-shot": {"quiz": 5}, "date": 1780228800.5,
        "config": {"model": "hf", "model_args": "pretrained=acme/small"}, "model_name": "acme/small", **more,
    }  # fmt: skip


def _helm(name: str, mean: float) -> dict[str, Any]:
    return {"name": {"name": name, "split": "test"}, "count": 1, "sum": mean, "mean": mean, "stddev": 0}


STAMP = "2026-05-31T12-00-00.000001"
CONDITIONS = {
    "a table with candidate, outcome, score": "5 shots",
    "lm-evaluation-harness 0.4 (`results_….json`)": "5 shots, version 1",
    "lm-evaluation-harness 0.4 (`samples_….jsonl`)": "5 shots, version 1",
    "lm-evaluation-harness 0.3 (JSON)": "5 shots, version 0",
    "lighteval (`results_….json`)": "version 1",
    "Inspect (`.eval`)": "shots 5",
    "Inspect (JSON log)": "shots 5",
    "OpenCompass (`summary_….csv`)": "version a1b2c3, gen",
}
FOUR = [True, False, False, False]
"""A mean of .25, whose standard error is √(.75 ÷ 3 ÷ 4)."""

SMALL: dict[str, dict[str, Any]] = {
    "a table with candidate, outcome, score": {
        "x.csv": "candidate,outcome,score,stderr,direction,scale,samples,date,conditions\n"
        "acme/small,quiz/acc,0.25,0.02,lower,1,9,2026-05-31,5 shots\n",
    },
    "lm-evaluation-harness 0.4 (`results_….json`)": {f"results_{STAMP}.json": _lm_eval()},
    "lm-evaluation-harness 0.4 (`samples_….jsonl`)": {
        f"samples_quiz_{STAMP}.jsonl": "".join(json.dumps(_sample(right)) + "\n" for right in FOUR),
        f"results_{STAMP}.json": _lm_eval(),
    },
    "lm-evaluation-harness 0.3 (JSON)": {
        "x.json": {
            "results": {"quiz": {"acc": 0.25, "acc_stderr": 0.02}}, "versions": {"quiz": 0},
            "config": {"model": "hf-causal", "model_args": "pretrained=acme/small", "num_fewshot": 5},
        },
    },
    "lighteval (`results_….json`)": {
        f"results_{STAMP}.json": {
            "config_general": {"lighteval_sha": "?", "model_name": "acme/small"},
            "results": {"lighteval|quiz|0": {"acc": 0.25, "acc_stderr": 0.02}},
            "versions": {"lighteval|quiz|0": 1}, "config_tasks": {"lighteval|quiz": {
                "metrics": [{"metric_name": "acc", "higher_is_better": False}],
                "original_num_docs": 9, "effective_num_docs": 9,
            }},
            "summary_tasks": {}, "summary_general": {},
        },
    },
    "Inspect (`.eval`)": {"x.eval": _INSPECT},
    "Inspect (JSON log)": {"x.json": _INSPECT},
    "HELM (`stats.json` beside `run_spec.json`)": {
        "stats.json": [_helm("num_instances", 4), _helm("exact_match", 0.25), _helm("inference_runtime", 3.5)],
        "run_spec.json": {"name": "quiz:model=acme_small", "adapter_spec": {"model": "acme/small"}},
        "per_instance_stats.json": [
            {"instance_id": f"id{n}", "train_trial_index": 0, "stats": [_helm("exact_match", float(right))]}
            for n, right in enumerate(FOUR)
        ],
    },
    "OpenCompass (`summary_….csv`)": {
        "summary_20260531_120000.csv": "dataset,version,metric,mode,acme/small\nquiz,a1b2c3,accuracy,gen,25.00\n"
        "other,d4e5f6,-,-,-\nall,-,naive_average,gen,25.00\n",
    },
    "Weights & Biases (table of runs, CSV)": {
        "x.csv": '"Name","State","Created","Runtime","learning_rate","eval/loss","eval/runtime"\n'
        '"acme/small","finished","2026-05-31T12:00:00.000Z","71","0.0001","0.25","3.5"\n',
    },
    "TRL (`trainer_state.json`)": {
        "acme/small/checkpoint-20/trainer_state.json": {
            "epoch": 1.0, "global_step": 20, "max_steps": 20,
            "log_history": [
                {"step": 10, "loss": 2.0, "eval_mean_token_accuracy": 0.125, "eval_runtime": 1.0},
                {"step": 20, "loss": 1.0, "eval_mean_token_accuracy": 0.25, "eval_runtime": 1.0},
            ],
        },
    },
}  # fmt: skip


def _written(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".eval"):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("_journal/start.json", "{}")
                archive.writestr("header.json", json.dumps(content))
                archive.writestr("samples/1_epoch_1.json", "{")
            path.write_bytes(packed.getvalue())
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder / next(iter(files))


def test_the_page_has_them_all() -> None:
    assert {name for name, _ in CELLS} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_row(name: str, tmp_path: Path) -> None:
    (outcome,) = read_outcomes(_written(tmp_path, SMALL[name])).outcomes
    assert outcome.candidate.endswith("small")
    by_hand = (0.75 / 3 / 4) ** 0.5
    held = {
        "score": outcome.score == 0.25 * (100 if "OpenCompass" in name else 1),
        "standard error": outcome.stderr in (0.02, by_hand),
        "direction": outcome.lower_is_better is not None and "loss" not in outcome.outcome,
        "scale": outcome.scale == (100 if "OpenCompass" in name else 1),
        "samples": outcome.samples == (4 if outcome.stderr == by_hand else 9),
        "conditions": outcome.conditions is not None,
        "date": (outcome.measured or "")[:10] == "2026-05-31",
    }
    assert outcome.conditions == CONDITIONS.get(name)
    assert held == {what: cell == YES for (row, what), cell in CELLS.items() if row == name}
