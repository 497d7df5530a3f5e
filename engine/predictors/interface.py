"""What a predictor is, and what it may look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from engine.layout.protocols import PROTOCOLS
from engine.predictors.price import Cost
from engine.results.board import Board, Question, load_board
from engine.results.rankings import RankingTable, rankings_of
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.runs import stored_runs
from rubrics.errors import BadInput

__all__ = ["Evidence", "Predictor"]

_T = TypeVar("_T")


class Evidence:
    """What is stored about the candidates of one question, each part read once."""

    def __init__(self, store: Store, question: Question) -> None:
        self.store = store
        # A person's weights say what to take, not what a predictor is.
        self.question = replace(question, weights=None)
        self._boards: dict[str, Board] = {}
        self._tables: dict[tuple[str, str], RankingTable] = {}
        self._kept: dict[str, Any] = {}

    @cached_property
    def board(self) -> Board:
        """The board that answers the question; its entrants are the candidates that predictors speak of.

        Raises:
            BadInput: nothing answers it.
        """
        board = load_board(self.store, self.question)
        self._boards[board.protocol] = board
        return board

    @cached_property
    def protocols(self) -> frozenset[str]:
        """The protocols that have been run on the suite."""
        runs = stored_runs(self.store, self.board.suite_hash)
        return frozenset(run.protocol for run in runs if run.n_scored and run.prompt == "own")

    def under(self, protocol: str) -> Board:
        """The same suite under a protocol.

        Raises:
            BadInput: it has not been run.
        """
        suite = self.board.suite_hash
        if protocol not in self._boards:
            question = replace(self.question, suite=suite, protocol=protocol, metric=None, template=None)
            self._boards[protocol] = load_board(self.store, question)
        return self._boards[protocol]

    def ranking(self, by: str = "overall", protocol: str | None = None, metric: str | None = None) -> RankingTable:
        """The ranking by a grouping; without `protocol` and `metric` under those of the question."""
        board = self.board if protocol is None else self.under(protocol)
        metric = metric or board.metric
        if (by, metric) not in self._tables:
            if metric != board.metric:
                question = replace(self.question, suite=board.suite_hash, protocol=board.protocol, metric=metric)
                board = load_board(self.store, replace(question, template=board.entrants[0].run.template_hash))
            self._tables[by, metric] = rankings_of(board, replace(self.question, by=by))
        return self._tables[by, metric]

    def prices(self, protocol: str) -> dict[str, Cost]:
        """By label on the question's board: what scoring the suite under a protocol took, all stretches of work
        together.

        Args:
            protocol: one of `PROTOCOLS`; anything else stands for that of the question.
        """
        board = self.under(protocol) if protocol in PROTOCOLS else self.board
        own, prices = self.labels(board), {}
        for entrant in board.entrants:
            facts = entrant.run.facts
            if entrant.label in own and facts.get("seconds"):
                read = facts.get("distinct_tokens", math.nan)
                flops = 2.0 * entrant.parameters * read if entrant.parameters else math.nan
                seconds, memory = float(facts["seconds"]), float(facts.get("memory") or math.nan)
                prices[own[entrant.label]] = Cost(seconds, flops, memory)
        return prices

    def once(self, name: str, compute: Callable[[Evidence], _T]) -> _T:
        """What several predictors share, computed for the first of them."""
        if name not in self._kept:
            self._kept[name] = compute(self)
        value: _T = self._kept[name]
        return value

    def labels(self, board: Board) -> dict[str, str]:
        """From another board's labels to those of the question's, for the candidates that are on both."""
        own = {entrant.scored: entrant.label for entrant in self.board.entrants}
        return {entrant.label: own[entrant.scored] for entrant in board.entrants if entrant.scored in own}


@dataclass(frozen=True)
class Predictor:
    """One number per candidate that claims to foretell post-training."""

    name: str
    help: str
    """What it is and how it is computed, in one line."""
    needs: str
    """What must be there for it, in a phrase; a protocol's name where that protocol must have been run."""
    cost: str
    """What it costs beyond that, in a phrase."""
    higher_is_better: bool
    compute: Callable[[Evidence], Mapping[str, Estimate]]
    """By label on the question's board; a candidate for which it is not known is left out, and an interval's ends
    are NaN where it has none."""
    source: str = "own"
    """Where it was proposed."""
    is_stored: Callable[[Evidence], bool] = lambda evidence: True
    """Whether anything is stored that it follows from; what it needs of protocols is asked apart."""
    listed: bool = True
    """Whether it is looked at unasked: what comes by the dozen is computed only where it is asked for by name."""
    variant: bool = False
    """Whether it is another reading of RuDE's verdicts: exploration, and no rival of the headline."""
    fitted: bool = False
    """Whether it was fitted on candidates that are here: they are no test of it, and it is no rival of others."""
    chance: float = math.nan
    """What a candidate that knows nothing would reach; NaN where there is no such value."""
    price: Callable[[Evidence], Mapping[str, Cost]] = lambda evidence: {}
    """What it took, by label on the question's board, as far as that was measured."""
    warn: Callable[[Evidence], str] = lambda evidence: ""
    """What must be said of it with these candidates; empty where nothing has to be."""

    def has_runs(self, evidence: Evidence) -> bool:
        """Whether the protocol it needs has been run."""
        return self.needs not in PROTOCOLS or self.needs in evidence.protocols

    def of(self, evidence: Evidence) -> Mapping[str, Estimate]:
        """The numbers.

        Raises:
            BadInput: what it needs is not stored.
        """
        if not self.has_runs(evidence):
            raise BadInput(
                f"{self.name!r} needs a {self.needs} run on this suite",
                where=evidence.board.suite,
                fix=f"score the suite under {self.needs}",
                shell=f"rude-tui run --model M --suite S --protocol {self.needs}",
            )
        return self.compute(evidence)
