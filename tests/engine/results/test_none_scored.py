"""Runs in which no pair could be scored: every question about them is answered with why, not with 'run it'."""

from __future__ import annotations

import pytest

from engine.results.board import NoneScored, Question, load_board
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Skip, Verdict, add_skips, add_verdicts
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite


def _suite(name: str) -> Suite:
    return Suite(name, tuple(
        Pair.model_validate({
            "id": f"{name}{i}", "domain": "d", "prompt": f"Prompt {i}", "chosen": f"{i} x", "rejected": f"{i} y",
            "violated": ["c"], "criteria": [{"id": "c", "text": "t", "subcategory": "Logic"}],
        })
        for i in range(4)
    ))  # fmt: skip


def _run(store: Store, suite: Suite, candidate: str, *, scored: bool) -> None:
    add_suite(store, suite)
    key = {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
        "candidate": candidate, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
        "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
    }  # fmt: skip
    run_id = f"{suite.name}-{candidate}"
    open_run(store, run_id, key, n_wanted=4)
    ids = [pair.id for pair in suite.pairs]
    if scored:
        add_verdicts(store, run_id, [Verdict(pair_id, 1.0, 1.0, True) for pair_id in ids])
    else:
        add_skips(store, run_id, [Skip(name, "longer than the candidate's context", 9000, 512) for name in ids])
    close_run(store, run_id, Status.DONE)


def test_a_suite_of_which_nothing_could_be_scored_says_why(store: Store) -> None:
    long, short = _suite("long"), _suite("short")
    for candidate in ("ash", "elm"):
        _run(store, long, candidate, scored=False)
    for question in (Question(), Question("long"), Question(long.hash)):
        with pytest.raises(NoneScored, match="no pair of suite 'long' could be scored: 4 pairs longer than") as told:
            load_board(store, question)
        assert "(9,000 tokens, 512 fit)" in told.value.what
    with pytest.raises(BadInput, match="nothing has been scored yet"):
        load_board(store, Question("other"))
    _run(store, short, "ash", scored=True)
    assert load_board(store, Question()).suite == "short"
    with pytest.raises(NoneScored):
        load_board(store, Question("long"))
    with pytest.raises(BadInput, match="no run on suite 'other'"):
        load_board(store, Question("other"))
