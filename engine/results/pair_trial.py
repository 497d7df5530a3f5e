"""Pairs on trial: what the stored verdicts say about each pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from engine.results.board import Board
from engine.results.failures import margins
from engine.stats.irt.fitting import fit_verdicts
from engine.stats.irt.item_tests import benjamini_hochberg, least_flagged
from engine.stats.irt.twopl import ENOUGH_CANDIDATES, LEAST_CANDIDATES
from engine.store.annotations import Annotation
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["FINDINGS", "RELIABLE", "SORTS", "Ability", "Model", "PairTrial", "Trial", "cannot_tell", "try_pairs"]

FloatArray = npt.NDArray[np.float64]
Model = Literal["auto", "rasch", "2pl"]

FINDINGS: Final[Mapping[str, str]] = {
    "reversed": "abler candidates fail it and weaker ones pass, at the false discovery rate asked for",
    "suspect": "every strong candidate prefers the rejected response by more than its own median margin",
    "all pass": "every candidate passes it: it tells nothing about who is better",
    "all fail": "every candidate fails it: it tells nothing about who is better",
}
"""What can be found of a pair, in one line each."""
SORTS: Final[Mapping[str, str]] = {
    "suspicion": "reversed first, then suspected labels, then the smallest p",
    "difficulty": "hardest first",
    "discrimination": "the most negative first",
    "information": "what tells most about ability first",
    "id": "by id",
}
"""What pairs can be sorted by, and what then comes first."""
_LEAST: Final = 3
_Z: Final = 1.645
RELIABLE: Final = 0.8
"""Accuracy of the strong below which their common failures say little about labels."""


@dataclass(frozen=True)
class Ability:
    """One candidate on the logit scale; with `2pl`, in standard deviations of the candidates."""

    candidate: str
    ability: float
    se: float
    strong: bool
    """Whether its failures count when labels are suspected: the abler third, of those surely above chance."""


@dataclass(frozen=True)
class PairTrial:
    """One pair; what cannot be told is NaN."""

    pair_id: str
    domain: str
    subcategories: tuple[str, ...]
    violated: tuple[str, ...]
    passed: float
    """Candidates that prefer the chosen response; a tie counts ½."""
    scored: int
    difficulty: float
    difficulty_se: float
    discrimination: float
    """Item-rest correlation."""
    slope: float
    """2PL only."""
    slope_se: float
    p_value: float
    q_value: float
    information: float
    findings: tuple[str, ...]
    """Of `FINDINGS`."""
    notes: tuple[Annotation, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """Every scored pair of a suite on trial."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    model: Literal["rasch", "2pl"]
    candidates: tuple[str, ...]
    """In board order."""
    abilities: tuple[Ability, ...]
    """Ablest first."""
    pairs: tuple[PairTrial, ...]
    """In suite order."""
    spread: float
    """Standard deviation of Rasch difficulties between pairs, in logits; NaN where the verdicts set it no bound."""
    q: float
    """The false discovery rate at which pairs are called reversed."""
    negative: float
    """Share of pairs whose item-rest correlation is below 0 …"""
    negative_by_chance: float
    """… and what it would be if every pair discriminated alike."""
    notes: tuple[str, ...]
    information: FloatArray
    """(candidates, pairs): Fisher information, scored or not."""
    units: Mapping[str, npt.NDArray[np.int64]]
    """(pairs,): the `cluster`, `group` or `pair` each belongs to, as any integer."""

    def pairs_with(self, finding: str) -> list[PairTrial]:
        """The pairs with a finding."""
        return [pair for pair in self.pairs if finding in pair.findings]

    def sorted(self, by: str, *, reverse: bool = False) -> list[PairTrial]:
        """The pairs in an order of `SORTS`, or that turned round; what cannot be told comes last either way."""
        keys: dict[str, Callable[[PairTrial], Any]] = {
            "suspicion": lambda p: (_rank_of(p), _last(p.p_value), _last(p.discrimination)),
            "difficulty": lambda p: -p.difficulty,
            "discrimination": lambda p: p.discrimination,
            "information": lambda p: -p.information,
            "id": lambda p: p.pair_id,
        }
        unknown = [pair for pair in self.pairs if _is_nan(keys[by](pair))]
        ordered = [pair for pair in self.pairs if not _is_nan(keys[by](pair))]
        return sorted(ordered, key=keys[by], reverse=reverse) + unknown


