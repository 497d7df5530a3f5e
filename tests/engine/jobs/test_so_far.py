"""What is decided while runs go on: asked of the race's test, and of the verdict; never of a bare lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.jobs.progress import Phase, RunState, seconds_left
from engine.jobs.runs import Plan, PlannedRun, RunRequest
from engine.jobs.score import ScorePlan
from engine.jobs.so_far import keep, so_far
from engine.jobs.standing import draw, standing
from engine.results.board import Question, load_board
from engine.results.controls import control_table
from engine.results.decisions import claim
from engine.results.rankings import rankings_of
from engine.results.recommendation import recommend
from engine.store.connection import Store
from engine.store.decisions import stored_decisions
from engine.store.runs import open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

PAIRS = 240
RULE = Criterion(id="c", text="Is right.", subcategory=Subcategory.LOGIC)
SUITE = Suite("made", tuple(
    Pair(id=f"p{i}", domain="d", prompt=f"What is {i}?", group=f"g{i // 2}", chosen=f"Yes {i}", rejected=f"No {i}",
         criteria=[RULE], violated=["c"])
    for i in range(PAIRS)
))  # fmt: skip
ORDER = [pair_id for group in draw(SUITE, 0).groups for pair_id in group]


def right(name: str, share: float) -> list[bool]:
    """By pair in the order of scoring: right with that chance."""
    return (np.random.default_rng(sum(name.encode())).random(PAIRS) < share).tolist()


def scored(store: Store, rates: Mapping[str, tuple[float, int]]) -> Plan:
    """A plan of candidates, each right so often, and read on so many pairs."""
    request = RunRequest(tuple(rates), ("made",), ("likelihood",))
    runs = []
    add_suite(store, SUITE)
    for name, (share, read) in rates.items():
        candidate: Any = SimpleNamespace(name=name, path=Path(name), place=name, served=None, runs_own_code=False)
        key = {
            "weights_hash": name, "tokenizer_hash": "t", "suite_hash": SUITE.hash, "protocol": "likelihood",
            "template_hash": "x", "precision": "fp32", "device": "cpu", "attention": "sdpa", "seed": 0, "versions": {},
        }  # fmt: skip
        run = PlannedRun(
            run_id=f"run-{name}", candidate=candidate, suite=SUITE, suite_path="", protocol="likelihood",
            precision="fp32", device="cpu", why="", key=key, requested=PAIRS, done=0, skipped=0,
        )  # fmt: skip
        runs.append(run)
        if read:
            open_run(store, run.run_id, run.row(request), n_wanted=PAIRS)
            won = dict(list(zip(ORDER, right(name, share), strict=True))[:read])
            add_verdicts(store, run.run_id, [
                Verdict(i, ll_chosen=-1.0, ll_rejected=-2.0 if first else -0.5, tokens_chosen=2, tokens_rejected=2,
                        bytes_chosen=6, bytes_rejected=6)
                for i, first in won.items()
            ])  # fmt: skip
    return ScorePlan(request, tuple(runs))


def taken(store: Store) -> str | None:
    """Whom the verdict takes, asked as the rankings ask."""
    question = Question(SUITE.hash, "likelihood")
    board = load_board(store, question)
    return recommend(store, board, rankings_of(board, question), control_table(store, board)).ahead


def test_a_clear_best_is_settled_before_the_last_one_is_read_to_its_end(store: Store) -> None:
    plan = scored(store, {"ash": (0.9, PAIRS), "elm": (0.6, PAIRS), "fir": (0.55, 120)})
    (one,) = so_far(store, plan, plan.states)
    scores = np.full((3, PAIRS), np.nan, dtype=np.float32)
    for row, (name, share, read) in zip(
        scores, [("ash", 0.9, 240), ("elm", 0.6, 240), ("fir", 0.55, 120)], strict=True
    ):
        row[:read] = right(name, share)[:read]
    alone = standing(("ash", "elm", "fir"), scores, draw(SUITE, 0), "best", 0.05)
    assert (one.decision.state, one.decision.ranked, one.decision.groups_read) == ("decided", alone.order, alone.read)
    assert one.take == taken(store) == "ash"
    assert (one.settled, one.waiting) == (True, ())
    (kept,) = keep(store, [one])
    assert stored_decisions(store) == [kept]
    assert claim(kept).startswith("decided: ash is the best of 3 on made, likelihood per_byte, after ")


@pytest.mark.long
def test_who_is_still_to_come_keeps_it_open(store: Store) -> None:
    plan = scored(store, {"ash": (0.9, PAIRS), "elm": (0.5, 200), "fir": (0.5, 0)})
    (one,) = so_far(store, plan, plan.states)
    assert (one.decision.state, one.decided, one.settled, one.waiting) == ("running", False, False, ("fir",))
    assert keep(store, [one]) == []
    failed = [replace(s, phase=Phase.FAILED) if s.candidate == "fir" else s for s in plan.states]
    (one,) = so_far(store, plan, failed)
    assert (one.settled, one.decision.failed) == (True, ("fir",))


@pytest.mark.long
def test_a_bare_lead_settles_nothing(store: Store) -> None:
    plan = scored(store, {"ash": (0.66, PAIRS), "elm": (0.6, 100)})
    (one,) = so_far(store, plan, plan.states)
    assert (one.decision.state, one.take, one.settled) == ("running", None, False)
    assert one.decision.more_pairs is not None


@pytest.mark.long
def test_the_best_of_those_below_chance_is_first_and_not_taken(store: Store) -> None:
    plan = scored(store, {"ash": (0.4, PAIRS), "elm": (0.05, PAIRS)})
    (one,) = so_far(store, plan, plan.states)
    assert (one.decided, one.decision.ranked[0], taken(store)) == (True, "ash", None)
    assert not one.settled
    assert keep(store, [one]) == []


@pytest.mark.long
def test_one_candidate_asks_nothing(store: Store) -> None:
    plan = scored(store, {"ash": (0.9, PAIRS)})
    assert so_far(store, plan, plan.states) == ()


@pytest.mark.parametrize(("workers", "seconds"), [(1, 10 + 40 + 25), (2, 50), (3, 50)])
def test_what_stopping_saves_is_what_is_left_at_the_speed_so_far(workers: int, seconds: float) -> None:
    def state(name: str, protocol: str, done: int, speed: float = 0.0, phase: Phase = Phase.SCORING) -> RunState:
        return RunState(name + protocol, name, "made", protocol, phase=phase, done=done, total=100,
                        pairs_per_second=speed)  # fmt: skip

    states = [
        state("ash", "likelihood", 50, 5.0),  # 50 pairs at 5 a second
        state("ash", "choice", 40, 1.5, Phase.CANCELLED),
        RunState("c", "ash", "made", "likelihood", total=200, prompt="none"),  # 200 at its likelihood's 5: 40 seconds
        state("elm", "likelihood", 0, 4.0),  # 25 seconds
    ]
    assert seconds_left(states, workers) == (pytest.approx(seconds), True)
    unknown = RunState("d", "oak", "made", "choice", total=100)
    assert seconds_left([*states, unknown], workers) == (pytest.approx(seconds), False)
    assert seconds_left([], 1) == (0.0, True)
