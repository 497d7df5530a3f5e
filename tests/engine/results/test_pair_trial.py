"""Pairs on trial over a store: what is found, said, written, and left out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.results.board import Question, load_board
from engine.results.pair_trial import cannot_tell, try_pairs
from engine.results.short_suite import shorten, write_short
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.check import check_file
from rubrics.errors import BadInput
from rubrics.reading import read_suite
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]
NAMES = tuple(f"m{i:02}" for i in range(24))
_FILLED: list[bytes] = []
"""The database of `ladder`, which takes a second to fill."""


@pytest.fixture
def ladder(store: Store, suite: Suite) -> np.ndarray:
    """24 candidates from weak to strong on 36 pairs; p00 is won by the weak only, p01 by all, p02 by none.

    Returns the (candidates, pairs) of verdicts.
    """
    rng = np.random.default_rng(0)
    ability = np.linspace(-1.5, 2.5, 24)
    won = rng.random((24, 36)) < 1 / (1 + np.exp(-2 * ability[:, None] + rng.normal(0, 1, 36)))
    won[:, 0] = np.arange(24) < 12
    won[:, 1], won[:, 2] = True, False
    if _FILLED:
        store.path.write_bytes(_FILLED[0])
        return won
    add_suite(store, suite)
    for j, name in enumerate(NAMES):
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{name}", "tokenizer_hash": "t",
            "candidate": name, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
            "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        open_run(store, name, key, n_wanted=36)
        # Only p02 is lost by more than the usual margin.
        size = [5.0 if pair.id == "p02" else 1.0 for pair in suite.scored]
        margins = np.where(won[j], 1, -1) * np.array(size) + rng.uniform(-0.5, 0.5, 36)
        margins[0] = 0.2 if won[j, 0] else -0.2
        pairs = zip(suite.scored, margins.tolist(), strict=True)
        add_verdicts(store, name, [Verdict(pair.id, m, m, single_chosen_first=True) for pair, m in pairs])
        close_run(store, name, Status.DONE)
    _FILLED.append(store.path.read_bytes())
    return won


def invoke(store: Store, *arguments: str) -> Result:
    from rude_tui.cli import cli

    return CliRunner().invoke(cli, [*arguments, "--db", str(store.path)])


@pytest.mark.long
def test_findings(store: Store, ladder: np.ndarray) -> None:
    found = try_pairs(load_board(store, Question()))
    assert found.model == "rasch"
    assert [pair.pair_id for pair in found.pairs_with("reversed")] == ["p00"]
    assert [pair.pair_id for pair in found.pairs_with("suspect")] == ["p02"]
    assert {pair.pair_id for pair in found.pairs_with("all pass")} == {
        f"p{i:02}" for i in np.flatnonzero(ladder.all(axis=0))
    }
    assert {pair.pair_id for pair in found.pairs_with("all fail")} == {
        f"p{i:02}" for i in np.flatnonzero(~ladder.any(axis=0))
    }
    assert [pair.passed for pair in found.pairs] == pytest.approx(ladder.sum(axis=0))
    assert found.sorted("suspicion")[0].pair_id == "p00"
    difficulties = [pair.difficulty for pair in found.sorted("difficulty")]
    assert difficulties == sorted(difficulties, reverse=True)
    assert found.sorted("difficulty")[0].pair_id in {pair.pair_id for pair in found.pairs_with("all fail")}
    # The sum of verdicts orders abilities where nothing is missing.
    order = [NAMES.index(ability.candidate) for ability in found.abilities]
    assert (np.diff(ladder.sum(axis=1)[order]) <= 0).all()
    assert sum(ability.strong for ability in found.abilities) == 8


@pytest.mark.long
def test_two_parameters_where_they_can_be_borne(store: Store, ladder: np.ndarray) -> None:
    found = try_pairs(load_board(store, Question()), model="2pl")
    assert found.model == "2pl"
    assert min(found.pairs, key=lambda pair: pair.slope).pair_id == "p00"
    assert any("of their spread" in note for note in found.notes)
    done = invoke(store, "pairs", "table", "--model", "2pl", "--limit", "3")
    assert done.exit_code == 0, done.output
    assert "slope" in done.stdout
    assert "the first 3 of 36" in done.stderr


def test_few_candidates_are_told_what_they_cannot_show(store: Store, add_run: Callable[..., Margins]) -> None:
    for name in ("a", "b"):
        add_run(name)
    with pytest.raises(BadInput, match="at least 3"):
        try_pairs(load_board(store, Question()))
    add_run("c", skip=4)
    found = try_pairs(load_board(store, Question()))
    assert not found.pairs_with("reversed")
    # Of three candidates one in three orders is as reversed as can be: p never falls below 1/3.
    assert "With 3 candidates no pair can be called reversed" in cannot_tell(found)
    assert f"± {1 / math.sqrt(2):.2f}" in cannot_tell(found)
    assert any("strong candidates are right on" in note for note in found.notes)
    with pytest.raises(BadInput, match="cannot bear 2PL"):
        try_pairs(load_board(store, Question()), model="2pl")


@pytest.mark.long
def test_a_short_suite_is_a_suite(store: Store, suite: Suite, ladder: np.ndarray, tmp_path: Path) -> None:
    trial = try_pairs(load_board(store, Question()))
    short = shorten(trial, 14, whole="cluster", leave_out=["reversed"])
    # Clusters of six: two fit, and the one that loses p00 is out.
    assert len(short.pair_ids) == 12
    assert short.units == 2
    assert "p00" not in short.pair_ids
    path = tmp_path / "short.jsonl"
    write_short(store, trial, short, path)
    read = read_suite(path)
    assert [pair.id for pair in read.scored] == list(short.pair_ids)
    original = {pair.id: pair for pair in suite.pairs}
    assert all(pair == original[pair.id] for pair in read.pairs)
    assert [pair.id for pair in read.pairs if pair.split == "shot"] == ["shot"]
    assert not check_file(path, []).errors
    for said in (suite.hash[:12], "12 most informative", f"{np.median(short.precision.se_short):.3f}", *NAMES):
        assert said in read.card
    assert short.loss > 1
    with pytest.raises(BadInput, match="no fewer"):
        shorten(trial, 36)
    with pytest.raises(BadInput, match="no cluster has 5"):
        shorten(trial, 5)
    assert len(shorten(trial, 5, whole="group").pair_ids) == 3
    assert len(shorten(trial, 5, whole="pair").pair_ids) == 5


@pytest.mark.long
def test_the_commands_print_tables_and_json(store: Store, ladder: np.ndarray, tmp_path: Path) -> None:
    for command, holds in (
        (["table", "--only", "uninformative"], "p01"),
        (["suspects"], "p00"),
        (["abilities"], "m23"),
        (["short", "-k", "12", "-o", str(tmp_path / "s.jsonl")], "m23"),
        (["notes"], "pair"),
    ):
        done = invoke(store, "pairs", *command)
        assert done.exit_code == 0, done.output
        assert holds in done.stdout
        done = invoke(store, "pairs", *command, "--json")
        assert done.exit_code == 0, done.output
        json.loads(done.stdout)
    table = json.loads(invoke(store, "pairs", "table", "--json", "--sort", "id").stdout)
    assert [row["pair_id"] for row in table["pairs"]] == [f"p{i:02}" for i in range(36)]
    assert table["pairs"][1]["p_value"] is None
    assert set(table["help"]) >= {"difficulty", "discrimination", "p_value", "q_value", "information", "ability"}
    wrong = invoke(store, "pairs", "short", "-k", "12", "-o", str(tmp_path / "s.csv"))
    assert isinstance(wrong.exception, BadInput)


@pytest.mark.long
def test_excluding_a_pair_takes_a_reason_and_shows_in_rankings(store: Store, suite: Suite, ladder: np.ndarray) -> None:
    reason = '=cmd()[bold] "quoted", \u202eback'
    done = invoke(store, "pairs", "exclude", "p00", "p02", "--reason", reason)
    assert done.exit_code == 0, done.output
    assert {i: one[0].note for i, one in stored_annotations(store, suite.hash).items()} == {
        "p00": reason,
        "p02": reason,
    }
    ranked = invoke(store, "rank")
    assert "2 pairs excluded by you" in ranked.stderr
    assert "counted all the same" in invoke(store, "rank", "--with-excluded").stderr
    listed = invoke(store, "pairs", "notes").stdout
    assert "[bold]" in listed
    assert "\u202e" not in listed
    # What is left out is not on trial, unless it is to count.
    assert "p00" not in invoke(store, "pairs", "table", "--limit", "0").stdout
    assert "p00" in invoke(store, "pairs", "table", "--limit", "0", "--with-excluded").stdout
    assert "counted again: 1 pair, 1 always did" in invoke(store, "pairs", "include", "p00", "p01").stderr
    assert "1 pair excluded by you" in invoke(store, "rank").stderr
    for refused in (["exclude", "nobody", "--reason", "x"], ["exclude", "p01", "--reason", " "], ["include", "nobody"]):
        assert isinstance(invoke(store, "pairs", *refused).exception, BadInput)
    assert set(stored_annotations(store, suite.hash)) == {"p02"}


@pytest.mark.long
def test_a_suite_of_excluded_pairs_can_be_included_again(store: Store, suite: Suite, ladder: np.ndarray) -> None:
    ids = [pair.id for pair in suite.scored]
    assert invoke(store, "pairs", "exclude", *ids, "--reason", "all wrong").exit_code == 0
    assert isinstance(invoke(store, "rank").exception, BadInput)
    assert "counted again: 36 pairs" in invoke(store, "pairs", "include", *ids).stderr
    assert invoke(store, "rank").exit_code == 0


def test_flags_go_on_and_off(store: Store, suite: Suite, ladder: np.ndarray) -> None:
    assert "1 pair flagged" in invoke(store, "pairs", "flag", "p05", "--note", "odd").stderr
    assert "flag: odd" in invoke(store, "pairs", "table", "--limit", "0").stdout
    assert "1 flag taken off" in invoke(store, "pairs", "flag", "p05", "--off").stderr
    assert stored_annotations(store, suite.hash) == {}
