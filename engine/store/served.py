"""Models of servers that runs were made with, as their keys hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.store.connection import Store

__all__ = ["served_identities"]


def served_identities(store: Store) -> list[Mapping[str, Any]]:
    """The identity of every model that a server was asked for, as `Served.identity` gives it; the oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select json_extract(run_key, '$.served') as served from (select run_key, created_at from runs "
            "union all select run_key, created_at from trace_runs "
            "union all select run_key, created_at from assay_runs) "
            "where served is not null group by served order by min(created_at)"
        ).fetchall()
    return [json.loads(row[0]) for row in rows]
