"""Token scores of one pair, asked for afterwards: those of a run that kept them all, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.jobs.tokens import plan_tokens
from engine.results.board import Question, load_board
from engine.results.tokens import token_view
from engine.store.connection import Store
from engine.store.runs import Status, close_run, stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.errors import BadInput


def run(path: Path, model: Path, **more: object) -> Store:
    store = Store(path)
    request = RunRequest(
        (str(model),), ("world",), ("likelihood",), precision="fp32", device="cpu", threads=1, limit=6, **more
    )  # type: ignore[arg-type]
    assert perform(store, plan(store, request))[0].error == ""
    return store


@pytest.mark.long
def test_one_pair_is_read_again_and_nothing_else_changes(tmp_path: Path, small_model: Path) -> None:
    kept = run(tmp_path / "kept.duckdb", small_model, token_scores=True)
    store = run(tmp_path / "plain.duckdb", small_model)
    board = load_board(store, Question())
    (before,) = stored_runs(store)
    scores = load_verdicts(store, "likelihood", [before.run_id])[before.run_id]
    pair_id = next(name for name, at in zip(board.index.pair_id, board.matrix.scores[0], strict=True) if at == at)
    (state,) = perform(store, plan_tokens(store, board, before.candidate, [pair_id]))
    assert (str(state.phase), state.done, state.total) == ("done", 1, 1)
    # To the last bit those of a run that was asked for them.
    theirs = token_view(kept, load_board(kept, Question()), before.candidate, pair_id)
    ours = token_view(store, board, before.candidate, pair_id)
    assert np.allclose(ours.chosen.scores.logprob, theirs.chosen.scores.logprob, atol=1e-5)
    assert (ours.rejected.scores.rank == theirs.rejected.scores.rank).all()
    # Another pair has none, and the run is what it was.
    other = next(name for name in board.index.pair_id if name != pair_id)
    with pytest.raises(BadInput, match="no token scores"):
        token_view(store, board, before.candidate, other)
    (after,) = stored_runs(store)
    assert (after.status, after.n_wanted, after.n_scored) == (Status.DONE, 6, 6)
    again = load_verdicts(store, "likelihood", [after.run_id])[after.run_id]
    assert (again.position == scores.position).all()
    assert (again.ll_chosen == scores.ll_chosen).all()
    # Asked for again, the run itself has nothing left to do.
    request = RunRequest((str(small_model),), ("world",), ("likelihood",), precision="fp32", device="cpu", limit=6)
    assert [planned.left for planned in plan(store, request).runs] == [0]


@pytest.mark.long
def test_what_cannot_be_read_again_is_said(tmp_path: Path, small_model: Path) -> None:
    store = run(tmp_path / "plain.duckdb", small_model)
    board = load_board(store, Question())
    (row,) = stored_runs(store)
    close_run(store, row.run_id, Status.CANCELLED)
    with pytest.raises(BadInput, match="its run is cancelled"):
        plan_tokens(store, load_board(store, Question()), row.candidate, [board.index.pair_id[0]])
    close_run(store, row.run_id, Status.DONE)
    with store.writing() as connection:
        connection.execute("update candidates set path = '/gone'")
    with pytest.raises(BadInput, match="model folder is gone"):
        plan_tokens(store, board, row.candidate, [board.index.pair_id[0]])
