"""What other programs want of a suite: a row for each pair, and files beside the rows.

Each row has one column more than its format asks for, `rude` (`rubrics.importers.ours`), so that `suite import` gives
back the very same suite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

from engine.layout.wording import before_response, fill
from rubrics.counted import count
from rubrics.schema import Pair, Suite

__all__ = ["FORMATS", "SuiteFormat", "task_name"]

_TURNS: Final = 'struct("role" varchar, content varchar)[]'


class SuiteFormat(NamedTuple):
    """One shape."""

    name: str
    summary: str
    kind: Literal["file", "folder"]
    columns: Mapping[str, str]
    """Of a row, with their DuckDB types; `rude` comes last."""
    row: Callable[[Pair], tuple[Any, ...]]
    """The cells but for `rude`."""
    beside: Callable[[Suite], Mapping[str, str]] = lambda _: {}
    """A folder's other files by name."""


def _turns(pair: Pair) -> list[dict[str, str]]:
    if isinstance(pair.prompt, str):
        return [{"role": "user", "content": pair.prompt}]
    return [{"role": turn.role, "content": turn.content} for turn in pair.prompt]


def _said(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def _trl(pair: Pair) -> tuple[Any, ...]:
    return _turns(pair), _said(pair.chosen), _said(pair.rejected)


def _trl_plain(pair: Pair) -> tuple[Any, ...]:
    return before_response(pair.prompt_text), pair.chosen, pair.rejected


def _rewardbench(pair: Pair) -> tuple[Any, ...]:
    return pair.id, pair.prompt_text, pair.chosen, pair.rejected, "", "", pair.domain


def _lm_eval(pair: Pair) -> tuple[Any, ...]:
    return pair.id, before_response(pair.prompt_text), [pair.chosen, pair.rejected], pair.domain


def _inspect(pair: Pair) -> tuple[Any, ...]:
    told = {"cluster": pair.cluster, "domain": pair.domain}
    return pair.id, pair.prompt_text, [pair.chosen, pair.rejected], "A", told


def task_name(suite: Suite) -> str:
    """The suite's name as a harness can call a task and Python a function."""
    return "rude_" + (re.sub(r"\W+", "_", suite.name, flags=re.ASCII).strip("_").lower() or "suite")


def _template(name: str, suite: Suite) -> str:
    text = (resources.files("engine.export.suites") / f"{name}.txt").read_text(encoding="utf-8")
    return fill(text, task=task_name(suite))


def _lm_eval_files(suite: Suite) -> dict[str, str]:
    return {
        f"{task_name(suite)}.yaml": _template("lm_eval.yaml", suite), "pairs.py": _template("lm_eval.py", suite),
        "README.md": _about(
            suite,
            "lm_eval --model hf --model_args pretrained=MODEL,dtype=float32 --include_path . "
            f"--tasks {task_name(suite)}",
            "Its `sum` is that of `rude-tui rank --metric sum`, pair by pair; its standard error takes pairs for "
            "independent, which those of one cluster are not.",
        ),
    }  # fmt: skip


def _inspect_files(suite: Suite) -> dict[str, str]:
    return {
        "task.py": _template("inspect.py", suite),
        "README.md": _about(
            suite, "inspect eval task.py --model PROVIDER/MODEL",
            "A model that answers is asked which response is the better one, in both orders; log-probabilities are not "
            "read, so it is no `choice` run of rude-tui.",
        ),
    }  # fmt: skip


def _about(suite: Suite, command: str, how: str) -> str:
    return "\n\n".join([
        f"# {suite.name}",
        f"{count(len(suite.scored), 'pair')} of the suite `{suite.name}` (hash {suite.hash[:12]}), exported by "
        "rude-tui.",
        f"```\n{command}\n```",
        how,
        "`rude-tui suite import pairs.jsonl exemplars.jsonl -o SUITE.jsonl` (the second where there is one) gives back "
        "the same suite: what these rows have no place for stands in the column `rude`.",
        *filter(None, [suite.card.strip()]),
    ]) + "\n"  # fmt: skip


FORMATS: Final[Mapping[str, SuiteFormat]] = {
    entry.name: entry
    for entry in (
        SuiteFormat(
            "trl", "TRL's preference data as conversations: prompt, chosen, rejected", "file",
            {"prompt": _TURNS, "chosen": _TURNS, "rejected": _TURNS}, _trl,
        ),
        SuiteFormat(
            "trl-plain", "the same as texts, laid out as they are scored under likelihood", "file",
            {"prompt": "varchar", "chosen": "varchar", "rejected": "varchar"}, _trl_plain,
        ),
        SuiteFormat(
            "rewardbench", "RewardBench's rows: prompt, chosen, rejected, their models, subset, id", "file",
            {
                "id": "varchar", "prompt": "varchar", "chosen": "varchar", "rejected": "varchar",
                "chosen_model": "varchar", "rejected_model": "varchar", "subset": "varchar",
            }, _rewardbench,
        ),
        SuiteFormat(
            "lm-eval", "a task folder for lm-evaluation-harness, whose result is the metric sum", "folder",
            {"id": "varchar", "context": "varchar", "choices": "varchar[]", "domain": "varchar"}, _lm_eval,
            _lm_eval_files,
        ),
        SuiteFormat(
            "inspect", "a folder for Inspect: data set, task and scorer", "folder",
            {
                "id": "varchar", "input": "varchar", "choices": "varchar[]", "target": "varchar",
                "metadata": "struct(cluster varchar, \"domain\" varchar)",
            }, _inspect, _inspect_files,
        ),
    )
}  # fmt: skip
