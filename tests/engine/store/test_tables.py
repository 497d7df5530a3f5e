"""Suites, runs and verdicts go in and come back as they were."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.store.candidates import candidate_place, parameter_counts, save_candidate
from engine.store.connection import Store
from engine.store.owners import Owner
from engine.store.pairs import count_coverage, count_groups, pair_columns, pair_lines, pair_places, violated_criteria
from engine.store.runs import Status, close_run, open_run, stored_runs
from engine.store.suites import SuiteSource, add_suite, find_pair, load_pairs, stored_suites, suite_source
from engine.store.verdicts import (
    PackedTokens,
    Skip,
    Verdict,
    add_skips,
    add_verdicts,
    done_pairs,
    load_verdicts,
    skipped_pairs,
)
from rubrics.errors import BadInput
from rubrics.schema import Criterion, Message, Pair, Suite


def suite(count: int = 6) -> Suite:
    criteria = [
        Criterion(id="list", text="Is a list.", subcategory="Format"),
        Criterion(id="true", text="Is true.", subcategory="Factuality"),
    ]
    pairs = [
        Pair(
            id=f"p{i}", domain="d", prompt=[Message(role="user", content=f"héllo \u202e {i}")], chosen="yes\n",
            rejected="[bold]no", criteria=criteria, violated=["true", "list"] if i % 2 else ["list"],
            split="shot" if i == 0 else None,
        )
        for i in range(count)
    ]  # fmt: skip
    return Suite(name="s", pairs=tuple(pairs))


def key(**changes: object) -> dict[str, object]:
    return {
        "suite_hash": suite().hash, "suite": "s", "weights_hash": "w", "tokenizer_hash": "t", "candidate": "c",
        "protocol": "likelihood", "precision": "fp32", "device": "cpu", "attention": "auto", "template_hash": "x",
        "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {"torch": "2"}, **changes,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "rude.duckdb")


def test_pairs_come_back_as_they_were(store: Store) -> None:
    one = suite()
    add_suite(store, one)
    add_suite(store, one)
    assert [(s.suite_hash, s.n_pairs, s.n_scored) for s in stored_suites(store)] == [(one.hash, 6, 5)]
    for pair in one.pairs:
        assert find_pair(store, one.hash, pair.id) == pair
    assert load_pairs(store, one.hash) == list(one.pairs)
    with pytest.raises(BadInput):
        find_pair(store, one.hash, "nobody")


def test_where_a_suite_and_a_candidate_were_is_remembered(store: Store) -> None:
    add_suite(store, suite(), path="here.jsonl")
    assert suite_source(store, suite().hash) == SuiteSource("here.jsonl", 5)
    assert suite_source(store, "nothing") is None
    (candidate,) = find((str(bundled_models()[0]),))
    save_candidate(store, candidate, "w")
    assert candidate_place(store, "w") == str(candidate.path)
    assert candidate_place(store, "nothing") is None
    assert parameter_counts(store) == {"w": candidate.parameters}


def test_pairs_are_read_as_columns_lines_and_counts(store: Store) -> None:
    add_suite(store, suite())
    key = suite().hash
    columns = pair_columns(store, key)
    assert columns.pair_id.tolist() == [f"p{i}" for i in range(6)]
    assert columns.scored.tolist() == [False] + [True] * 5
    assert columns.subcategories.tolist() == ["Format", "Factuality;Format"] * 3
    assert violated_criteria(store, key).position.tolist() == [0, 1, 1, 2, 3, 3, 4, 5, 5]
    assert pair_places(store, key, text="HÉLLO").tolist() == [*range(6)]
    assert pair_places(store, key, text="p3").tolist() == [3]
    assert pair_places(store, key, text="is true", subcategory="Factuality").tolist() == [1, 3, 5]
    assert pair_places(store, key, size=1).tolist() == [2, 4]
    assert pair_places(store, key, size=1, or_more=True).tolist() == [1, 2, 3, 4, 5]
    last, first = pair_lines(store, key, [5, 0], prompt_characters=3)
    assert (last.pair_id, last.shot, last.prompt) == ("p5", False, "hél")
    assert (first.pair_id, first.shot, first.subcategories) == ("p0", True, ("Format",))
    assert count_groups(store, [key]) == {key: 5}
    assert count_coverage(store, key, largest=5) == {("Format", 1): 2, ("Format", 2): 3, ("Factuality", 2): 3}
    assert count_coverage(store, key, largest=1) == {("Format", 1): 5, ("Factuality", 1): 3}


def test_metrics_of_the_view_follow_from_the_columns(store: Store) -> None:
    add_suite(store, suite())
    open_run(store, "r", key(protocol="choice"), n_wanted=5)
    add_verdicts(store, "r", [
        Verdict("p1", 1.0, -0.5, single_chosen_first=True), Verdict("p2", 1.0, -0.5, single_chosen_first=False),
        Verdict("p3", 1.0, 0.5, single_chosen_first=True), Verdict("p4", 1.0, -1.0, single_chosen_first=True),
        Verdict("p5", 0.0, 2.0, single_chosen_first=True),
    ])  # fmt: skip
    open_run(store, "l", key(weights_hash="w2"), n_wanted=5)
    add_verdicts(store, "l", [
        Verdict("p1", None, None, -10.0, -9.0, 10, 5, 40, 40), Verdict("p2", None, None, -10.0, -10.0, 10, 10, 40, 20),
    ])  # fmt: skip
    with store.reading() as connection:
        choice = connection.execute(
            "select pair_id, single, averaged, strict, sum, categories from verdicts "
            "where run_id = 'r' order by pair_id"
        ).fetchall()
        likelihood = connection.execute(
            "select sum, per_token, per_byte, averaged from verdicts where run_id = 'l' order by pair_id"
        ).fetchall()
    assert choice == [
        ("p1", 1.0, 1.0, 0.0, None, "Competence;Control"),
        ("p2", 0.0, 1.0, 0.0, None, "Control"),
        ("p3", 1.0, 1.0, 1.0, None, "Competence;Control"),
        ("p4", 1.0, 0.5, 0.0, None, "Control"),
        ("p5", 0.5, 1.0, 0.5, None, "Competence;Control"),
    ]
    assert likelihood == [(0.0, 1.0, 0.0, None), (0.5, 0.5, 1.0, None)]


def test_a_verdict_is_stored_once_and_the_first_stands(store: Store) -> None:
    add_suite(store, suite())
    open_run(store, "r", key(), n_wanted=5)
    add_verdicts(
        store, "r", [Verdict("p2", ll_chosen=-1.0, ll_rejected=-2.0)], [PackedTokens("p2", "chosen", b"abc", [3, 0, 1])]
    )
    add_verdicts(store, "r", [Verdict("p2", ll_chosen=-5.0, ll_rejected=-2.0), Verdict("p1", ll_chosen=-3.0)])
    columns = load_verdicts(store, "likelihood", ["r"])["r"]
    assert columns.position.tolist() == [1, 2]
    assert columns.ll_chosen.tolist() == [-3.0, -1.0]
    assert np.isnan(columns.log_odds_chosen_first).all()
    assert np.isnan(columns.ll_rejected[0])
    assert done_pairs(store, "r") == {"p1", "p2"}
    assert done_pairs(store, "r", with_tokens=True) == {"p2"}
    assert load_verdicts(store, "choice", []) == {}


def test_skips_of_the_last_stretch_stand(store: Store) -> None:
    add_suite(store, suite())
    open_run(store, "r", key(), n_wanted=5)
    add_skips(store, "r", [Skip("p1", "too long", 900, 512), Skip("p2", "empty")])
    add_skips(store, "r", [Skip("p1", "too long", 900, 512)])
    assert skipped_pairs(store, "r") == 1
    assert stored_runs(store)[0].n_skipped == 1


def test_a_run_has_one_living_owner(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_run(store, "r", key(), n_wanted=5) is None
    assert open_run(store, "r", key(), n_wanted=5) is None  # the same process may go on
    me = Owner.this()
    other = dataclasses.replace(me, pid=1, started=Owner(1, 0, me.host).started)
    monkeypatch.setattr(Owner, "this", classmethod(lambda cls: other))
    assert open_run(store, "r", key(), n_wanted=5) == me
    assert stored_runs(store)[0].status is Status.STARTED
    monkeypatch.undo()
    with store.writing() as connection:
        connection.execute("update runs set owner_started = owner_started - 1000")
    assert stored_runs(store)[0].status is Status.CRASHED
    assert open_run(store, "r", key(), n_wanted=9) is None
    close_run(store, "r", Status.DONE, facts={"a": 1})
    close_run(store, "r", Status.FAILED, error="why", facts={"b": 2})
    row = stored_runs(store)[0]
    assert (row.status, row.error, row.facts, row.owner, row.n_wanted) == (
        Status.FAILED,
        "why",
        {"a": 1, "b": 2},
        None,
        9,
    )


def test_what_a_machine_that_is_gone_left_can_be_taken_over(store: Store) -> None:
    assert open_run(store, "r", key(), n_wanted=5) is None
    with store.writing() as connection:
        connection.execute("update runs set owner_host = 'elsewhere', owner_boot = 'another'")
    owner = open_run(store, "r", key(), n_wanted=5)
    assert owner is not None
    assert owner.host == "elsewhere"
    assert open_run(store, "r", key(), n_wanted=5, take_over=True) is None
    assert stored_runs(store)[0].owner == Owner.this()
