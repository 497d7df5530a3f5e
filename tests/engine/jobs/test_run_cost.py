"""What a plan will take: from runs of the same candidate on this machine, or not at all."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.jobs.preview import LaidRun
from engine.jobs.run_cost import RunCost, paces, run_cost
from engine.store.connection import Store
from engine.store.verdicts import Skip

KEY = {"weights_hash": "w", "precision": "fp32", "device": "cpu"}


def _run(done: int = 0, pairs: int = 100) -> Any:
    suite = SimpleNamespace(scored=range(pairs))
    return SimpleNamespace(key=KEY, protocol="likelihood", suite=suite, done=done)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "s.duckdb")
    here, rows = socket.gethostname(), []
    for name, weights, host, tokens, seconds, memory in (
        ("a", "w", here, 1000, 2.0, 50), ("b", "w", here, 3000, 2.0, 70), ("c", "w", "elsewhere", 9e9, 1.0, 9),
        ("d", "other", here, 9e9, 1.0, 9), ("e", "w", here, 0, 0.0, 9),
    ):  # fmt: skip
        facts = {"tokens": tokens, "seconds": seconds, "memory": memory}
        rows.append((name, weights, host, json.dumps(facts)))
    with store.writing() as connection:
        for name, weights, host, facts in rows:
            connection.execute(
                "insert into runs (run_id, suite_hash, suite, weights_hash, tokenizer_hash, candidate, protocol, "
                "precision, device, attention, template_hash, show_criteria, prompt, seed, versions, run_key, status, "
                "owner_host, n_wanted, facts) values (?, 's', 's', ?, 't', 'm', 'likelihood', 'fp32', 'cpu', 'sdpa', "
                "'x', false, 'own', 0, '{}', '{}', 'done', ?, 10, ?)",
                [name, weights, host, facts],
            )
    return store


def test_time_is_tokens_left_at_the_speed_of_earlier_runs_here(store: Store) -> None:
    known = paces(store)
    pace = known["w", "fp32", "cpu", "likelihood"]
    assert (pace.tokens_per_second, pace.memory_bytes, pace.runs) == (1000.0, 70, 2)
    # 95 of 100 pairs fit, 19 of them are scored: 76 of 95 parts of 9,500 tokens are left.
    laid = LaidRun(95, 9500, tuple(Skip(str(n), "too long") for n in range(5)), ())
    assert run_cost(_run(done=19), laid, known) == RunCost(7600, 7.6, 2, 70)


def test_a_limit_takes_its_part_of_the_tokens(store: Store) -> None:
    # The layout's tokens are of all pairs; its total is what the limit leaves.
    assert run_cost(_run(), LaidRun(10, 9500, (), ()), paces(store)).tokens == 950


def test_nothing_is_guessed(store: Store) -> None:
    assert run_cost(_run(), LaidRun(100, 9500, (), ()), {}) == RunCost(9500, None, 0, None)
    assert run_cost(_run(), None, {}) == RunCost()
    assert run_cost(_run(), LaidRun(0, 0, tuple(Skip(str(n), "too long") for n in range(100)), ()), {}).tokens == 0
