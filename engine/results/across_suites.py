"""Candidates over several suites: each suite's value, their mean with the tests of a ranking, and parts of suites.

Categories, subcategories and numbers of violations are the taxonomy's and so the same in every suite: a part's value is
the mean of the suites that have such pairs. Domains and criteria are as the author of a suite named them: those of two
suites stay apart, though they may be called alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.results.board import Board, Entrant, Question, load_board
from engine.results.pair_index import GROUPINGS, MEAN_OF_DOMAINS, scopes, size_scope
from engine.results.rankings import RankingTable, rankings_of
from engine.stats.matrix import Scope, ScoreMatrix, mean_scope
from engine.stats.ranking import Ranking, RankRow, rank_many
from engine.store.connection import Store
from engine.store.runs import Scored
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.taxonomy import Category, Subcategory

__all__ = ["HELP", "MEAN_OF_SUITES", "AcrossSuites", "across_suites"]

MEAN_OF_SUITES = "mean of suites"
"""The scope in which each suite counts alike, however many pairs it has."""
_NAMED_BY_AUTHORS: Final = ("domain", "criterion")
"""Groupings whose parts are a suite's own."""
HELP: Final = {
    "own": "parts are as a suite's author named them: those of two suites stay apart, also where they are called alike",
    "shared": "a part's value is the mean of the suites that have such pairs, each suite counting alike",
}
"""One line on the parts."""


