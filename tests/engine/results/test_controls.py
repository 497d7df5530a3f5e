"""Controls beside a ranking: their numbers by plain loops, their intervals by plain resampling."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.export.tables import table
from engine.results.board import Board, Question, load_board
from engine.results.controls import control_row, control_table
from engine.store.annotations import annotate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

Margins = dict[str, float]
LENGTHS = {"tokens_chosen": 4, "tokens_rejected": 4, "bytes_chosen": 8, "bytes_rejected": 8}


@pytest.fixture
def suite() -> Suite:
    """120 pairs of 120 prompts in 40 clusters."""
    rule = Criterion(id="c", text="Is right.", subcategory=Subcategory.LOGIC)
    return Suite("made", tuple(
        Pair(id=f"p{i:03}", domain="d", prompt=f"{i}", chosen=f"Yes {i}", rejected=f"No {i}", criteria=[rule],
             violated=["c"], cluster=f"t{i // 3}")
        for i in range(120)
    ))  # fmt: skip


@pytest.fixture
def run(store: Store, suite: Suite) -> Callable[..., Margins]:
    """Store one `likelihood` run on the first pairs; gives back its margins in nats a byte, some of them ties."""
    add_suite(store, suite)

    def add(candidate: str, mean: float, *, pairs: int = 120, **changes: Any) -> Margins:
        rng = random.Random(f"{candidate}{sorted(changes.items())}")
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
            "candidate": candidate, "protocol": "likelihood", "precision": "fp32", "device": "cpu",
            "attention": "sdpa", "template_hash": f"x-{changes.get('prompt')}", "shots": None, "show_criteria": False,
            "prompt": "own", "seed": 0, "versions": {}, **changes,
        }  # fmt: skip
        run_id = f"{candidate}-{sorted(changes.items())}"
        open_run(store, run_id, key, n_wanted=pairs)
        margins = {pair.id: round(rng.gauss(mean, 1), 1) for pair in suite.scored[:pairs]}
        add_verdicts(store, run_id, [
            Verdict(i, ll_chosen=8 * margin - 80, ll_rejected=-80.0, **LENGTHS) for i, margin in margins.items()
        ])  # fmt: skip
        close_run(store, run_id, Status.DONE)
        return margins

    return add


def board(store: Store, **asked: Any) -> Board:
    return load_board(store, Question(protocol="likelihood", **asked))


def score(margin: float) -> float:
    return 1.0 if margin > 1e-9 else 0.0 if margin < -1e-9 else 0.5


def by_resampling(values: list[list[float]], of: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """95 % of a statistic of column sums, whole clusters of three pairs drawn again."""
    rng = np.random.default_rng(0)
    clusters = np.array(values).reshape(len(values), -1, 3).sum(axis=2)
    drawn = [of(clusters[:, rng.integers(0, clusters.shape[1], clusters.shape[1])].sum(axis=1)) for _ in range(4000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def test_numbers_by_plain_loops(store: Store, run: Callable[..., Margins]) -> None:
    own, none = run("ash", 0.8), run("ash", 0.3, prompt="none", pairs=90)
    other = run("ash", 0.2, prompt="other", pairs=60)
    found = control_table(store, board(store)).by_label["ash"]
    assert set(found) == {"none", "other"}
    for control, without in ((found["none"], none), (found["other"], other)):
        n = len(without)
        with_scores, scores = [score(own[i]) for i in without], [score(without[i]) for i in without]
        gained = [a - b for a, b in zip(with_scores, scores, strict=True)]
        pmi = [score(own[i] - without[i]) for i in without]
        assert control.n_pairs == n
        assert control.own == pytest.approx(sum(with_scores) / n)
        assert control.without.value == pytest.approx(sum(scores) / n)
        assert control.gained.difference == pytest.approx(sum(gained) / n)
        assert control.pmi.value == pytest.approx(sum(pmi) / n)
        for one, values in (
            ((control.without.ci_low, control.without.ci_high), scores),
            ((control.gained.ci_low, control.gained.ci_high), gained),
            ((control.pmi.ci_low, control.pmi.ci_high), pmi),
        ):
            assert one == pytest.approx(by_resampling([values], lambda sums, n=n: sums[0] / n), abs=0.04)


@pytest.mark.long
def test_the_share_of_the_lead_that_needs_no_prompt(store: Store, run: Callable[..., Margins]) -> None:
    margins = {name: (run(name, 1.2), run(name, 0.5, prompt="none", pairs=90)) for name in ("ash", "elm")}
    found = control_table(store, board(store))
    ids = sorted(margins["ash"][1])
    own = [sum(score(margins[name][0][i]) - 0.5 for name in margins) for i in ids]
    without = [sum(score(margins[name][1][i]) - 0.5 for name in margins) for i in ids]
    assert found.n_pairs == 90
    assert found.kept.value == pytest.approx(sum(without) / sum(own))
    ends = by_resampling([without, own], lambda sums: sums[0] / sums[1])
    assert (found.kept.ci_low, found.kept.ci_high) == pytest.approx(ends, abs=0.03)


@pytest.mark.long
@pytest.mark.parametrize(("mean", "mostly"), [(1.5, True), (0.0, False)])
def test_a_ranking_that_is_mostly_fluency_says_so(
    store: Store, run: Callable[..., Margins], mean: float, mostly: bool
) -> None:
    run("ash", 1.5)
    run("ash", mean, prompt="none")
    found = control_table(store, board(store))
    assert found.mostly_fluency is mostly
    assert found.line.startswith("mostly fluency") is mostly
    assert "of the lead over chance" in found.line
    assert "-" not in found.line


def test_without_a_lead_there_is_no_share_of_it(store: Store, run: Callable[..., Margins]) -> None:
    run("ash", -0.2)
    run("ash", 0.0, prompt="none")
    found = control_table(store, board(store))
    assert np.isnan(found.kept.value)
    assert (found.line, found.mostly_fluency) == ("", False)
    assert "none" in found.by_label["ash"]


@pytest.mark.long
def test_a_control_is_like_its_run_in_all_but_the_prompt(store: Store, run: Callable[..., Margins]) -> None:
    run("ash", 1.0)
    for change in ({"seed": 1}, {"shots": 2}, {"precision": "bf16"}, {"weights_hash": "w-elm"}, {"device": "cuda"}):
        run("ash", 1.0, prompt="none", **change)
    found = control_table(store, board(store)).by_label["ash"]
    assert set(found) == {"none"}  # the device alone is no choice that changes what is asked
    run("fir", 1.0)
    found_more = control_table(store, board(store))
    assert set(found_more.by_label) == {"ash"}
    assert np.isnan(found_more.kept.value)  # not of all candidates


def test_excluded_pairs_are_left_out_and_choice_has_none(
    store: Store, suite: Suite, run: Callable[..., Margins]
) -> None:
    run("ash", 1.0)
    run("ash", 1.0, prompt="none", pairs=30)
    annotate(store, suite.hash, ["p000", "p001"], "exclude", "wrong")
    asked = board(store)
    assert control_table(store, asked).by_label["ash"]["none"].n_pairs == 28
    assert control_table(store, replace(asked, protocol="choice")).by_label == {}


@pytest.mark.long
def test_tables_and_views_carry_them_beside_the_runs_themselves(store: Store, run: Callable[..., Margins]) -> None:
    run("ash", 1.0)
    run("ash", 0.2, prompt="none", pairs=60)
    control = control_row(control_table(store, board(store)).by_label["ash"]["none"])
    overall, other = list(table(store, "rankings", Question(protocol="likelihood")).records())[:2]
    for name in ("value", "ci_low", "difference", "pmi", "pmi_high", "n_pairs"):
        assert overall[f"without_prompt_{name}"] == pytest.approx(control[name], abs=0.01)
        assert overall[f"other_prompt_{name}"] is other[f"without_prompt_{name}"] is None
    with store.reading() as connection:
        assert connection.execute("select count(*), max(n_pairs) from leaderboard").fetchone() == (1, 120)
        assert connection.execute("select count(*) from verdicts where prompt_shown = 'none'").fetchone() == (60,)
        assert connection.execute("select count(distinct run_id) from failures").fetchone() == (1,)
