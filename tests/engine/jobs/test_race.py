"""Racing for a decision: the claim follows from the order of groups alone, whatever is scored when."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine.jobs.race
from engine.jobs.job import Turn, perform
from engine.jobs.planning import plan
from engine.jobs.progress import NoProgress, Phase, RunState
from engine.jobs.race import FIRST_PAIRS, RacePlan, decisions_of
from engine.jobs.runs import Plan, PlannedRun, RunRequest
from engine.jobs.standing import draw, standing
from engine.jobs.states import States
from engine.layout.order import rounds
from engine.results.board import Question, load_board
from engine.results.decisions import claim, decisions_on
from engine.stats.sequential import Decision
from engine.store.annotations import annotate
from engine.store.connection import Store
from engine.store.decisions import StoredDecision, stored_decisions
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Skip, Verdict, add_skips, add_verdicts, done_pairs
from rubrics.errors import BadInput
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

RULE = Criterion(id="c", text="Is right.", subcategory=Subcategory.LOGIC)
PAIRS = 700


@pytest.fixture(scope="module")
def suite() -> Suite:
    """700 pairs in groups of one to three."""
    rng = random.Random(0)
    pairs: list[Pair] = []
    while len(pairs) < PAIRS:
        group = f"g{len(pairs)}"
        for _ in range(min(rng.randint(1, 3), PAIRS - len(pairs))):
            i = len(pairs)
            texts = {"prompt": f"What is {i}?", "chosen": f"Yes {i}", "rejected": f"No {i}"}
            pairs.append(Pair(id=f"p{i}", domain="d", group=group, criteria=[RULE], violated=["c"], **texts))
    return Suite("made", tuple(pairs))


class Fake:
    """Stands for the scoring of candidates: each gets a pair right by a chance of its own."""

    loses: frozenset[tuple[str, str]] = frozenset()
    """Verdicts that never come, by candidate and pair."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = rates
        self.turns: list[str] = []
        self.scored: dict[str, list[str]] = {name: [] for name in rates}
        self.dies_after: int | None = None
        self.fails: set[str] = set()
        self.unreadable: dict[str, set[str]] = {}

    def right(self, name: str, pair_id: str) -> bool:
        return random.Random(f"{name} {pair_id}").random() < self.rates[name]

    def __call__(
        self, store: Store, request: RunRequest, runs: Sequence[PlannedRun], states: States, *,
        pairs: Mapping[str, Sequence[str]], stays: Any, **_: Any,
    ) -> Turn:  # fmt: skip
        """A turn that scores at once, without a worker."""
        fake = self

        class FakeTurn(Turn):
            def carry_out(self, *_: Any) -> None:
                fake.score(store, request, runs, states, pairs)

            def close(self, *_: Any) -> None: ...

        return FakeTurn([run.run_id for run in runs], states)

    def score(
        self, store: Store, request: RunRequest, runs: Sequence[PlannedRun], board: States,
        pairs: Mapping[str, Sequence[str]],
    ) -> None:  # fmt: skip
        if self.dies_after is not None and len(self.turns) >= self.dies_after:
            raise KeyboardInterrupt
        for run in runs:
            name = run.candidate.name
            self.turns.append(name)
            add_suite(store, run.suite)
            open_run(store, run.run_id, run.row(request), n_wanted=run.requested)
            if name in self.fails:
                board.update(run.run_id, phase=Phase.FAILED)
                continue
            skipped = self.unreadable.get(name, set())
            ids = pairs.get(run.run_id)
            if ids is None:
                add_skips(store, run.run_id, [Skip(pair_id, "too long") for pair_id in sorted(skipped)])
                lengths = {pair.id: 1 for pair in run.suite.scored if pair.id not in skipped}
                ordered = rounds(run.suite.scored, lengths, seed=request.seed, limit=run.limit)
                done = done_pairs(store, run.run_id)
                ids = [pair_id for ids in ordered for pair_id in ids if pair_id not in done]
            assert not skipped & set(ids)
            ids = [pair_id for pair_id in ids if (name, pair_id) not in self.loses]
            self.scored[name] += ids
            margins = {i: 1.0 if self.right(name, i) else -1.0 for i in ids}
            add_verdicts(store, run.run_id, [Verdict(i, m, m, single_chosen_first=True) for i, m in margins.items()])
            close_run(store, run.run_id, Status.DONE)
            judged = board[run.run_id].judged + len(ids)
            board.update(run.run_id, done=judged, judged=judged, phase=Phase.QUEUED)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake({"ash": 0.8, "elm": 0.5, "fir": 0.75, "oak": 0.3})
    monkeypatch.setattr(engine.jobs.race, "ScoreTurn", made)
    return made


