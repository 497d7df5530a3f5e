"""What has become known against stored runs stands beside them, as long as it holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.candidates.find import Candidate, Problem, find
from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
from engine.export.tables import table
from engine.jobs.doubts import keep_doubts
from engine.results.board import Question, load_board
from engine.results.rankings import rankings_of
from engine.results.suspicions import suspicions
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run, stored_runs
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.reading import find_suite

AHEAD = Problem("unfit", True, "it reads in both directions", "choose another")
CUT = Problem("tokens", False, "the tokens scored are those of tokenizer.json; Other cuts 3 texts otherwise", "see")


@pytest.fixture
def scored(store: Store, small_model: Path, tmp_path: Path) -> Candidate:
    """A candidate with three stored runs: of an earlier version, of this one, and of other weights that lay there."""
    shutil.copytree(small_model, tmp_path / "m")
    (tmp_path / "m" / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    (candidate,) = find([str(tmp_path / "m")])
    suite = find_suite("core-spans")
    add_suite(store, suite, "core-spans")
    now = weights_hash(candidate.path)
    as_written = {"tokens": "tokenizer.json"}
    for run_id, weights, tokens in (("old", now, {}), ("new", now, as_written), ("gone", "0" * 64, {})):
        save_candidate(store, candidate, weights)
        key = {
            "weights_hash": weights, "tokenizer_hash": tokenizer_hash(candidate.path),
            "config_hash": config_hash(candidate.path), "candidate": "m", "suite": suite.name,
            "suite_hash": suite.hash, "protocol": "likelihood", "precision": "fp32", "device": "cpu",
            "attention": "sdpa", "template_hash": "t", "shots": None, "show_criteria": False, "prompt": "own",
            "seed": 0, "versions": {}, "token_scores": False, "own_code": False, **tokens,
        }  # fmt: skip
        open_run(store, run_id, key, n_wanted=4)
        add_verdicts(store, run_id, [
            Verdict(pair.id, ll_chosen=-1.0, ll_rejected=-2.0, tokens_chosen=1, tokens_rejected=1, bytes_chosen=1,
                    bytes_rejected=1)
            for pair in suite.scored[:4]
        ], [])  # fmt: skip
        close_run(store, run_id, Status.DONE, facts={"notes": ["kept"]})
    return candidate


@pytest.fixture
def doubt(store: Store) -> Callable[[], dict[str, str | None]]:
    return lambda: {run.run_id: run.facts.get("doubt") for run in stored_runs(store)}


@pytest.mark.long
def test_what_would_be_refused_now_is_doubted_until_it_would_not(store: Store, scored: Candidate, doubt) -> None:
    keep_doubts(store, [replace(scored, problems=(AHEAD,))])
    refused = "it would be refused now: it reads in both directions"
    assert doubt() == {"old": refused, "new": refused, "gone": None}
    assert all(run.facts["notes"] == ["kept"] for run in stored_runs(store))
    keep_doubts(store, [scored])
    assert doubt() == {"old": None, "new": None, "gone": None}


def test_tokens_of_another_tokenizer_are_doubted_where_they_were_scored(store: Store, scored: Candidate, doubt) -> None:
    keep_doubts(store, [replace(scored, problems=(CUT,))])
    said = doubt()
    assert "score it again" in said.pop("old")
    assert said == {"new": None, "gone": None}


@pytest.mark.long
def test_it_is_said_wherever_the_numbers_are(store: Store, scored: Candidate) -> None:
    keep_doubts(store, [replace(scored, problems=(AHEAD,))])
    refused = "it would be refused now: it reads in both directions"
    board = load_board(store, Question())
    doubted = next(e.label for e in board.entrants if e.run.facts.get("doubt"))
    assert f"{doubted}: {refused}" in suspicions(store, board, rankings_of(board, Question()))
    for what in ("rankings", "verdicts"):
        records = list(table(store, what, Question()).records())
        assert {record["doubt"] for record in records} == {None, refused}
