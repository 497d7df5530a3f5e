"""A smaller candidate ahead of a larger one: what RuDE promises to find, pair by pair, and whether it came true."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.correlation.lineage import families_in
from engine.correlation.names import comparable
from engine.correlation.sources import BUNDLED, Source
from engine.outcomes.exactness import error_of
from engine.outcomes.outcome import Outcome, lower_is_better
from engine.outcomes.words import outcome_in_short, outcome_in_words
from engine.results.board import Board, Question, load_board
from engine.results.pair_index import scopes
from engine.stats.intervals import Estimate
from engine.stats.matrix import Scope
from engine.stats.pair_share import newcombe, pair_share
from engine.stats.paired import compare
from engine.stats.ranking import duels
from engine.stats.units import Over, Units
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.errors import BadInput

__all__ = ["HELP", "Upset", "UpsetGain", "UpsetTable", "UpsetTally", "upsets"]

HELP: Final = {
    "lead": "the smaller candidate's RuDE accuracy less the larger's, on the pairs that all candidates have scored",
    "p_adjusted": "paired sign flips of whole clusters, adjusted by Holm for every two candidates, as in the ranking",
    "gain": "the smaller's outcome less the larger's, losses turned: above 0 where it came true",
    "true": "share of the upsets that came true; an even outcome counts ½; 95 % over candidates, or families of them",
    "otherwise": "share of all other pairs of unlike size in which the smaller came out ahead: what size alone leaves",
}
"""One line on each number."""


@dataclass(frozen=True)
class UpsetGain:
    """What became of an upset in one outcome."""

    value: float
    """The smaller's score less the larger's, turned where lower is better; NaN where either is unknown."""
    stderr: float
    """Standard error, scores taken for independent; NaN where either is unknown."""

    @property
    def came_true(self) -> bool | None:
        """Whether the smaller one came out ahead; None where that is unknown or they came out even."""
        return None if math.isnan(self.value) or self.value == 0 else self.value > 0

    @property
    def sure(self) -> bool:
        """Whether the standard errors leave no doubt of it, at 5 %."""
        return abs(self.value) > 1.96 * self.stderr


@dataclass(frozen=True)
class Upset:
    """Two candidates of which the smaller has the higher accuracy."""

    smaller: str
    larger: str
    smaller_parameters: float
    larger_parameters: float
    lead: float
    ci_low: float
    ci_high: float
    """95 %; NaN where it is not known."""
    p_adjusted: float
    """NaN for studies that ship, whose verdicts mostly do not."""
    method: str
    """How the interval was made."""
    gains: Mapping[str, UpsetGain]
    """By outcome."""


@dataclass(frozen=True)
class UpsetTally:
    """How many upsets came true in one outcome."""

    outcome: str
    known: int
    true: int
    even: int
    share: Estimate
    otherwise: Estimate
    """Share of the other pairs of unlike size in which the smaller came out ahead."""


@dataclass(frozen=True)
class UpsetTable:
    """Every upset, the widest lead first."""

    source: Source
    source_name: str
    upsets: tuple[Upset, ...]
    pairs: int
    """Pairs of candidates of unlike size: as many could have been upsets."""
    tallies: tuple[UpsetTally, ...]
    """By outcome."""
    notes: tuple[str, ...]

    def words_of(self, outcome: str, *, short: bool = False) -> str:
        """An outcome's name in words, where it is none; short for a narrow column."""
        return outcome_in_short(outcome) if short else outcome_in_words(outcome, self.source)


def upsets(store: Store, question: Question, *, outcomes: Sequence[str] = (), source: Source = "own") -> UpsetTable:
    """Every pair of candidates in which the smaller is ahead.

    Args:
        outcomes: by name; none: all there are (of a study that ships, the first).

    Raises:
        BadInput: nothing has been run yet, or no such outcome.
    """
    return _own(store, question, outcomes) if source == "own" else _bundled(store, source, outcomes, question.over)


