"""How able each candidate is by topic – by C, by subcategory or by domain – shrunk towards the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.results.board import Board
from engine.results.failures import margins
from engine.results.pair_index import scopes
from engine.stats.irt.fitting import fit_verdicts
from engine.stats.irt.responses import Margins, Responses, Wins
from engine.stats.irt.topics import LEAST_BETWEEN, TopicFit, Topics, fit_topics, places
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = [
    "HELP", "RESPONSES", "TOPICS", "ResponseKind", "TopicAbilities", "TopicCell", "TopicKind", "WholeAbility",
    "between_words", "place_words", "said_of", "topic_abilities",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
ResponseKind = Literal["wins", "margins"]
TopicKind = Literal["category", "subcategory", "domain"]

RESPONSES: Final[tuple[ResponseKind, ...]] = ("wins", "margins")
TOPICS: Final[tuple[TopicKind, ...]] = ("category", "subcategory", "domain")
_LEAST_CANDIDATES: Final = 3
_LEAST_CLUSTERS: Final = 4
"""Of a topic; below, one odd prompt is the topic."""
_LEAST_FREEDOM: Final = 5
"""Clusters more than topics, to know how alike the pairs of a cluster are."""
_NOT_SEEN: Final = "no pair scored"

HELP: Final = {
    "wins": "responses are wins and losses (Rasch): abilities are logits above those of the average candidate",
    "margins": "responses are margins, in units of the candidate's own root mean square margin: abilities are such "
    "units above those of the average candidate",
    "ability": "how much abler than the average candidate on the topic's pairs, shrunk towards what "
    "its ability overall foretells there, the more so the less the topic's pairs tell",
    "overall": "the same over all topics, each by its share of the pairs",
    "interval": "95 %, by Student's t with clusters less topics as degrees of freedom",
    "shift": "ability less that overall; ▲ and ▼ where its 95 % interval leaves out 0",
    "places": "the places a candidate can have: 1 + those surely above it, to all less those surely below it "
    "(Student's t of differences, Holm over every two candidates, 5 %)",
    "raw": "as the topic's pairs alone give it, nothing shrunk",
    "between": "τ, the standard deviation between topics of what a candidate is better or worse at than its ability "
    "overall and the topic explain: median and 95 % interval of what the verdicts allow",
    "design_effect": "by how much the likeness of pairs within a cluster widens the variances of all this",
}
"""One line on each number."""


@dataclass(frozen=True)
class TopicCell:
    """One candidate on one topic; what cannot be estimated is NaN."""

    topic: str
    ability: float
    error: float
    ci_low: float
    ci_high: float
    shift: float
    shift_low: float
    shift_high: float
    raw: float
    raw_error: float
    place_low: int
    place_high: int
    note: str
    """Why something cannot be estimated; else empty."""

    @property
    def mark(self) -> str:
        """▲ or ▼ where it is surely better or worse here than overall; else empty."""
        return "▲" if self.shift_low > 0 else "▼" if self.shift_high < 0 else ""


@dataclass(frozen=True)
class WholeAbility:
    """One candidate over all topics, and on each."""

    candidate: str
    ability: float
    error: float
    ci_low: float
    ci_high: float
    place_low: int
    place_high: int
    cells: tuple[TopicCell, ...]
    """By topic."""


@dataclass(frozen=True)
class TopicAbilities:
    """All candidates by all topics."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    by: TopicKind
    response: ResponseKind
    topics: tuple[str, ...]
    pairs: tuple[int, ...]
    """Of each topic; one of several topics counts in each."""
    clusters: tuple[int, ...]
    """Of each topic."""
    n_pairs: int
    n_clusters: int
    candidates: tuple[WholeAbility, ...]
    """Ablest first."""
    between: tuple[float, float, float]
    """τ: median, and the ends of its 95 % interval."""
    design_effect: float
    notes: tuple[str, ...]