def planned(store: Store, suite: Suite, fake: Fake, **changes: Any) -> Plan:
    values = {"protocols": ("choice",), "until": "best", **changes}
    request = RunRequest(tuple(fake.rates), ("made",), **values)
    runs = []
    for name in fake.rates:
        candidate: Any = SimpleNamespace(name=name, path=Path(name), place=name, served=None, runs_own_code=False)
        key = {
            "weights_hash": name, "tokenizer_hash": "t", "suite_hash": suite.hash, "protocol": "choice",
            "template_hash": "x", "precision": "fp32", "device": "cpu", "attention": "sdpa", "seed": request.seed,
            "versions": {},
        }  # fmt: skip
        runs.append(PlannedRun(
            run_id=f"run-{name}", candidate=candidate, suite=suite, suite_path="", protocol="choice", precision="fp32",
            device="cpu", why="", key=key, requested=PAIRS, done=len(done_pairs(store, f"run-{name}")), skipped=0,
            limit=request.limit,
        ))  # fmt: skip
    return RacePlan(request, tuple(runs))


def settle(store: Store, suite: Suite, fake: Fake, **changes: Any) -> tuple[StoredDecision, dict[str, RunState]]:
    asked = planned(store, suite, fake, **changes)
    states = {state.key: state for state in perform(store, asked)}
    (found,) = decisions_of(store, asked)
    return found, states


def scores_of(fake: Fake, suite: Suite, seed: int = 0) -> np.ndarray:
    ids = [pair_id for group in draw(suite, seed).groups for pair_id in group]
    return np.array([[float(fake.right(name, i)) for i in ids] for name in fake.rates], dtype=np.float32)


@pytest.mark.long
def test_losers_drop_out_and_the_claim_is_what_one_look_at_everything_says(
    store: Store, suite: Suite, fake: Fake
) -> None:
    found, board = settle(store, suite, fake)
    whole = standing(tuple(fake.rates), scores_of(fake, suite), draw(suite, 0), "best", 0.05)
    assert (found.state, found.ranked[0], found.out_at) == ("decided", "ash", whole.out_at)
    assert (found.groups_read, found.n_pairs, found.more_pairs) == (whole.read, PAIRS, None)
    spent = {name: len(ids) for name, ids in fake.scored.items()}
    assert spent["oak"] == FIRST_PAIRS < spent["fir"]
    assert all(len(set(ids)) == len(ids) for ids in fake.scored.values())
    # A round reads at most as many pairs again as before it, so a winner is loaded few times.
    assert fake.turns.count("ash") <= 4
    assert {board[f"run-{name}"].phase for name in fake.rates} == {Phase.DONE}
    assert all(claim(found) in board[f"run-{name}"].notes for name in fake.rates)
    assert "about this suite alone" in claim(found)


@pytest.mark.long
def test_the_whole_order(store: Store, suite: Suite, fake: Fake) -> None:
    found, _ = settle(store, suite, fake, until="order")
    assert (found.state, found.ranked) == ("decided", ("ash", "fir", "elm", "oak"))
    assert "ash > fir > elm > oak" in claim(found)


@pytest.mark.long
@pytest.mark.parametrize("turns", [1, 5])
def test_killed_and_run_again_it_decides_the_same(store: Store, suite: Suite, fake: Fake, turns: int) -> None:
    fake.dies_after = turns
    with pytest.raises(KeyboardInterrupt):
        settle(store, suite, fake)
    assert stored_decisions(store) == []
    fake.dies_after = None
    found, _ = settle(store, suite, fake)
    assert all(len(set(ids)) == len(ids) for ids in fake.scored.values())
    again = Fake(fake.rates)
    engine.jobs.race.ScoreTurn = again  # type: ignore[assignment]
    undisturbed, _ = settle(Store(store.path.with_name("other.duckdb")), suite, again)
    assert found == undisturbed


