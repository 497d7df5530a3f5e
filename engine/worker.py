"""The process that holds the accelerator: one job's turn, then it ends and the memory is free.

Started as `python -m engine.worker`. It reads one JSON message from standard input, finds its work by the message's
`kind`, and writes one JSON event a line to standard output; everything else that anything prints goes to standard
error, which the parent points at a log file. Later lines on standard input are `pause` and `go on`; a paused worker
sleeps, and keeps its memory. When standard input closes, the parent is gone and so is the worker: nothing keeps an
orphan alive.
"""

from __future__ import annotations

import json
import os
import pkgutil
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.jobs.child import EventLines, Events, Gate, be_polite, in_words, is_out_of_memory
from rubrics.errors import RudeError

__all__ = ["WORK", "Work", "main", "work"]

Work = Callable[[Mapping[str, Any], Events, Gate], None]
"""Does what a message asks for: sends events, waits at the gate between pieces, and raises what ends it."""

WORK: Final[dict[str, str]] = {
    "look": "engine.scoring.work:look",
    "score": "engine.scoring.work:score",
    "plan": "engine.scoring.work:measure",
    "layout": "engine.scoring.work:send_requests",
    "traces": "engine.scoring.traces:score_traces",
    "assay base": "engine.scoring.assays.texts:measure_base",
    "assay probe": "engine.scoring.assays.hidden_states:measure_probe",
    "assay headroom": "engine.scoring.assays.answers:measure_headroom",
    "assay micro": "engine.posttrain.micro:measure_micro",
    "assay seen": "engine.scoring.assays.texts:measure_seen",
    "posttrain": "engine.posttrain.train:post_train",
    "nodes": "engine.jobs.cluster.ray_nodes:tell_of_nodes",
    "spread": "engine.jobs.cluster.ray_nodes:spread_over_nodes",
}
"""By kind of message, the `Work` that does it; imported when it is asked for, since most of it loads PyTorch."""

_NO_ROOM = "close other programs or choose a smaller precision (bf16, int8, nf4); what is done is kept"


def main() -> int:
    """Do the work on standard input."""
    # Native code prints where it likes; only events may reach the parent.
    events = EventLines(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    line = sys.stdin.readline()
    if not line:
        return 1
    message: dict[str, Any] = json.loads(line)
    gate = Gate(events)
    threading.Thread(target=_listen, args=(gate,), daemon=True).start()
    be_polite(message.get("threads"))
    return work(message, events, gate)


def work(message: Mapping[str, Any], events: Events, gate: Gate) -> int:
    """Do what a message asks for, and say how it ended: `bye`, or `fatal` with what went wrong.

    Returns:
        The exit code of the process.
    """
    try:
        do: Work = pkgutil.resolve_name(WORK[message["kind"]])
        do(message, events, gate)
    except RudeError as error:
        traceback.print_exc()
        events.send("fatal", **error.to_json())
        return 1
    except Exception as error:  # noqa: BLE001 - the parent reports it and goes on with the next candidate
        traceback.print_exc()
        fix = _NO_ROOM if is_out_of_memory(error) else "the log has the details"
        events.send("fatal", what=in_words(error), where=message.get("model", ""), fix=fix, code=1)
        return 1
    events.send("bye")
    return 0


def _listen(gate: Gate) -> None:
    for line in sys.stdin:
        gate.hear(line.strip())
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
