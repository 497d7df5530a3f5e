"""Scoring in rounds until it is settled which candidate is best on a suite, or their order.

All candidates are read in the same seeded random order of groups (`engine.layout.order`), and after each round the
test of `engine.stats.sequential` is asked about the groups that everyone still racing has been read on. It holds
whenever one stops, so neither the sizes of rounds nor an interruption changes what it says: a claim follows from the
order of groups alone. Who is out of the race is not scored further.

One candidate at a time holds the accelerator, so a round loads every racing candidate anew. A round therefore reads as
many pairs again as have been read before, or half as many where the test expects to need no more: a candidate is loaded
a number of times that grows with the logarithm of the suite (at most 14 times for 30,000 pairs), and at most twice as
much is read as was needed.

What a claim is about: the groups of this suite that every candidate can be scored on. Which those are depends on
lengths and on what a person excluded, never on a score made here, and is known before the test is first asked; so
skipped pairs do not spoil it. Neither do verdicts from earlier runs, since they are read in the same order, nor a
limit, which only ends the reading sooner: the claim stays about the whole suite. What would spoil it is to choose among
seeds, or which pairs to exclude, by what comes out. Each suite and protocol is a question of its own, and may be
answered wrongly with probability alpha.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.jobs.contest import Contest, questions
from engine.jobs.job import Turn
from engine.jobs.progress import Phase
from engine.jobs.runs import Plan, PlannedRun, RunRequest, by_candidate
from engine.jobs.score import ScoreTurn
from engine.jobs.standing import Draw, standing
from engine.jobs.states import States
from engine.results.decisions import claim
from engine.store.connection import Store
from engine.store.decisions import StoredDecision, save_decision, stored_decisions
from rubrics.counted import count

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.stats.sequential import Decision

__all__ = ["FIRST_PAIRS", "RacePlan", "decisions_of"]

FIRST_PAIRS: Final = 128
"""Pairs in the first round, about."""


class _Race:
    """One suite under one protocol, and who still races for it."""

    def __init__(self, request: RunRequest, runs: Iterable[PlannedRun]) -> None:
        assert request.until is not None
        self._goal, self._alpha, self._limit = request.until, request.alpha, request.limit
        self._contest = Contest(request, runs)
        self._last: dict[str, list[str]] = {}
        """By run id, the pairs that were last to be scored."""
        self._read_by = {run.run_id for run in self._runs.values() if run.done}
        """Runs whose unscorable pairs are known."""
        self.over = False

    @property
    def _runs(self) -> Mapping[str, PlannedRun]:
        return self._contest.runs

    def ask(self, store: Store, states: States, number: int) -> Mapping[str, tuple[PlannedRun, list[str] | None]]:
        """What is to be scored next, by run id; nothing once it is over, which is stored and shown.

        Returns:
            Each run with the pairs to score, or with None for the first ones of a run not yet laid out.
        """
        self._contest.without_failed(states.all)
        if not self._runs:
            self.over = True
            return {}
        new = [run for run in self._runs.values() if run.run_id not in self._read_by]
        if new:
            first = FIRST_PAIRS if self._limit is None else min(FIRST_PAIRS, self._limit)
            self._read_by |= {run.run_id for run in new}
            self._show(states, new, number, len(self._runs))
            scored = len(self._contest.suite.scored)
            return {
                run.run_id: (replace(run, limit=first, requested=min(first, scored)), None) for run in new
            }  # fmt: skip
        drawn = self._contest.draw(store)
        scores = self._contest.scores(store, drawn)
        names = tuple(self._runs)
        decision = standing(names, scores, drawn, self._goal, self._alpha, limit=self._limit)
        if len(names) < 2:
            decision = replace(decision, state="undecided", racing=names, more_pairs=None)
        if decision.state != "running":
            self._end(store, states, drawn, decision)
            return {}
        self._drop(states, decision)
        return self._next(states, drawn, scores, decision, number)

    def _next(
        self, states: States, drawn: Draw, scores: npt.NDArray[np.float32], decision: Decision, number: int
    ) -> Mapping[str, tuple[PlannedRun, list[str]]]:
        import numpy as np

        pairs_read = drawn.ends[decision.read - 1] if decision.read else 0
        missing = decision.more_pairs
        more = pairs_read if missing is None else min(pairs_read, max(pairs_read / 2, missing))
        target = min(drawn.within(self._limit), drawn.holding(max(FIRST_PAIRS, pairs_read + more)))
        to_read = [pair_id for group in drawn.groups[: max(target, decision.read + 1)] for pair_id in group]
        due: dict[str, tuple[PlannedRun, list[str]]] = {}
        for name, row in zip(self._runs, scores, strict=True):
            lacking = [to_read[i] for i in np.flatnonzero(np.isnan(row[: len(to_read)])).tolist()]
            if name in decision.racing and lacking:
                due[self._runs[name].run_id] = (self._runs[name], lacking)
        self._show(states, [self._runs[name] for name in decision.racing], number, len(decision.racing))
        for run_id, (_, lacking) in list(due.items()):
            if lacking == self._last.get(run_id):
                # Asking a third time would go on for ever.
                error = f"{count(len(lacking), 'pair')} were asked for and not scored, from {lacking[0]} on"
                states.update(run_id, phase=Phase.FAILED, error=error)
                del due[run_id]
            self._last[run_id] = lacking
        return due

    def _show(self, states: States, runs: Iterable[PlannedRun], number: int, racing: int) -> None:
        for run in runs:
            states.update(run.run_id, stage=f"round {number}, {count(racing, 'candidate')} racing", phase=Phase.QUEUED)

    def _drop(self, states: States, decision: Decision) -> None:
        for name, groups in decision.out_at.items():
            state = states[self._runs[name].run_id]
            if not state.stage.startswith("out"):
                self._finish(states, name, f"out of the race after {count(groups, 'group')} of pairs")

    def _finish(self, states: States, name: str, stage: str, note: str = "") -> None:
        run_id = self._runs[name].run_id
        state = states[run_id]
        phase = Phase.DONE if state.judged else Phase.UP_TO_DATE
        notes = (*state.notes, *filter(None, [note]))
        states.update(run_id, phase=phase, total=state.done, stage=stage, notes=notes)

    def _end(self, store: Store, states: States, drawn: Draw, decision: Decision) -> None:
        self.over = True
        stored = self._contest.stored(drawn, decision)
        save_decision(store, stored)
        self._drop(states, decision)
        for name in self._runs:
            stage = states[self._runs[name].run_id].stage
            self._finish(states, name, stage if name in decision.out_at else decision.state, claim(stored))


class RacePlan(Plan):
    """Everything that is planned, in rounds until each question is settled; what comes out is stored, and told in the
    runs' notes. Controls are scored with a candidate's first round."""

    def stages(self, store: Store, states: States) -> Iterator[Iterable[Turn]]:
        """See `Job`. Candidates of a round are scored side by side."""
        asked = questions(self)
        raced = {run.run_id for runs in asked for run in runs}
        controls = [run for run in self.runs if run.run_id not in raced]
        races = [_Race(self.request, runs) for runs in asked]
        number = 0
        while going := [race for race in races if not race.over]:
            number += 1
            due = {run_id: work for race in going for run_id, work in race.ask(store, states, number).items()}
            extra = [run for run in controls if run.left] if number == 1 else []
            pairs = {run_id: ids for run_id, (_, ids) in due.items() if ids is not None}
            queue = by_candidate([*(run for run, _ in due.values()), *extra])
            yield [
                ScoreTurn(store, self.shared, runs, states, pairs=pairs, stays=due, room=self.room) for runs in queue
            ]


def decisions_of(store: Store, plan: Plan) -> list[StoredDecision]:
    """What is stored of the questions that a plan asks, in the order of the plan."""
    if plan.request.until is None:
        return []
    run_ids = [run.run_id for run in plan.runs]
    decisions = [
        decision
        for decision in stored_decisions(store)
        if (decision.goal, decision.alpha) == (plan.request.until, plan.request.alpha)
        and set(decision.run_ids) <= set(run_ids)
    ]
    newest: dict[tuple[str, str], StoredDecision] = {}
    for decision in decisions:
        newest.setdefault((decision.suite_hash, decision.protocol), decision)
    return sorted(newest.values(), key=lambda decision: min(map(run_ids.index, decision.run_ids)))
