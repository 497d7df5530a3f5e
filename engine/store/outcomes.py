"""Post-training scores in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.store.connection import Store

if TYPE_CHECKING:
    from engine.outcomes.outcome import Outcome

__all__ = [
    "Added", "add_checked", "add_outcomes", "forget_names", "give_traces", "keep_names", "kept_names",
    "remove_outcomes", "stored_outcomes", "tie_outcome",
]  # fmt: skip


class Added(NamedTuple):
    """What became of scores that were added."""

    replaced: int
    """How many took the place of an earlier score."""
    together: list[Outcome]
    """The new scores and the stored ones of the same outcomes."""


def add_checked(store: Store, outcomes: Sequence[Outcome], *, one_scale: bool = False, one_test: bool = False) -> Added:
    """Store outcomes that can be compared with each other and with those stored of the same name.

    Args:
        one_scale: a person has said that what looks like two scales is one.
        one_test: a person has said that what was measured under several conditions can be compared.

    Raises:
        OutcomeError: they cannot; nothing is stored.
    """
    from engine.outcomes.outcome import check_together

    new = {(outcome.candidate, outcome.outcome) for outcome in outcomes}
    touched = {outcome.outcome for outcome in outcomes}
    here = [o for o in stored_outcomes(store) if o.outcome in touched and (o.candidate, o.outcome) not in new]
    together = [*outcomes, *here]
    check_together(together, one_scale=one_scale, one_test=one_test)
    return Added(add_outcomes(store, outcomes), together)


def add_outcomes(store: Store, outcomes: Sequence[Outcome]) -> int:
    """Store outcomes; a newer score for the same candidate and outcome replaces the old one.

    What an outcome is tied to, and which traces are its experts', stays where the newer score says nothing of it.

    Returns:
        How many replaced an earlier score.
    """
    with store.writing() as connection:
        replaced = 0
        for outcome in outcomes:
            earlier = connection.execute(
                "select 1 from outcomes where candidate = ? and outcome = ?", [outcome.candidate, outcome.outcome]
            ).fetchone()
            replaced += earlier is not None
            connection.execute(
                "insert or replace into outcomes (candidate, outcome, score, stderr, source, lower_is_better, domain, "
                "scale, samples, measured, traces, conditions) values ($1, $2, $3, $4, $5, $6, coalesce($7, "
                "(select any_value(domain) from outcomes where outcome = $2)), $8, $9, $10, coalesce($11, "
                "(select any_value(traces) from outcomes where outcome = $2)), $12)",
                [
                    outcome.candidate, outcome.outcome, outcome.score, outcome.stderr, outcome.source,
                    outcome.lower_is_better, outcome.domain, outcome.scale, outcome.samples, outcome.measured,
                    outcome.traces, outcome.conditions,
                ],
            )  # fmt: skip
    return replaced


def remove_outcomes(store: Store, names: Sequence[str], candidate: str | None = None) -> int:
    """Forget every score of these outcomes, or a candidate's alone; how many there were."""
    with store.writing() as connection:
        gone = connection.execute(
            "delete from outcomes where outcome = any(?::varchar[]) and (? is null or candidate = ?) returning outcome",
            [list(names), candidate, candidate],
        ).fetchall()
    return len(gone)


def tie_outcome(store: Store, name: str, domain: str | None) -> int:
    """Tie an outcome to a domain, category or subcategory, or to none; how many scores it has."""
    return _say_of(store, "domain", name, domain)


def give_traces(store: Store, name: str, traces: str | None) -> int:
    """Say which trace file holds an outcome's expert solutions, or that none does; how many scores it has."""
    return _say_of(store, "traces", name, traces)


def _say_of(store: Store, column: str, name: str, value: str | None) -> int:
    with store.writing() as connection:
        said = connection.execute(
            f"update outcomes set {column} = ? where outcome = ? returning outcome", [value, name]
        ).fetchall()
    return len(said)


def stored_outcomes(store: Store) -> list[Outcome]:
    """Every outcome, by name and candidate."""
    from engine.outcomes.outcome import Outcome

    with store.reading() as connection:
        rows = connection.execute(
            "select candidate, outcome, score, stderr, source, lower_is_better, domain, scale, samples, measured, "
            "traces, conditions from outcomes order by outcome, candidate"
        ).fetchall()
    return [Outcome(*row) for row in rows]


def keep_names(store: Store, names: Mapping[str, str]) -> None:
    """Keep what names in other programs' files are called here; what was said before of one of them goes."""
    with store.writing() as connection:
        for name, candidate in names.items():
            connection.execute(
                "insert or replace into outcome_names (name, candidate) values (?, ?)", [name, candidate]
            )


def kept_names(store: Store) -> dict[str, str]:
    """By a name in other programs' files: the candidate that a person has said it is."""
    with store.reading() as connection:
        return dict(connection.execute("select name, candidate from outcome_names order by name").fetchall())


def forget_names(store: Store, names: Iterable[str]) -> int:
    """Forget what these names are called here; how many there were."""
    with store.writing() as connection:
        gone = connection.execute(
            "delete from outcome_names where name = any(?::varchar[]) returning name", [list(names)]
        ).fetchall()
    return len(gone)