def topic_abilities(board: Board, *, by: TopicKind = "category", response: ResponseKind = "wins") -> TopicAbilities:
    """Ability by topic, with its error and what of it is the topic's own.

    A pair of several categories or subcategories counts in each by as much, as in a ranking.

    Raises:
        BadInput: no such grouping; fewer than three candidates, two topics with pairs enough, or clusters than it
            takes; or verdicts that set abilities no bound.
    """
    if by not in TOPICS:
        raise BadInput(f"cannot split abilities by {by!r}", fix="topics: " + ", ".join(TOPICS))
    names, where = board.matrix.candidates, f"{board.suite}, {board.protocol}"
    if len(names) < _LEAST_CANDIDATES:
        raise BadInput(
            f"{count(len(names), 'candidate')} cannot show abilities: at least {_LEAST_CANDIDATES} are needed",
            where=where, fix="score more candidates", shell="rude-tui run --model …",
        )  # fmt: skip
    notes = list(board.notes)
    data = _Data.of(board, by, notes)
    too_little = ""
    if len(data.topics) < 2:
        found = count(len(data.topics), "topic")
        too_little = f"{found} with {count(_LEAST_CLUSTERS, 'cluster')} of pairs or more: two are needed"
    elif data.freedom < _LEAST_FREEDOM:
        found = f"{count(data.freedom + len(data.topics), 'cluster')} of pairs in {len(data.topics)} topics"
        too_little = f"{found}: {_LEAST_FREEDOM} clusters more than topics are needed"
    if too_little:
        raise BadInput(
            too_little, where=where, fix="split by something else, or score more pairs",
            shell="--by category, subcategory or domain",
        )  # fmt: skip
    fit = fit_topics(data.response(board, response, where), Topics(data.shares, data.clusters))
    return _told(board, by, response, data, fit, notes)


@dataclass(frozen=True, eq=False)
class _Data:
    """The pairs that are of a topic."""

    topics: tuple[str, ...]
    at: npt.NDArray[np.intp]
    """Their places in the suite."""
    shares: FloatArray
    """(topics, pairs): 1 over all topics."""
    clusters: npt.NDArray[np.int32]
    scores: FloatArray
    """(candidates, pairs)."""

    @classmethod
    def of(cls, board: Board, by: TopicKind, notes: list[str]) -> _Data:
        held = board.index.scored & ~np.isnan(board.matrix.scores).all(axis=0)
        enough = []
        for part in scopes(board.index, by)[1:]:
            clusters = len(np.unique(board.matrix.cluster[held & (part.weight > 0)]))
            if clusters >= _LEAST_CLUSTERS:
                enough.append(part)
            else:
                notes.append(
                    f"{part.name}: {count(clusters, 'cluster')} of pairs cannot tell an ability, "
                    f"{_LEAST_CLUSTERS} are needed"
                )
        weights = np.array([part.weight for part in enough], dtype=np.float64).reshape(len(enough), len(held))
        at = np.flatnonzero(held & (weights.sum(axis=0) > 0))
        shares = weights[:, at] / weights[:, at].sum(axis=0)
        return cls(
            tuple(part.name for part in enough), at, shares, board.matrix.cluster[at],
            board.matrix.scores[:, at].astype(np.float64),
        )  # fmt: skip

    @property
    def freedom(self) -> int:
        """Clusters more than topics."""
        return len(np.unique(self.clusters)) - len(self.topics)

    def response(self, board: Board, kind: ResponseKind, where: str) -> Responses:
        if kind == "margins":
            return Margins(np.stack([margins(board, name)[self.at] for name in board.matrix.candidates]))
        rasch = fit_verdicts(self.scores, self.clusters, slopes=False).rasch
        if not rasch.spread_known:
            raise BadInput(
                "the candidates agree on nearly every pair, which sets abilities in logits no bound", where=where,
                fix="take margins for responses, or score pairs on which candidates differ",
                shell="--response margins",
            )  # fmt: skip
        return Wins(self.scores, rasch.spread)