@pytest.mark.long
def test_what_is_decided_already_scores_nothing(store: Store, suite: Suite, fake: Fake) -> None:
    first, _ = settle(store, suite, fake)
    fake.turns.clear()
    found, board = settle(store, suite, fake)
    assert (found, fake.turns) == (first, [])
    assert {board[f"run-{name}"].phase for name in fake.rates} == {Phase.UP_TO_DATE}
    assert len(stored_decisions(store)) == 1


@pytest.mark.long
def test_a_limit_ends_it_undecided_with_how_many_more(store: Store, suite: Suite, fake: Fake) -> None:
    fake.rates = {"ash": 0.6, "elm": 0.58}
    found, _ = settle(store, suite, fake, limit=200)
    assert found.state == "undecided"
    assert found.pairs_read <= 200 < found.n_pairs
    assert set(found.racing) == {"ash", "elm"}
    assert found.more_pairs is not None
    assert f"about {found.more_pairs:,} more pairs" in claim(found)
    later, _ = settle(store, suite, fake, limit=400)
    assert later.pairs_read > 200
    assert len(set(fake.scored["ash"])) == len(fake.scored["ash"]) <= 400


@pytest.mark.long
def test_a_tie_uses_the_suite_up_undecided(store: Store, suite: Suite, fake: Fake) -> None:
    fake.rates = {"ash": 1.0, "elm": 1.0}
    found, board = settle(store, suite, fake)
    assert (found.state, found.pairs_read, found.more_pairs) == ("undecided", PAIRS, None)
    assert "no number of pairs like these" in claim(found)
    assert board["run-ash"].stage == "undecided"


def test_a_candidate_that_fails_is_nothing_claimed_of(store: Store, suite: Suite, fake: Fake) -> None:
    fake.fails = {"ash"}
    found, board = settle(store, suite, fake)
    assert (found.state, found.ranked[0], found.failed) == ("decided", "fir", ("ash",))
    assert "nothing is claimed of ash" in claim(found)
    assert board["run-ash"].phase is Phase.FAILED


def test_the_last_one_standing_for_want_of_others_wins_nothing(store: Store, suite: Suite, fake: Fake) -> None:
    fake.fails = {"ash", "elm", "oak"}
    found, _ = settle(store, suite, fake)
    assert (found.state, found.ranked, found.racing) == ("undecided", ("fir",), ("fir",))


@pytest.mark.long
def test_pairs_that_one_cannot_read_or_a_person_excluded_are_no_part_of_it(
    store: Store, suite: Suite, fake: Fake
) -> None:
    fake.unreadable = {"oak": {"p1", "p2"}, "elm": {"p2", "p400"}}
    add_suite(store, suite)
    annotate(store, suite.hash, ["p7"], "exclude", "wrong")
    found, _ = settle(store, suite, fake)
    assert (found.state, found.ranked[0]) == ("decided", "ash")
    assert (found.n_pairs, found.left_out) == (PAIRS - 4, 4)
    assert "4 pairs that not all can read" in claim(found)


@pytest.mark.long
def test_verdicts_from_earlier_runs_are_read_in_order(store: Store, suite: Suite, fake: Fake) -> None:
    first = planned(store, suite, fake).runs[0]
    asked = planned(store, suite, fake)
    fake.score(store, asked.request, [replace(first, limit=500)], States(asked.states, NoProgress()), pairs={})
    scored = len(fake.scored["ash"])
    found, _ = settle(store, suite, fake)
    whole = standing(tuple(fake.rates), scores_of(fake, suite), draw(suite, 0), "best", 0.05)
    assert (found.out_at, found.groups_read) == (whole.out_at, whole.read)
    assert len(fake.scored["ash"]) == scored == 500


@pytest.mark.long
def test_a_board_knows_the_decision_on_its_runs(store: Store, suite: Suite, fake: Fake) -> None:
    found, _ = settle(store, suite, fake)
    assert decisions_on(store, load_board(store, Question())) == [found]


def same(one: Decision, other: Decision) -> bool:
    return (one.state, one.order[0], one.read, one.out_at) == (other.state, other.order[0], other.read, other.out_at)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 60), min_size=3, max_size=3), st.sampled_from(["best", "order"]))
