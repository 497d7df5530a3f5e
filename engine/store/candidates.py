"""Rows about candidates, by the hash of their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.store.connection import Store

if TYPE_CHECKING:
    from engine.candidates.candidate import Candidate

__all__ = ["candidate_place", "contexts", "parameter_counts", "save_candidate"]


def save_candidate(store: Store, candidate: Candidate, weights_hash: str) -> None:
    """Remember what is known of a candidate, under its weights hash; a later look replaces an earlier one. What tells
    its kin is read from its files once."""
    from engine.store.kin import remember_kin

    with store.writing() as connection:
        connection.execute(
            "insert or replace into candidates values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
            [
                weights_hash, candidate.name, candidate.place, candidate.architecture, candidate.model_type,
                candidate.parameters, candidate.weight_bytes, candidate.dtype, candidate.context, candidate.tokenizer,
                candidate.revision,
            ],
        )  # fmt: skip
    remember_kin(store, candidate, weights_hash)


def candidate_place(store: Store, weights_hash: str) -> str | None:
    """The folder or file that held these weights when they were last looked at, or the address that they were served
    from; None where they never were."""
    with store.reading() as connection:
        row = connection.execute("select path from candidates where weights_hash = ?", [weights_hash]).fetchone()
    return str(row[0]) if row else None


def parameter_counts(store: Store) -> dict[str, int]:
    """Number of parameters by weights hash; 0 where the model does not tell."""
    with store.reading() as connection:
        rows = connection.execute("select weights_hash, coalesce(parameters, 0) from candidates").fetchall()
    return dict(rows)


def contexts(store: Store) -> dict[str, int]:
    """Tokens of context by weights hash, of the models that tell."""
    with store.reading() as connection:
        rows = connection.execute("select weights_hash, context from candidates where context is not null").fetchall()
    return dict(rows)