@dataclass(frozen=True)
class _Standing:
    """Candidates with what is compared; NaN where it is not known."""

    names: tuple[str, ...]
    parameters: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    outcomes: Mapping[str, npt.NDArray[np.float64]]
    """Turned so that higher is better."""
    errors: Mapping[str, npt.NDArray[np.float64]]
    units: Units

    def ahead(self) -> list[tuple[int, int]]:
        """Smaller and larger of every upset, the widest lead first."""
        found = []
        for a, b in combinations(range(len(self.names)), 2):
            small, large = (a, b) if self.parameters[a] < self.parameters[b] else (b, a)
            if self.parameters[small] < self.parameters[large] and self.accuracy[small] > self.accuracy[large] + 1e-12:
                found.append((small, large))
        return sorted(found, key=lambda two: self.accuracy[two[1]] - self.accuracy[two[0]])

    def gains(self, small: int, large: int) -> dict[str, UpsetGain]:
        return {
            name: UpsetGain(
                float(values[small] - values[large]),
                float(math.hypot(self.errors[name][small], self.errors[name][large])),
            )
            for name, values in self.outcomes.items()
        }

    def unlike(self) -> npt.NDArray[np.float64]:
        """(candidates, candidates): 1 where sizes and accuracies are known and sizes differ."""
        known = np.isfinite(self.accuracy) & np.isfinite(self.parameters)
        differ = (self.parameters[:, None] != self.parameters[None, :]) & known[:, None] & known[None, :]
        return np.asarray(differ, dtype=np.float64)

    def tally(self, outcome: str) -> UpsetTally:
        y = self.outcomes[outcome]
        measured = np.isfinite(y)
        counted = self.unlike() * (measured[:, None] & measured[None, :])
        bigger = np.sign(np.nan_to_num(self.parameters[:, None] - self.parameters[None, :]))
        better = np.sign(np.nan_to_num(y[:, None] - y[None, :]))
        # Both matrices are antisymmetric, so their product is symmetric: −1 where the smaller came out ahead.
        smaller_ahead = (1 - bigger * better) / 2
        upset = (bigger * np.sign(np.nan_to_num(self.accuracy[:, None] - self.accuracy[None, :])) < 0) * counted
        gains = [float(y[a] - y[b]) for a, b in self.ahead() if measured[a] and measured[b]]
        return UpsetTally(
            outcome, len(gains), sum(gain > 0 for gain in gains), sum(gain == 0 for gain in gains),
            pair_share(smaller_ahead, upset, units=self.units),
            pair_share(smaller_ahead, counted - upset, units=self.units),
        )  # fmt: skip


def _own(store: Store, question: Question, asked: Sequence[str]) -> UpsetTable:
    board = load_board(store, question)
    stored: dict[str, dict[str, Outcome]] = {}
    for outcome in stored_outcomes(store):
        stored.setdefault(outcome.outcome, {})[outcome.candidate] = outcome
    _check(asked, list(stored))
    names = [board.entrant(label).name for label in board.matrix.candidates]
    units = Units.of(len(names), families_in(store, "own", names), question.over)
    standing, notes = _standing(board, {name: stored[name] for name in asked or stored}, units), list(board.notes)
    if not asked:
        kept, lacking = comparable({name: list(values) for name, values in standing.outcomes.items()})
        standing = replace(standing, outcomes={name: standing.outcomes[name] for name in kept})
        notes += lacking
    (overall,) = scopes(board.index, "overall")
    adjusted = {frozenset((duel.a, duel.b)): duel.p_adjusted for duel in duels(board.matrix, overall)}
    common = ~np.isnan(board.matrix.scores).any(axis=0)
    shared = Scope("overall", (overall.weight * common).astype(np.float32))
    found = []
    for small, large in standing.ahead():
        a, b = standing.names[small], standing.names[large]
        compared = compare(board.matrix, a, b, shared)
        found.append(Upset(
            a, b, standing.parameters[small], standing.parameters[large], compared.difference, compared.ci_low,
            compared.ci_high, adjusted[frozenset((a, b))], compared.method, standing.gains(small, large),
        ))  # fmt: skip
    unknown = [name for name, size in zip(standing.names, standing.parameters, strict=True) if math.isnan(size)]
    if unknown:
        notes.append(f"size not known: {', '.join(unknown)}")
    name = f"{board.suite}, {board.protocol}, {board.metric}"
    return _table("own", name, found, standing, notes)


