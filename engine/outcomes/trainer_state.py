"""`trainer_state.json`, which TRL and every other trainer of transformers keep beside a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from engine.outcomes.result_file import HarnessScore, ResultFile, at, count_of, lower, share

__all__ = ["is_state", "last_evaluation"]

_CHECKPOINT: Final = re.compile(r"checkpoint-\d+")
_PACE: Final = re.compile(r"(runtime|_per_second|num_tokens|_length|completions?/.*)$")
_NOT_MEASURED: Final = frozenset({"step", "epoch", "learning_rate", "grad_norm", "total_flos"})


def is_state(content: object) -> bool:
    """The state of a trainer, with what it has logged."""
    return isinstance(at(content, "log_history"), list) and "global_step" in content  # type: ignore[operator]


def last_evaluation(file: ResultFile) -> Iterator[HarnessScore]:
    """What was last logged of every metric that was evaluated (`eval_…`), or that a pattern names.

    The state does not say which model was trained: the folder's name stands for it until it is mapped to a candidate.
    """
    last: dict[str, tuple[Any, Any]] = {}
    for entry in file.content["log_history"]:
        for name, value in file.table(entry, "log_history").items():
            last[name] = value, entry.get("step")
    taken = [
        name for name in last
        if (any(fnmatchcase(name, pattern) for pattern in file.only) if file.only
            else name.startswith("eval_") and not _PACE.search(name))
    ]  # fmt: skip
    if not taken:
        logged = ", ".join(name for name in last if name not in _NOT_MEASURED) or "nothing"
        raise file.error("holds no evaluation (eval_…)", f"say which metrics are outcomes; logged are {logged}")
    folder = file.path.absolute().parent
    model = folder.parent.name if _CHECKPOINT.fullmatch(folder.name) else folder.name
    if not model:
        raise file.error("lies in no folder that could name the model", "put it into the folder of its model")
    for name in taken:
        value, step = last[name]
        word = re.split(r"[/_]", name)[-1]
        at_step = f", step {counted}" if (counted := count_of(step)) else ""
        yield from file.score(
            f"trainer_state{at_step}", model, name, value, f"log_history.{name}",
            lower_is_better=lower(word), scale=share(word, value),
        )  # fmt: skip
