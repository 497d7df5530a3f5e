"""Stored verdicts against the plainest calculation there is: one request at a time, on the printed ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from transformers import AutoModelForCausalLM

from engine.export.tables import table
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.results.board import Question
from engine.store.connection import Store
from rubrics.reading import find_suite, write_suite
from rude_tui.cli import cli


def plain_values(model: Path, requests: list[dict]) -> dict[tuple[str, str], float]:
    net = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    found = {}
    with torch.inference_mode():
        for request in requests:
            log_p = net(torch.tensor([request["ids"]])).logits[0].double().log_softmax(-1)
            if request["labels"]:
                labels = request["labels"]
                value = log_p[-1, labels["chosen"]] - log_p[-1, labels["rejected"]]
            else:
                start, end = request["scored"]
                value = sum(log_p[i - 1, request["ids"][i]] for i in range(start, end))
            found[request["pair_id"], request["view"]] = float(value)
    return found


def check(store: Store, model: Path, suite: Path | str, limit: int) -> None:
    request = RunRequest((str(model),), (str(suite),), limit=limit, device="cpu", precision="fp32", threads=1)
    perform(store, plan(store, request))
    verdicts = [dict(row) for row in table(store, "verdicts", Question()).records()]
    ids = sorted({row["pair_id"] for row in verdicts})
    pairs = [part for pair in ids for part in ("--pair", pair)]
    printed = CliRunner().invoke(cli, ["layout", "--model", str(model), "--suite", str(suite), "--json", *pairs])
    requests = json.loads(printed.stdout)
    expected = plain_values(model, requests)
    compared = 0
    for row in verdicts:
        views = (
            {"chosen_first": "log_odds_chosen_first", "rejected_first": "log_odds_rejected_first"}
            if row["protocol"] == "choice"
            else {"chosen": "ll_chosen", "rejected": "ll_rejected"}
        )
        for view, column in views.items():
            if (row["pair_id"], view) not in expected:
                continue
            want = expected[row["pair_id"], view]
            allowed = 1e-4 if row["protocol"] == "choice" else 1e-3 + 1e-6 * abs(want)
            assert abs(row[column] - want) <= allowed
            compared += 1
    assert compared == 2 * len(verdicts)


@pytest.mark.long
def test_bundled_model_on_the_bundled_suite(store: Store, small_model: Path) -> None:
    check(store, small_model, "world", 12)


@pytest.mark.long
def test_real_pretrained_model(store: Store, shared: Path, tmp_path: Path) -> None:
    model = shared / "models" / "stories260K"
    if not model.is_dir():
        pytest.skip("the real model is not here")
    # Its context is short: pairs without exemplars beside them, so that `choice` fits.
    short = [pair for pair in find_suite("world").scored if len(pair.prompt_text) < 120][:8]
    write_suite(tmp_path / "short.jsonl", short)
    check(store, model, tmp_path / "short.jsonl", 8)
