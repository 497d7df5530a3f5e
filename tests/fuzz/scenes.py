"""A small suite, a candidate and runs of it, for what needs a database."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.jobs.runs import Plan
    from engine.store.connection import Store
    from rubrics.schema import Suite

__all__ = ["blank_store", "margins", "small_plan", "small_suite", "stored_run", "verdict_row"]

PAIRS = 12


def small_suite(pairs: int = PAIRS) -> Suite:
    """So many pairs in half as many clusters."""
    from rubrics.schema import Criterion, Pair, Suite
    from rubrics.taxonomy import Subcategory

    kinds = list(Subcategory)
    made = [
        Pair(
            id=f"p{n:03}",
            domain=f"d{n % 2}",
            prompt=f"Question {n // 2}?",
            chosen=f"yes {n}",
            rejected=f"no {n}",
            criteria=[Criterion(id="c", text="Is right.", subcategory=kinds[n % 12])],
            violated=["c"],
        )
        for n in range(pairs)
    ]
    return Suite("small", tuple(made))


def margins(run_id: str, pair_id: str) -> tuple[float, float]:
    """Log-likelihoods of the two responses that a run gives a pair: always the same."""
    digest = hashlib.sha256(f"{run_id}{pair_id}".encode()).digest()
    return -digest[0] / 8 - 1, -digest[1] / 8 - 1


def verdict_row(run_id: str, pair_id: str) -> dict[str, Any]:
    """A verdict as a worker sends it."""
    chosen, rejected = margins(run_id, pair_id)
    return {
        "verdict": {
            "pair_id": pair_id,
            "ll_chosen": chosen,
            "ll_rejected": rejected,
            "tokens_chosen": 3,
            "tokens_rejected": 2,
            "bytes_chosen": 5,
            "bytes_rejected": 4,
        },
        "tokens": [],
    }


def small_plan(suite: Suite, run_id: str = "run", names: tuple[str, ...] = ("base",)) -> Plan:
    """One `likelihood` run of each candidate, none of it done."""
    from data.bundled import bundled_models
    from engine.candidates.find import find
    from engine.jobs.runs import PlannedRun, RunRequest
    from engine.jobs.score import ScorePlan

    folder = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
    (candidate,) = find([str(folder)])
    runs = []
    for name in names:
        key = {
            "weights_hash": f"w-{name}",
            "tokenizer_hash": "t",
            "config_hash": "c",
            "precision": "fp32",
            "device": "cpu",
            "attention": "sdpa",
            "matmul": "",
            "versions": {},
            "seed": 0,
            "suite_hash": suite.hash,
            "protocol": "likelihood",
            "template_hash": "x",
        }
        from dataclasses import replace

        runs.append(
            PlannedRun(
                f"{run_id}-{name}",
                replace(candidate, name=name, path=folder.with_name(name)),
                suite,
                "small.jsonl",
                "likelihood",
                "fp32",
                "cpu",
                "",
                key,
                len(suite.scored),
                0,
                0,
            )
        )
    return ScorePlan(RunRequest((str(folder),), ("small.jsonl",)), tuple(runs))


def blank_store(home: Path) -> Path:
    """An empty database, to be copied."""
    from engine.store.connection import Store

    path = home / "blank.duckdb"
    with Store(path).writing():
        pass
    return path


def stored_run(store: Store, suite: Suite, name: str = "base") -> str:
    """A finished run in a store."""
    from engine.store.runs import Status, close_run, open_run
    from engine.store.suites import add_suite
    from engine.store.verdicts import Verdict, add_verdicts

    (run,) = small_plan(suite, names=(name,)).runs
    add_suite(store, suite)
    row = {**run.key, "candidate": name, "suite": suite.name, "shots": None, "show_criteria": False, "prompt": "own"}
    open_run(store, run.run_id, row, n_wanted=len(suite.scored))
    add_verdicts(store, run.run_id, [Verdict(**verdict_row(run.run_id, pair.id)["verdict"]) for pair in suite.scored])
    close_run(store, run.run_id, Status.DONE)
    return run.run_id


def copy(source: Path, to: Path) -> Path:
    """A database of its own, like another."""
    shutil.copyfile(source, to)
    return to