def _told(
    board: Board, by: TopicKind, response: ResponseKind, data: _Data, fit: TopicFit, notes: list[str]
) -> TopicAbilities:
    names, held = board.matrix.candidates, data.shares > 0
    cells: list[list[TopicCell]] = [[] for _ in names]
    for t, topic in enumerate(data.topics):
        scores = data.scores[:, held[t]]
        why = [_cannot(row, response) for row in scores]
        seen = ~np.isnan(scores).all(axis=1)
        low, high = places(np.where(seen, fit.ability[:, t], math.nan), fit.covariance[t], fit.freedom)
        for j in range(len(names)):
            cells[j].append(_cell(fit, j, t, topic, (int(low[j]), int(high[j])), why[j]))
        for reason in dict.fromkeys(filter(None, why)):
            who = ", ".join(name for name, own in zip(names, why, strict=True) if own == reason)
            notes.append(f"{topic}, {who}: {reason}")
    error = np.sqrt(np.diag(fit.whole_covariance))
    first, last = places(fit.whole, fit.whole_covariance, fit.freedom)
    low_ends, high_ends = fit.interval(fit.whole, error)
    order = np.argsort(-fit.whole, kind="stable")
    return TopicAbilities(
        board.suite, board.suite_hash, board.protocol, board.metric, by, response, data.topics,
        tuple(int(row.sum()) for row in held), tuple(len(np.unique(data.clusters[row])) for row in held),
        len(data.at), len(np.unique(data.clusters)),
        tuple(
            WholeAbility(
                names[j], float(fit.whole[j]), float(error[j]), float(low_ends[j]), float(high_ends[j]),
                int(first[j]), int(last[j]), tuple(cells[j]),
            )
            for j in order.tolist()
        ),
        fit.between, fit.design_effect, tuple(notes),
    )  # fmt: skip


def _cell(fit: TopicFit, j: int, t: int, topic: str, place: tuple[int, int], why: str) -> TopicCell:
    numbers = (
        fit.ability, fit.error, *fit.interval(fit.ability, fit.error),
        fit.shift, *fit.interval(fit.shift, fit.shift_error),
    )  # fmt: skip
    known = 1.0 if why != _NOT_SEEN else math.nan
    ability, error, low, high, shift, shift_low, shift_high = (float(known * number[j, t]) for number in numbers)
    raw, raw_error = (math.nan if why else float(number[j, t]) for number in (fit.raw, fit.raw_error))
    return TopicCell(topic, ability, error, low, high, shift, shift_low, shift_high, raw, raw_error, *place, why)


def _cannot(scores: FloatArray, response: ResponseKind) -> str:
    """Why a topic's pairs alone give a candidate with such scores there no ability; else empty."""
    scored = scores[~np.isnan(scores)]
    if not len(scored):
        return _NOT_SEEN
    for outcome, bound, words in ((1, "above", "won"), (0, "below", "lost")):
        if response == "wins" and (scored == outcome).all():
            return f"{words} every pair, which sets its ability no bound {bound}; its ability overall holds it"
    return ""


def said_of(found: TopicAbilities) -> list[str]:
    """Whose place in a topic is surely another than overall, a sentence each; one that says so where nobody's is.

    Surely: the two intervals of places have none in common.
    """
    said = [
        f"{whole.candidate}: {place_words(whole)} overall, {place_words(cell)} in {cell.topic}"
        for whole in found.candidates
        for cell in whole.cells
        if cell.place_high < whole.place_low or cell.place_low > whole.place_high
    ]
    return said or [f"no candidate's place in a {found.by} is surely another than overall"]


def place_words(of: WholeAbility | TopicCell) -> str:
    """`place 3`, or `places 2–4`."""
    if of.place_low == of.place_high:
        return f"place {of.place_low}"
    return f"places {of.place_low}–{of.place_high}"


def between_words(found: TopicAbilities) -> str:
    """How much there is in topics at all, in a sentence."""
    middle, low, high = found.between
    unit = "logits" if found.response == "wins" else "of a root mean square margin"
    # Abilities from margins lie close together, so that what can be told from nothing at all counts too.
    nothing = low < max(0.1 * high, 1.5 * LEAST_BETWEEN)
    telling = "; as good as nothing is possible" if nothing else ""
    return (
        f"what candidates are better or worse at by {found.by} spreads by {middle:.2f} {unit} (95 %: {low:.2f} to "
        f"{high:.2f}{telling})"
    )
