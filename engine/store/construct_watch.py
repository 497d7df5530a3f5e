"""What is read of a construction that may be going on in another process: who works on it, what it spends."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.connection import Store
from engine.store.owners import Owner, owner_of

__all__ = ["Pulse", "Spend", "pulse_of"]


@dataclass(frozen=True)
class Spend:
    """What one model was asked for a construction, and what it read and wrote."""

    model: str
    calls: int
    tokens_read: int
    tokens_written: int


@dataclass(frozen=True)
class Pulse:
    """A construction's spending until now, by model, and where it is."""

    spent: tuple[Spend, ...]
    recent: int
    """Answers of the last minute."""
    latest: str
    """The example that came out last; empty before the first."""
    owner: Owner | None
    """The process that works on it, or did when it died."""
    under_way: tuple[str, ...]
    """Examples being made, JSON, those that moved last at the end."""


def pulse_of(store: Store, run_id: str) -> Pulse:
    """Read a construction's pulse; cheap, whatever its size."""
    with store.reading() as connection:
        spent = connection.execute(
            "select model, count(*), sum(prompt_tokens), sum(completion_tokens) from construct_calls "
            "where run_id = ? group by model order by min(asked_at), model",
            [run_id],
        ).fetchall()
        recent = connection.execute(
            "select count(*) from construct_calls where run_id = ? and asked_at > now() - interval 60 seconds",
            [run_id],
        ).fetchone()
        latest = connection.execute(
            "select example_id from construct_examples where run_id = ? "
            "order by updated_at desc, position desc limit 1",
            [run_id],
        ).fetchone()
        owner = connection.execute(
            "select owner_pid, owner_started, owner_host, owner_boot from construct_runs where run_id = ?", [run_id]
        ).fetchone()
        under_way = connection.execute(
            "select moment from construct_under_way where run_id = ? order by updated_at, example_id", [run_id]
        ).fetchall()
    return Pulse(
        tuple(Spend(model, int(calls), int(read), int(written)) for model, calls, read, written in spent),
        int(recent[0]) if recent else 0,
        latest[0] if latest else "",
        owner_of(*owner) if owner else None,
        tuple(row[0] for row in under_way),
    )