@dataclass(frozen=True)
class AcrossSuites:
    """What a table over suites shows; one protocol and one metric for all of them."""

    protocol: str
    metric: str
    chance: float
    by: str
    """What the parts are of: one of `GROUPINGS`; no parts where it is `overall`."""
    suites: tuple[RankingTable, ...]
    """In the order asked for."""
    names: tuple[str, ...]
    """Of the suites: with a hash where two are called alike."""
    mean: Ranking
    """Of the candidates that were scored on every suite; no rows where there is none."""
    values: Mapping[str, tuple[RankRow | None, ...]]
    """By label, in order of the mean: the value on each suite, None where there is none."""
    parts: Mapping[str, Mapping[str, RankRow]]
    """By part and label. A suite's own part stands behind its name, as that suite's ranking has it; what is the same in
    every suite, and the mean of all domains, is of the candidates and pairs of the mean."""
    entrants: Mapping[str, Entrant]
    """By label."""
    notes: tuple[str, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """How the intervals of the mean, and of the suites, are made."""
        of_suites = dict.fromkeys(row.method for suite in self.suites for row in suite.overall.rows)
        of_mean = dict.fromkeys(row.method for row in self.mean.rows)
        told = {"the mean": of_mean, "a suite": of_suites}
        return tuple(f"interval of {what}: {', '.join(methods)}" for what, methods in told.items() if methods)

    @property
    def about_parts(self) -> str:
        """How a value on a part is made; empty where there are no parts."""
        return HELP["own" if self.by in _NAMED_BY_AUTHORS else "shared"] if self.parts else ""


def across_suites(store: Store, question: Question, suites: Sequence[str], *, resamples: int = 10_000) -> AcrossSuites:
    """Rank on each suite, and on their mean.

    Args:
        question: its protocol and metric hold for every suite; where it names none, the first suite's do.
            Its grouping says by what parts.
        suites: by name or beginning of a hash.

    Raises:
        BadInput: no run on one of them under that protocol, one suite is named twice, or the grouping is unknown.
    """
    if question.by not in GROUPINGS:
        raise BadInput(f"cannot group by {question.by!r}", fix="groupings: " + ", ".join(GROUPINGS))
    with store.snapshot():
        boards = [load_board(store, replace(question, suite=suites[0]))]
        asked = replace(question, protocol=boards[0].protocol, metric=boards[0].metric)
        boards += [load_board(store, replace(asked, suite=suite)) for suite in suites[1:]]
    for board, times in Counter(board.suite_hash for board in boards).items():
        if times > 1:
            name = next(b.suite for b in boards if b.suite_hash == board)
            raise BadInput(f"suite {name!r} is named twice", fix="name each suite once")
    own_parts = asked.by in _NAMED_BY_AUTHORS
    by_suite_alone = asked if own_parts else replace(asked, by="overall")
    tables = [rankings_of(board, by_suite_alone, resamples=resamples) for board in boards]
    names = _named(boards)
    labels = _labels(boards)
    everywhere = [scored for scored in labels if all(scored in _scored(board) for board in boards)]
    mean, *joined = _together(boards, names, asked.by, everywhere, labels, resamples)
    order = [*(row.candidate for row in mean.rows), *(labels[scored] for scored in labels if scored not in everywhere)]
    of_label = {label: scored for scored, label in labels.items()}
    by_suite = [
        {table.entrants[row.candidate].scored: row for row in table.overall.rows} for table in tables
    ]  # fmt: skip
    notes = [f"{table.suite}: {note}" for table in tables for note in table.notes]
    if absent := len(labels) - len(everywhere):
        notes.append(f"{count(absent, 'candidate')} not scored on every suite: without a mean, last")
    found = {entrant.scored: entrant for board in reversed(boards) for entrant in board.entrants}
    parts = {part.scope: {row.candidate: row for row in part.rows} for part in joined}
    if own_parts:
        parts |= {
            f"{name}: {scope}": {labels[table.entrants[row.candidate].scored]: row for row in table.scopes[scope].rows}
            for name, table in zip(names, tables, strict=True)
            for scope in table.parts
            if scope != MEAN_OF_DOMAINS
        }
    return AcrossSuites(
        boards[0].protocol, boards[0].metric, boards[0].chance, asked.by, tuple(tables), names, mean,
        {label: tuple(rows.get(of_label[label]) for rows in by_suite) for label in order},
        parts, {label: found[of_label[label]] for label in order}, tuple(notes),
    )  # fmt: skip


def _named(boards: Sequence[Board]) -> tuple[str, ...]:
    """What each suite is called here."""
    shared = Counter(board.suite for board in boards)
    return tuple(f"{b.suite} [{b.suite_hash[:6]}]" if shared[b.suite] > 1 else b.suite for b in boards)


def _scored(board: Board) -> dict[Scored, str]:
    return {entrant.scored: entrant.label for entrant in board.entrants}


def _labels(boards: Sequence[Board]) -> dict[Scored, str]:
    """By what was scored, the label of the first board that has it; with a hash where two would be called alike."""
    labels: dict[Scored, str] = {}
    for board in boards:
        for scored, label in _scored(board).items():
            labels.setdefault(scored, label)
    shared = Counter(labels.values())
    return {
        scored: f"{label} [{scored.weights_hash[:6]}]" if shared[label] > 1 else label
        for scored, label in labels.items()
    }


def _together(
    boards: Sequence[Board], names: Sequence[str], by: str, everywhere: Sequence[Scored], labels: Mapping[Scored, str],
    resamples: int,
) -> list[Ranking]:  # fmt: skip
    """Rankings on all pairs of all suites together, clusters staying within a suite: the mean in which each suite
    counts alike, then that of each part that suites share, or of all domains."""
    if not everywhere:
        return [Ranking(MEAN_OF_SUITES, (), 0, "common", 0.95, resamples, 0)]
    scores, ids = [], []
    clusters: list[npt.NDArray[np.int32]] = []
    groups: list[npt.NDArray[np.int32]] = []
    for name, board in zip(names, boards, strict=True):
        own = _scored(board)
        scores.append(board.matrix.scores[[board.matrix.index(own[scored]) for scored in everywhere]])
        for codes, column in ((clusters, board.matrix.cluster), (groups, board.matrix.group)):
            codes.append(column + (1 + max((int(part.max(initial=-1)) for part in codes), default=-1)))
        ids += [f"{name}: {pair_id}" for pair_id in board.index.pair_id]
    matrix = ScoreMatrix(
        tuple(labels[scored] for scored in everywhere), tuple(ids), np.concatenate(groups).astype(np.int32),
        np.concatenate(clusters).astype(np.int32), np.concatenate(scores, axis=1),
    )  # fmt: skip
    counted: npt.NDArray[np.bool_] = np.logical_and.reduce(~np.isnan(matrix.scores), axis=0)
    whole, *parts = (mean_scope(name, held, counted) for name, held in _parts(boards, by))
    wanted = [whole, *(part for part in parts if part.weight[counted].any())]
    return rank_many(matrix, wanted, chance=boards[0].chance, resamples=resamples)


def _parts(boards: Sequence[Board], by: str) -> list[tuple[str, list[Scope]]]:
    """What is ranked on all pairs together, the mean of suites first: its name, and the scopes whose mean it is."""
    held: dict[str, list[Scope]] = {}
    edges = np.cumsum([0, *(len(board.index.pair_id) for board in boards)])
    for at, board in zip(edges, boards, strict=False):
        whole, *parts = scopes(board.index, by)
        for part in [whole] if by == "criterion" else [whole, *parts]:
            weight = np.zeros(edges[-1], dtype=np.float32)
            weight[at : at + len(part.weight)] = part.weight
            name = MEAN_OF_SUITES if part is whole else MEAN_OF_DOMAINS if by == "domain" else part.name
            held.setdefault(name, []).append(Scope(part.name, weight))
    sizes = {len(violated) for board in boards for violated in board.index.violated}
    order = [MEAN_OF_SUITES, MEAN_OF_DOMAINS, *map(str, (*Category, *Subcategory)), *map(size_scope, sorted(sizes))]
    return sorted(held.items(), key=lambda item: order.index(item[0]))
