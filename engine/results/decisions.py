"""Early decisions that a board's runs were part of."""

from __future__ import annotations

from typing import Final

from engine.results.board import Board
from engine.store.connection import Store
from engine.store.decisions import StoredDecision, stored_decisions
from rubrics.counted import count

__all__ = ["claim", "decisions_on"]

_NEARLY_ALL: Final = 0.9


def decisions_on(store: Store, board: Board) -> list[StoredDecision]:
    """The newest decision on each goal among candidates of a board; none where the board shows other runs."""
    shown = {entrant.run.run_id for entrant in board.entrants}
    newest: dict[str, StoredDecision] = {}
    for decision in stored_decisions(store, board.suite_hash):
        if decision.protocol == board.protocol and set(decision.run_ids) <= shown:
            newest.setdefault(decision.goal, decision)
    return list(newest.values())


def claim(decision: StoredDecision) -> str:
    """A decision in one sentence: what is claimed, about what, and how often such a claim may be wrong."""
    read = f"{decision.pairs_read:,} of {count(decision.n_pairs, 'pair')}"
    about = f"{decision.suite}, {decision.protocol} {decision.metric}"
    sure = f"a claim about this suite alone, wrong at most {100 * decision.alpha:g} % of the time"
    if decision.state == "decided":
        what = (
            f"{decision.ranked[0]} is the best of {len(decision.ranked)}"
            if decision.goal == "best"
            else "the order is " + " > ".join(decision.ranked)
        )
        text = f"decided: {what} on {about}, after {read}: {sure}"
        if decision.groups_read > _NEARLY_ALL * decision.n_groups:
            text += "; it took nearly every pair, so it counts this suite rather than foretells it"
    else:
        more = (
            "no number of pairs like these would do, since some lead is nil"
            if decision.more_pairs is None
            else f"it would have taken about {count(decision.more_pairs, 'more pair')} like these"
        )
        racing = ", ".join(decision.racing)
        open_question = "which is best" if decision.goal == "best" else "the order"
        text = f"undecided: {open_question} on {about}, after {read}; still racing: {racing}; {more}"
    if decision.left_out:
        text += f"; {count(decision.left_out, 'pair')} that not all can read, or that you excluded, are left out"
    if decision.failed:
        text += f"; nothing is claimed of {', '.join(decision.failed)}, which could not be scored"
    return text
