"""A recommendation on stored verdicts: it says what `rank` and `compare` say, and never more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.export.recommendation_words import headline, reasons
from engine.export.tables import table
from engine.predictors.interface import Evidence
from engine.results.board import Question, load_board
from engine.results.comparison import compare_candidates
from engine.results.controls import ControlTable, control_table
from engine.results.rankings import rankings_of
from engine.results.recommendation import Recommendation, recommend
from engine.results.requirements import CandidateFacts, Requirements
from engine.results.weights import read_weights
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Pair, Suite

N = 120
KINDS = ("Logic", "Format")


@pytest.fixture
def suite(store: Store) -> Suite:
    made = Suite("tasks", tuple(
        Pair.model_validate({
            "id": f"p{i:03d}", "domain": "d", "prompt": f"Prompt {i}", "chosen": f"{i} x", "rejected": f"{i} y",
            "violated": ["c"], "criteria": [{"id": "c", "text": "t", "subcategory": KINDS[i % 2]}],
        })
        for i in range(N)
    ))  # fmt: skip
    add_suite(store, made)
    return made


def score(
    store: Store, suite: Suite, candidate: str, right: Sequence[int], *, scored: int = N, seconds: float | None = None,
    wanted: int | None = None,
) -> None:  # fmt: skip
    key = {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
        "candidate": candidate, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
        "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
    }  # fmt: skip
    open_run(store, candidate, key, n_wanted=wanted or scored)
    signs = [1.0 if i in set(right) else -1.0 for i in range(scored)]
    add_verdicts(store, candidate, [Verdict(f"p{i:03d}", sign, sign, True) for i, sign in enumerate(signs)])
    ended = Status.DONE if wanted is None else Status.CANCELLED
    close_run(store, candidate, ended, facts={} if seconds is None else {"seconds": seconds, "pairs": scored})


def advised(
    store: Store, requirements: Requirements | None = None, controls: ControlTable | None = None
) -> Recommendation:
    board = load_board(store, Question())
    ranked = rankings_of(board, Question(), resamples=500)
    return recommend(store, board, ranked, controls or control_table(store, board), requirements)


def test_the_one_ahead_of_all_is_taken_with_the_figures_of_the_comparison(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    score(store, suite, "mid", range(90))
    advice = advised(store)
    assert (advice.take, advice.first) == ("high", "high")
    compared = compare_candidates(load_board(store, Question()), "high", "mid")["overall"]
    rival = next(rival for rival in advice.rivals if rival.b == "mid")
    assert (rival.difference, rival.p_value, rival.p_adjusted) == (
        compared.difference, compared.p_value, compared.p_adjusted,
    )  # fmt: skip
    assert rival.difference == pytest.approx(20 / 120)
    assert headline(advice).startswith("Take high: ahead of both rivals")
    assert "of the nearest, mid, by 16.7 points" in headline(advice)


def test_nobody_is_taken_before_all_runs_have_ended(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    score(store, suite, "begun", range(20), scored=40, wanted=N)
    advice = advised(store)
    assert (advice.ahead, advice.take) == ("high", None)
    assert advice.standing("high") == "leader"
    assert headline(advice).startswith("So far, with 1 of 3 runs unfinished: high is ahead of both rivals (p")
    assert reasons(advice, {})[0].startswith("not to be decided on yet (begun cancelled, 40 of 120 pairs)")
    score(store, suite, "begun", range(20), scored=N)
    done = advised(store)
    assert (done.take, done.unfinished) == ("high", {})
    assert headline(done).startswith("Take high: ahead of both rivals")


def test_a_part_in_which_it_does_not_lead_is_named(store: Store, suite: Suite) -> None:
    score(store, suite, "low", [*range(0, N, 2), *range(1, 20, 2)])  # every Logic pair, and ten of Format
    score(store, suite, "high", [*range(0, N, 2), *range(1, N, 2)])
    advice = advised(store)
    assert advice.take == "high"
    (weak,) = advice.weaknesses
    assert (weak.scope, weak.behind, weak.level) == ("Competence", (), ("low",))
    assert "on Competence it is not told apart from low" in reasons(advice, {})


def test_a_tie_says_what_would_settle_it_and_what_being_wrong_costs(store: Store, suite: Suite) -> None:
    score(store, suite, "a", [i for i in range(100) if i % 2 or i < 80], scored=100, seconds=50)
    score(store, suite, "b", range(88), scored=100, seconds=150)
    advice = advised(store)
    assert advice.take is None
    assert advice.pick.state == "tie"
    assert headline(advice).startswith("Not settled between a and b:")
    rest = advice.remainder
    assert rest is not None
    # 6 to 4 of 100 pairs: z = 2/√(10 + 4·…) by hand, (1.960 + .842)²/z² times as many clusters, less those there are.
    won = np.array([float((i % 2 == 1 or i < 80) - (i < 88)) for i in range(100)])
    times = (1.959964 + 0.841621) ** 2 * (won**2).sum() / won.sum() ** 2
    assert rest.pairs == round(100 * (times - 1))
    assert rest.seconds == pytest.approx(rest.pairs * 2.0)
    assert rest.in_suite == 20
    assert advice.cost_of_error == -advice.rivals[0].ci_low


def test_under_weights_only_pairs_that_count_are_left(store: Store, suite: Suite) -> None:
    score(store, suite, "a", range(84))
    score(store, suite, "b", range(80))
    question = Question(weights=read_weights("Competence 1"))
    board = load_board(store, question)
    advice = recommend(store, board, rankings_of(board, question, resamples=500), control_table(store, board))
    assert advice.remainder is not None
    assert advice.remainder.in_suite == 0
    # A predictor is what it is, whatever a person's product weighs.
    assert not any("by weights" in note for note in Evidence(store, question).ranking().notes)


def test_a_lead_that_only_the_number_of_comparisons_takes_back_is_said_with_both(store: Store, suite: Suite) -> None:
    score(store, suite, "a", range(90))
    for name in ("b", "c"):
        score(store, suite, name, range(84))
    said = headline(advised(store))
    # Six pairs, all for a: 2/2⁶ by McNemar; the smallest of three, so three times that by Holm.
    assert said.endswith("p = .094 after Holm (.031 by itself).")
    assert " 0.0 to" not in said
    assert " −" not in said


def test_that_all_are_of_one_family_is_said(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    advice = advised(store)
    assert "all are of one family (kin): what is said holds within it" in reasons(advice, {"low": "kin", "high": "kin"})
    for families in ({}, {"low": "kin"}, {"low": "kin", "high": "other"}):
        assert not any("one family" in reason for reason in reasons(advice, families))


def test_equal_scores_are_told_apart_by_no_number(store: Store, suite: Suite) -> None:
    score(store, suite, "a", range(90))
    score(store, suite, "b", range(90))
    advice = advised(store)
    assert advice.remainder is not None
    assert advice.remainder.pairs is None
    assert any("no number of pairs" in reason for reason in reasons(advice, {}))


def test_whom_a_limit_excludes_is_not_taken(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    score(store, suite, "mid", range(90))
    wanted = Requirements(
        licences=("mit",), own_facts={"high": CandidateFacts(licence="gemma"), "mid": CandidateFacts(licence="MIT")}
    )
    advice = advised(store, wanted)
    assert advice.take == "mid"
    assert "high may not be taken: its licence, gemma, is not among mit" in reasons(advice, {})
    assert "low is not excluded, though its licence is not known" in reasons(advice, {})
    dear = Requirements(most_price=1, own_facts=dict.fromkeys(("low", "mid", "high"), CandidateFacts(price=2)))
    assert headline(advised(store, dear)) == "Take none: no candidate is within your limits."


def test_a_cheaper_one_within_the_margin_is_named(store: Store, suite: Suite) -> None:
    score(store, suite, "dear", range(112))
    score(store, suite, "cheap", range(110))
    prices = {"dear": CandidateFacts(price=10), "cheap": CandidateFacts(price=1)}
    close = advised(store, Requirements(margin=8, prefer=("price",), own_facts=prices))
    assert [c.a for c in close.no_worse] == ["cheap"]
    assert close.cheapest == "cheap"
    assert advised(store, Requirements(margin=1, prefer=("price",), own_facts=prices)).no_worse == ()


def test_requirements_that_say_nothing_here_are_not_passed_over(store: Store, suite: Suite) -> None:
    score(store, suite, "a", range(84))
    score(store, suite, "b", range(80))
    facts = {"a": CandidateFacts(price=0.2), "bee": CandidateFacts(price=0.1)}
    said = reasons(advised(store, Requirements(prefer=("price",), own_facts=facts)), {})
    assert "your requirements speak of bee, which no candidate here is called" in said
    assert "price cannot decide between them: not known of b" in said


def test_a_lead_that_is_all_fluency_is_no_reason_to_take_anybody(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    controls = ControlTable({}, Estimate(0.97, 0.8, 1.1, "by hand"), 60)
    advice = advised(store, controls=controls)
    assert advice.take is None
    assert "fluency" in headline(advice)
    assert advised(store, controls=ControlTable({}, Estimate(0.6, 0.4, 0.8, "by hand"), 60)).take == "high"


def test_a_limit_on_clusters_is_said(store: Store) -> None:
    few = Suite("few", tuple(
        Pair.model_validate({
            "id": f"p{i:03d}", "domain": "d", "prompt": f"Prompt {i}", "chosen": f"{i} x", "rejected": f"{i} y",
            "cluster": f"c{i % 4}", "violated": ["c"], "criteria": [{"id": "c", "text": "t", "subcategory": "Logic"}],
        })
        for i in range(N)
    ))  # fmt: skip
    add_suite(store, few)
    score(store, few, "low", range(70))
    score(store, few, "high", range(118))
    advice = advised(store)
    assert advice.pick.state == "tie"
    assert any(reason.startswith("4 clusters cannot tell 2 candidates apart") for reason in reasons(advice, {}))


def test_all_below_chance_and_nobody_above_it(store: Store, suite: Suite) -> None:
    score(store, suite, "a", range(20))
    score(store, suite, "b", range(10))
    assert "changed over" in headline(advised(store))
    score(store, suite, "c", range(62))
    said = headline(advised(store))
    assert said.startswith("Take none: nobody is surely above chance (50 %) on tasks")
    assert said.endswith("Surely below it: a and b; are chosen and rejected changed over?")


def test_the_exported_decision_is_the_one_that_is_said(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    rows = list(table(store, "decision", Question()).records())
    assert [(row["candidate"], row["standing"], row["lead"]) for row in rows] == [
        ("high", "take", None), ("low", "behind", pytest.approx(40 / 120)),
    ]  # fmt: skip
    assert {row["headline"] for row in rows} == {headline(advised(store))}


def test_an_only_rival_is_named_once(store: Store, suite: Suite) -> None:
    score(store, suite, "low", range(70))
    score(store, suite, "high", range(110))
    said = headline(advised(store))
    assert said.startswith("Take high: ahead of low, its only rival, by 33.3 points (")
    assert said.endswith("), p < .001 after Holm.")
