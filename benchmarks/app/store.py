"""How long screens wait for their numbers with a full store, and how long writing it takes.

    python benchmarks/app/store.py [--pairs 30000] [--candidates 16]

Fills a fresh store through the program's own functions with random verdicts, then times what each screen asks for when
it opens: the first time in a process, and again. The rival in the same run is the plainest reading of the same rows:
one `select` of all verdicts as Python tuples.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.results.board import Question, load_board
from engine.results.failures import failed_pairs, failure_tree, pair_view
from engine.results.rankings import rankings_of
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run, stored_runs
from engine.store.suites import add_suite, stored_suites
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

BATCH = 2_000
"""Verdicts that are written together where nobody says otherwise; a run brings them twice a second."""


def made_suite(pairs: int) -> Suite:
    """Pairs over all subcategories, four to a prompt, forty prompts to a template."""
    kinds = list(Subcategory)
    made = []
    for i in range(pairs):
        criteria = [
            Criterion(id=f"{k}", text=f"Meets {k}.", subcategory=k) for k in (kinds[i % 12], kinds[(i + 5) % 12])
        ]
        violated = [str(kinds[i % 12])] if i % 3 else [c.id for c in criteria]
        made.append(Pair(
            id=f"p{i}", domain=f"d{i % 4}", prompt=f"Prompt {i // 4}.", chosen=f"Yes {i}. " * 20,
            rejected=f"No {i}. " * 20, criteria=criteria, violated=violated, cluster=f"t{i // 160}",
        ))  # fmt: skip
    return Suite("bench", tuple(made))


class Filled(NamedTuple):
    """What the store's own functions took, in seconds; making up what they store is left out."""

    suite: float
    verdicts: float
    processor: float
    """Of the verdicts, processor time."""


def fill(store: Store, suite: Suite, candidates: int, batch: int = BATCH) -> Filled:
    """Random verdicts of candidates of rising ability."""
    rng = np.random.default_rng(0)
    for_suite = timed(lambda: add_suite(store, suite))
    spent = processor = 0.0
    for number in range(candidates):
        run_id = f"run{number:02}"
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w{number}", "tokenizer_hash": "t",
            "candidate": f"model-{number:02}", "protocol": "choice", "precision": "fp32", "device": "cpu",
            "attention": "sdpa", "template_hash": "x", "shots": None, "show_criteria": False,
            "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        open_run(store, run_id, key, n_wanted=len(suite.pairs))
        margins = rng.normal(0.1 + number / 20, 1, (len(suite.pairs), 2)).tolist()
        for start in range(0, len(suite.pairs), batch):
            verdicts = [
                Verdict(pair.id, *margins[start + i], single_chosen_first=bool(i % 2))
                for i, pair in enumerate(suite.pairs[start : start + batch])
            ]
            worked = time.process_time()
            spent += timed(lambda run_id=run_id, verdicts=verdicts: add_verdicts(store, run_id, verdicts))
            processor += time.process_time() - worked
        close_run(store, run_id, Status.DONE)
    return Filled(for_suite, spent, processor)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def plain_read(store: Store) -> None:
    """Every verdict as Python tuples, the way of least thought."""
    with store.reading() as connection:
        connection.execute("select * from verdicts_raw").fetchall()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30_000)
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=BATCH, help="verdicts that are written together")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "rude.duckdb")
        suite = made_suite(asked.pairs)
        rows = asked.pairs * asked.candidates
        took = fill(store, suite, asked.candidates, asked.batch)
        size = store.path.stat().st_size / 1e6
        print(f"{rows:,} verdicts written {asked.batch:,} at a time in {took.verdicts:.1f} s", end=" ")
        print(f"({rows / took.verdicts:,.0f} a second; of processor time {rows / took.processor:,.0f}),", end=" ")
        print(f"the suite in {took.suite:.1f} s; {size:.0f} MB")
        question = Question()
        first = timed(lambda: load_board(store, question))
        board = load_board(store, question)
        names = board.matrix.candidates
        measures: dict[str, Callable[[], object]] = {
            "plain read of the same rows": lambda: plain_read(store),
            "Candidates, Run: stored runs and suites": lambda: (stored_runs(store), stored_suites(store)),
            "Rankings: board": lambda: load_board(store, question),
            "Rankings: values and intervals": lambda: rankings_of(board, question, resamples=2_000),
            "Failures: tree and pairs": lambda: (failure_tree(board, names[0]), failed_pairs(board, names[0])),
            "Failures: one pair": lambda: pair_view(store, board, "p17"),
        }
        print(f"{'seconds':42} {'median':>7} {'max':>7}   of {asked.runs}")
        print(f"{'Rankings: board, first in the process':42} {first:7.3f}")
        for name, work in measures.items():
            values = [timed(work) for _ in range(asked.runs)]
            print(f"{name:42} {statistics.median(values):7.3f} {max(values):7.3f}")


if __name__ == "__main__":
    main()
