"""The way to the pairs on trial from a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.shell.place import Place

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry

__all__ = ["try_pairs_of"]


def try_pairs_of(place: Place, entry: SuiteEntry) -> None:
    """Put a suite's pairs on trial; from then on it is the suite that is asked about. Without runs, say what to do."""
    if not entry.n_runs:
        place.notify("No candidate has read it yet: mark it with space, then r", severity="warning", markup=False)
        return
    from screens.items.screen import ItemsScreen

    if place.session.question_fields.get("suite") != entry.suite_hash:
        place.session.question_fields.update(suite=entry.suite_hash, protocol=None, metric=None, template=None)
    place.app.push_screen(ItemsScreen(place.here))