def try_pairs(board: Board, *, model: Model = "auto", q: float = 0.05) -> Trial:
    """Fit the verdicts of a board and judge its pairs.

    Args:
        model: `auto` is 2PL from 100 candidates, else Rasch.
        q: false discovery rate among the pairs called reversed.

    Raises:
        BadInput: fewer than three candidates, or fewer than 2PL needs where it is asked for.
    """
    at = np.flatnonzero(board.index.scored)
    scores = board.matrix.scores[:, at].astype(np.float64)
    names = board.matrix.candidates
    if len(names) < _LEAST:
        raise BadInput(
            f"{count(len(names), 'candidate')} cannot try pairs: at least {_LEAST} are needed",
            where=f"{board.suite}, {board.protocol}",
            fix="score more candidates",
            shell="rude-tui run --model …",
        )
    if model == "2pl" and len(names) < LEAST_CANDIDATES:
        raise BadInput(
            f"{count(len(names), 'candidate')} cannot bear 2PL, which takes {LEAST_CANDIDATES} or more",
            fix="name no model: Rasch gives difficulties, and item-rest correlations stand beside them",
            shell="without --model",
        )
    with_slopes = model == "2pl" or (model == "auto" and len(names) >= ENOUGH_CANDIDATES)
    fit = fit_verdicts(scores, board.matrix.cluster[at], slopes=with_slopes)
    fitted = fit.rasch
    ability, ability_se, information = fitted.ability, fitted.ability_se, fitted.information()
    slope = slope_se = np.full(len(at), math.nan)
    notes = list(board.notes)
    chosen: Literal["rasch", "2pl"] = "rasch"
    if (two := fit.twopl) is not None:
        chosen, ability, ability_se, slope, slope_se = "2pl", two.ability, two.ability_se, two.slope, two.slope_se
        information = two.information()
        notes.append(f"2PL slopes: {two.reliability:.0%} of their spread between pairs is real, the rest is error")
        if not two.converged:
            notes.append("the 2PL fit did not settle: take its slopes as rough")
    if not fitted.converged:
        notes.append("the Rasch fit did not settle: take abilities and difficulties as rough")
    known = 1.0 if fitted.spread_known else math.nan
    if not fitted.spread_known:
        notes.append(
            "the candidates agree on nearly every pair, which sets difficulties no bound: none is given, and of "
            "abilities only the order holds"
        )
    rest, p_values = fit.rest, fit.p_values
    q_values = benjamini_hochberg(p_values)
    chance = math.log(board.chance / (1 - board.chance))
    strong = _strong(fitted.ability, fitted.ability_se, chance)
    suspects = _suspects(board, strong)[at]
    read = ~np.isnan(scores)
    passed, scored = np.nansum(scores, axis=0), read.sum(axis=0)
    findings = {
        "reversed": q_values <= q,
        "suspect": suspects,
        "all pass": (scored > 1) & (passed == scored),
        "all fail": (scored > 1) & (passed == 0),
    }
    negative = _negative(rest)
    notes += _about_suspects(scores, strong, int(suspects.sum()))
    read_information = (information * read).sum(axis=0)
    rows = []
    difficulty, difficulty_se = known * fitted.difficulty, known * fitted.difficulty_se
    for k, i in enumerate(at.tolist()):
        rows.append(
            PairTrial(
                board.index.pair_id[i], board.index.domain[i], board.index.subcategories[i], board.index.violated[i],
                float(passed[k]), int(scored[k]), float(difficulty[k]), float(difficulty_se[k]),
                float(rest[k]), float(slope[k]), float(slope_se[k]), float(p_values[k]), float(q_values[k]),
                float(read_information[k]), tuple(name for name, held in findings.items() if held[k]),
                tuple(board.annotations.get(board.index.pair_id[i], ())),
            )
        )  # fmt: skip
    order = np.argsort(-ability, kind="stable")
    return Trial(
        board.suite, board.suite_hash, board.protocol, board.metric, chosen, names,
        tuple(Ability(names[j], float(ability[j]), float(ability_se[j]), bool(strong[j])) for j in order),
        tuple(rows), known * fitted.spread, q, negative, fit.by_chance, tuple(notes), information,
        {
            "cluster": board.matrix.cluster[at].astype(np.int64), "group": board.matrix.group[at].astype(np.int64),
            "pair": np.arange(len(at), dtype=np.int64),
        },
    )  # fmt: skip


