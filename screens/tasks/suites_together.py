"""Candidates over several suites, suite by suite and part by part. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.formats import percent
from screens.shell.paths import SEPARATOR
from screens.tasks.common import question_of
from screens.tasks.task import Task
from screens.tasks.words import columns_in_blocks, within

if TYPE_CHECKING:
    from engine.results.across_suites import AcrossSuites
    from engine.stats.ranking import RankRow
    from screens.shell.session import Session

__all__ = ["OVER_SUITES", "suites_words"]

_BY: Final = ("overall", "domain", "category", "subcategory", "violations", "criterion")


def _fields(session: Session) -> Sequence[Field]:
    marked = f"{SEPARATOR} ".join(session.marked_suites)
    return (
        Field("suites", "Suites", "two or more that have been run, with ;", value=marked, needed=True),
        Field("by", "Parts", "what each suite is split by", choices=_BY),
    )


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.results.across_suites import across_suites

    named = [name.rpartition("/")[2].removesuffix(".jsonl") for name in typed.paths("suites", "name two suites")]
    with at("suites"):
        if len(named) < 2:
            raise BadInput(f"{count(len(named), 'suite')} named", fix="name two or more; Rankings (3) has one alone")
        question = question_of(session, suite=None, by=typed.text("by"), weights=None, template=None)
        return Prepared(said="\n".join(suites_words(across_suites(session.store, question, named))))


def suites_words(table: AcrossSuites) -> Iterator[str]:
    """The mean with its tests, then every suite and every part: a line for each candidate."""
    means, labels = {row.candidate: row for row in table.mean.rows}, list(table.values)

    def of_mean(words: Callable[[RankRow], str]) -> list[str]:
        return [words(means[label]) if label in means else "–" for label in labels]

    heads = {
        "rank": of_mean(lambda row: f"{row.rank} ({row.rank_low}–{row.rank_high})"),
        "mean": of_mean(lambda row: percent(row.value)),
        "95 %": of_mean(lambda row: within(row.ci_low, row.ci_high)),
        "first in, %": of_mean(lambda row: percent(row.p_best, 0)),
    }
    for at_suite, name in enumerate(table.names):
        rows = [table.values[label][at_suite] for label in labels]
        heads[f"{name} (95 %)"] = [
            f"{percent(row.value)} ({within(row.ci_low, row.ci_high)})" if row else "–" for row in rows
        ]
    yield f"{table.protocol}, {table.metric} · chance {percent(table.chance)} · mean: every suite counts alike"
    yield ""
    yield columns_in_blocks("candidate", labels, heads)
    yield ""
    yield from (
        f"{row.candidate}: not told apart from {', '.join(row.tied_with)}" for row in means.values() if row.tied_with
    )
    if table.parts:
        held = {
            part: [percent(rows[label].value) if label in rows else "–" for label in labels]
            for part, rows in table.parts.items()
        }
        yield from ("", columns_in_blocks("candidate", labels, held), "", table.about_parts)
    yield from table.methods
    yield from (f"! {note}" for note in table.notes)


OVER_SUITES: Final = Task(
    "over-suites",
    "Rank over several suites",
    "Every candidate's accuracy on each and their mean, in which each suite counts alike; by protocol and metric as "
    "Rankings shows them.",
    _fields,
    _prepare,
)