def _standing(board: Board, stored: Mapping[str, Mapping[str, Outcome]], units: Units) -> _Standing:
    names = board.matrix.candidates
    common = ~np.isnan(board.matrix.scores).any(axis=0)
    accuracy = np.full(len(names), math.nan)
    if common.any():
        accuracy = board.matrix.scores[:, common].mean(axis=1, dtype=np.float64)
    outcomes, errors = {}, {}
    for name, scores in stored.items():
        sign = -1.0 if lower_is_better(scores.values()) else 1.0
        found = [scores.get(label) or scores.get(board.entrant(label).name) for label in names]
        outcomes[name] = np.array([sign * one.score if one else math.nan for one in found])
        errors[name] = np.array([error_of(one) if one else math.nan for one in found])
    sizes = np.array([float(board.entrant(label).parameters) or math.nan for label in names])
    return _Standing(names, sizes, accuracy, outcomes, errors, units)


def _bundled(store: Store, source: Source, asked: Sequence[str], over: Over) -> UpsetTable:
    study = BUNDLED[source]()
    _check(asked, study.outcomes)
    found: list[Upset] = []
    tables = []
    for outcome in asked or study.outcomes[:1]:
        points, measured = study.points(study.predictors[0], outcome), study.measured(outcome)
        errors = [error_of(measured[point.name]) if point.name in measured else math.nan for point in points]
        units = Units.of(len(points), families_in(store, source, [point.name for point in points]), over)
        standing = _Standing(
            tuple(point.name for point in points), np.array([10**point.size for point in points]),
            np.array([point.x * study.unit for point in points]), {outcome: np.array([point.y for point in points])},
            {outcome: np.array(errors)}, units,
        )  # fmt: skip
        pairs = study.pairs_read(outcome)
        method = "Newcombe, as if each had read other pairs" if pairs else "none: how many pairs were read is not known"
        for small, large in standing.ahead():
            x = standing.accuracy[small], standing.accuracy[large]
            low, high = newcombe(*x, pairs)
            found.append(Upset(
                standing.names[small], standing.names[large], standing.parameters[small], standing.parameters[large],
                float(x[0] - x[1]), low, high, math.nan, method, standing.gains(small, large),
            ))  # fmt: skip
        tables.append(_table(source, study.title, (), standing, study.notes(study.predictors[0])))
    return UpsetTable(
        source, study.title, tuple(_joined(found)), tables[0].pairs,
        tuple(tally for table in tables for tally in table.tallies), tables[0].notes,
    )  # fmt: skip


def _joined(found: Sequence[Upset]) -> list[Upset]:
    """One line for two candidates with the same lead, whatever outcomes are looked at."""
    by_two: dict[tuple[str, str, float], Upset] = {}
    for upset in found:
        key = (upset.smaller, upset.larger, upset.lead)
        gains = {**by_two[key].gains, **upset.gains} if key in by_two else upset.gains
        by_two[key] = Upset(**{**vars(upset), "gains": gains})
    return sorted(by_two.values(), key=lambda upset: -upset.lead)


def _table(
    source: Source, name: str, found: Sequence[Upset], standing: _Standing, notes: Sequence[str]
) -> UpsetTable:  # fmt: skip
    pairs = int(standing.unlike().sum()) // 2
    tallies = tuple(standing.tally(outcome) for outcome in standing.outcomes)
    return UpsetTable(source, name, tuple(found), pairs, tallies, tuple(notes))


def _check(asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise BadInput(f"no outcome {name!r}", fix="outcomes: " + (", ".join(sorted(known)) or "none yet"))
