"""One suite under one protocol, and the candidates that are compared on it: what a decision taken early is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import Plan, PlannedRun, RunRequest
from engine.jobs.standing import Draw, draw
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from engine.store.decisions import StoredDecision
from engine.store.verdicts import load_verdicts, skipped_ids

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.layout.protocols import Protocol
    from engine.stats.sequential import Decision
    from rubrics.schema import Suite

__all__ = ["Contest", "questions"]


class Contest:
    """Runs by candidate; each pair of the suite asks all of them the same.

    Args:
        runs: of one suite, protocol and wording.
    """

    def __init__(self, request: RunRequest, runs: Iterable[PlannedRun]) -> None:
        self._seed = request.seed
        distinct = list({run.run_id: run for run in runs}.values())
        names = Counter(run.candidate.name for run in distinct)
        self.runs = {
            run.candidate.name if names[run.candidate.name] == 1 else f"{run.candidate.name} [{run.run_id:.6}]": run
            for run in distinct
        }
        self.failed: list[str] = []
        """Who cannot be scored to the end."""

    @property
    def suite(self) -> Suite:
        """What they are compared on."""
        return next(iter(self.runs.values())).suite

    @property
    def protocol(self) -> Protocol:
        """How they are asked."""
        return next(iter(self.runs.values())).protocol

    def without_failed(self, states: Iterable[RunState]) -> None:
        """Leave out whoever cannot be scored to the end."""
        ended = {s.run_id for s in states if s.phase in (Phase.FAILED, Phase.REFUSED, Phase.BUSY)}
        for name, run in list(self.runs.items()):
            if run.run_id in ended:
                self.failed.append(name)
                del self.runs[name]

    def draw(self, store: Store) -> Draw:
        """The pairs that a claim is about; those that not all can read, or that a person excluded, are none of them."""
        noted = stored_annotations(store, self.suite.hash)
        excluded = {pair_id for pair_id, notes in noted.items() if any(note.kind == "exclude" for note in notes)}
        return draw(self.suite, self._seed, excluded | skipped_ids(store, [r.run_id for r in self.runs.values()]))

    def scores(self, store: Store, drawn: Draw) -> npt.NDArray[np.float32]:
        """(candidates, pairs in the order drawn): scores under the headline metric, NaN where not scored."""
        import numpy as np

        from engine.stats.metrics import HEADLINE, METRICS

        place = {pair.id: position for position, pair in enumerate(self.suite.pairs)}
        order = [place[pair_id] for group in drawn.groups for pair_id in group]
        run_ids = [run.run_id for run in self.runs.values()]
        columns = load_verdicts(store, self.protocol, run_ids)
        scores = np.full((len(run_ids), len(place)), np.nan, dtype=np.float32)
        for row, run_id in zip(scores, run_ids, strict=True):
            row[columns[run_id].position] = METRICS[HEADLINE[self.protocol]].score(columns[run_id])
        return scores[:, order]

    def stored(self, drawn: Draw, decision: Decision) -> StoredDecision:
        """A decision as it is kept."""
        from engine.stats.metrics import HEADLINE

        return StoredDecision(
            suite_hash=self.suite.hash, suite=self.suite.name, protocol=self.protocol, metric=HEADLINE[self.protocol],
            seed=self._seed, goal=decision.goal, alpha=decision.alpha, state=decision.state, ranked=decision.order,
            racing=decision.racing, out_at=decision.out_at,
            run_ids=tuple(self.runs[name].run_id for name in decision.order), failed=tuple(self.failed),
            groups_read=decision.read, n_groups=len(drawn.groups),
            pairs_read=drawn.ends[decision.read - 1] if decision.read else 0, n_pairs=drawn.pairs,
            left_out=drawn.left_out, more_pairs=decision.more_pairs,
        )  # fmt: skip


def questions(plan: Plan) -> list[Sequence[PlannedRun]]:
    """The runs of a plan that are compared with each other: for each suite and protocol those in the plain wording,
    or in the first one where there is no plain one; controls are none of them."""
    found: dict[tuple[str, str], dict[str, list[PlannedRun]]] = {}
    for run in plan.runs:
        if run.prompt == plan.request.prompt:
            by_wording = found.setdefault((run.suite.hash, run.protocol), {})
            by_wording.setdefault(run.wording.label, []).append(run)
    return [by_wording.get("", next(iter(by_wording.values()))) for by_wording in found.values()]
