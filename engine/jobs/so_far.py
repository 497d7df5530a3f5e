"""What is decided of a plan while its runs still go on, so that a person may stop once nothing more is to be won.

Two questions, both asked so that one may look as often as one likes. Who will be best on the suite: the test that holds
at any stop (`engine.stats.sequential`), as in a race. Whom the verdict takes, which speaks of all pairs like these: its
tests, made for one look, at the level that is left to a look at a part (`early_level`). Settled is what both say of the
same candidate; `benchmarks/stats/stopping.py` counts how often that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.jobs.contest import Contest, questions
from engine.jobs.progress import RunState
from engine.jobs.runs import Plan
from engine.jobs.standing import standing
from engine.store.connection import Store
from engine.store.decisions import StoredDecision, save_decision

__all__ = ["SoFar", "keep", "so_far"]


@dataclass(frozen=True)
class SoFar:
    """Which candidate is best on one suite under one protocol, as far as that is known."""

    decision: StoredDecision
    waiting: tuple[str, ...]
    """Candidates that no pair has been read of yet."""
    take: str | None
    """Whom the verdict takes, so early; None where nobody, or where it has not been asked since nothing is decided."""

    @property
    def decided(self) -> bool:
        """Whether it is known who will be best on the suite once all of it is scored."""
        return self.decision.state == "decided"

    @property
    def settled(self) -> bool:
        """Whether the verdict takes that one, too, so that one may stop."""
        return self.decided and self.take == self.decision.ranked[0]


def so_far(store: Store, plan: Plan, states: Iterable[RunState]) -> tuple[SoFar, ...]:
    """How each question of a plan stands; those with fewer than two candidates are none. Blocks.

    Args:
        states: of the plan's runs, now.
    """
    shown = tuple(states)
    if plan.request.prompt != "own":
        return ()
    found = []
    for runs in questions(plan):
        contest = Contest(plan.request, runs)
        contest.without_failed(shown)
        if len(contest.runs) > 1:
            found.append(_one(store, plan, contest))
    return tuple(found)


def _one(store: Store, plan: Plan, contest: Contest) -> SoFar:
    import numpy as np

    # Read and let go: the run going on wants to write.
    with store.snapshot():
        drawn = contest.draw(store)
        scores = contest.scores(store, drawn)
    names = tuple(contest.runs)
    decision = standing(names, scores, drawn, "best", plan.request.alpha, limit=plan.request.limit)
    waiting = tuple(name for name, row in zip(names, scores, strict=True) if np.isnan(row).all())
    stored = contest.stored(drawn, decision)
    return SoFar(stored, waiting, _taken(store, contest) if decision.state == "decided" else None)


def _taken(store: Store, contest: Contest) -> str | None:
    """Whom the verdict takes at the level of an early look, by its name in the contest."""
    import numpy as np

    from engine.results.board import Question, load_board
    from engine.results.controls import control_table
    from engine.results.rankings import rankings_of
    from engine.results.recommendation import recommend
    from engine.stats.sequential import early_level

    question = Question(contest.suite.hash, contest.protocol)
    board = load_board(store, question)
    table = rankings_of(board, question)
    advice = recommend(store, board, table, control_table(store, board))
    read = max(row.n_pairs for row in table.overall.rows)
    level = early_level(read / np.count_nonzero(board.index.scored))
    if advice.ahead is None or max(rival.p_adjusted for rival in advice.rivals) > level:
        return None
    run_id = board.entrant(advice.ahead).run.run_id
    return next((name for name, run in contest.runs.items() if run.run_id == run_id), None)


def keep(store: Store, found: Iterable[SoFar]) -> list[StoredDecision]:
    """Store what is settled as a decision taken early, for whoever reads the ranking; gives it back."""
    settled = [one.decision for one in found if one.settled]
    for decision in settled:
        save_decision(store, decision)
    return settled
