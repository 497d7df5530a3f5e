"""A ranking over wordings: its numbers by plain loops, and what is said of it where it turns."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from engine.export.recommendation_words import headline, reasons
from engine.export.tables import table
from engine.results.board import Question, load_board
from engine.results.controls import control_table
from engine.results.rankings import rankings_of
from engine.results.recommendation import recommend
from engine.results.wordings import any_wordings, turn_words, wording_table
from engine.store.annotations import annotate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.errors import BadInput
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

LENGTHS = {"tokens_chosen": 4, "tokens_rejected": 4, "bytes_chosen": 8, "bytes_rejected": 8}
RULE = Criterion(id="c", text="Is right.", subcategory=Subcategory.LOGIC)
SUITE = Suite("made", tuple(
    Pair(id=f"p{i:03}", domain="d", prompt=f"{i}", chosen=f"Yes {i}", rejected=f"No {i}", criteria=[RULE],
         violated=["c"], cluster=f"t{i // 2}")
    for i in range(120)
))  # fmt: skip

Right = dict[str, bool]


@pytest.fixture
def run(store: Store) -> Callable[..., Right]:
    """Store one run that is right on so many pairs; gives back on which."""
    add_suite(store, SUITE)

    def add(candidate: str, wording: str, right: int, *, pairs: int = 120, seed: int = 0) -> Right:
        key: dict[str, Any] = {
            "suite_hash": SUITE.hash, "suite": SUITE.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
            "candidate": candidate, "protocol": "likelihood", "precision": "fp32", "device": "cpu",
            "attention": "sdpa", "template_hash": f"t-{wording}", "shots": None, "show_criteria": False,
            "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        if wording != "plain":
            key["wording"] = {"protocol": "likelihood", "name": wording, "parts": {}, "draw": 0, "label": wording}
        ids = [pair.id for pair in SUITE.scored]
        wins = set(random.Random(f"{candidate}{wording}{seed}").sample(ids, right))
        run_id = f"{candidate}-{wording}"
        open_run(store, run_id, key, n_wanted=pairs)
        add_verdicts(store, run_id, [
            Verdict(i, ll_chosen=-80.0 + (1 if i in wins else -1), ll_rejected=-80.0, **LENGTHS) for i in ids[:pairs]
        ])  # fmt: skip
        close_run(store, run_id, Status.DONE)
        return {i: i in wins for i in ids[:pairs]}

    return add


def test_numbers_by_plain_loops(store: Store, run: Callable[..., Right]) -> None:
    right = {
        (name, wording): run(name, wording, many, pairs=pairs)
        for name, wording, many, pairs in (
            ("ash", "plain", 90, 120), ("ash", "quiz", 70, 120), ("ash", "bare", 80, 110),
            ("elm", "plain", 80, 120), ("elm", "quiz", 85, 120), ("elm", "bare", 60, 120),
        )
    }  # fmt: skip
    found = wording_table(store, Question())
    common = [pair.id for pair in SUITE.scored][:110]
    share = {cell: sum(own[i] for i in common) / 110 for cell, own in right.items()}
    assert (found.wordings, found.n_pairs, found.n_clusters) == (("plain", "bare", "quiz"), 110, 55)
    assert found.notes[-1] == "left out: 10 pairs not scored by all of them in all wordings"
    for row, ranked in zip(found.rows, found.averaged.rows, strict=True):
        own = [share[row.candidate, wording] for wording in found.wordings]
        assert row.values == pytest.approx(own)
        assert ranked.value == pytest.approx(sum(own) / 3)
        assert (row.low, row.high) == pytest.approx((min(own), max(own)))
        other = "elm" if row.candidate == "ash" else "ash"
        assert row.ranks == tuple(1 + (share[other, w] > share[row.candidate, w]) for w in found.wordings)
    turned = [w for w in found.wordings if share["elm", w] > share["ash", w]]
    assert [turn.wording for turn in found.turns] == (turned if found.first == "ash" else [])
    assert found.turns[0].lead == pytest.approx(share["elm", "quiz"] - share["ash", "quiz"])
    rows = list(table(store, "wordings", Question()).records())
    assert {(r["candidate"], r["wording"]): r["value"] for r in rows} == pytest.approx(share)


def test_the_board_stays_the_plain_one(store: Store, run: Callable[..., Right]) -> None:
    plain = run("ash", "plain", 90)
    run("ash", "quiz", 40)
    board = load_board(store, Question())
    assert board.matrix.scores.sum() == sum(plain.values())
    assert "not shown: 1 run in another wording" in board.notes
    other = load_board(store, Question(template="t-quiz"))
    assert other.matrix.scores.sum() == 40
    assert "the wording is 'quiz', not the plain one" in other.notes


def test_where_there_is_one_wording_there_is_nothing_to_say(store: Store, run: Callable[..., Right]) -> None:
    run("ash", "plain", 90)
    board = load_board(store, Question())
    assert any_wordings(store, board, rankings_of(board, Question()).leading) is None
    with pytest.raises(BadInput, match="one wording alone"):
        wording_table(store, Question())


@pytest.mark.long
def test_who_lacks_a_wording_is_left_out_by_name(store: Store, run: Callable[..., Right]) -> None:
    for name in ("ash", "elm"):
        run(name, "plain", 90)
        run(name, "quiz", 90)
    run("fir", "plain", 100)
    run("ash", "bare", 70)
    found = wording_table(store, Question())
    assert {row.candidate for row in found.rows} == {"ash", "elm"}
    assert found.notes[:2] == (
        "not shown: bare, in which fewer candidates were scored",
        "left out: fir, not scored in all of these wordings",
    )


def test_excluded_pairs_are_left_out(store: Store, run: Callable[..., Right]) -> None:
    for wording in ("plain", "quiz"):
        run("ash", wording, 90)
    annotate(store, SUITE.hash, "p000", "exclude", "")
    assert wording_table(store, Question()).n_pairs == 119


def advice(store: Store) -> Any:
    board = load_board(store, Question())
    return recommend(store, board, rankings_of(board, Question(by="overall")), control_table(store, board))


@pytest.mark.long
def test_the_verdict_says_that_it_turns(store: Store, run: Callable[..., Right]) -> None:
    for wording, ash, elm in (("plain", 110, 70), ("quiz", 60, 110), ("bare", 112, 70)):
        run("ash", wording, ash)
        run("elm", wording, elm)
    found = advice(store)
    assert headline(found).startswith("Take ash: ")
    assert headline(found).endswith("Not in every wording: in 'quiz' elm is first.")
    assert "the ranking turns with the wording" in reasons(found, {})[0]


@pytest.mark.long
def test_and_that_it_does_not(store: Store, run: Callable[..., Right]) -> None:
    for wording in ("plain", "quiz"):
        run("ash", wording, 110)
        run("elm", wording, 70)
    found = advice(store)
    assert "wording" not in headline(found)
    assert reasons(found, {})[0] == "ash is first in both wordings"


@pytest.mark.long
def test_wordings_that_the_first_was_not_scored_in_say_nothing_of_it(store: Store, run: Callable[..., Right]) -> None:
    run("oak", "plain", 118)
    for wording, ash, elm in (("plain", 60, 30), ("quiz", 30, 100)):
        run("ash", wording, ash)
        run("elm", wording, elm)
    found = advice(store)
    assert headline(found).startswith("Take oak: ")
    assert "wording" not in headline(found), "elm is ahead of ash there, and oak is not known"
    assert reasons(found, {})[0].endswith("; of 3 candidates 2 were scored in other wordings, oak not among them")


@pytest.mark.long
def test_a_turn_within_chance_is_called_that(store: Store, run: Callable[..., Right]) -> None:
    for wording, ash, elm in (("plain", 90, 80), ("quiz", 84, 85)):
        run("ash", wording, ash)
        run("elm", wording, elm)
    assert "which the tests do not tell from chance" in turn_words(wording_table(store, Question()))


def test_a_first_place_that_is_shared_is_called_that(store: Store, run: Callable[..., Right]) -> None:
    for wording, ash, elm in (("plain", 90, 80), ("quiz", 84, 84)):
        run("ash", wording, ash)
        run("elm", wording, elm)
    assert (
        turn_words(wording_table(store, Question())) == "ash is first in both wordings, in 1 of them level with another"
    )
