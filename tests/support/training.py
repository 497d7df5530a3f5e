"""Post-training in this process, its events in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.jobs.child import Gate
from engine.posttrain.train import post_train


class EventList(list[tuple[str, dict[str, Any]]]):
    """Events by name, with their fields."""

    def send(self, event: str, **fields: Any) -> None:
        """See `engine.jobs.child.Events`."""
        self.append((event, fields))


def trained(message: Mapping[str, Any]) -> EventList:
    """What training tells."""
    events = EventList()
    post_train(message, events, Gate(events))
    return events
