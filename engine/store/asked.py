"""What was asked for and has not come to its end: to be taken up whole, also what of it was never begun."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.store.connection import Store

__all__ = ["LeftOver", "forget_asked", "last_asked", "remember_asked"]


class LeftOver(NamedTuple):
    """Work that was asked for, and stopped before its end."""

    function: str
    """`module:function`, which makes the job of a store and the request."""
    request: Mapping[str, Any]
    runs: int
    """Of the job."""
    asked_at: str
    """`YYYY-MM-DD HH:MM`, here."""


def _key(function: str, request: Mapping[str, Any]) -> tuple[str, str]:
    text = json.dumps(request, sort_keys=True)
    return hashlib.sha256(f"{function}\n{text}".encode()).hexdigest(), text


def remember_asked(store: Store, function: str, request: Mapping[str, Any], runs: int) -> None:
    """Write down that work begins."""
    key, text = _key(function, request)
    with store.writing() as connection:
        connection.execute(
            "insert or replace into asked (asked_hash, function, request, runs, asked_at) values (?, ?, ?, ?, now())",
            [key, function, text, runs],
        )


def forget_asked(store: Store, function: str, request: Mapping[str, Any]) -> None:
    """It has come to its end, or is not wanted any more."""
    with store.writing() as connection:
        connection.execute("delete from asked where asked_hash = ?", [_key(function, request)[0]])


def last_asked(store: Store) -> LeftOver | None:
    """What was asked for last of all that has not come to its end."""
    with store.reading() as connection:
        row = connection.execute(
            "select function, request, runs, strftime(asked_at, '%Y-%m-%d %H:%M') from asked order by asked_at desc "
            "limit 1"
        ).fetchone()
    return LeftOver(row[0], json.loads(row[1]), row[2], row[3]) if row else None