def cannot_tell(trial: Trial) -> str:
    """In one sentence what so few candidates cannot say about single pairs; empty where 2PL is fitted."""
    n = len(trial.candidates)
    if trial.model == "2pl":
        return ""
    tested = sum(not math.isnan(pair.p_value) for pair in trial.pairs)
    needed = least_flagged(n, tested, trial.q)
    if not tested:
        calling = "no pair can be called reversed, since all candidates agree on each"
    elif needed > tested:
        calling = "no pair can be called reversed, whatever the verdicts"
    elif needed > 1:
        calling = f"none of {count(tested, 'pair')} can be called reversed unless {needed:,} of them look so at once"
    else:
        calling = "a pair can be called reversed only where nearly all verdicts are"
    error = float(np.median([pair.difficulty_se for pair in trial.pairs]))
    difficulty = f"one pair's difficulty is known to ± {error:.1f} logits"
    told = "no pair's difficulty is known" if math.isnan(error) else difficulty
    slopes = f"; no slope is fitted below {LEAST_CANDIDATES} candidates" if n < LEAST_CANDIDATES else ""
    rest = f"its item-rest correlation to about ± {1 / math.sqrt(n - 1):.2f}"
    return f"With {count(n, 'candidate')} {calling}; {told}, {rest}{slopes}."


def _strong(ability: FloatArray, error: FloatArray, chance: float) -> npt.NDArray[np.bool_]:
    """The abler third, two or more, of candidates surely above chance (one-sided 95 %); none where fewer than two."""
    above = ability - _Z * np.nan_to_num(error, nan=math.inf) > chance
    third = max(2, math.ceil(len(ability) / 3))
    strong = np.zeros(len(ability), dtype=bool)
    strong[np.argsort(-ability, kind="stable")[:third]] = True
    strong &= above
    return strong if strong.sum() >= 2 else np.zeros_like(strong)


def _suspects(board: Board, strong: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(suite pairs,): failed by every strong candidate that scored it, by each with more than its median margin."""
    agreed = np.ones(len(board.index.pair_id), dtype=bool)
    judges = np.zeros(len(agreed), dtype=int)
    for j in np.flatnonzero(strong):
        margin = margins(board, board.matrix.candidates[j])
        margin[~board.index.scored] = np.nan
        seen = ~np.isnan(margin)
        if not seen.any():
            continue
        usual = float(np.median(np.abs(margin[seen])))
        agreed &= ~seen | (margin <= -usual)
        judges += seen
    return agreed & (judges >= 2)


def _negative(rest: FloatArray) -> float:
    correlations = rest[~np.isnan(rest)]
    return float((correlations < 0).mean()) if len(correlations) else math.nan


def _about_suspects(scores: FloatArray, strong: npt.NDArray[np.bool_], suspects: int) -> list[str]:
    if not strong.any():
        return ["fewer than two strong candidates (the abler third, surely above chance): no label is suspected"]
    right = float(np.nanmean(scores[strong]))
    if not suspects or right >= RELIABLE:
        return []
    return [f"the {strong.sum()} strong candidates are right on {right:.0%} only: most of what they all fail is hard, "
            "not mislabelled"]  # fmt: skip


def _is_nan(key: object) -> bool:
    return isinstance(key, float) and math.isnan(key)


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _rank_of(pair: PairTrial) -> int:
    return min((("reversed", "suspect").index(f) for f in pair.findings if f in ("reversed", "suspect")), default=2)
