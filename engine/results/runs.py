"""The runs of a database, and the suites that have any."""

from __future__ import annotations

from engine.results.database import Store
from engine.store.runs import RunRow, stored_runs
from engine.store.suites import StoredSuite, stored_suites

__all__ = ["RunRow", "StoredSuite", "stored_runs", "suites_with_runs"]


def suites_with_runs(store: Store) -> list[StoredSuite]:
    """The stored suites that were scored, newest first.

    Raises:
        StoreError: the store cannot be read.
    """
    return [suite for suite in stored_suites(store) if suite.n_runs]
