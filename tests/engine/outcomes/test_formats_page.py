"""The outcomes table of docs/formats.md, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats_page import YES, cells

from engine.outcomes.outcomes import read_outcomes

CELLS = cells("In: outcomes")

SMALL: dict[str, Any] = {
    "a table with candidate, outcome, score": (
        "candidate,outcome,score,stderr,direction\nacme/small,quiz/acc,0.25,0.02,lower\n"
    ),
    "lm-evaluation-harness 0.4 (JSON)": {
        "results": {"quiz": {"alias": "quiz", "acc,none": 0.25, "acc_stderr,none": 0.02}},
        "configs": {"quiz": {"task": "quiz"}}, "versions": {"quiz": 1}, "higher_is_better": {"quiz": {"acc": False}},
        "config": {"model": "hf", "model_args": "pretrained=acme/small"}, "model_name": "acme/small",
    },
    "lm-evaluation-harness 0.3 (JSON)": {
        "results": {"quiz": {"acc": 0.25, "acc_stderr": 0.02}}, "versions": {"quiz": 0},
        "config": {"model": "hf-causal", "model_args": "pretrained=acme/small", "num_fewshot": 0},
    },
    "lighteval (JSON)": {
        "config_general": {"lighteval_sha": "?", "model_name": "acme/small"},
        "results": {"lighteval|quiz|0": {"acc": 0.25, "acc_stderr": 0.02}}, "versions": {}, "config_tasks": {},
        "summary_tasks": {}, "summary_general": {},
    },
    "Inspect (JSON log)": {
        "version": 2, "status": "success", "eval": {"task": "quiz", "model": "vllm/acme/small"}, "plan": {},
        "results": {
            "total_samples": 9, "completed_samples": 9,
            "scores": [{
                "name": "acc", "scorer": "acc",
                "metrics": {"mean": {"name": "mean", "value": 0.25}, "stderr": {"name": "stderr", "value": 0.02}},
            }],
        },
    },
}  # fmt: skip


def test_the_page_has_them_all() -> None:
    assert {name for name, _ in CELLS} == set(SMALL)


@pytest.mark.parametrize("cell", CELLS, ids=", ".join)
def test_a_cell(cell: tuple[str, str], tmp_path: Path) -> None:
    name, what = cell
    content = SMALL[name]
    path = tmp_path / "results"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    (outcome,) = read_outcomes(path).outcomes
    assert outcome.candidate.endswith("acme/small")
    held = {
        "score": outcome.score == 0.25, "standard error": outcome.stderr == 0.02,
        "direction": outcome.lower_is_better is True,
    }  # fmt: skip
    assert held[what] is (CELLS[cell] == YES)
