"""One candidate at two precisions, against sums done by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from scipy import stats

from engine.results.board import Question, load_board
from engine.results.fidelity import fidelity
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run, stored_runs
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.errors import BadInput
from rubrics.schema import Suite


@pytest.fixture
def suite(request: pytest.FixtureRequest, suite: Suite) -> Suite:
    """The made-up suite; where a test asks for `alone`, each pair is a cluster of its own."""
    if getattr(request, "param", None) != "alone":
        return suite
    return Suite("alone", tuple(pair.model_copy(update={"cluster": pair.id}) for pair in suite.scored))


@pytest.fixture
def add(store: Store, suite: Suite) -> Callable[..., str]:
    """Store a `choice` run that wins the pairs whose number `wins` accepts, by `size` nats; returns its id."""
    add_suite(store, suite)

    def add(candidate: str, precision: str, wins: Callable[[int], bool], *, pairs: int = 36, size: float = 1.0) -> str:
        run_id = f"{candidate}-{precision}"
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
            "candidate": candidate, "protocol": "choice", "precision": precision, "device": "cpu", "attention": "sdpa",
            "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        open_run(store, run_id, key, n_wanted=pairs)
        signs = [size if wins(i) else -size for i in range(pairs)]
        add_verdicts(store, run_id, [
            Verdict(pair.id, sign, sign, single_chosen_first=True)
            for pair, sign in zip(suite.scored[:pairs], signs, strict=True)
        ])  # fmt: skip
        close_run(store, run_id, Status.DONE)
        return run_id

    return add


def test_agreement_and_shift_by_hand(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    # Of the 24 pairs in the sample the reference wins 0–11, the other 3–11 and 20–23: 7 verdicts differ.
    runs = {
        "fp32": add("m", "fp32", lambda i: i < 12),
        "nf4": add("m", "nf4", lambda i: 3 <= i < 12 or i >= 20, pairs=24, size=1.5),
    }
    found = fidelity(store, "choice", suite.hash, runs)
    assert found.n_pairs == 24
    assert found.agreement.value == pytest.approx(17 / 24)
    assert found.agreement.ci_low < 17 / 24 < found.agreement.ci_high
    assert found.accuracy == (pytest.approx(12 / 24), pytest.approx(13 / 24))
    assert found.comparison.difference == pytest.approx(1 / 24)
    assert found.comparison.only_a == ("p20", "p21", "p22", "p23")
    assert found.comparison.only_b == ("p00", "p01", "p02")
    # Where the sign is kept a margin moves by ½ nat, where it turns by 2½.
    assert (found.moved_median, found.moved_95) == (pytest.approx(0.5), pytest.approx(2.5))
    assert found.rank is None
    assert found.ranking_changes is None


@pytest.mark.long
def test_a_place_that_changes_is_said(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    add("rival", "fp32", lambda i: i % 2 == 0)
    runs = {"fp32": add("m", "fp32", lambda i: True), "nf4": add("m", "nf4", lambda i: i % 6 == 0)}
    found = fidelity(store, "choice", suite.hash, runs)
    assert found.rank is not None
    assert [row.rank for row in found.rank] == [1, 2]
    assert found.ranking_changes is True
    assert fidelity(store, "choice", suite.hash, {"fp32": runs["fp32"], "again": runs["fp32"]}).ranking_changes is False


@pytest.mark.parametrize("suite", ["alone"], indirect=True)
def test_independent_pairs_have_the_textbook_intervals(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    # Each pair a cluster of its own; 36, of which 9 are won by the reference alone and 2 by the other alone.
    runs = {"fp32": add("m", "fp32", lambda i: i < 30), "nf4": add("m", "nf4", lambda i: 9 <= i < 32)}
    found = fidelity(store, "choice", suite.hash, runs)
    wilson = stats.binomtest(25, 36).proportion_ci(method="wilson")
    assert found.agreement.value == pytest.approx(25 / 36)
    # Ours are a hair wider: n − 1 stands in the error, which is estimated from the clusters.
    assert found.agreement.ci_low == pytest.approx(wilson.low, abs=0.005)
    assert found.agreement.ci_high == pytest.approx(wilson.high, abs=0.005)
    assert found.comparison.difference == pytest.approx(-7 / 36)
    assert found.comparison.test == "exact McNemar"
    assert found.comparison.p_value == pytest.approx(stats.binomtest(2, 11).pvalue)
    # Bonett & Price 2012: Wald's interval for paired proportions with one pair added to each cell that differs.
    up, down = 3 / 38, 10 / 38
    half = stats.norm.ppf(0.975) * math.sqrt((up + down - (up - down) ** 2) / 38)
    low, high = up - down - half, up - down + half
    assert (found.comparison.ci_low, found.comparison.ci_high) == pytest.approx((low, high), abs=0.01)


@pytest.mark.long
@pytest.mark.parametrize("suite", ["alone"], indirect=True)
def test_a_place_among_three_by_hand(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    add("best", "fp32", lambda i: i < 34)
    add("worst", "fp32", lambda i: i < 6)
    add("elsewhere", "fp32", lambda i: True, pairs=3)  # has not read the sample: takes no place
    full, lossy, broken = (add("m", name, lambda i, n=n: i < n) for name, n in (("fp32", 33), ("bf16", 31), ("nf4", 2)))
    # 33 and 31 of 36 are both below 34, 2 is below 6 too.
    small = fidelity(store, "choice", suite.hash, {"fp32": full, "bf16": lossy})
    great = fidelity(store, "choice", suite.hash, {"fp32": full, "nf4": broken})
    assert small.rank is not None
    assert great.rank is not None
    assert [row.rank for row in small.rank] == [2, 2]
    assert [row.rank for row in great.rank] == [2, 3]
    # One pair in 36 from the best, by either test: no difference. Four and 31 others: a clear one from the worst.
    assert [row.tied_with for row in small.rank] == [("best",), ("best",)]
    assert small.ranking_changes is False
    assert great.ranking_changes is True


def test_a_sample_does_not_narrow_the_ranking(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    add("rival", "fp32", lambda i: i % 2 == 0)
    add("m", "fp32", lambda i: True)
    before = load_board(store, Question())
    add("m", "nf4", lambda i: True, pairs=6)
    after = load_board(store, Question())
    assert [e.label for e in after.entrants] == [e.label for e in before.entrants] == ["m", "rival"]
    assert any("1 sample at a second precision" in note for note in after.notes)


@pytest.mark.long
def test_a_whole_run_at_a_second_precision_is_ranked(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    add("m", "fp32", lambda i: True)
    add("m", "nf4", lambda i: i % 2 == 0)
    assert [e.label for e in load_board(store, Question()).entrants] == ["m [fp32]", "m [nf4]"]


def test_nothing_to_compare_is_one_error(store: Store, suite: Suite, add: Callable[..., str]) -> None:
    runs = {"fp32": add("m", "fp32", lambda i: True), "nf4": add("m", "nf4", lambda i: True, pairs=0)}
    assert len(stored_runs(store)) == 2
    with pytest.raises(BadInput, match="nothing was scored to compare"):
        fidelity(store, "choice", suite.hash, runs)
