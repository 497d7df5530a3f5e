"""Result files of other programs, by what they look like: one entry a format.

Each names its model and holds metrics by task. An outcome is named `task/metric`. Standard errors that a harness could
not compute ("N/A", NaN) are left empty; a score that is not a number is left out, by name; one that is infinite or
beyond all bounds is a fault. Means over tasks or groups that stand beside these are left out too, unless asked for:
they are no tasks of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from engine.outcomes import helm, inspect_log, lighteval, lm_eval, tables, trainer_state
from engine.outcomes.result_file import HarnessScore, ResultFile
from rubrics.faults import shown
from rubrics.plugins import Plugin, load, of_group, pass_over

__all__ = ["FORMATS", "OutcomeFormat", "format_of", "read_results"]


@dataclass(frozen=True)
class OutcomeFormat:
    """One kind of result file."""

    name: str
    title: str
    """What a person calls it."""
    tells: Callable[[object], bool]
    """Whether content is of this format: parsed JSON, the objects of JSON lines as a list, or a `ResultTable`."""
    read: Callable[[ResultFile], Iterator[HarnessScore]]
    """Its scores; what is not taken is said by `ResultFile.leave_out`, a fault raised as `ResultFile.error`."""


FORMATS: Final = (
    OutcomeFormat("inspect", "Inspect", inspect_log.is_log, inspect_log.results),
    OutcomeFormat("lighteval", "lighteval", lighteval.is_results, lighteval.results),
    OutcomeFormat("lm-eval", "lm-evaluation-harness", lm_eval.is_results, lm_eval.results),
    OutcomeFormat("lm-eval-samples", "samples of lm-evaluation-harness", lm_eval.are_samples, lm_eval.samples),
    OutcomeFormat("helm", "HELM", helm.is_stats, helm.stats),
    OutcomeFormat("opencompass", "OpenCompass", tables.is_opencompass, tables.opencompass),
    OutcomeFormat("wandb", "Weights & Biases", tables.is_wandb, tables.wandb),
    OutcomeFormat("trainer-state", "trainer_state.json", trainer_state.is_state, trainer_state.last_evaluation),
)
"""In the order in which they are tried."""


def format_of(content: object) -> OutcomeFormat | None:
    """The first format that content looks like, those that ship before those that other packages bring; None for none.

    Packages are imported only where nothing that ships knows the content.
    """
    return next((one for one in FORMATS if one.tells(content)), None) or next(
        (one for plugin in of_group("outcome_formats") if (one := _told_by(plugin, content)) is not None), None
    )


def _told_by(plugin: Plugin, content: object) -> OutcomeFormat | None:
    one = load(plugin, OutcomeFormat)
    try:
        return one if one is not None and one.tells(content) else None
    except Exception as error:  # noqa: BLE001 - whatever another's code raises
        pass_over(plugin, shown(f"asked what it can read, it raised {type(error).__name__}: {error}", 300)[1:-1])
        return None


def read_results(
    content: object, path: Path, *, averages: bool = False, only: Sequence[str] = ()
) -> tuple[list[HarnessScore], list[str]]:
    """The scores in a parsed result file, and what was left out of it, a phrase each.

    Args:
        only: patterns of names of outcomes that are taken, such as `arc*/acc`; none: all.

    Raises:
        OutcomeError: of no known harness, without a model name, without scores, or with one that is beyond bounds.
    """
    file = ResultFile(content, path, averages, only)
    known = format_of(content)
    if known is None:
        raise file.error("is JSON, but not a result file of a known harness")
    scores = list(known.read(file))
    if only:
        there = list(dict.fromkeys(score.outcome for score in scores))
        scores = [score for score in scores if any(fnmatchcase(score.outcome, pattern) for pattern in only)]
        if there and not scores:
            raise file.error(f"has no outcome called {' or '.join(only)}", f"outcomes there: {', '.join(there[:20])}")
    if not scores:
        why = f": {file.left_out[0]}" if file.left_out else ""
        raise file.error(f"holds no scores{why}", "check that the evaluation finished")
    for text in {text for score in scores for text in (score.candidate, score.outcome)}:
        _check_name(text, file)
    return scores, file.left_out


def _check_name(text: str, file: ResultFile) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise file.error(f"the name {shown(text)} holds half of a surrogate pair, which is not text", "rename it")
    if "\0" in text:
        raise file.error(f"the name {shown(text)} holds a NUL character, which is not text", "rename it")
