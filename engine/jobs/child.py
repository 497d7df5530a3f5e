"""What every process does that works for the program: it speaks one JSON event a line, and keeps behind the screen."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final, Protocol

from engine.machine.budgets import KERNELS_KEPT
from rubrics.errors import RudeError
from rubrics.faults import shown
from rubrics.jsonl import load_json

__all__ = [
    "NO_EVENT", "EventLines", "Events", "Gate", "be_polite", "environment", "in_words", "is_out_of_memory",
    "own_modules", "read_event", "started_by",
]  # fmt: skip

_NO_MEMORY = (
    "out of memory", "can't allocate memory", "cannot allocate memory", "cublas_status_alloc_failed",
    "could not create a primitive", "could not create a memory", "could not execute a primitive",
)  # fmt: skip
"""What PyTorch, the system, CUDA and oneDNN say when there is none left. oneDNN says no more than what it could not do;
a product that it has no code for is another thing, a "primitive descriptor"."""


_ALLOCATOR = "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
"""PyTorch asks glibc for memory at multiples of 64 bytes, and what is cut off in front goes into a cache of small
pieces, where it counts as in use: what a freed tensor leaves is then not joined with its neighbour, nor large enough
for the next tensor of its size. Without these caches a model of 135 M parameters in int8 is loaded and scored in 800 MB
rather than 1,250, in nf4 in 770 rather than 1,030, in the same time. Other systems do not know the settings."""


_KERNELS = {name: str(KERNELS_KEPT) for name in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")}
"""oneDNN writes code for each shape of a product, and it and PyTorch's layer above it each keep that of 1,024 shapes,
0.6 MB apiece; to write one anew takes a millisecond. With both bounds a model of 135 M parameters in fp32 with 4,096
tokens peaks at 1,410 MB rather than 1,530, in the same time."""


def started_by(module: str) -> list[str]:
    """The words that start a module of this program as a process. It is ours whatever lies in the folder where the
    program is called: an `engine` of somebody else's, say, or a `json.py`."""
    return [sys.executable, "-P", "-m", module]


def environment() -> dict[str, str]:
    """The environment that a process with a model is started in; a person's own settings have the last word."""
    # Of several values for one setting glibc takes the last.
    tunables = filter(None, (_ALLOCATOR, os.environ.get("GLIBC_TUNABLES")))
    return {**_KERNELS, **os.environ, **own_modules(), "GLIBC_TUNABLES": ":".join(tunables)}


def own_modules() -> dict[str, str]:
    """What an environment must say for this program's modules to be found, should it not be installed."""
    root = Path(__file__).parents[2]
    if root.name in ("site-packages", "dist-packages"):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))}


class Events(Protocol):
    """Where work tells how it goes."""

    def send(self, event: str, **fields: Any) -> None:
        """One event: its name, and fields that JSON can hold."""
        ...


class EventLines:
    """Writes events to the parent; the only user of the real standard output."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def send(self, event: str, **fields: Any) -> None:
        """One event, one line."""
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()


NO_EVENT: Final = "no event"


def read_event(line: str) -> dict[str, Any]:
    """What one line of a process says. What is no event becomes one of the name `NO_EVENT`, with `what` was said: lines
    are read where nobody would see an error."""
    try:
        event = load_json(line, constants=True)
        if isinstance(event, dict) and isinstance(event.get("event"), str) and _notes_are_texts(event):
            if event["event"] == "fatal":
                RudeError.of_json(event)
            return event
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return {"event": NO_EVENT, "what": shown(line.strip(), 120)}


def _notes_are_texts(event: Mapping[str, Any]) -> bool:
    """They go to a person as they are, whichever event brings them: by itself, or among the facts of what was done."""
    facts = event.get("facts")
    said = [event.get("notes", []), facts.get("notes", []) if isinstance(facts, dict) else []]
    return all(isinstance(notes, list) and all(isinstance(note, str) for note in notes) for notes in said)


class Gate:
    """Where work waits while the parent wants it to."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._open = threading.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether the parent wants work to wait."""
        return not self._open.is_set()

    def hear(self, line: str) -> None:
        """What the parent says."""
        if line == "pause":
            self._open.clear()
        elif line == "go on":
            self._open.set()

    def wait(self, phase: str, **task: int) -> None:
        """Return at once if open; else say so, sleep until it opens, and say which phase goes on."""
        if self.closed:
            self._events.send("phase", phase="paused", **task)
            self._open.wait()
            self._events.send("phase", phase=phase, **task)


def in_words(error: BaseException) -> str:
    """An error that nobody expected, in one line."""
    text = " ".join(str(error).split())
    if is_out_of_memory(error):
        return f"out of memory: {text[:200]}" if text else "out of memory"
    return f"{type(error).__name__}: {text[:300]}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on either kind of device."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    text = text.replace("primitive descriptor", "")
    return isinstance(error, RuntimeError | OSError) and any(words in text for words in _NO_MEMORY)


def be_polite(threads: int | None) -> None:
    """All cores (or so many threads), but behind the screen in the queue for them."""
    if hasattr(os, "nice"):
        os.nice(10)
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    # Threads that spin while they wait cost tenfold when other programs want the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # `cuda:N` then means the N-th device that nvidia-smi lists, as everywhere else in the program.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
