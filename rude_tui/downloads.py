"""Fetching models from the hub, with progress on standard error."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from rude_tui.output import narrate

__all__ = ["download", "downloader"]


def downloader(allow_remote_code: Collection[str] = ()) -> Callable[[str], Path]:
    """What fetches a hub id, its code only where that is allowed."""
    return lambda hub_id: download(hub_id, hub_id in allow_remote_code)


def download(hub_id: str, allow_remote_code: bool = False) -> Path:
    """The folder of a model from the hub; says how far it is at every tenth.

    Raises:
        CandidateError: no such model, no network, no rights, no room.
    """
    from engine.candidates.hub import fetch

    shown = -1

    def tell(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // total if total else 0
        if tenth != shown:
            shown = tenth
            narrate(f"{hub_id}: {10 * tenth} % of {total / 1e6:,.0f} MB")

    return fetch(hub_id, tell, allow_remote_code=allow_remote_code)
