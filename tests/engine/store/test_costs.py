"""What a run has cost, where it was done in several goes."""

from __future__ import annotations

from typing import Any

import pytest

from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run, stored_runs

KEY: dict[str, Any] = {
    "suite_hash": "s", "suite": "s", "weights_hash": "w", "tokenizer_hash": "t", "candidate": "a", "protocol": "choice",
    "precision": "fp32", "device": "cpu", "attention": "sdpa", "template_hash": "x", "shots": None,
    "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
}  # fmt: skip


def costs_after(store: Store, *goes: dict[str, Any]) -> dict[str, Any]:
    for facts in goes:
        open_run(store, "r", KEY, n_wanted=10)
        close_run(store, "r", Status.CANCELLED, facts=facts)
    return dict(stored_runs(store)[0].facts)


def test_goes_are_added_up_and_the_most_memory_stays(store: Store) -> None:
    first = {"pairs": 6, "seconds": 3.0, "tokens": 60, "distinct_tokens": 40, "memory": 9, "log": "a"}
    second = {"pairs": 4, "seconds": 1.5, "tokens": 41, "distinct_tokens": 30, "memory": 7, "log": "b"}
    assert costs_after(store, first, {"notes": ["nothing done"], "log": "?"}, second) == {
        "pairs": 10, "seconds": 4.5, "tokens": 101, "distinct_tokens": 70, "memory": 9, "log": "b",
        "notes": ["nothing done"],
    }  # fmt: skip


def test_what_was_not_counted_is_not_added_to(store: Store) -> None:
    # Such a run was stored before pairs were counted with the seconds: who knows how many pairs they were for?
    facts = costs_after(store, {"seconds": 100.0, "tokens": 9}, {"pairs": 4, "seconds": 2.0, "tokens": 40})
    assert facts["pairs"] / facts["seconds"] == pytest.approx(2.0)
    assert facts["tokens"] == 40
