"""How far a branch is from chance and from the others: against loops, scipy and a case by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

from engine.results.board import Question, load_board
from engine.results.failure_standing import standings
from engine.results.failures import failure_tree
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite

Margins = dict[str, tuple[float, float]]


def lost(margin: tuple[float, float]) -> float:
    total = margin[0] + margin[1]
    return 0.5 if total == 0 else float(total < 0)


def test_shares_are_those_of_a_loop(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    margins = {name: add_run(name) for name in ("a", "b", "c")}
    board = load_board(store, Question())
    tree = failure_tree(board, "a")
    found = standings(board, "a", tree)
    pairs = {pair.id: pair for pair in suite.scored}
    for (kind, owner, name), standing in found.items():
        inside = [
            pair_id
            for pair_id, pair in pairs.items()
            if kind == "all"
            or (kind == "category" and name in map(str, pair.categories))
            or (kind == "subcategory" and name in map(str, pair.subcategories))
            or (
                kind == "criterion"
                and name in pair.violated
                and owner == next(str(c.subcategory) for c in pair.criteria if c.id == name)
            )
        ]
        assert standing.n_pairs == len(inside)
        assert standing.n_clusters == len({pairs[pair_id].cluster for pair_id in inside})
        assert standing.share == pytest.approx(np.mean([lost(margins["a"][pair_id]) for pair_id in inside]))
        others = [np.mean([lost(margins[other][pair_id]) for other in ("b", "c")]) for pair_id in inside]
        assert standing.others == pytest.approx(np.mean(others))
        assert standing.ci_low <= standing.share <= standing.ci_high
        assert standing.chance == 0.5
    assert {key[0] for key in found} == {"all", "category", "subcategory", "criterion"}


def _board_of(store: Store, wins: dict[str, list[bool]]) -> object:
    """One criterion, a pair a cluster, won as told."""
    count = len(next(iter(wins.values())))
    pairs = [
        Pair(
            id=f"p{i:03}", domain="d", prompt=f"Prompt {i}", chosen=f"Yes {i}", rejected=f"No {i}",
            criteria=[Criterion(id="c", text="Is short.", subcategory="Length")], violated=["c"],
        )
        for i in range(count)
    ]  # fmt: skip
    suite = Suite("flat", tuple(pairs))
    add_suite(store, suite)
    for name, row in wins.items():
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{name}", "tokenizer_hash": "t",
            "candidate": name, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
            "template_hash": "t", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        open_run(store, name, key, n_wanted=count)
        verdicts = [Verdict(p.id, *((1.0, 1.0) if won else (-1.0, -1.0))) for p, won in zip(pairs, row, strict=True)]
        add_verdicts(store, name, verdicts)
        close_run(store, name, Status.DONE, facts={})
    return load_board(store, Question())


def test_of_two_candidates_it_is_mcnemar_and_wilson(store: Store) -> None:
    a = [False] * 24 + [True] * 16
    b = [False] * 9 + [True] * 15 + [False] * 2 + [True] * 14
    board = _board_of(store, {"a": a, "b": b})
    found = standings(board, "a", failure_tree(board, "a"))
    whole = found["all", "", ""]
    assert whole.share == pytest.approx(24 / 40)
    assert whole.others == pytest.approx(11 / 40)
    # 15 pairs that only a loses, 2 that only b loses.
    assert whole.p_others == pytest.approx(binomtest(15, 17).pvalue)
    assert whole.against_others == "more"
    z, n, p = 1.959964, 40, 24 / 40
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (whole.ci_low, whole.ci_high) == pytest.approx(
        tuple((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1)), abs=3e-3
    )
    assert whole.against_chance == ""
    assert standings(board, "b", failure_tree(board, "b"))["all", "", ""].against_others == "fewer"
    assert standings(board, "b", failure_tree(board, "b"))["all", "", ""].against_chance == "fewer"


def test_alone_and_with_few_clusters_nothing_is_told(store: Store) -> None:
    board = _board_of(store, {"a": [False] * 5})
    whole = standings(board, "a", failure_tree(board, "a"))["all", "", ""]
    assert math.isnan(whole.others)
    assert math.isnan(whole.p_others)
    assert (whole.against_chance, whole.against_others) == ("", "")
    assert whole.share == 1