def test_how_far_each_has_been_read_changes_no_decision(seed: int, beyond: list[int], goal: Any) -> None:
    pairs = [
        Pair(id=f"p{i}", domain="d", prompt=f"{i}", group=f"g{i // 2}", chosen="y", rejected="n", criteria=[RULE],
             violated=["c"])
        for i in range(240)
    ]  # fmt: skip
    drawn = draw(Suite("s", tuple(pairs)), seed)
    rng = np.random.default_rng(seed)
    scores = (rng.random((3, 240)) < np.array([[0.9], [0.6], [0.3]])).astype(np.float32)
    names = ("a", "b", "c")
    whole = standing(names, scores, drawn, goal, 0.05)
    part = scores.copy()
    for row, name, more in zip(part, names, beyond, strict=True):
        row[drawn.ends[whole.out_at.get(name, whole.read) - 1] + more :] = np.nan
    assert same(standing(names, part, drawn, goal, 0.05), whole)
    order = rng.permutation(3)
    turned = standing([names[i] for i in order], part[order], drawn, goal, 0.05)
    assert (turned.state, turned.order, turned.read) == (whole.state, whole.order, whole.read)


def test_stopping_whenever_one_likes_is_wrong_no_more_often_than_said(suite: Suite) -> None:
    # Two candidates that are level on the suite: any claim is wrong. Someone looks after each group until one is made.
    rng = np.random.default_rng(5)
    drawn = draw(suite, 0)
    base = np.repeat([1.0, 0.0], PAIRS // 2).astype(np.float32)
    trials = 200
    wrong = 0
    for _ in range(trials):
        scores = np.stack([rng.permutation(base), rng.permutation(base)])
        wrong += standing(("a", "b"), scores, drawn, "best", 0.1).state == "decided"
    # Binomial(200, .1): more than 30 in one run of a hundred.
    assert wrong <= 30


def test_rounds_of_scoring_and_of_deciding_read_the_same_order(suite: Suite) -> None:
    lengths = {pair.id: 1 for pair in suite.scored}
    scored = list(rounds(suite.scored, lengths, seed=3))
    drawn = draw(suite, 3, without={"p5"})
    assert [i for ids in scored for i in ids if i != "p5"] == [i for group in drawn.groups for i in group]
    assert (drawn.left_out, drawn.pairs) == (1, PAIRS - 1)
    assert drawn.ends[drawn.holding(100) - 1] >= 100 > drawn.ends[drawn.holding(100) - 2]
    assert drawn.ends[drawn.within(100) - 1] <= 100 < drawn.ends[drawn.within(100)]


def test_one_candidate_or_a_silly_alpha_is_refused(store: Store, small_model: Path) -> None:
    request = RunRequest((str(small_model),), ("world",), ("likelihood",), device="cpu", until="best")
    with pytest.raises(BadInput, match="nothing to decide"):
        plan(store, request)
    with pytest.raises(BadInput, match="alpha"):
        plan(store, replace(request, alpha=1.0))


@pytest.mark.long
def test_real_candidates_race_with_their_controls(store: Store) -> None:
    from data.bundled import bundled_models

    models = sorted(map(str, bundled_models()))[:2]
    request = RunRequest(
        tuple(models), ("world",), ("likelihood",), "fp32", "cpu", threads=1, limit=24, until="best", controls=8
    )  # fmt: skip
    planned = plan(store, request)
    states = perform(store, planned)
    (found,) = decisions_of(store, planned)
    assert found.pairs_read <= 24
    assert [(s.prompt, s.phase, s.error) for s in states] == [
        (prompt, Phase.DONE, "") for _ in models for prompt in ("own", "none", "other")
    ]
    assert all(len(done_pairs(store, run.run_id)) == (24 if run.prompt == "own" else 8) for run in planned.runs)


@pytest.mark.long
def test_pairs_that_never_come_back_end_the_race_for_who_owes_them(
    store: Store, suite: Suite, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = draw(suite, 0).groups[20][0]
    monkeypatch.setattr(fake, "loses", frozenset({("ash", lost)}))
    found, board = settle(store, suite, fake)
    assert (found.failed, found.ranked[0]) == (("ash",), "fir")
    assert f"from {lost} on" in board["run-ash"].error
