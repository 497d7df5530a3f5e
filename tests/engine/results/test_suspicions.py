"""What speaks against a suite itself: all below chance, labels contradicted by the able, copies of a template."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.results.board import Question, load_board
from engine.results.rankings import rankings_of
from engine.results.suspicions import suspicions
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Pair, Suite

N = 40


def suite_of(name: str, prompts: Sequence[str]) -> Suite:
    criteria = [{"id": "c", "text": "t", "subcategory": "Logic"}]
    return Suite(name, tuple(
        Pair.model_validate({
            "id": f"p{i:02d}", "domain": "d", "prompt": prompt, "chosen": f"{name} {i} x", "rejected": f"{name} {i} y",
            "violated": ["c"], "criteria": criteria,
        })
        for i, prompt in enumerate(prompts)
    ))  # fmt: skip


APART = [" ".join(f"w{i}x{j}" for j in range(8)) for i in range(N)]
"""Prompts without a common word."""


def score(store: Store, suite: Suite, candidate: str, wrong: set[int], margin: float = 1.0) -> None:
    key = {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
        "candidate": candidate, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
        "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
    }  # fmt: skip
    run_id = f"{suite.name}-{suite.hash[:6]}-{candidate}"
    open_run(store, run_id, key, n_wanted=N)
    signs = [-1 if i in wrong else 1 for i in range(N)]
    add_verdicts(store, run_id, [Verdict(f"p{i:02d}", s * margin, s * margin, True) for i, s in enumerate(signs)])
    close_run(store, run_id, Status.DONE)


def said(store: Store, suite: str) -> tuple[str, ...]:
    question = Question(suite=suite)
    board = load_board(store, question)
    return suspicions(store, board, rankings_of(board, question, resamples=200))


@pytest.fixture
def suite(store: Store) -> Suite:
    made = suite_of("apart", APART)
    add_suite(store, made)
    return made


def test_all_candidates_surely_below_chance(store: Store, suite: Suite) -> None:
    for right in (0, 2, 4):
        score(store, suite, f"m{right}", set(range(right, N)))
    assert said(store, "apart") == (
        "all 3 candidates are surely below chance: are chosen and rejected changed over in apart?",
    )
    score(store, suite, "weak", set(range(N // 2)))
    assert not said(store, "apart")


def test_a_lone_candidate_has_to_be_far_below(store: Store, suite: Suite) -> None:
    score(store, suite, "poor", set(range(27)))
    assert not said(store, "apart")
    other = suite_of("other", APART)
    add_suite(store, other)
    score(store, other, "none", set(range(38)))
    (what,) = said(store, "other")
    assert what.startswith("the only candidate is surely below chance")


@pytest.mark.long
def test_a_suite_of_hard_pairs_is_not_suspected(store: Store, suite: Suite) -> None:
    for strength in range(5):
        score(store, suite, f"m{strength}", set(range(12 + 5 * strength, N)))
    assert not said(store, "apart")


@pytest.mark.long
def test_labels_that_good_candidates_contradict(store: Store, suite: Suite) -> None:
    for n in range(4):
        score(store, suite, f"good{n}", {7, 19, 20 + n})
    for n in range(3):
        score(store, suite, f"poor{n}", {i for i in range(N) if (i + n) % 2 == 0})
    assert said(store, "apart") == ("2 pairs whose label the candidates contradict (p07, p19): put the pairs on trial",)


def test_copies_of_a_template(store: Store) -> None:
    copies = suite_of("copies", [f"Which sign hangs over door {i} of the inn ?" for i in range(N)])
    add_suite(store, copies)
    score(store, copies, "m", set(range(10)))
    (what,) = said(store, "copies")
    assert what.startswith("40 of 40 clusters look like copies of one template")


def test_two_suites_of_one_name_are_said_whichever_way_one_is_asked_for(store: Store, suite: Suite) -> None:
    score(store, suite, "m", set())
    again = suite_of("apart", [f"{prompt} more" for prompt in APART])
    add_suite(store, again)
    score(store, again, "m", set())
    for name in ("apart", again.hash[:12], None):
        notes = load_board(store, Question(suite=name)).notes
        assert any("another suite is called 'apart' too" in note for note in notes)
