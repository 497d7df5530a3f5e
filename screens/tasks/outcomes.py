"""Adding post-training scores. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import OutcomeError
from screens.shell.fields import YES_NO, AtField, Field, Prepared, Typed
from screens.shell.paths import several
from screens.tasks.task import Task
from screens.tasks.words import strangers_words

if TYPE_CHECKING:
    from engine.annotations.outcomes import AddedFiles
    from screens.shell.session import Session

__all__ = ["ADD_OUTCOMES"]


def _fields(session: Session) -> Sequence[Field]:
    return (
        Field("files", "Files", "scores.csv, or results of lm-eval, lighteval, Inspect", "path",
              endings=(".csv", ".tsv", ".json"), needed=True),
        Field("names", "Names", "name in the file=candidate here, several with ;, or .csv"),
        Field("averages", "Means too", "means over tasks that stand beside these", choices=YES_NO),
        Field("one-scale", "One scale", "what looks like fractions beside percents is one scale", choices=YES_NO),
        Field("one-test", "One test", "what was measured under several conditions is compared", choices=YES_NO),
    )  # fmt: skip


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.annotations.outcomes import add_files
    from engine.outcomes.outcomes import mapping_of

    files = [Path(file) for file in typed.paths("files")]
    names = typed.read("names", lambda text: mapping_of(several(text)))
    try:
        added = add_files(
            session.store, files, names, averages=typed.yes("averages"), one_scale=typed.yes("one-scale"),
            one_test=typed.yes("one-test"),
        )  # fmt: skip
    except OutcomeError as error:
        raise AtField("names" if error.where == "mapping" else "files", error) from None
    return Prepared(said=_said(added))


def _said(added: AddedFiles) -> str:
    outcomes = dict.fromkeys(score.outcome for score in added.scores)
    lines = [
        f"{count(len(added.scores), 'score')} of {count(len(outcomes), 'outcome')} stored: {', '.join(outcomes)}",
        *([f"{added.replaced} took the place of an earlier score"] if added.replaced else []),
        *(f"! {note}" for note in added.notes),
    ]
    lines += strangers_words(added.strangers, " Then add it again with {name}={near} under Names")
    return "\n".join(lines)


ADD_OUTCOMES = Task(
    "outcomes",
    "Add outcomes",
    "Scores measured after post-training, to hold predictors against. A CSV has the columns candidate, outcome, "
    "score[, stderr, source, direction, domain, traces].",
    _fields,
    _prepare,
)
