"""What a node does: it tells what it has, and runs workers of its own, whose events are fetched."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from engine.jobs.cluster.merging import Event
from engine.jobs.cluster.parcel import reason_against, unpacked
from engine.jobs.process import WorkerProcess
from engine.machine.devices import devices
from rubrics.errors import RudeError
from rubrics.scratch import scratch_folder

__all__ = ["LAST", "NodeWorker", "tell"]

LAST: Final = frozenset({"bye", "fatal", "declined"})
"""Events after which nothing more comes."""
_WAIT: Final = 0.25
"""Seconds for which a node waits for something to say."""


def tell() -> list[Event]:
    """The devices of this node, free of what a scheduler hides from whoever asked for none of them."""
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    return [asdict(device) for device in devices()]


class NodeWorker:
    """A worker on this node: the process that any worker is, with its events kept until they are fetched.

    Args:
        message: as `engine.jobs.cluster.parcel.packed` gives it.
        suites: likewise.
        name: what this node is called.
    """

    def __init__(self, message: Mapping[str, Any], suites: Mapping[str, bytes], name: str) -> None:
        self._message, self._suites, self._name = message, suites, name
        self._said: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._pause = threading.Event()
        # It ends with this process, and takes its worker along.
        threading.Thread(target=self._work, name="worker", daemon=True).start()

    def hear(self) -> list[Event]:
        """What has been said since; waits a moment for it."""
        try:
            said = [self._said.get(timeout=_WAIT)]
        except queue.Empty:
            return []
        while not self._said.empty():
            said.append(self._said.get())
        return said

    def tell(self, word: str) -> None:
        """`pause` or `go on`."""
        (self._pause.set if word == "pause" else self._pause.clear)()

    def _work(self) -> None:
        try:
            if reason := reason_against(self._message):
                self._said.put({"event": "declined", "why": reason})
                return
            with scratch_folder() as folder:
                message = unpacked(self._message, self._suites, folder)
                with WorkerProcess(message) as worker:
                    for event in worker.events(threading.Event(), self._pause, self._warn):
                        self._said.put(event)
            self._said.put({"event": "bye"})
        except RudeError as error:
            told = error.to_json()
            self._said.put({"event": "fatal", **told, "where": f"{self._name}: {told['where']}".rstrip(": ")})
        except Exception as error:  # noqa: BLE001 - whoever listens has to hear how it ended
            what = f"{type(error).__name__}: {error}"
            self._said.put({"event": "fatal", **RudeError(what, where=self._name).to_json()})

    def _warn(self, words: str) -> None:
        self._said.put({"event": "warned", "words": f"node {self._name}: {words}"})
