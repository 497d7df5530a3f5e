"""What was decided early, of which runs. One row for each question asked of the same runs; asking again replaces it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

from engine.store.connection import Store

__all__ = ["StoredDecision", "save_decision", "stored_decisions"]


@dataclass(frozen=True)
class StoredDecision:
    """The end of a race: what is claimed, of whom, and what it took."""

    suite_hash: str
    suite: str
    protocol: str
    metric: str
    seed: int
    goal: str
    """`best` or `order`."""
    alpha: float
    state: str
    """`decided`, or `undecided` where the suite or the limit was used up first."""
    ranked: tuple[str, ...]
    """Candidates, best first by the pairs read; where decided, the order or the first place is the claim."""
    racing: tuple[str, ...]
    """Those that further pairs would be needed of."""
    out_at: Mapping[str, int]
    """The others: groups read when they dropped out."""
    run_ids: tuple[str, ...]
    """In the order of `ranked`."""
    failed: tuple[str, ...]
    """Candidates that could not be scored to the end, of whom nothing is claimed."""
    groups_read: int
    n_groups: int
    pairs_read: int
    n_pairs: int
    """In all groups that the claim is about."""
    left_out: int
    """Pairs of the suite that it is not about: not every candidate can read them, or a person excluded them."""
    more_pairs: int | None
    """Undecided: about how many more pairs like these it would take; None where no number would do."""


_NAMES = tuple(field.name for field in fields(StoredDecision))


def save_decision(store: Store, decision: StoredDecision) -> None:
    """Keep a decision in place of an earlier one on the same question."""
    question = [*sorted(decision.run_ids), decision.goal, repr(decision.alpha), decision.metric]
    key = hashlib.sha256("\n".join(question).encode()).hexdigest()[:24]
    values = [
        json.dumps(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
        for value in astuple(decision)
    ]
    holes = ", ".join("?" for _ in values)
    with store.writing() as connection:
        connection.execute(
            f"insert or replace into decisions (decision_id, {', '.join(_NAMES)}, decided_at) "
            f"values (?, {holes}, now())",
            [key, *values],
        )


def stored_decisions(store: Store, suite_hash: str | None = None) -> list[StoredDecision]:
    """Every decision, newest first; one that rests on a run that is no longer there is none."""
    with store.reading() as connection:
        rows = connection.execute(
            f"select {', '.join(_NAMES)} from decisions where (? is null or suite_hash = ?) "
            "and list_has_all((select coalesce(list(run_id), []) from runs), run_ids) "
            "order by decided_at desc, decision_id",
            [suite_hash, suite_hash],
        ).fetchall()
    decisions = []
    for row in rows:
        values = dict(zip(_NAMES, row, strict=True))
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        decisions.append(StoredDecision(**{**values, **lists, "out_at": json.loads(values["out_at"])}))
    return decisions
