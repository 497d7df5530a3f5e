"""Token scores of pairs that a run has scored without them: those again, and nothing else of the run changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.jobs.job import Job, Refused, Turn
from engine.jobs.planning import plan
from engine.jobs.progress import Phase, RunState
from engine.jobs.resuming import resume_request
from engine.jobs.runs import PlannedRun, RunRequest
from engine.jobs.score import ScoreTurn
from engine.jobs.states import States
from engine.results.board import Board
from engine.store.connection import Store
from engine.store.runs import RunRow, Status, stored_runs
from rubrics.errors import BadInput

__all__ = ["TokensPlan", "plan_tokens"]


@dataclass(frozen=True)
class TokensPlan(Job):
    """Pairs of one stored run, to be read token by token."""

    request: RunRequest
    run: PlannedRun
    pair_ids: tuple[str, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return (replace(self.run.state, phase=Phase.QUEUED, done=0, total=len(self.pair_ids), notes=()),)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        pairs = {self.run.run_id: self.pair_ids}
        yield ScoreTurn(store, self.request, [self.run], states, pairs=pairs, complete=pairs)


def plan_tokens(store: Store, board: Board, candidate: str, pair_ids: Sequence[str]) -> TokensPlan:
    """What reads these pairs token by token, as the candidate's run on the board read them, else its newest one under
    `likelihood` with the same weights and precision.

    Raises:
        BadInput: there is no such run, it is going on, or it could not be gone through again with the same numbers:
            the model, the suite or a library is no longer what it was.
    """
    entrant = board.entrant(candidate)
    if (row := _run(store, board, entrant.run)) is None:
        raise BadInput(
            f"{entrant.label} has no run under likelihood to take tokens from",
            where=board.suite,
            fix="score it under likelihood first",
            shell="rude-tui run … --protocol likelihood --token-scores",
        )
    if row.status is not Status.DONE:
        # Whoever took it up later would be given tokens of every pair.
        raise BadInput(f"its run is {row.status}", where=entrant.label, fix="let it come to its end first")
    request = replace(resume_request(store, row), token_scores=True, limit=None, controls=0)
    planned = plan(store, request)
    for refused in planned.refused:
        raise BadInput(refused.what, where=refused.name, fix=refused.fix)
    run = next((run for run in planned.runs if run.run_id == row.run_id), None)
    if run is None:
        raise BadInput(
            "the model, its tokenizer or a library is no longer what the run was made with",
            where=entrant.label,
            fix="score it anew with token scores: the numbers may be others",
            shell="rude-tui run … --token-scores",
        )
    return TokensPlan(request, run, tuple(pair_ids))


def _run(store: Store, board: Board, own: RunRow) -> RunRow | None:
    if own.protocol == "likelihood":
        return own
    alike = (
        run for run in stored_runs(store, board.suite_hash)
        if run.protocol == "likelihood" and run.prompt == "own" and not run.wording and run.n_scored
        and (run.weights_hash, run.precision) == (own.weights_hash, own.precision)
    )  # fmt: skip
    return next(alike, None)
